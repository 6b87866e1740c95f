/**
 * The safetensors container: named tensors and a few strings in one file, as Python's `safetensors` reads and writes it.
 *
 *    0  u64   length of the header
 *    8  JSON  { name: { dtype, shape, data_offsets: [begin, end] }, __metadata__: { key: text } }, then spaces
 *       data  the tensors, row-major, without gaps; offsets count from here
 *
 * All numbers are little-endian, like every machine that the store's native parts are built for. The header is padded so
 * that the data begins at a multiple of 8, and wider numbers come first, so that each tensor is aligned.
 *
 * Pure: any bytes give tensors or a coded error.
 */
import { EddyError } from '../errors.js';
import { BYTE, finish, inRanges, type Pieces, VISIT } from '../math/pieces.js';
import { parseInPieces, stringInPieces, TooManyValues } from './json-pieces.js';

const KINDS = {
  F64: Float64Array,
  I64: BigInt64Array,
  U64: BigUint64Array,
  F32: Float32Array,
  I32: Int32Array,
  U32: Uint32Array,
  I16: Int16Array,
  U16: Uint16Array,
  I8: Int8Array,
  U8: Uint8Array,
} as const;

type Dtype = keyof typeof KINDS;
export type TensorData = InstanceType<(typeof KINDS)[Dtype]>;

export interface Tensor {
  /** Its dimensions; their product is the length of `data`. */
  readonly shape: readonly number[];
  readonly data: TensorData;
}

export interface TensorFile {
  readonly tensors: ReadonlyMap<string, Tensor>;
  readonly metadata: ReadonlyMap<string, string>;
}

const METADATA = '__metadata__';
/**
 * What a header may have at most: bytes, values, and tensors. That of a sequence with 4,096 named features and 10,000 keys
 * of appends has some 4 MiB and 30,000 values, most of them within its text; of tensors there are 70.
 */
export const MAX_HEADER_BYTES = 16 * 1024 * 1024;
const MAX_HEADER_VALUES = 100_000;
const MAX_TENSORS = 10_000;
const HEADER_DEPTH = 16;

const kindOf = (data: object): Dtype | undefined =>
  (Object.keys(KINDS) as Dtype[]).find((dtype) => data instanceof KINDS[dtype]);

/** Tells whether `value` is a typed array that a tensor can hold. */
export const isTensorData = (value: object): value is TensorData => kindOf(value) !== undefined;

const refuse = (why: string): never => {
  throw new EddyError('snapshot-invalid', `this is not a safetensors file: ${why}`);
};

/** Writes tensors and strings as one file. No tensor may be named `__metadata__`. */
export const writeSafetensors = (file: TensorFile): Uint8Array<ArrayBuffer> =>
  finish(writeSafetensorsInPieces(file));

