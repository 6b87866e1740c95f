/**
 * Weights out of an ONNX graph: its one RNN or GRU node, and the Gemm or MatMul that reads it.
 *
 *   W [1, G N, D]   R [1, G N, N]   B [1, 2 G N]      G = 1, or 3 gates z, r, h; B is the input biases, then the others
 *
 * RNN is h = tanh(x W^T + Wb + h R^T + Rb). GRU with linear_before_reset = 1 is Eddy's, with z for u and h for n; with 0,
 * its default, it multiplies the state by r before its product, which Eddy's cell does not compute.
 */
import { type OnnxAttribute, type OnnxNode, readOnnx } from '../formats/onnx.js';
import {
  added,
  type ForeignNetwork,
  joined,
  listOf,
  type Numbers,
  refuse,
  reordered,
  transposed,
} from './foreign.js';
import { nodeText, OnnxNodes } from './onnx-nodes.js';
import { readoutBehind } from './onnx-readout.js';

/** Where Eddy's gates r, u, n are among ONNX' z, r, h. */
const ORDER = [1, 0, 2];
const ACTIVATIONS = { RNN: 'tanh', GRU: 'sigmoid,tanh' } as const;

/** @throws EddyError `weights-invalid`, which names what cannot be read or expressed */
export function fromOnnx(bytes: Uint8Array): ForeignNetwork {
  const nodes = new OnnxNodes(readOnnx(bytes));
  const node = recurrentNode(nodes);
  checkKind(node, nodes);
  const gates = node.op === 'GRU' ? 3 : 1;
  const R = nodes.need(node, 2, 'R', [1, null, null], '[1, units, units], or [1, 3 units, units] of a GRU,');
  const [, rows = 0, N = 0] = R.shape;
  if (rows !== gates * N)
    refuse(`R of ${nodeText(node)} has the shape [1, ${rows}, ${N}]; [1, ${gates * N}, ${N}] is needed`);
  const hidden = attribute(node, 'hidden_size', N);
  if (hidden !== N) refuse(`hidden_size of ${nodeText(node)} is ${hidden}; its R is of ${N} units`);
  const W = nodes.need(node, 1, 'W', [1, rows, null], `[1, ${rows}, inputs]`);
  const B = node.inputs[3] ? nodes.need(node, 3, 'B', [1, 2 * rows], `[1, ${2 * rows}]`) : null;
  const D = W.shape[2]!;
  const part = (from: number): Numbers | null =>
    B && { shape: [rows], data: B.data.subarray(from, from + rows) };
  const inOrder = (numbers: Numbers | null) =>
    numbers && (gates === 1 ? numbers : reordered(numbers, N, ORDER));
  const [bi, bh] = [inOrder(part(0)), inOrder(part(rows))];
  const matrix = ({ data }: Numbers, columns: number) =>
    inOrder(transposed({ shape: [rows, columns], data }))!.data;
  const readout = readoutBehind(nodes, node, N);
  return {
    cell: gates === 1 ? 'simple-rnn' : 'gru',
    features: D,
    units: N,
    outputs: readout ? readout.by.length : 0,
    isSoftmax: readout?.isSoftmax ?? false,
    weights: {
      Wx: matrix(W, D),
      Wh: matrix(R, N),
      b: gates === 1 ? added(rows, bi, bh) : joined(rows, bi, bh),
      ...(readout && { Wy: readout.Wy, by: readout.by }),
    },
  };
}

function recurrentNode({ graph }: OnnxNodes): OnnxNode {
  const found = graph.nodes.filter(({ op, domain }) => domain === '' && /^(RNN|GRU|LSTM)$/.test(op));
  const [node] = found;
  if (!node)
    return refuse(
      `the graph ${graph.name} has no RNN and no GRU; its nodes are ${listOf(new Set(graph.nodes.map(({ op }) => op)))}`,
    );
  if (found.length > 1)
    refuse(
      `the graph has ${found.length} recurrent nodes, ${found.map(nodeText).join(', ')}; Eddy's networks have one layer`,
    );
  if (node.op === 'LSTM') refuse(`${nodeText(node)} is an LSTM; Eddy has simple-rnn and gru`);
  return node;
}

const attribute = <T extends OnnxAttribute>(
  { attributes }: OnnxNode,
  name: string,
  otherwise: T,
): OnnxAttribute => attributes.get(name) ?? otherwise;

/** Refuses what Eddy's cells do not compute. */
function checkKind(node: OnnxNode, nodes: OnnxNodes): void {
  const where = nodeText(node);
  const direction = attribute(node, 'direction', 'forward');
  if (direction !== 'forward') refuse(`${where} has the direction ${direction}; Eddy goes forward`);
  const usual = ACTIVATIONS[node.op as 'RNN' | 'GRU'];
  const given = attribute(node, 'activations', [] as readonly string[]);
  const names = Array.isArray(given) ? given.map((one) => String(one).toLowerCase()).join() : String(given);
  if (names !== '' && names !== usual)
    refuse(`${where} has the activations ${names}; Eddy's cell has ${usual}`);
  if (node.attributes.has('clip')) refuse(`${where} clips its sums (clip), which Eddy's cell does not`);
  if (node.op === 'GRU' && attribute(node, 'linear_before_reset', 0) !== 1)
    refuse(
      `${where} has linear_before_reset 0: it multiplies the state by r before its product; Eddy's GRU does so after it, as 1 says, and as PyTorch's and Keras' do`,
    );
  const start = node.inputs[5] ? nodes.constant(node.inputs[5]) : null;
  if (start?.data.some((number) => number !== 0))
    refuse(`${where} begins with the state ${node.inputs[5]}; a sequence of Eddy's begins with 0`);
}
