/**
 * Packed frames: `steps`, `states`, `predictions`, `inputs` and `ack` without a map around their numbers. All
 * little-endian:
 *
 *    0  u8   0xc1, which MessagePack never uses
 *    1  u8   type: 1 steps, 2 states, 3 predictions, 4 ack, 5 inputs
 *    2  u16  flags: 1 times, 2 float64, 4 interval, 8 ranges; 0 in the form of version 0.1, which has none of them
 *    4  u32  channel
 *    8  u64  seq, at most 2^53 - 1; an ack ends here
 *   16  u32  count T, at least 1
 *   20  u32  numbers in a step: B * F of steps and inputs, B * N of states, B * M of predictions; at least 1
 *   24  u32  of steps: numbers in a target, B * M, or 0 without targets
 *   28  u32  of steps with flags: 0
 *   24  u64  of results: skipped
 *   32       the body; in steps without flags it begins at 28:
 *            with times: t [T] as float64, NaN where it is not known
 *            x [T,B,F] and targets [T,B,M] of steps; h [T,B,N], y [T,B,M] or x [T,B,F] of results; h and y as float32,
 *            x and targets as float64 with that flag, or else as float32
 *            with ranges: their half-widths [T,B,M] as float32
 *            with interval: the milliseconds between steps as float64, where predictions are of regular steps
 *
 * Pure: bytes in, a message or a coded error out. No other code reads or writes these bytes.
 */
import { EddyError, type ErrorAbout, type ErrorCode } from '../errors.js';
import type { ClientMessage, ClientMessageOf, ServerMessage, ServerMessageOf } from './messages.js';
import { FEW, LITTLE_ENDIAN, readDoubles, readReadings, readReals } from './packed-numbers.js';

/** The first byte of a packed frame. */
export const PACKED_MARK = 0xc1;

const [STEPS, STATES, PREDICTIONS, ACK, INPUTS] = [1, 2, 3, 4, 5] as const;

const [TIMES, FLOAT64, INTERVAL, RANGES] = [1, 2, 4, 8] as const;
/** The flags that a frame of each type may have: h and y are float32 always. */
const FLAGS: Readonly<Record<number, number>> = {
  [STEPS]: TIMES | FLOAT64,
  [STATES]: TIMES,
  [PREDICTIONS]: TIMES | INTERVAL | RANGES,
  [ACK]: 0,
  [INPUTS]: TIMES | FLOAT64,
};

/** Offsets at which the numbers begin, or the frame ends. */
const ACK_BYTES = 16;
const NARROW_STEPS_HEAD = 28;
const HEAD = 32;

const WORD = 2 ** 32;
/** Bytes of the buffer that small frames share, since a buffer of their own would cost more than their contents. */
const SLAB_BYTES = 8 * 1024;

type PackedServerMessage = ServerMessageOf<'ack' | 'states' | 'predictions' | 'inputs'>;

/** Writes packed frames. A frame never changes again, so it may be kept; it keeps up to 8 KiB alive. */
export class PackedWriter {
  private slab = new Uint8Array(0);
  private view = new DataView(this.slab.buffer);
  private used = 0;

  /**
   * Gives the frame of a message, or null if it has no packed form.
   *
   * @param isWide in the form with times and float64; without it in that of version 0.1
   */
  write(message: ClientMessage | ServerMessage, isWide: boolean): Uint8Array<ArrayBuffer> | null {
    switch (message.type) {
      case 'ack':
        return message.seq < 0 ? null : this.frame(ACK, message, ACK_BYTES, 0);
      case 'steps':
        return this.steps(message, isWide);
      case 'states':
        return this.results(STATES, message, message.h, isWide, null);
      case 'predictions':
        return this.results(PREDICTIONS, message, message.y, isWide, message.interval ?? null, message.range);
      case 'inputs':
        return this.results(INPUTS, message, message.x, isWide, null);
      default:
        return null;
    }
  }

  private steps(message: ClientMessageOf<'steps'>, isWide: boolean): Uint8Array<ArrayBuffer> | null {
    const { count = 0, x, targets, t } = message;
    const targetSize = targets ? targets.length / count : 0;
    if (!isSize(x.length / count) || (targets && !isSize(targetSize))) return null;
    if (!isWide && t) return null;
    const width = isWide ? 8 : 4;
    const head = isWide ? HEAD : NARROW_STEPS_HEAD;
    const numbers = x.length + (targets?.length ?? 0);
    const flags = isWide ? FLOAT64 | (t ? TIMES : 0) : 0;
    const frame = this.frame(STEPS, message, head + 8 * (t?.length ?? 0) + width * numbers, flags);
    const at = frame.byteOffset;
    this.shape(at, count, x.length / count);
    this.view.setUint32(at + 24, targetSize, true);
    const xAt = at + head + 8 * (t?.length ?? 0);
    if (isWide) this.view.setUint32(at + 28, 0, true);
    if (t) this.reals(at + head, t, 8);
    this.reals(xAt, x, width);
    if (targets) this.reals(xAt + width * x.length, targets, width);
    return frame;
  }

