/**
 * One field of a page as bytes, without loss. A field of a sensor is mostly a decimal with few digits: then the differences
 * of its integers are kept, else the bits that changed since the row before. Bytes of equal significance lie
 * together (*planes*), which deflate needs to find what repeats. A packed field:
 *
 *    0  u8   packing: 0 float64, 1 float32, 2 decimals, 3 decimals rounded to float32
 *    1  u8   digits after the point, of decimals
 *    2  u48  0
 *    8  f64  the integer before the first, of decimals
 *   16       8 or 4 planes of `count` bytes, the lowest first
 */

export type Numbers = Float64Array | Float32Array;

const FLOAT64 = 0;
const FLOAT32 = 1;
const DECIMALS = 2;
const NARROW_DECIMALS = 3;
const HEADER_BYTES = 16;
/** Powers of ten whose quotients are tried; all are exact. */
const POWERS = Array.from({ length: 10 }, (_, digits) => 10 ** digits);
/** Integers of decimals are below these, or the digits are an accident. */
const WIDE_BOUND = 2 ** 50;
const NARROW_BOUND = 2 ** 21;
/** Stands for NaN among the differences; a difference is smaller. */
const MISSING = 0x8000_0000;

/** Gives the most bytes that a packed field takes. */
export const packedBound = (count: number): number => HEADER_BYTES + 8 * count;

/** Room for one field at a time: its numbers, and their bits. */
export class FieldScratch {
  readonly wide: Float64Array;
  readonly narrow: Float32Array;
  readonly words: Uint32Array;

  /** @param count the most rows */
  constructor(count: number) {
    this.wide = new Float64Array(count);
    this.narrow = new Float32Array(this.wide.buffer);
    this.words = new Uint32Array(this.wide.buffer);
  }
}

/**
 * Packs `count` numbers, one in every `stride` of `values` from `at` on, into `out` from `to` on; gives the offset behind them.
 */
export function packField(
  values: Numbers,
  at: number,
  stride: number,
  count: number,
  out: Uint8Array,
  to: number,
  scratch: FieldScratch,
): number {
  const body = to + HEADER_BYTES;
  const isNarrow = isFloat32(values, at, stride, count);
  const digits = digitsOf(values, at, stride, count, isNarrow);
  out.fill(0, to, body);
  if (digits !== null) {
    const base = packDecimals(values, at, stride, count, digits, isNarrow, scratch.words);
    if (base !== null) {
      out[to] = isNarrow ? NARROW_DECIMALS : DECIMALS;
      out[to + 1] = digits;
      viewOf(out).setFloat64(to + 8, base, true);
      return toPlanes(scratch.words, count, 1, out, body);
    }
  }
  out[to] = isNarrow ? FLOAT32 : FLOAT64;
  const copy = isNarrow ? scratch.narrow : scratch.wide;
  for (let i = 0; i < count; i++) copy[i] = values[at + i * stride]!;
  const width = isNarrow ? 1 : 2;
  const { words } = scratch;
  for (let i = width * count - 1; i >= width; i--) words[i]! ^= words[i - width]!;
  return toPlanes(words, count, width, out, body);
}

/** Unpacks a field from `bytes` at `from` into `values`; gives the offset behind it. */
export function unpackField(
  bytes: Uint8Array,
  from: number,
  values: Numbers,
  at: number,
  stride: number,
  count: number,
  scratch: FieldScratch,
): number {
  const packing = bytes[from]!;
  const { words } = scratch;
  const width = packing === FLOAT64 ? 2 : 1;
  const end = fromPlanes(bytes, from + HEADER_BYTES, words, count, width);
  if (packing === FLOAT64 || packing === FLOAT32) {
    for (let i = width; i < width * count; i++) words[i]! ^= words[i - width]!;
    const copy = packing === FLOAT32 ? scratch.narrow : scratch.wide;
    for (let i = 0; i < count; i++) values[at + i * stride] = copy[i]!;
    return end;
  }
  const power = POWERS[bytes[from + 1]!]!;
  let integer = viewOf(bytes).getFloat64(from + 8, true);
  for (let i = 0; i < count; i++) {
    const zigzag = words[i]!;
    let value = Number.NaN;
    if (zigzag !== MISSING) {
      integer += zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
      value = packing === DECIMALS ? integer / power : Math.fround(integer / power);
    }
    values[at + i * stride] = value;
  }
  return end;
}