/** Does the same in pieces. @param room bytes before the file, which are left for something else */
export function* writeSafetensorsInPieces(file: TensorFile, room = 0): Pieces<Uint8Array<ArrayBuffer>> {
  const entries = [...file.tensors];
  entries.sort(([a, { data: left }], [b, { data: right }]) => {
    const wider = right.BYTES_PER_ELEMENT - left.BYTES_PER_ELEMENT;
    return wider !== 0 ? wider : a < b ? -1 : 1;
  });
  const header: string[] = [];
  const strings: string[] = [];
  for (const [key, text] of file.metadata)
    strings.push(`${JSON.stringify(key)}:${yield* stringInPieces(text)}`);
  if (strings.length > 0) header.push(`"${METADATA}":{${strings.join(',')}}`);
  let end = 0;
  for (const [name, { shape, data }] of entries) {
    const begin = end;
    end += data.byteLength;
    const entry = { dtype: kindOf(data), shape, data_offsets: [begin, end] };
    header.push(`${JSON.stringify(name)}:${JSON.stringify(entry)}`);
  }
  const text = new TextEncoder().encode(`{${header.join(',')}}`);
  yield BYTE * text.length;
  const start = 8 + Math.ceil(text.length / 8) * 8;
  const bytes = new Uint8Array(room + start + end);
  new DataView(bytes.buffer).setBigUint64(room, BigInt(start - 8), true);
  bytes.set(text, room + 8);
  bytes.fill(0x20, room + 8 + text.length, room + start);
  let at = room + start;
  for (const [, { data }] of entries) {
    yield* copyBytes(bytes, at, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    at += data.byteLength;
  }
  return bytes;
}

/** Copies bytes to a place in others. */
const copyBytes = (to: Uint8Array, at: number, from: Uint8Array): Pieces<void> =>
  inRanges(from.length, BYTE, (first, end) => to.set(from.subarray(first, end), at + first));

/**
 * Reads a file. The result is a copy: the bytes may change afterwards.
 *
 * @throws EddyError `snapshot-invalid`, which says what is wrong
 */
export const readSafetensors = (bytes: Uint8Array): TensorFile => finish(readSafetensorsInPieces(bytes));

/**
 * Does the same in pieces, between which the bytes must not change.
 *
 * @param areOurs the bytes never change: tensors may lie in them
 */
export function* readSafetensorsInPieces(bytes: Uint8Array, areOurs = false): Pieces<TensorFile> {
  if (bytes.length < 8) refuse(`it has ${bytes.length} bytes; the length of its header alone takes 8`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerBytes = Number(view.getBigUint64(0, true));
  if (headerBytes > bytes.length - 8) refuse(`its header of ${headerBytes} bytes extends beyond its end`);
  if (headerBytes > MAX_HEADER_BYTES)
    refuse(`its header has ${headerBytes} bytes; the limit is ${MAX_HEADER_BYTES}`);
  const header = yield* parseHeader(bytes.subarray(8, 8 + headerBytes));
  const data = bytes.subarray(8 + headerBytes);

  const metadata = new Map<string, string>();
  const places: { name: string; dtype: Dtype; shape: number[]; begin: number; end: number }[] = [];
  for (const [name, entry] of Object.entries(header)) {
    if (name !== METADATA) places.push({ name, ...readEntry(name, entry) });
    else
      for (const [key, text] of Object.entries(asObject(entry, METADATA)))
        metadata.set(key, typeof text === 'string' ? text : refuse(`${METADATA} ${key} is not text`));
  }
  if (places.length > MAX_TENSORS) refuse(`it has ${places.length} tensors; the limit is ${MAX_TENSORS}`);
  places.sort((a, b) => a.begin - b.begin || a.end - b.end);
  let end = 0;
  for (const place of places) {
    if (place.begin !== end) refuse(`tensor ${place.name} begins at ${place.begin}, not at ${end}`);
    end = place.end;
  }
  if (end !== data.length) refuse(`its tensors take ${end} bytes of data; it has ${data.length}`);
  const tensors = new Map<string, Tensor>();
  for (const { name, dtype, shape, begin, end } of places) {
    const Kind = KINDS[dtype];
    const at = data.byteOffset + begin;
    if (areOurs && at % Kind.BYTES_PER_ELEMENT === 0 && data.buffer instanceof ArrayBuffer) {
      tensors.set(name, {
        shape,
        data: new Kind(data.buffer, at, (end - begin) / Kind.BYTES_PER_ELEMENT),
      });
      continue;
    }
    const copy = new Uint8Array(end - begin);
    yield* copyBytes(copy, 0, data.subarray(begin, end));
    tensors.set(name, { shape, data: new Kind(copy.buffer) });
  }
  return { tensors, metadata };
}

function* parseHeader(bytes: Uint8Array): Pieces<object> {
  if (bytes[0] !== 0x7b) refuse('its header does not start with {');
  let header: unknown;
  try {
    header = yield* parseInPieces(yield* decode(bytes), MAX_HEADER_VALUES, HEADER_DEPTH);
  } catch (cause) {
    if (cause instanceof TooManyValues)
      refuse(`its header has more than ${MAX_HEADER_VALUES} values, which is the limit`);
    throw new EddyError('snapshot-invalid', 'this is not a safetensors file: its header is not JSON', {
      cause,
    });
  }
  return asObject(header, 'its header');
}

/** @throws TypeError for what is not UTF-8 */
function* decode(bytes: Uint8Array): Pieces<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const parts: string[] = [];
  yield* inRanges(bytes.length, VISIT, (from, to) =>
    parts.push(decoder.decode(bytes.subarray(from, to), { stream: true })),
  );
  return parts.join('') + decoder.decode();
}

function readEntry(
  name: string,
  value: unknown,
): { dtype: Dtype; shape: number[]; begin: number; end: number } {
  const {
    dtype,
    shape,
    data_offsets: offsets,
  } = asObject(value, `tensor ${name}`) as Record<string, unknown>;
  if (typeof dtype !== 'string' || !Object.hasOwn(KINDS, dtype))
    return refuse(`tensor ${name} has the unsupported type ${String(dtype)}`);
  if (!isSizes(shape)) return refuse(`tensor ${name} has no shape`);
  if (!isSizes(offsets) || offsets.length !== 2) return refuse(`tensor ${name} has no data_offsets`);
  const [begin, end] = offsets as [number, number];
  const bytes = shape.reduce((product, side) => product * side, KINDS[dtype as Dtype].BYTES_PER_ELEMENT);
  if (begin > end || end - begin !== bytes)
    refuse(`tensor ${name} takes ${bytes} bytes by its shape but ${end - begin} by its offsets`);
  return { dtype: dtype as Dtype, shape, begin, end };
}

const isSizes = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);

function asObject(value: unknown, what: string): object {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? value
    : refuse(`${what} is not an object`);
}