  private results(
    type: number,
    message: ServerMessageOf<'states' | 'predictions' | 'inputs'>,
    values: Float32Array | Float64Array,
    isWide: boolean,
    interval: number | null,
    range?: Float32Array,
  ): Uint8Array<ArrayBuffer> | null {
    const { count, skipped, t } = message;
    if (!isSize(values.length / count)) return null;
    const width = isWide ? values.BYTES_PER_ELEMENT : 4;
    const hasInterval = isWide && interval !== null;
    const ranges = isWide ? range : undefined;
    const more = (width === 8 ? FLOAT64 : 0) | (hasInterval ? INTERVAL : 0) | (ranges ? RANGES : 0);
    const flags = isWide ? TIMES | more : 0;
    const valuesAt = HEAD + (isWide ? 8 * count : 0);
    const rangeAt = valuesAt + width * values.length;
    const end = rangeAt + 4 * (ranges?.length ?? 0);
    const frame = this.frame(type, message, end + (hasInterval ? 8 : 0), flags);
    const at = frame.byteOffset;
    this.shape(at, count, values.length / count);
    this.integer(at + 24, skipped);
    if (isWide) this.reals(at + HEAD, t, 8);
    this.reals(at + valuesAt, values, width);
    if (ranges) this.reals(at + rangeAt, ranges, 4);
    if (hasInterval) this.view.setFloat64(at + end, interval, true);
    return frame;
  }

  /** Reserves an aligned frame, and writes the fields that all types share. */
  private frame(
    type: number,
    { channel, seq }: { channel: number; seq: number },
    bytes: number,
    flags: number,
  ): Uint8Array<ArrayBuffer> {
    // the next frame begins where float64 may lie
    const room = Math.ceil(bytes / 8) * 8;
    if (this.used + room > this.slab.length) {
      this.slab = new Uint8Array(room > SLAB_BYTES / 4 ? room : SLAB_BYTES);
      this.view = new DataView(this.slab.buffer);
      this.used = 0;
    }
    const at = this.used;
    this.used += room;
    this.view.setUint32(at, PACKED_MARK | (type << 8) | (flags << 16), true);
    this.view.setUint32(at + 4, channel, true);
    this.integer(at + 8, seq);
    return this.slab.subarray(at, at + bytes);
  }

  private shape(at: number, count: number, size: number): void {
    this.view.setUint32(at + 16, count, true);
    this.view.setUint32(at + 20, size, true);
  }

  private integer(at: number, value: number): void {
    this.view.setUint32(at, value % WORD, true);
    this.view.setUint32(at + 4, Math.floor(value / WORD), true);
  }

  private reals(at: number, values: Float32Array | Float64Array, width: number): void {
    const { length } = values;
    if (width === 8) {
      if (LITTLE_ENDIAN && at % 8 === 0 && length > FEW)
        new Float64Array(this.slab.buffer, at, length).set(values);
      else for (let i = 0; i < length; i++) this.view.setFloat64(at + 8 * i, values[i]!, true);
    } else if (LITTLE_ENDIAN && length > FEW) new Float32Array(this.slab.buffer, at, length).set(values);
    else for (let i = 0; i < length; i++) this.view.setFloat32(at + 4 * i, values[i]!, true);
  }
}

/**
 * Reads a client's packed frame. Its arrays may be views of `bytes`: valid as long as those are.
 *
 * @throws EddyError `frame-malformed`, `message-unknown`, `message-invalid`, about the channel and step it names
 */
export function unpackClient(bytes: Uint8Array): ClientMessageOf<'steps'> {
  const view = viewOf(bytes);
  const { type, channel, seq, flags } = readHead(bytes, view);
  if (type !== STEPS) throw refusal(view, 'message-unknown', `clients do not pack messages of type ${type}`);
  const head = flags === 0 ? NARROW_STEPS_HEAD : HEAD;
  if (bytes.length < head) throw tooShort(view, head);
  if (head === HEAD && view.getUint32(28, true) !== 0)
    throw refusal(view, 'message-invalid', 'bytes 28 to 31 must be 0');
  const { count, size } = readShape(view);
  const targetSize = view.getUint32(24, true);
  const width = flags & FLOAT64 ? 8 : 4;
  const xAt = head + (flags & TIMES ? 8 * count : 0);
  checkLength(view, xAt + width * count * (size + targetSize));
  const x = readReadings(view, xAt, count * size, width);
  const message: ClientMessageOf<'steps'> = { type: 'steps', channel, seq, count, x };
  if (flags & TIMES) message.t = readDoubles(view, head, count);
  if (targetSize > 0) message.targets = readReadings(view, xAt + width * x.length, count * targetSize, width);
  return message;
}

