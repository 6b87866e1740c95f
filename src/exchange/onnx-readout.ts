/** The readout behind a recurrent node of an ONNX graph: a Gemm, or a MatMul with an Add, and a Softmax if there is one. */
import type { OnnxNode } from '../formats/onnx.js';
import { type Numbers, refuse, shapeText, transposed } from './foreign.js';
import { nodeText, type OnnxNodes } from './onnx-nodes.js';

export interface FoundReadout {
  readonly Wy: Float64Array;
  readonly by: Float64Array;
  readonly isSoftmax: boolean;
}

/** What changes where numbers lie, but none of them. */
const SHAPES = new Set([
  'Cast',
  'Dropout',
  'Flatten',
  'Gather',
  'Identity',
  'Reshape',
  'Shape',
  'Slice',
  'Squeeze',
  'Transpose',
  'Unsqueeze',
]);

/** Gives the readout that follows the states of N units, or null where they are what the graph gives. */
export function readoutBehind(nodes: OnnxNodes, from: OnnxNode, N: number): FoundReadout | null {
  const found = new Map<OnnxNode, string>();
  const seen = new Set<string>();
  const open = from.outputs.slice(0, 2);
  for (let value = open.shift(); value !== undefined; value = open.shift()) {
    if (value === '' || seen.has(value)) continue;
    seen.add(value);
    for (const user of nodes.usersOf(value)) {
      if (user.op === 'Gemm' || user.op === 'MatMul') found.set(user, value);
      else if (SHAPES.has(user.op) && user.inputs[0] === value) open.push(...user.outputs.slice(0, 1));
      else if (!SHAPES.has(user.op))
        refuse(`${nodeText(user)} follows ${nodeText(from)}; Eddy reads a Gemm or MatMul there`);
    }
  }
  const [first] = found;
  if (!first) return null;
  if (found.size > 1)
    refuse(`${[...found.keys()].map(nodeText).join(' and ')} follow ${nodeText(from)}; Eddy has one readout`);
  const [node, value] = first;
  return node.op === 'Gemm' ? gemm(nodes, node, value, N) : product(nodes, node, value, N);
}

function gemm(nodes: OnnxNodes, node: OnnxNode, value: string, N: number): FoundReadout {
  const number = (name: string, otherwise: number) => Number(node.attributes.get(name) ?? otherwise);
  if (node.inputs[0] !== value || number('transA', 0) !== 0)
    refuse(`${nodeText(node)} does not multiply states by a matrix from the right`);
  const isTransposed = number('transB', 0) !== 0;
  const form = isTransposed ? `[outputs, ${N}]` : `[${N}, outputs]`;
  const B = nodes.need(node, 1, 'B', isTransposed ? [null, N] : [N, null], form);
  const weights = isTransposed ? transposed(B) : B;
  const M = weights.shape[1]!;
  const bias = node.inputs[2] ? biasOf(nodes, node, node.inputs[2], M) : new Float64Array(M);
  const scaled = (numbers: Float64Array, by: number) => (by === 1 ? numbers : numbers.map((one) => one * by));
  return end(nodes, node, scaled(weights.data, number('alpha', 1)), scaled(bias, number('beta', 1)));
}

function product(nodes: OnnxNodes, node: OnnxNode, value: string, N: number): FoundReadout {
  if (node.inputs[0] !== value)
    refuse(`${nodeText(node)} does not multiply states by a matrix from the right`);
  const weights = nodes.need(node, 1, 'B', [N, null], `[${N}, outputs]`);
  const M = weights.shape[1]!;
  const [next, ...more] = nodes.usersOf(node.outputs[0] ?? '');
  if (next?.op !== 'Add' || more.length > 0) return end(nodes, node, weights.data, new Float64Array(M));
  const other = next.inputs.find((input) => input !== node.outputs[0]) ?? '';
  return end(nodes, next, weights.data, biasOf(nodes, next, other, M));
}

/** Gives M biases: a row of them, or one number for all. */
function biasOf(nodes: OnnxNodes, node: OnnxNode, value: string, M: number): Float64Array {
  const bias: Numbers | null = nodes.constant(value);
  if (!bias) return refuse(`the bias of ${nodeText(node)}, ${value}, is not a constant of the file`);
  const isRow = bias.data.length === M && (bias.shape.at(-1) === M || M === 1);
  if (!isRow && bias.data.length !== 1)
    refuse(
      `the bias of ${nodeText(node)}, ${value}, has the shape ${shapeText(bias.shape)}; [${M}] is needed`,
    );
  return isRow ? bias.data : new Float64Array(M).fill(bias.data[0]!);
}

/** Looks at what follows the sums: nothing, or the softmax of classes. */
function end(nodes: OnnxNodes, last: OnnxNode, Wy: Float64Array, by: Float64Array): FoundReadout {
  let isSoftmax = false;
  const open = [...nodes.usersOf(last.outputs[0] ?? '')];
  const seen = new Set<OnnxNode>();
  for (let node = open.shift(); node; node = open.shift()) {
    if (seen.has(node)) continue;
    seen.add(node);
    if (node.op === 'Softmax' && !isSoftmax) isSoftmax = true;
    else if (!SHAPES.has(node.op))
      refuse(
        `${nodeText(node)} follows the readout, ${nodeText(last)}; Eddy reads a Softmax there, or nothing`,
      );
    open.push(...nodes.usersOf(node.outputs[0] ?? ''));
  }
  return { Wy, by, isSoftmax };
}