const viewOf = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function isFloat32(values: Numbers, at: number, stride: number, count: number): boolean {
  if (values instanceof Float32Array) return true;
  for (let i = 0, j = at; i < count; i++, j += stride) {
    const value = values[j]!;
    if (Math.fround(value) !== value && !Number.isNaN(value)) return false;
  }
  return true;
}

/** Gives how many digits after the point all numbers have, or null if they have too many. */
function digitsOf(
  values: Numbers,
  at: number,
  stride: number,
  count: number,
  isNarrow: boolean,
): number | null {
  let digits = 0;
  for (let i = 0, j = at; i < count; i++, j += stride) {
    const value = values[j]!;
    while (!Number.isNaN(value) && !hasDigits(value, POWERS[digits]!, isNarrow))
      if (++digits === POWERS.length) return null;
  }
  return digits;
}

/** Is a number an integer divided by a power of ten, to the bit? */
function hasDigits(value: number, power: number, isNarrow: boolean): boolean {
  const integer = Math.round(value * power);
  const quotient = integer / power;
  // zero has no sign among integers
  if (value === 0) return 1 / value > 0;
  if (isNarrow) return Math.fround(quotient) === value && integer < NARROW_BOUND && integer > -NARROW_BOUND;
  return quotient === value && integer < WIDE_BOUND && integer > -WIDE_BOUND;
}

/** Writes the differences of the integers, with the sign in the lowest bit; gives the integer before the first, or null if they do not fit. */
function packDecimals(
  values: Numbers,
  at: number,
  stride: number,
  count: number,
  digits: number,
  isNarrow: boolean,
  words: Uint32Array,
): number | null {
  const power = POWERS[digits]!;
  let base: number | null = null;
  let before = 0;
  for (let i = 0, j = at; i < count; i++, j += stride) {
    const value = values[j]!;
    if (Number.isNaN(value)) {
      words[i] = MISSING;
      continue;
    }
    if (!hasDigits(value, power, isNarrow)) return null;
    const integer = Math.round(value * power);
    base ??= before = integer;
    const difference = integer - before;
    if (difference >= 2 ** 30 || difference <= -(2 ** 30)) return null;
    words[i] = difference >= 0 ? 2 * difference : -2 * difference - 1;
    before = integer;
  }
  return base ?? 0;
}

/** Splits numbers of `width` words into planes. */
function toPlanes(words: Uint32Array, count: number, width: number, out: Uint8Array, to: number): number {
  for (let word = 0; word < width; word++) {
    const low = to + 4 * word * count;
    for (let i = 0; i < count; i++) {
      const bits = words[width * i + word]!;
      out[low + i] = bits;
      out[low + count + i] = bits >>> 8;
      out[low + 2 * count + i] = bits >>> 16;
      out[low + 3 * count + i] = bits >>> 24;
    }
  }
  return to + 4 * width * count;
}

function fromPlanes(
  bytes: Uint8Array,
  from: number,
  words: Uint32Array,
  count: number,
  width: number,
): number {
  for (let word = 0; word < width; word++) {
    const low = from + 4 * word * count;
    for (let i = 0; i < count; i++)
      words[width * i + word] =
        bytes[low + i]! |
        (bytes[low + count + i]! << 8) |
        (bytes[low + 2 * count + i]! << 16) |
        (bytes[low + 3 * count + i]! << 24);
  }
  return from + 4 * width * count;
}
