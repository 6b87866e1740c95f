/**
 * A page of a sequence's past as bytes. All numbers are little-endian.
 *
 *    0  u32  0x50504445, "EDPP"
 *    4  u32  version 1
 *    8  f64  number of the first step
 *   16  f64  the latest time up to its end, in milliseconds since 1970; -Infinity before the first step
 *   24  u32  rows, one per step
 *   28  u32  bytes of the text that follow
 *   32  u32  bytes of the text, in UTF-8; it is deflated if fewer follow
 *   36  u32  bytes of the columns; they are deflated if fewer follow
 *   40  u32  CRC-32 of the bytes before and after
 *   44  u32  0
 *   48       the text, then the columns:
 *
 *    0  u8   1 float64, 2 float32
 *    1  u8   0 as in memory, row by row; 1 field by field, packed as in pack-field.ts
 *    2  u16  0
 *    4  u32  numbers in a row
 *    8       the numbers
 */
import { constants, crc32, deflateRawSync, inflateRawSync } from 'node:zlib';
import { EddyError } from '../../errors.js';
import { FieldScratch, type Numbers, packedBound, packField, unpackField } from './pack-field.js';

const MAGIC = 0x50504445;
const VERSION = 1;
const HEADER_BYTES = 48;
const CRC_AT = 40;
const COLUMN_BYTES = 8;
const FLOAT64 = 1;
const FLOAT32 = 2;
/** What repeats in a packed column lies side by side, so that runs are all that is worth looking for. */
const RUNS_ONLY = { level: 1, strategy: constants.Z_RLE };
const FAST = { level: 1 };
/** A shorter text is not worth the effort. */
const LONG_TEXT = 256;

export interface PageColumn {
  /** Row by row; more rows may follow. */
  readonly values: Numbers;
  /** Numbers in a row. */
  readonly width: number;
}

export interface PageContent {
  readonly first: number;
  readonly count: number;
  /** The latest time up to its end. */
  readonly latest: number;
  readonly text: string;
  readonly columns: readonly PageColumn[];
}

/** Writes a page. @param isPacked shall it take time to be small? */
export function writePage(
  { first, count, latest, text, columns }: PageContent,
  isPacked: boolean,
): Uint8Array {
  const words = new TextEncoder().encode(text);
  const isShort = !isPacked || words.length < LONG_TEXT;
  const shortened = isShort ? words : shorter(words, deflateRawSync(words, FAST));
  const at = HEADER_BYTES + shortened.length;
  const packed = isPacked ? packedColumns(columns, count) : null;
  const size = packed?.plain ?? plainSize(columns, count);
  const bytes = new Uint8Array(at + (packed?.bytes.length ?? size));
  if (packed) bytes.set(packed.bytes, at);
  else writePlain(columns, count, bytes, at);
  const header = viewOf(bytes);
  header.setUint32(0, MAGIC, true);
  header.setUint32(4, VERSION, true);
  header.setFloat64(8, first, true);
  header.setFloat64(16, latest, true);
  header.setUint32(24, count, true);
  header.setUint32(28, shortened.length, true);
  header.setUint32(32, words.length, true);
  header.setUint32(36, size, true);
  bytes.set(shortened, HEADER_BYTES);
  header.setUint32(CRC_AT, checksum(bytes), true);
  return bytes;
}

const plainSize = (columns: readonly PageColumn[], count: number): number =>
  columns.reduce(
    (sum, { values, width }) => sum + COLUMN_BYTES + width * count * values.BYTES_PER_ELEMENT,
    0,
  );

/** Writes columns as they are. */
function writePlain(columns: readonly PageColumn[], count: number, bytes: Uint8Array, from: number): void {
  let to = from;
  for (const { values, width } of columns) {
    writeColumnHead(bytes, to, values, width, false);
    const used = width * count * values.BYTES_PER_ELEMENT;
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, used), to + COLUMN_BYTES);
    to += COLUMN_BYTES + used;
  }
}

/** Writes columns so that they are small. @returns the bytes, and how many they are before they are deflated */
function packedColumns(columns: readonly PageColumn[], count: number): { bytes: Uint8Array; plain: number } {
  let most = 0;
  for (const { width } of columns) most += COLUMN_BYTES + width * packedBound(count);
  const bytes = new Uint8Array(most);
  const scratch = new FieldScratch(count);
  let to = 0;
  for (const { values, width } of columns) {
    writeColumnHead(bytes, to, values, width, true);
    to += COLUMN_BYTES;
    for (let i = 0; i < width; i++) to = packField(values, i, width, count, bytes, to, scratch);
  }
  const plain = bytes.subarray(0, to);
  return { bytes: shorter(plain, deflateRawSync(plain, RUNS_ONLY)), plain: to };
}

function writeColumnHead(
  bytes: Uint8Array,
  at: number,
  values: Numbers,
  width: number,
  isPacked: boolean,
): void {
  bytes[at] = values instanceof Float64Array ? FLOAT64 : FLOAT32;
  bytes[at + 1] = isPacked ? 1 : 0;
  viewOf(bytes).setUint32(at + 4, width, true);
}

const shorter = (plain: Uint8Array, deflated: Uint8Array) =>
  deflated.length < plain.length ? deflated : plain;

const inflate = (bytes: Uint8Array, length: number): Uint8Array =>
  bytes.length < length ? inflateRawSync(bytes) : bytes;

/** Gives the latest time up to the end of a page, without reading the rest of it. */
export const latestOf = (bytes: Uint8Array): number =>
  bytes.length < HEADER_BYTES ? Number.NaN : viewOf(bytes).getFloat64(16, true);

/**
 * Reads a page.
 *
 * @throws EddyError `store-damaged`, which says what is wrong
 */
export function readPage(bytes: Uint8Array): PageContent {
  if (bytes.length < HEADER_BYTES)
    damaged(`it has ${bytes.length} bytes; its header alone takes ${HEADER_BYTES}`);
  const header = viewOf(bytes);
  if (header.getUint32(0, true) !== MAGIC) damaged('it does not start like a page');
  const version = header.getUint32(4, true);
  if (version !== VERSION) damaged(`it has version ${version}; this version of Eddy reads ${VERSION}`);
  if (header.getUint32(CRC_AT, true) !== checksum(bytes)) damaged('its checksum does not match');
  const count = header.getUint32(24, true);
  const textEnd = HEADER_BYTES + header.getUint32(28, true);
  const words = inflate(bytes.subarray(HEADER_BYTES, textEnd), header.getUint32(32, true));
  const body = inflate(bytes.subarray(textEnd), header.getUint32(36, true));
  const view = viewOf(body);
  const columns: PageColumn[] = [];
  const scratch = new FieldScratch(count);
  for (let from = 0; from < body.length; ) {
    const isPacked = body[from + 1] === 1;
    const width = view.getUint32(from + 4, true);
    const values = body[from] === FLOAT64 ? new Float64Array(count * width) : new Float32Array(count * width);
    columns.push({ values, width });
    from += COLUMN_BYTES;
    if (isPacked)
      for (let i = 0; i < width; i++) from = unpackField(body, from, values, i, width, count, scratch);
    else {
      new Uint8Array(values.buffer).set(body.subarray(from, from + values.byteLength));
      from += values.byteLength;
    }
  }
  const text = new TextDecoder().decode(words);
  return { first: header.getFloat64(8, true), count, latest: latestOf(bytes), text, columns };
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
const checksum = (bytes: Uint8Array): number =>
  crc32(bytes.subarray(CRC_AT + 4), crc32(bytes.subarray(0, CRC_AT)));

function damaged(why: string): never {
  throw new EddyError('store-damaged', why);
}
