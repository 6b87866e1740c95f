/** Weights of other libraries: matrices by the names that those give them, and how they are found and checked. */
import { EddyError } from '../errors.js';
import type { Tensor } from '../formats/safetensors.js';
import type { CellName } from '../rnn/cell/cells.js';
import type { WeightsInput } from '../rnn/named-weights.js';

/** A network as a file has it, in Eddy's order. */
export interface ForeignNetwork {
  readonly cell: CellName;
  /** Numbers that the cell gets of a step, units, and outputs of the readout; 0 without one. */
  readonly features: number;
  readonly units: number;
  readonly outputs: number;
  /** Are the outputs probabilities of classes? */
  readonly isSoftmax?: boolean;
  readonly weights: WeightsInput;
}

/** A matrix [rows, columns], or a vector [length], row after row in float64. */
export interface Numbers {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

export function refuse(why: string): never {
  throw new EddyError('weights-invalid', why);
}

export const shapeText = (shape: readonly (number | string)[]): string => `[${shape.join(', ')}]`;

/** Tensors that are told by the ends of their names, so that `model.rnn.weight_ih_l0` is found as `weight_ih_l0`. */
export class NamedTensors {
  private readonly tensors: ReadonlyMap<string, Tensor>;
  private readonly used = new Set<string>();

  /**
   * @param tensors as they are in the file
   * @param map what a name in the file stands for
   */
  constructor(tensors: ReadonlyMap<string, Tensor>, map: ReadonlyMap<string, string> = new Map()) {
    const named = new Map<string, Tensor>();
    for (const [from] of map)
      if (!tensors.has(from))
        refuse(`there is no tensor ${from} to map; the file has ${listOf(tensors.keys())}`);
    for (const [name, tensor] of tensors) {
      const to = map.get(name) ?? name;
      if (named.has(to)) refuse(`two tensors are named ${to}`);
      named.set(to, tensor);
    }
    this.tensors = named;
  }

  get names(): string[] {
    return [...this.tensors.keys()];
  }

  /** The names of the file, for an error. */
  get list(): string {
    return listOf(this.tensors.keys());
  }

  /** Gives the one name that ends with one of `ends`, as a whole or behind a dot or slash; null if there is no such name. */
  find(ends: readonly string[]): string | null {
    const found = this.names.filter((name) =>
      ends.some((end) => name === end || name.endsWith(`.${end}`) || name.endsWith(`/${end}`)),
    );
    if (found.length > 1) refuse(`it may be any of ${found.join(', ')}: say with --map which is ${ends[0]}`);
    return found[0] ?? null;
  }

  shapeOf(name: string): readonly number[] {
    return this.tensors.get(name)?.shape ?? [];
  }

  /** Gives a tensor's numbers as float64. @throws EddyError `weights-invalid` where it has another shape, or whole numbers */
  take(name: string, shape: readonly (number | null)[], form: string): Numbers {
    const { shape: found, data } = this.tensors.get(name)!;
    this.used.add(name);
    const fits =
      found.length === shape.length && shape.every((side, i) => side === null || side === found[i]);
    if (!fits) refuse(`${name} has the shape ${shapeText(found)}; ${form} is needed`);
    if (!(data instanceof Float32Array || data instanceof Float64Array))
      refuse(`${name} has whole numbers; weights are float32 or float64`);
    return { shape: found, data: Float64Array.from(data as Float32Array) };
  }

  /** Gives the tensors that nothing was taken from. */
  get left(): string[] {
    return this.names.filter((name) => !this.used.has(name));
  }
}

const SHOWN = 24;

export function listOf(names: Iterable<string>): string {
  const all = [...names];
  const shown = all.slice(0, SHOWN).join(', ');
  if (all.length === 0) return 'nothing';
  return all.length > SHOWN ? `${shown} and ${all.length - SHOWN} more` : shown;
}

/** Gives the transposed matrix of [rows, columns]. */
export function transposed({ shape: [rows = 0, columns = 0], data }: Numbers): Numbers {
  const out = new Float64Array(data.length);
  for (let i = 0; i < rows; i++) for (let j = 0; j < columns; j++) out[j * rows + i] = data[i * columns + j]!;
  return { shape: [columns, rows], data: out };
}

/** Puts groups of `units` columns of a matrix, or vector, in another order: the g-th comes from `order[g]`. */
export function reordered({ shape, data }: Numbers, units: number, order: readonly number[]): Numbers {
  const width = order.length * units;
  const out = new Float64Array(data.length);
  for (let row = 0; row < data.length; row += width)
    for (const [to, from] of order.entries())
      out.set(data.subarray(row + from * units, row + (from + 1) * units), row + to * units);
  return { shape, data: out };
}

/** Adds vectors; one that is missing counts as zeros. */
export function added(length: number, ...vectors: readonly (Numbers | null)[]): Float64Array {
  const sum = new Float64Array(length);
  for (const vector of vectors)
    if (vector) for (let i = 0; i < length; i++) sum[i] = sum[i]! + vector.data[i]!;
  return sum;
}

/** Joins vectors one after the other; one that is missing counts as zeros. */
export function joined(length: number, ...vectors: readonly (Numbers | null)[]): Float64Array {
  const all = new Float64Array(length * vectors.length);
  for (const [i, vector] of vectors.entries()) if (vector) all.set(vector.data, i * length);
  return all;
}
