/**
 * Plain data as tensors and one JSON text, to the bit. Each array of numbers in the tree becomes a tensor named after
 * its path; everything else stays in the text. Values that JSON lacks become an object with the single key `$`:
 *
 *     { "$": "NaN" } { "$": "Infinity" } { "$": "-Infinity" } { "$": "-0" }    a number
 *     { "$": { "tensor": "window.values" } }                                   an array of numbers
 *     { "$": { "object": { ... } } }                                           an object with a key `$` of its own
 */
import { EddyError } from '../errors.js';
import { finish, type Pieces } from '../math/pieces.js';
import { parseInPieces, TooDeep, TooManyValues } from './json-pieces.js';
import {
  isTensorData,
  readSafetensorsInPieces,
  type Tensor,
  type TensorData,
  writeSafetensorsInPieces,
} from './safetensors.js';

/** Plain data: JSON values, and typed arrays of numbers, to the bit. */
export type Plain = { readonly [key: string]: unknown };

/** How deep a tree may be nested. */
export const MAX_DEPTH = 64;
/** How many values a text may have, and how deep its JSON may be nested: a tag takes two levels more. */
export const MAX_VALUES = 250_000;
const TEXT_DEPTH = 4 * MAX_DEPTH;
const TAG = '$';
/** The key of the text among a file's strings. */
const TEXT = 'plain';
const NUMBERS: ReadonlyMap<unknown, number> = new Map([
  ['NaN', Number.NaN],
  ['Infinity', Number.POSITIVE_INFINITY],
  ['-Infinity', Number.NEGATIVE_INFINITY],
  ['-0', -0],
]);

export interface FlatPlain {
  readonly text: string;
  readonly tensors: ReadonlyMap<string, Tensor>;
}

const refuse = (path: string, why: string): never => {
  throw new EddyError('snapshot-invalid', `${path === '' ? 'the root' : path} ${why}`);
};

/** Values after which a piece ends, and what one costs. */
const VALUES = 4096;
const VALUE = 1000;

/** The path of a part of a tree. */
const partOf = (path: string, key: string | number): string => (path === '' ? `${key}` : `${path}.${key}`);

/**
 * Splits plain data into tensors and text. Undefined fields are omitted, as in JSON.
 *
 * @throws EddyError `snapshot-invalid` at anything that is not plain data
 */
export const flattenPlain = (plain: Plain): FlatPlain => finish(flattenInPieces(plain));

/** Does the same in pieces. */
export function* flattenInPieces(plain: Plain): Pieces<FlatPlain> {
  const flattening = new Flattening();
  yield* flattening.write(plain, '', 0);
  const { text, tensors } = flattening;
  return { text: text.join(''), tensors };
}

class Flattening {
  readonly tensors = new Map<string, Tensor>();
  readonly text: string[] = [];
  private values = 0;

  *write(value: unknown, path: string, depth: number): Pieces<void> {
    if (depth > MAX_DEPTH) refuse(path, `is nested more than ${MAX_DEPTH} deep`);
    if (++this.values % VALUES === 0) yield VALUES * VALUE;
    if (Array.isArray(value)) yield* this.writeArray(value, path, depth);
    else if (typeof value !== 'object' || value === null || isTensorData(value)) this.writeLeaf(value, path);
    else yield* this.writeObject(value, path, depth);
  }

  private *writeArray(items: readonly unknown[], path: string, depth: number): Pieces<void> {
    this.text.push('[');
    for (let i = 0; i < items.length; i++) {
      if (i > 0) this.text.push(',');
      yield* this.write(items[i], partOf(path, i), depth + 1);
    }
    this.text.push(']');
  }

  private writeLeaf(value: unknown, path: string): void {
    const { text } = this;
    const isText = typeof value === 'string' || typeof value === 'boolean' || value === null;
    if (isText || (typeof value === 'number' && Number.isFinite(value) && !Object.is(value, -0)))
      text.push(JSON.stringify(value));
    else if (typeof value === 'number') text.push(`{"${TAG}":"${Object.is(value, -0) ? '-0' : value}"}`);
    else if (typeof value === 'object')
      text.push(`{"${TAG}":{"tensor":${JSON.stringify(this.addTensor(path, value as TensorData))}}}`);
    else refuse(path, `has the type ${typeof value}`);
  }

  private *writeObject(value: object, path: string, depth: number): Pieces<void> {
    const { text } = this;
    const prototype = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) refuse(path, 'is not a plain object');
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    if (entries.some(([key]) => key === '__proto__')) refuse(partOf(path, '__proto__'), 'is a forbidden key');
    const isTagged = entries.some(([key]) => key === TAG);
    text.push(isTagged ? `{"${TAG}":{"object":{` : '{');
    for (const [i, [key, item]] of entries.entries()) {
      text.push(`${i > 0 ? ',' : ''}${JSON.stringify(key)}:`);
      yield* this.write(item, partOf(path, key), depth + 1);
    }
    text.push(isTagged ? '}}}' : '}');
  }

  private addTensor(path: string, data: TensorData): string {
    const { tensors } = this;
    let name = path;
    while (tensors.has(name) || name === '__metadata__' || name === '') name += '_';
    tensors.set(name, { shape: [data.length], data });
    return name;
  }
}

