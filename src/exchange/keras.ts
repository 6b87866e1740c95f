/**
 * Weights as Keras has them: SimpleRNN or GRU, and Dense.
 *
 *   kernel [D, G N]   recurrent_kernel [N, G N]   bias [G N], or [2, G N] of a GRU with reset_after      G = 1, or gates z, r, h
 *   kernel [N, M]     bias [M]                                                                         of the Dense
 *
 * A matrix is laid as Eddy's is. Of a GRU with `reset_after` (the default) the gates z, r, h are Eddy's u, r, n. One
 * without it multiplies the state by r before its product, which Eddy's cell does not compute: it has one bias, and is
 * refused, since no other weights would give the same numbers.
 */
import { added, type ForeignNetwork, type NamedTensors, type Numbers, refuse, reordered } from './foreign.js';

/** Where Eddy's gates r, u, n are among Keras' z, r, h. */
const ORDER = [1, 0, 2];

export function fromKeras(tensors: NamedTensors): ForeignNetwork {
  const own = tensors.find(['recurrent_kernel', 'recurrent_kernel:0']);
  if (!own)
    return refuse(
      `there is no recurrent_kernel; the file has ${tensors.list}. Say with --map FROM=rnn.recurrent_kernel which it is`,
    );
  const recurrent = tensors.take(own, [null, null], '[units, units], or [units, 3 units] of a GRU,');
  const [N = 0, columns = 0] = recurrent.shape;
  const gates = N > 0 ? columns / N : 0;
  if (gates === 4)
    refuse(`${own} has the shape [${N}, ${columns}], as of an LSTM; Eddy has simple-rnn and gru`);
  if (gates !== 1 && gates !== 3)
    refuse(
      `${own} has the shape [${N}, ${columns}]; [units, units], or [units, 3 units] of a GRU, is needed`,
    );
  const beside = (of: string) => siblingOf(tensors, own, of);
  const kernelName = beside('kernel') ?? refuse(`there is no ${sibling(own, 'kernel')} beside ${own}`);
  const kernel = tensors.take(kernelName, [null, columns], `[inputs, ${columns}]`);
  const biasName = beside('bias');
  const bias = biasName === null ? null : biasOf(tensors, biasName, columns, gates === 3);
  const readout = readoutOf(tensors, N);
  const inOrder = (numbers: Numbers) => (gates === 1 ? numbers : reordered(numbers, N, ORDER)).data;
  const biases = gates === 1 ? columns : 2 * columns;
  return {
    cell: gates === 1 ? 'simple-rnn' : 'gru',
    features: kernel.shape[0]!,
    units: N,
    outputs: readout ? readout.by.length : 0,
    weights: {
      Wx: inOrder(kernel),
      Wh: inOrder(recurrent),
      b: bias ? inOrder(bias) : new Float64Array(biases),
      ...readout,
    },
  };
}

/** Keras' names end in `kernel` or, of older versions, in `kernel:0`. */
const sibling = (own: string, of: string): string => own.replace(/recurrent_kernel(?=(:\d+)?$)/, of);

function siblingOf(tensors: NamedTensors, own: string, of: string): string | null {
  const name = sibling(own, of);
  return tensors.names.includes(name) ? name : null;
}

function biasOf(tensors: NamedTensors, name: string, columns: number, isGru: boolean): Numbers {
  if (!isGru) return tensors.take(name, [columns], `[${columns}]`);
  const shape = tensors.shapeOf(name);
  if (shape.length === 1 && shape[0] === columns)
    refuse(
      `${name} has the shape [${columns}], as of a GRU with reset_after=False, which multiplies the state by r before its product; Eddy's GRU does so after it. Train it with reset_after=True, which has [2, ${columns}]`,
    );
  return tensors.take(name, [2, columns], `[2, ${columns}]`);
}

/** Finds the Dense: the one kernel that is left, with its bias. */
function readoutOf(tensors: NamedTensors, N: number) {
  const isKernel = (name: string) => /(^|[./])kernel(:\d+)?$/.test(name);
  const named = tensors.names.includes('readout.kernel') ? ['readout.kernel'] : null;
  const found = named ?? tensors.left.filter(isKernel);
  if (found.length === 0) return null;
  const [name = ''] = found;
  if (found.length > 1)
    refuse(
      `the readout may be any of ${found.join(', ')}: say with --map ${name}=readout.kernel which it is`,
    );
  const kernel = tensors.take(name, [N, null], `[${N}, outputs], since the cell has ${N} units,`);
  const M = kernel.shape[1]!;
  const biasName = name.replace(/kernel(?=(:\d+)?$)/, 'bias');
  const bias = tensors.names.includes(biasName) ? tensors.take(biasName, [M], `[${M}]`) : null;
  return { Wy: kernel.data, by: added(M, bias) };
}
