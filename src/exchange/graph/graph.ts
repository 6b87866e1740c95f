/** Builds an ONNX graph: operators as functions of the names of values, in float64 unless said otherwise. */
import type { OnnxAttribute, OnnxNode, OnnxTensor, OnnxType, OnnxValue } from '../../formats/onnx.js';

/** The name of a value in the graph. */
export type Value = string;
/** A value, or a number. */
export type Operand = Value | number;

type Attributes = Readonly<Record<string, OnnxAttribute>>;

export class Graph {
  readonly nodes: OnnxNode[] = [];
  readonly tensors = new Map<string, OnnxTensor>();
  readonly inputs: OnnxValue[] = [];
  readonly outputs: OnnxValue[] = [];
  private readonly numbers = new Map<string, Value>();
  private made = 0;

  private newName(op: string): Value {
    return `${op.toLowerCase()}_${++this.made}`;
  }

  input(name: string, type: OnnxType, shape: readonly number[]): Value {
    this.inputs.push({ name, type, shape });
    return name;
  }

  /** Makes a value an output under a name of its own. */
  output(name: string, type: OnnxType, shape: readonly number[], value: Value): void {
    this.nodes.push({
      op: 'Identity',
      name,
      inputs: [value],
      outputs: [name],
      attributes: new Map(),
      domain: '',
    });
    this.outputs.push({ name, type, shape });
  }

  op(op: string, inputs: readonly Value[], attributes: Attributes = {}): Value {
    const output = this.newName(op);
    const entries = new Map(Object.entries(attributes));
    this.nodes.push({ op, name: output, inputs, outputs: [output], attributes: entries, domain: '' });
    return output;
  }

  /** An operator of several outputs, of which the one that is named is taken. */
  opTaking(op: string, inputs: readonly Value[], attributes: Attributes, which: number): Value {
    const output = this.newName(op);
    const outputs = [...Array<string>(which).fill(''), output];
    const entries = new Map(Object.entries(attributes));
    this.nodes.push({ op, name: output, inputs, outputs, attributes: entries, domain: '' });
    return output;
  }

  /** A tensor of the file. */
  tensor(name: string, type: OnnxType, shape: readonly number[], data: ArrayLike<number>): Value {
    const numbers = type === 'float' ? Float32Array.from(data) : Float64Array.from(data);
    this.tensors.set(name, { type, shape, data: numbers });
    return name;
  }

  /** Constants that are used as they are: each once. */
  constant(type: OnnxType, shape: readonly number[], data: readonly number[]): Value {
    const key = `${type} ${shape.join()} ${data.map((one) => (Object.is(one, -0) ? '-0' : one)).join()}`;
    const name = this.numbers.get(key) ?? this.tensor(this.newName('constant'), type, shape, data);
    this.numbers.set(key, name);
    return name;
  }

  private of(operand: Operand): Value {
    return typeof operand === 'number' ? this.constant('double', [], [operand]) : operand;
  }

  private indices(...data: readonly number[]): Value {
    return this.constant('int64', [data.length], data);
  }

  private binary = (op: string) => (a: Operand, b: Operand) => this.op(op, [this.of(a), this.of(b)]);
  private unary = (op: string) => (a: Value) => this.op(op, [a]);

  readonly add = this.binary('Add');
  readonly sub = this.binary('Sub');
  readonly mul = this.binary('Mul');
  readonly div = this.binary('Div');
  readonly max = this.binary('Max');
  readonly min = this.binary('Min');
  readonly less = this.binary('Less');
  readonly greater = this.binary('Greater');
  readonly equal = this.binary('Equal');
  readonly and = this.binary('And');
  readonly or = this.binary('Or');
  readonly matMul = this.binary('MatMul');
  readonly not = this.unary('Not');
  readonly sqrt = this.unary('Sqrt');
  readonly abs = this.unary('Abs');
  readonly sign = this.unary('Sign');
  readonly floor = this.unary('Floor');
  readonly sin = this.unary('Sin');
  readonly cos = this.unary('Cos');
  readonly isNaN = this.unary('IsNaN');

  where(condition: Value, then: Operand, otherwise: Operand): Value {
    return this.op('Where', [condition, this.of(then), this.of(otherwise)]);
  }

  /** 1 where a condition holds, else 0. */
  flag(condition: Value): Value {
    return this.cast(condition, 'double');
  }

  clip(value: Value, low: number, high: number): Value {
    return this.op('Clip', [value, this.of(low), this.of(high)]);
  }

  cast(value: Value, to: 'double' | 'float'): Value {
    return this.op('Cast', [value], { to: to === 'double' ? 11 : 1 });
  }

  reshape(value: Value, shape: readonly number[]): Value {
    return this.op('Reshape', [value, this.indices(...shape)]);
  }

  transpose(value: Value, perm: readonly number[]): Value {
    return this.op('Transpose', [value], { perm });
  }

  concat(values: readonly Value[], axis: number): Value {
    return values.length === 1 ? values[0]! : this.op('Concat', values, { axis });
  }

  /** Puts values beside each other along a new last axis. @param shape of each */
  stack(values: readonly Value[], shape: readonly number[]): Value {
    return this.concat(
      values.map((value) => this.reshape(value, [...shape, 1])),
      shape.length,
    );
  }

  slice(value: Value, axis: number, from: number, to: number): Value {
    return this.op('Slice', [value, this.indices(from), this.indices(to), this.indices(axis)]);
  }

  /** Takes one place of an axis, which is gone then. */
  at(value: Value, axis: number, index: number): Value {
    return this.op('Gather', [value, this.constant('int64', [], [index])], { axis });
  }

  /** Takes some places of an axis. */
  gather(value: Value, axis: number, indices: readonly number[]): Value {
    return this.op('Gather', [value, this.indices(...indices)], { axis });
  }

  /** Adds up along the last axis, which is gone then. */
  sumLast(value: Value): Value {
    return this.op('ReduceSum', [value, this.indices(-1)], { keepdims: 0 });
  }

  /** Takes what lies before x as far as it is whole: x modulo a period. */
  modulo(value: Value, period: Operand): Value {
    return this.sub(value, this.mul(this.floor(this.div(value, period)), period));
  }

  /** Leaves out what no output is made of. */
  prune(): void {
    const needed = new Set<Value>(this.outputs.map(({ name }) => name));
    for (const { inputs, outputs } of this.nodes.toReversed())
      if (outputs.some((output) => needed.has(output))) for (const input of inputs) needed.add(input);
    const kept = this.nodes.filter(({ outputs }) => outputs.some((output) => needed.has(output)));
    this.nodes.splice(0, this.nodes.length, ...kept);
    for (const name of [...this.tensors.keys()]) if (!needed.has(name)) this.tensors.delete(name);
  }
}