/**
 * Joins tensors and text into plain data. The text may come from anybody.
 *
 * @throws EddyError `snapshot-invalid`, which names the place
 */
export const unflattenPlain = (flat: FlatPlain): Plain => finish(unflattenInPieces(flat));

/** Does the same in pieces. */
export function* unflattenInPieces({ text, tensors }: FlatPlain): Pieces<Plain> {
  let parsed: unknown;
  try {
    parsed = yield* parseInPieces(text, MAX_VALUES, TEXT_DEPTH);
  } catch (cause) {
    if (cause instanceof TooManyValues)
      return refuse('', `has more than ${MAX_VALUES} values, which is the limit`);
    if (cause instanceof TooDeep) return refuse('', `is nested more than ${MAX_DEPTH} deep`);
    throw new EddyError('snapshot-invalid', 'the text of plain data is not JSON', { cause });
  }
  if (!isFields(parsed)) return refuse('', 'is not an object');
  const plain = yield* new Restoring(tensors).restore(parsed, '', 0);
  return isFields(plain) && !isTensorData(plain) ? (plain as Plain) : refuse('', 'is not an object');
}

class Restoring {
  private values = 0;

  constructor(private readonly tensors: ReadonlyMap<string, Tensor>) {}

  *restore(value: unknown, path: string, depth: number): Pieces<unknown> {
    if (depth > MAX_DEPTH) refuse(path, `is nested more than ${MAX_DEPTH} deep`);
    if (++this.values % VALUES === 0) yield VALUES * VALUE;
    if (typeof value !== 'object' || value === null) return value;
    if (Array.isArray(value)) {
      const items: unknown[] = [];
      for (let i = 0; i < value.length; i++)
        items.push(yield* this.restore(value[i], partOf(path, i), depth + 1));
      return items;
    }
    if (Object.hasOwn(value, TAG))
      return yield* this.restoreTagged(value as Record<string, unknown>, path, depth);
    return yield* this.restoreFields(value, path, depth);
  }

  private *restoreFields(value: object, path: string, depth: number): Pieces<Record<string, unknown>> {
    // `fromEntries` creates own fields of any name; `__proto__` is refused to protect code that assigns them later
    if (Object.hasOwn(value, '__proto__')) refuse(`${path}.__proto__`, 'is a forbidden key');
    const fields: [string, unknown][] = [];
    for (const [key, item] of Object.entries(value))
      fields.push([key, yield* this.restore(item, partOf(path, key), depth + 1)]);
    return Object.fromEntries(fields);
  }

  private *restoreTagged(value: Record<string, unknown>, path: string, depth: number): Pieces<unknown> {
    const tagged = Object.keys(value).length === 1 ? value[TAG] : undefined;
    const number = NUMBERS.get(tagged);
    if (number !== undefined) return number;
    if (typeof tagged === 'object' && tagged !== null) {
      const [[key, item] = ['', null], ...more] = Object.entries(tagged);
      if (more.length === 0 && key === 'tensor' && typeof item === 'string')
        return this.tensors.get(item)?.data ?? refuse(path, `refers to the tensor ${item}, which is missing`);
      if (more.length === 0 && key === 'object' && isFields(item))
        return yield* this.restoreFields(item, path, depth);
    }
    return refuse(path, `has a key ${TAG} without a known meaning`);
  }
}

const isFields = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Writes plain data as the bytes of a safetensors file, with the text among its strings. */
export const plainToBytes = (plain: Plain): Uint8Array<ArrayBuffer> => finish(plainToBytesInPieces(plain));

/** Does the same in pieces. @param room bytes before the file, which are left for something else */
export function* plainToBytesInPieces(plain: Plain, room = 0): Pieces<Uint8Array<ArrayBuffer>> {
  const { text, tensors } = yield* flattenInPieces(plain);
  return yield* writeSafetensorsInPieces({ tensors, metadata: new Map([[TEXT, text]]) }, room);
}

/**
 * Reads what `plainToBytes` wrote.
 *
 * @throws EddyError `snapshot-invalid`, which says what is wrong
 */
export const plainFromBytes = (bytes: Uint8Array): Plain => finish(plainFromBytesInPieces(bytes));

/**
 * Does the same in pieces, between which the bytes must not change.
 *
 * @param areOurs the bytes never change: arrays may lie in them
 */
export function* plainFromBytesInPieces(bytes: Uint8Array, areOurs = false): Pieces<Plain> {
  const { tensors, metadata } = yield* readSafetensorsInPieces(bytes, areOurs);
  const text = metadata.get(TEXT);
  if (text === undefined) return refuse('', 'lacks the text of plain data');
  return yield* unflattenInPieces({ text, tensors });
}
