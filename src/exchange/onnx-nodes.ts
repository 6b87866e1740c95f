/** What of an ONNX graph is constant, and who uses what. */
import type { OnnxAttribute, OnnxGraph, OnnxNode, OnnxTensor } from '../formats/onnx.js';
import { type Numbers, refuse, shapeText, transposed } from './foreign.js';

/** A node as an error names it. */
export const nodeText = ({ op, name }: OnnxNode): string =>
  name === '' ? `a node ${op}` : `node ${name} (${op})`;

const MAX_DEPTH = 64;

export class OnnxNodes {
  private readonly makers = new Map<string, OnnxNode>();
  private readonly users = new Map<string, OnnxNode[]>();

  constructor(readonly graph: OnnxGraph) {
    for (const node of graph.nodes) {
      for (const output of node.outputs) this.makers.set(output, node);
      for (const input of new Set(node.inputs)) {
        const users = this.users.get(input) ?? [];
        users.push(node);
        this.users.set(input, users);
      }
    }
  }

  /** The nodes that take a value. */
  usersOf(value: string): readonly OnnxNode[] {
    return value === '' ? [] : (this.users.get(value) ?? []);
  }

  /** Gives a value that does not depend on the graph's inputs; null for any other. */
  constant(value: string, depth = 0): Numbers | null {
    const tensor = this.graph.tensors.get(value);
    if (tensor) return numbersOf(value, tensor);
    const maker = this.makers.get(value);
    if (!maker || depth > MAX_DEPTH) return null;
    const { op, inputs, attributes } = maker;
    if (op === 'Constant') return constantOf(value, attributes);
    const from = inputs[0] === undefined ? null : this.constant(inputs[0], depth + 1);
    if (!from) return null;
    if (op === 'Identity') return from;
    if (op === 'Unsqueeze') return this.unsqueezed(maker, from, depth);
    if (op === 'Transpose' && from.shape.length === 2) {
      const perm = attributes.get('perm');
      return Array.isArray(perm) && perm.join() === '0,1' ? from : transposed(from);
    }
    return null;
  }

  private unsqueezed(node: OnnxNode, from: Numbers, depth: number): Numbers | null {
    const { inputs, attributes } = node;
    const listed = attributes.get('axes') as readonly number[] | undefined;
    const axes = listed ?? [...(this.constant(inputs[1] ?? '', depth + 1)?.data ?? [])];
    const rank = from.shape.length + axes.length;
    const shape = [...from.shape];
    for (const axis of axes.map((one) => (one < 0 ? one + rank : one)).sort((a, b) => a - b))
      shape.splice(axis, 0, 1);
    return { shape, data: from.data };
  }

  /** Gives a constant of a shape. @throws EddyError `weights-invalid` for what is not a constant, or has another */
  need(
    node: OnnxNode,
    input: number,
    what: string,
    shape: readonly (number | null)[],
    form: string,
  ): Numbers {
    const value = node.inputs[input] ?? '';
    const found = this.constant(value);
    if (!found)
      return refuse(`${what} of ${nodeText(node)}${value && `, ${value},`} is not a constant of the file`);
    const fits =
      found.shape.length === shape.length &&
      shape.every((side, i) => side === null || side === found.shape[i]);
    return fits
      ? found
      : refuse(
          `${what} of ${nodeText(node)}, ${value}, has the shape ${shapeText(found.shape)}; ${form} is needed`,
        );
  }
}

function numbersOf(name: string, { type, shape, data }: OnnxTensor): Numbers {
  if (shape.includes(-1))
    refuse(`${name} has numbers of a kind that Eddy does not read; float32 and float64 it does`);
  return { shape: type === 'bool' ? [-2] : shape, data: Float64Array.from(data as Float32Array) };
}

function constantOf(name: string, attributes: ReadonlyMap<string, OnnxAttribute>): Numbers | null {
  const value = attributes.get('value');
  if (typeof value === 'object' && 'data' in value) return numbersOf(name, value);
  const single = attributes.get('value_float') ?? attributes.get('value_int');
  if (typeof single === 'number') return { shape: [], data: Float64Array.of(single) };
  const several = attributes.get('value_floats') ?? attributes.get('value_ints');
  if (Array.isArray(several))
    return { shape: [several.length], data: Float64Array.from(several as readonly number[]) };
  return null;
}
