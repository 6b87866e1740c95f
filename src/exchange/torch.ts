/**
 * Weights as PyTorch's state_dict has them: torch.nn.RNN or torch.nn.GRU of one layer, and torch.nn.Linear.
 *
 *   weight_ih_l0 [G N, D]   weight_hh_l0 [G N, N]   bias_ih_l0 [G N]   bias_hh_l0 [G N]      G = 1, or 3 gates r, z, n
 *   weight [M, N]           bias [M]                                                        of the Linear
 *
 * An RNN computes tanh(x Wi^T + bi + h Wh^T + bh), so that its biases add up to Eddy's one. A GRU has the reset after the
 * product, with bh inside of it, as Eddy's has: both biases stay, and the gates have the same order; z is Eddy's u.
 */
import { added, type ForeignNetwork, joined, type NamedTensors, refuse, transposed } from './foreign.js';

export function fromTorch(tensors: NamedTensors): ForeignNetwork {
  const ih = tensors.find(['weight_ih_l0', 'weight_ih']);
  const hh = tensors.find(['weight_hh_l0', 'weight_hh']);
  if (!ih || !hh)
    return refuse(
      `there is no ${ih ? 'weight_hh_l0' : 'weight_ih_l0'}; the file has ${tensors.list}. Say with --map FROM=TO which it is`,
    );
  refuseOthers(tensors);
  const hidden = tensors.take(hh, [null, null], '[units, units], or [3 units, units] of a GRU,');
  const [rows = 0, N = 0] = hidden.shape;
  const gates = N > 0 ? rows / N : 0;
  if (gates === 4) refuse(`${hh} has the shape [${rows}, ${N}], as of an LSTM; Eddy has simple-rnn and gru`);
  if (gates !== 1 && gates !== 3)
    refuse(`${hh} has the shape [${rows}, ${N}]; [units, units], or [3 units, units] of a GRU, is needed`);
  const input = tensors.take(ih, [rows, null], `[${rows}, inputs]`);
  const bias = (ends: readonly string[]) => {
    const name = tensors.find(ends);
    return name === null ? null : tensors.take(name, [rows], `[${rows}]`);
  };
  const bi = bias(['bias_ih_l0', 'bias_ih']);
  const bh = bias(['bias_hh_l0', 'bias_hh']);
  const readout = readoutOf(tensors, N);
  return {
    cell: gates === 1 ? 'simple-rnn' : 'gru',
    features: input.shape[1]!,
    units: N,
    outputs: readout ? readout.by.length : 0,
    weights: {
      Wx: transposed(input).data,
      Wh: transposed(hidden).data,
      b: gates === 1 ? added(rows, bi, bh) : joined(rows, bi, bh),
      ...readout,
    },
  };
}

/** Refuses what Eddy's cells have not, by name. */
function refuseOthers(tensors: NamedTensors): void {
  for (const name of tensors.names) {
    if (/weight_(ih|hh)_l\d+_reverse$/.test(name))
      refuse(`${name} belongs to a bidirectional network, which needs the future; Eddy goes forward alone`);
    if (/weight_(ih|hh)_l[1-9]\d*$/.test(name))
      refuse(`${name} belongs to a second layer; Eddy's networks have one`);
    if (/weight_hr_l\d+$/.test(name)) refuse(`${name} is a projection, which only an LSTM has`);
  }
}

/** Finds the Linear: the one matrix that is left, with its bias. */
function readoutOf(tensors: NamedTensors, N: number) {
  const named = tensors.names.includes('readout.weight') ? ['readout.weight'] : null;
  const found = named ?? tensors.left.filter((name) => name === 'weight' || name.endsWith('.weight'));
  if (found.length === 0) return null;
  const [name = ''] = found;
  if (found.length > 1)
    refuse(
      `the readout may be any of ${found.join(', ')}: say with --map ${name}=readout.weight which it is`,
    );
  const weight = tensors.take(name, [null, N], `[outputs, ${N}], since the cell has ${N} units,`);
  const M = weight.shape[0]!;
  const biasName = tensors.find([name.replace(/weight$/, 'bias')]);
  const bias = biasName === null ? null : tensors.take(biasName, [M], `[${M}]`);
  return { Wy: transposed(weight).data, by: added(M, bias) };
}
