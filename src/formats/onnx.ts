/**
 * ONNX files, as far as Eddy reads and writes them: one graph of nodes, with tensors of numbers. See
 * https://github.com/onnx/onnx/blob/main/docs/IR.md; the numbers of the fields are those of onnx.proto.
 *
 * Pure: any bytes give a model or a coded error.
 */
import { EddyError } from '../errors.js';
import {
  floatOf,
  type ProtoField,
  ProtoWriter,
  protoFields,
  textOf,
  wholeNumber,
  wholeNumbers,
} from './protobuf.js';

/** The kinds of numbers, as ONNX counts them. */
export const ONNX_TYPES = { float: 1, int64: 7, bool: 9, double: 11 } as const;
export type OnnxType = keyof typeof ONNX_TYPES;

/** A tensor: row after row. Whole numbers are float64 here. */
export interface OnnxTensor {
  readonly type: OnnxType;
  readonly shape: readonly number[];
  readonly data: Float32Array | Float64Array;
}

export type OnnxAttribute = number | string | readonly number[] | readonly string[] | OnnxTensor;

export interface OnnxNode {
  readonly op: string;
  readonly name: string;
  /** '' where an optional one is left out. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: ReadonlyMap<string, OnnxAttribute>;
  /** The operators' domain; '' for ONNX's own. */
  readonly domain: string;
}

/** An input or output of a graph. */
export interface OnnxValue {
  readonly name: string;
  readonly type: OnnxType;
  readonly shape: readonly number[];
}

