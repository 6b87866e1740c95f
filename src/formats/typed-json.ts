/**
 * Plain data as tensors and one JSON text, to the bit. Each array of numbers in the tree becomes a tensor named after
 * its path; everything else stays in the text. Values that JSON lacks become an object with the single key `$`:
 *
 *     { "$": "NaN" } { "$": "Infinity" } { "$": "-Infinity" } { "$": "-0" }    a number
 *     { "$": { "tensor": "window.values" } }                                   an array of numbers
 *     { "$": { "object": { ... } } }                                           an object with a key `$` of its own
 */
import { EddyError } from '../errors.js';
import {
  isTensorData,
  readSafetensors,
  type Tensor,
  type TensorData,
  writeSafetensors,
} from './safetensors.js';

/** Plain data: JSON values, and typed arrays of numbers, to the bit. */
export type Plain = { readonly [key: string]: unknown };

/** How deep a tree may be nested. */
export const MAX_DEPTH = 64;
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

/**
 * Splits plain data into tensors and text. Undefined fields are omitted, as in JSON.
 *
 * @throws EddyError `snapshot-invalid` at anything that is not plain data
 */
export function flattenPlain(plain: Plain): FlatPlain {
  const tensors = new Map<string, Tensor>();
  const tag = (value: unknown) => ({ [TAG]: value });

  const addTensor = (path: string, data: TensorData): string => {
    let name = path;
    while (tensors.has(name) || name === '__metadata__' || name === '') name += '_';
    tensors.set(name, { shape: [data.length], data });
    return name;
  };

  const flatten = (value: unknown, path: string, depth: number): unknown => {
    if (depth > MAX_DEPTH) refuse(path, `is nested more than ${MAX_DEPTH} deep`);
    if (typeof value === 'string' || typeof value === 'boolean' || value === null) return value;
    if (typeof value === 'number')
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : tag(Object.is(value, -0) ? '-0' : `${value}`);
    if (typeof value !== 'object') return refuse(path, `has the type ${typeof value}`);
    if (isTensorData(value)) return tag({ tensor: addTensor(path, value) });
    const at = (key: string | number) => (path === '' ? `${key}` : `${path}.${key}`);
    if (Array.isArray(value)) return Array.from(value, (item, i) => flatten(item, at(i), depth + 1));
    const prototype = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) refuse(path, 'is not a plain object');
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    if (entries.some(([key]) => key === '__proto__')) refuse(at('__proto__'), 'is a forbidden key');
    const flat = Object.fromEntries(entries.map(([key, item]) => [key, flatten(item, at(key), depth + 1)]));
    return Object.hasOwn(flat, TAG) ? tag({ object: flat }) : flat;
  };

  return { text: JSON.stringify(flatten(plain, '', 0)), tensors };
}

/**
 * Joins tensors and text into plain data. The text may come from anybody.
 *
 * @throws EddyError `snapshot-invalid`, which names the place
 */
export function unflattenPlain({ text, tensors }: FlatPlain): Plain {
  const restore = (value: unknown, path: string, depth: number): unknown => {
    if (depth > MAX_DEPTH) refuse(path, `is nested more than ${MAX_DEPTH} deep`);
    if (typeof value !== 'object' || value === null) return value;
    const at = (key: string | number) => (path === '' ? `${key}` : `${path}.${key}`);
    if (Array.isArray(value)) return value.map((item, i) => restore(item, at(i), depth + 1));
    if (Object.hasOwn(value, TAG)) return restoreTagged(value as Record<string, unknown>, path, depth);
    return restoreFields(value, path, depth);
  };

  const restoreFields = (value: object, path: string, depth: number): Record<string, unknown> => {
    // `fromEntries` creates own fields of any name; `__proto__` is refused to protect code that assigns them later
    if (Object.hasOwn(value, '__proto__')) refuse(`${path}.__proto__`, 'is a forbidden key');
    const at = (key: string) => (path === '' ? key : `${path}.${key}`);
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, restore(item, at(key), depth + 1)]),
    );
  };

  const restoreTagged = (value: Record<string, unknown>, path: string, depth: number): unknown => {
    const tagged = Object.keys(value).length === 1 ? value[TAG] : undefined;
    const number = NUMBERS.get(tagged);
    if (number !== undefined) return number;
    if (typeof tagged === 'object' && tagged !== null) {
      const [[key, item] = ['', null], ...more] = Object.entries(tagged);
      if (more.length === 0 && key === 'tensor' && typeof item === 'string')
        return tensors.get(item)?.data ?? refuse(path, `refers to the tensor ${item}, which is missing`);
      if (more.length === 0 && key === 'object' && isFields(item)) return restoreFields(item, path, depth);
    }
    return refuse(path, `has a key ${TAG} without a known meaning`);
  };

  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new EddyError('snapshot-invalid', 'the text of plain data is not JSON', { cause });
  }
  if (!isFields(parsed)) return refuse('', 'is not an object');
  const plain = restore(parsed, '', 0);
  return isFields(plain) && !isTensorData(plain) ? (plain as Plain) : refuse('', 'is not an object');
}

const isFields = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Writes plain data as the bytes of a safetensors file, with the text among its strings. */
export function plainToBytes(plain: Plain): Uint8Array<ArrayBuffer> {
  const { text, tensors } = flattenPlain(plain);
  return writeSafetensors({ tensors, metadata: new Map([[TEXT, text]]) });
}

/**
 * Reads what `plainToBytes` wrote.
 *
 * @throws EddyError `snapshot-invalid`, which says what is wrong
 */
export function plainFromBytes(bytes: Uint8Array): Plain {
  const { tensors, metadata } = readSafetensors(bytes);
  const text = metadata.get(TEXT);
  return text === undefined ? refuse('', 'lacks the text of plain data') : unflattenPlain({ text, tensors });
}