/**
 * Reads a server's packed frame. Its arrays may be views of `bytes`: valid as long as those are.
 *
 * @throws EddyError `frame-malformed`, `message-unknown`, `message-invalid`, about the channel and step it names
 */
export function unpackServer(bytes: Uint8Array): PackedServerMessage {
  const view = viewOf(bytes);
  const { type, channel, seq, flags } = readHead(bytes, view);
  if (type === ACK) {
    checkLength(view, ACK_BYTES);
    return { type: 'ack', channel, seq };
  }
  if (type !== STATES && type !== PREDICTIONS && type !== INPUTS)
    throw refusal(view, 'message-unknown', `servers do not pack messages of type ${type}`);
  if (bytes.length < HEAD) throw tooShort(view, HEAD);
  const { count, size } = readShape(view);
  const skipped = readInteger(view, 24, 'skipped');
  const width = flags & FLOAT64 ? 8 : 4;
  const valuesAt = HEAD + (flags & TIMES ? 8 * count : 0);
  const rangeAt = valuesAt + width * count * size;
  const end = rangeAt + (flags & RANGES ? 4 * count * size : 0);
  checkLength(view, end + (flags & INTERVAL ? 8 : 0));
  const t = flags & TIMES ? readDoubles(view, HEAD, count) : new Float64Array(count).fill(Number.NaN);
  const head = { channel, seq, count, skipped, t };
  if (type === INPUTS)
    return { type: 'inputs', ...head, x: readReadings(view, valuesAt, count * size, width) };
  const values = readReals(view, valuesAt, count * size);
  if (type === STATES) return { type: 'states', ...head, h: values };
  const interval = flags & INTERVAL ? view.getFloat64(end, true) : null;
  const range = flags & RANGES ? { range: readReals(view, rangeAt, count * size) } : null;
  return { type: 'predictions', ...head, interval, y: values, ...range };
}

const isSize = (size: number) => Number.isInteger(size) && size >= 1;

const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array) =>
  new DataView(buffer, byteOffset, byteLength);

interface Head {
  readonly type: number;
  readonly channel: number;
  readonly seq: number;
  readonly flags: number;
}

function readHead(bytes: Uint8Array, view: DataView): Head {
  if (bytes.length < ACK_BYTES) throw tooShort(view, ACK_BYTES);
  const channel = view.getUint32(4, true);
  if (channel === 0) throw refusal(view, 'message-invalid', 'channel: must be at least 1');
  const seq = readInteger(view, 8, 'seq');
  const flags = view.getUint16(2, true);
  const type = bytes[1]!;
  if (flags & ~(FLAGS[type] ?? flags))
    throw refusal(view, 'message-invalid', `flags: ${flags} is not of frames of type ${type}`);
  return { type, channel, seq, flags };
}

function readShape(view: DataView): { count: number; size: number } {
  const count = view.getUint32(16, true);
  const size = view.getUint32(20, true);
  if (count === 0) throw refusal(view, 'message-invalid', 'count: must be at least 1');
  if (size === 0) throw refusal(view, 'message-invalid', 'numbers in a step: must be at least 1');
  return { count, size };
}

function readInteger(view: DataView, at: number, field: string): number {
  const value = integerAt(view, at);
  if (Number.isSafeInteger(value)) return value;
  throw refusal(view, 'message-invalid', `${field}: must be at most 2^53 - 1`);
}

const integerAt = (view: DataView, at: number) =>
  view.getUint32(at, true) + WORD * view.getUint32(at + 4, true);

function checkLength(view: DataView, expected: number): void {
  if (view.byteLength === expected) return;
  throw refusal(
    view,
    'frame-malformed',
    `the frame has ${view.byteLength} bytes; its fields announce ${expected}`,
  );
}

const tooShort = (view: DataView, least: number) =>
  refusal(
    view,
    'frame-malformed',
    `a packed frame of ${view.byteLength} bytes; this type needs at least ${least}`,
  );

function refusal(view: DataView, code: ErrorCode, message: string): EddyError {
  const about: ErrorAbout = {};
  const channel = view.byteLength >= 8 ? view.getUint32(4, true) : 0;
  const seq = view.byteLength >= 16 ? integerAt(view, 8) : -1;
  if (channel > 0) about.channel = channel;
  if (seq >= 0 && Number.isSafeInteger(seq)) about.seq = seq;
  return new EddyError(code, message, { about });
}