export interface OnnxGraph {
  readonly name: string;
  readonly nodes: readonly OnnxNode[];
  readonly tensors: ReadonlyMap<string, OnnxTensor>;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

/** What a graph that is written has more: the form of its inputs and outputs, and what is told of it. */
export interface WrittenGraph extends Omit<OnnxGraph, 'inputs' | 'outputs'> {
  readonly inputs: readonly OnnxValue[];
  readonly outputs: readonly OnnxValue[];
  readonly about: string;
  readonly metadata: ReadonlyMap<string, string>;
  readonly producer: string;
  readonly producerVersion: string;
}

/** The form of the file, and the set of operators: what runtimes since 2022 know. */
const IR_VERSION = 8;
export const OPSET = 17;
/** What a file may have at most. */
const MAX_NODES = 100_000;
const MAX_TENSORS = 100_000;

const refuse = (why: string): never => {
  throw new EddyError('weights-invalid', `this ONNX file cannot be read: ${why}`);
};

const [F_FLOAT, F_INT, F_STRING, F_TENSOR, F_FLOATS, F_INTS, F_STRINGS] = [1, 2, 3, 4, 6, 7, 8] as const;

/** Writes a graph as a file. */
export function writeOnnx(graph: WrittenGraph): Uint8Array<ArrayBuffer> {
  const body = new ProtoWriter();
  for (const { op, name, inputs, outputs, attributes, domain } of graph.nodes) {
    const node = new ProtoWriter();
    for (const input of inputs) node.text(1, input);
    for (const output of outputs) node.text(2, output);
    node.text(3, name).text(4, op);
    for (const [key, value] of attributes) node.message(5, writeAttribute(key, value));
    if (domain !== '') node.text(7, domain);
    body.message(1, node);
  }
  body.text(2, graph.name);
  for (const [name, tensor] of graph.tensors) body.message(5, writeTensor(name, tensor));
  body.text(10, graph.about);
  for (const value of graph.inputs) body.message(11, writeValue(value));
  for (const value of graph.outputs) body.message(12, writeValue(value));
  const model = new ProtoWriter()
    .number(1, IR_VERSION)
    .text(2, graph.producer)
    .text(3, graph.producerVersion)
    .message(7, body)
    .message(8, new ProtoWriter().text(1, '').number(2, OPSET));
  for (const [key, text] of graph.metadata) model.message(14, new ProtoWriter().text(1, key).text(2, text));
  return model.finish();
}

function writeAttribute(name: string, value: OnnxAttribute): ProtoWriter {
  const attribute = new ProtoWriter().text(1, name);
  if (typeof value === 'string') return attribute.text(4, value).number(20, F_STRING);
  if (typeof value === 'number')
    return Number.isInteger(value)
      ? attribute.number(3, value).number(20, F_INT)
      : attribute.float(2, value).number(20, F_FLOAT);
  if (!isList(value)) return attribute.message(5, writeTensor('', value)).number(20, F_TENSOR);
  if (value.every((item) => typeof item === 'string')) {
    for (const item of value) attribute.text(9, item);
    return attribute.number(20, F_STRINGS);
  }
  const numbers = value as readonly number[];
  if (numbers.every(Number.isInteger)) {
    for (const item of numbers) attribute.number(8, item);
    return attribute.number(20, F_INTS);
  }
  for (const item of numbers) attribute.float(7, item);
  return attribute.number(20, F_FLOATS);
}

const isList = (value: OnnxAttribute): value is readonly number[] | readonly string[] => Array.isArray(value);

function writeTensor(name: string, { type, shape, data }: OnnxTensor): ProtoWriter {
  const tensor = new ProtoWriter();
  for (const side of shape) tensor.number(1, side);
  return tensor.number(2, ONNX_TYPES[type]).text(8, name).bytes(9, rawOf(type, data));
}

function rawOf(type: OnnxType, data: Float32Array | Float64Array): Uint8Array {
  const raw =
    type === 'float'
      ? Float32Array.from(data)
      : type === 'double'
        ? Float64Array.from(data)
        : type === 'bool'
          ? Uint8Array.from(data)
          : BigInt64Array.from(Array.from(data, BigInt));
  return new Uint8Array(raw.buffer, raw.byteOffset, raw.byteLength);
}

function writeValue({ name, type, shape }: OnnxValue): ProtoWriter {
  const form = new ProtoWriter();
  for (const side of shape) form.message(1, new ProtoWriter().number(1, side));
  const tensor = new ProtoWriter().number(1, ONNX_TYPES[type]).message(2, form);
  return new ProtoWriter().text(1, name).message(2, new ProtoWriter().message(1, tensor));
}

/** Reads a file. @throws EddyError `weights-invalid` */
export function readOnnx(bytes: Uint8Array): OnnxGraph {
  let graph: Uint8Array | null = null;
  for (const { field, bytes: part } of protoFields(bytes)) if (field === 7 && part) graph = part;
  return graph ? readGraph(graph) : refuse('it has no graph');
}

function readGraph(bytes: Uint8Array): OnnxGraph {
  let name = '';
  const nodes: OnnxNode[] = [];
  const tensors = new Map<string, OnnxTensor>();
  const [inputs, outputs]: [string[], string[]] = [[], []];
  for (const field of protoFields(bytes)) {
    if (!field.bytes) continue;
    if (field.field === 1) nodes.push(readNode(field.bytes));
    else if (field.field === 2) name = textOf(field);
    else if (field.field === 5) tensors.set(...readTensor(field.bytes));
    else if (field.field === 11) inputs.push(nameOf(field.bytes));
    else if (field.field === 12) outputs.push(nameOf(field.bytes));
    if (nodes.length > MAX_NODES) refuse(`it has more than ${MAX_NODES} nodes, which is the limit`);
    if (tensors.size > MAX_TENSORS) refuse(`it has more than ${MAX_TENSORS} tensors, which is the limit`);
  }
  return { name, nodes, tensors, inputs: inputs.filter((one) => !tensors.has(one)), outputs };
}

function nameOf(bytes: Uint8Array): string {
  for (const field of protoFields(bytes)) if (field.field === 1) return textOf(field);
  return '';
}

function readNode(bytes: Uint8Array): OnnxNode {
  const [inputs, outputs]: [string[], string[]] = [[], []];
  const attributes = new Map<string, OnnxAttribute>();
  let [name, op, domain] = ['', '', ''];
  for (const field of protoFields(bytes)) {
    if (field.field === 1) inputs.push(textOf(field));
    else if (field.field === 2) outputs.push(textOf(field));
    else if (field.field === 3) name = textOf(field);
    else if (field.field === 4) op = textOf(field);
    else if (field.field === 5 && field.bytes) attributes.set(...readAttribute(field.bytes));
    else if (field.field === 7) domain = textOf(field);
  }
  return { op, name, inputs, outputs, attributes, domain: domain === 'ai.onnx' ? '' : domain };
}

function readAttribute(bytes: Uint8Array): [string, OnnxAttribute] {
  let [name, type] = ['', 0];
  let [single, text]: [number, string] = [0, ''];
  let tensor: OnnxTensor | null = null;
  const numbers: number[] = [];
  const texts: string[] = [];
  for (const field of protoFields(bytes)) {
    if (field.field === 1) name = textOf(field);
    else if (field.field === 2) single = floatOf(field);
    else if (field.field === 3) single = wholeNumber(field.number);
    else if (field.field === 4) text = textOf(field);
    else if (field.field === 5 && field.bytes) tensor = readTensor(field.bytes)[1];
    else if (field.field === 7) for (const number of floatsOf(field)) numbers.push(number);
    else if (field.field === 8) for (const number of wholeNumbers(field)) numbers.push(number);
    else if (field.field === 9) texts.push(textOf(field));
    else if (field.field === 20) type = wholeNumber(field.number);
  }
  if (type === F_FLOAT || type === F_INT) return [name, single];
  if (type === F_STRING) return [name, text];
  if (type === F_TENSOR && tensor) return [name, tensor];
  return [name, type === F_STRINGS ? texts : numbers];
}

function floatsOf(field: ProtoField): ArrayLike<number> & Iterable<number> {
  return field.bytes ? numbersIn(field.bytes, 4, (view, at) => view.getFloat32(at, true)) : [floatOf(field)];
}

function numbersIn(
  bytes: Uint8Array,
  size: number,
  read: (view: DataView, at: number) => number,
): Float64Array {
  if (bytes.length % size !== 0) refuse(`${bytes.length} bytes are no numbers of ${size} bytes each`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float64Array.from({ length: bytes.length / size }, (_, i) => read(view, i * size));
}

const READERS: Record<OnnxType, (bytes: Uint8Array) => Float64Array> = {
  float: (bytes) => numbersIn(bytes, 4, (view, at) => view.getFloat32(at, true)),
  double: (bytes) => numbersIn(bytes, 8, (view, at) => view.getFloat64(at, true)),
  int64: (bytes) => numbersIn(bytes, 8, (view, at) => Number(view.getBigInt64(at, true))),
  bool: (bytes) => Float64Array.from(bytes),
};

/** Reads a tensor with its name. Types that are none of those here are refused where they are. */
function readTensor(bytes: Uint8Array): [string, OnnxTensor] {
  let [name, kind, isElsewhere] = ['', 0, false];
  const shape: number[] = [];
  let raw: Uint8Array | null = null;
  const parts: ProtoField[] = [];
  for (const field of protoFields(bytes)) {
    if (field.field === 1) shape.push(...wholeNumbers(field));
    else if (field.field === 2) kind = wholeNumber(field.number);
    else if (field.field === 8) name = textOf(field);
    else if (field.field === 9) raw = field.bytes;
    else if (field.field === 14) isElsewhere ||= field.number !== 0n;
    else if ([4, 5, 7, 10].includes(field.field)) parts.push(field);
  }
  if (isElsewhere)
    refuse(`the numbers of ${name} are in another file; save the model with its numbers in it`);
  const type = (Object.keys(ONNX_TYPES) as OnnxType[]).find((one) => ONNX_TYPES[one] === kind);
  if (!type) return [name, { type: 'double', shape: [-1], data: new Float64Array(0) }];
  const data = raw ? READERS[type](raw) : joined(parts, type);
  const count = shape.reduce((product, side) => product * side, 1);
  if (data.length !== count)
    refuse(`${name} has ${data.length} numbers; its shape [${shape.join(', ')}] needs ${count}`);
  return [name, { type, shape, data }];
}

/** Joins numbers that are written one by one, each kind in a field of its own. */
function joined(parts: readonly ProtoField[], type: OnnxType): Float64Array {
  const numbers: number[] = [];
  for (const part of parts) {
    const isFloat = part.field === 4;
    const isDouble = part.field === 10;
    const more = isFloat
      ? floatsOf(part)
      : isDouble
        ? READERS.double(part.bytes ?? fixed64(part.number))
        : wholeNumbers(part);
    for (const number of more as Iterable<number>) numbers.push(number);
  }
  return type === 'bool'
    ? Float64Array.from(numbers, (one) => (one === 0 ? 0 : 1))
    : Float64Array.from(numbers);
}

function fixed64(bits: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, bits, true);
  return bytes;
}
