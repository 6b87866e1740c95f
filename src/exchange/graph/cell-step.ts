/** The cell and the readout of a step in a graph: ONNX' own RNN or GRU, a Gemm, and a Softmax of classes. */
import type { Tensor } from '../../formats/safetensors.js';
import type { ModelSpec } from '../../rnn/spec/spec.js';
import { reordered, transposed } from '../foreign.js';
import type { Graph, Value } from './graph.js';

/** Where ONNX' gates z, r, h are among Eddy's r, u, n. */
const ORDER = [1, 0, 2];

/** @param z what the cell gets [B,D]. @param h [B,N]. @returns h after the step, and what the readout says [B,M], if there is one */
export function cellStep(
  graph: Graph,
  spec: ModelSpec,
  tensors: ReadonlyMap<string, Tensor>,
  z: Value,
  h: Value,
): { readonly h: Value; readonly sums: Value | null } {
  const g = graph;
  const { batch: B, units: N, cell, readout } = spec;
  const gates = cell === 'gru' ? 3 : 1;
  const inOrder = (name: string) => {
    const { shape, data } = tensors.get(name)!;
    const numbers = { shape, data: Float64Array.from(data as Float32Array) };
    return gates === 1 ? numbers : reordered(numbers, N, ORDER);
  };
  const matrix = (name: string) => {
    const { shape, data } = transposed(inOrder(name));
    return g.tensor(name, 'float', [1, ...shape], data);
  };
  const b = inOrder('b').data;
  const both = new Float64Array(2 * gates * N);
  both.set(b);
  const D = tensors.get('Wx')!.shape[0]!;
  const inputs = [
    g.reshape(z, [1, B, D]),
    matrix('Wx'),
    matrix('Wh'),
    g.tensor('b', 'float', [1, both.length], both),
    '',
    g.reshape(h, [1, B, N]),
  ];
  const attributes = { hidden_size: N, ...(gates === 3 && { linear_before_reset: 1 }) };
  const next = g.reshape(g.opTaking(gates === 3 ? 'GRU' : 'RNN', inputs, attributes, 1), [B, N]);
  if (readout.kind === 'none') return { h: next, sums: null };
  let sums = next;
  const Wy = tensors.get('Wy');
  const by = tensors.get('by');
  if (Wy && by) {
    const weights = [
      g.tensor('Wy', 'float', Wy.shape, Wy.data as Float32Array),
      g.tensor('by', 'float', by.shape, by.data as Float32Array),
    ];
    sums = g.op('Gemm', [next, ...weights]);
  }
  return { h: next, sums: readout.kind === 'softmax' ? g.op('Softmax', [sums], { axis: 1 }) : sums };
}
