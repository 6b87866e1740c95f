/**
 * Packed frames: `steps`, `states`, `predictions`, `inputs` and `ack` without a map around their numbers. All
 * little-endian:
 *
 *    0  u8   0xc1, which MessagePack never uses
 *    1  u8   type: 1 steps, 2 states, 3 predictions, 4 ack, 5 inputs
 *    2  u16  0
 *    4  u32  channel
 *    8  u64  seq, at most 2^53 - 1; an ack ends here
 *   16  u32  count T, at least 1
 *   20  u32  numbers in a step: B * F of steps and inputs, B * N of states, B * M of predictions; at least 1
 *   24  u32  of steps: numbers in a target, B * M, or 0 without targets; x [T,B,F] and targets [T,B,M] begin at 28
 *   24  u64  of results: skipped; h [T,B,N], y [T,B,M] or x [T,B,F] begins at 32
 *
 * Pure: bytes in, a message or a coded error out. No other code reads or writes these bytes.
 */
import { EddyError, type ErrorAbout, type ErrorCode } from '../errors.js';
import type { ClientMessage, ClientMessageOf, ServerMessage, ServerMessageOf } from './messages.js';

/** The first byte of a packed frame. */
export const PACKED_MARK = 0xc1;

const STEPS = 1;
const STATES = 2;
const PREDICTIONS = 3;
const ACK = 4;
const INPUTS = 5;

/** Offsets at which the numbers begin, or the frame ends. */
const ACK_BYTES = 16;
const STEPS_HEAD = 28;
const RESULTS_HEAD = 32;

const WORD = 2 ** 32;
/** Up to this many numbers, a loop is faster than a copy of bytes. */
const FEW = 32;
/** Bytes of the buffer that small frames share, since a buffer of their own would cost more than their contents. */
const SLAB_BYTES = 8 * 1024;

export const LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

type PackedServerMessage = ServerMessageOf<'ack' | 'states' | 'predictions' | 'inputs'>;

/** Writes packed frames. A frame never changes again, so it may be kept; it keeps up to 8 KiB alive. */
export class PackedWriter {
  private slab = new Uint8Array(0);
  private view = new DataView(this.slab.buffer);
  private used = 0;

  /** Gives the frame of a message, or null if it has no packed form. */
  write(message: ClientMessage | ServerMessage): Uint8Array<ArrayBuffer> | null {
    switch (message.type) {
      case 'ack':
        return message.seq < 0 ? null : this.frame(ACK, message, ACK_BYTES);
      case 'steps':
        return this.steps(message);
      case 'states':
        return this.results(STATES, message, message.h);
      case 'predictions':
        return this.results(PREDICTIONS, message, message.y);
      case 'inputs':
        return this.results(INPUTS, message, message.x);
      default:
        return null;
    }
  }

  private steps(message: ClientMessageOf<'steps'>): Uint8Array<ArrayBuffer> | null {
    const { count = 0, x, targets } = message;
    const targetSize = targets ? targets.length / count : 0;
    if (!isSize(x.length / count) || (targets && !isSize(targetSize))) return null;
    const frame = this.frame(STEPS, message, STEPS_HEAD + 4 * (x.length + (targets?.length ?? 0)));
    const at = frame.byteOffset;
    this.shape(at, count, x.length / count);
    this.view.setUint32(at + 24, targetSize, true);
    this.reals(at + STEPS_HEAD, x);
    if (targets) this.reals(at + STEPS_HEAD + 4 * x.length, targets);
    return frame;
  }

  private results(
    type: number,
    message: ServerMessageOf<'states' | 'predictions' | 'inputs'>,
    values: Float32Array,
  ): Uint8Array<ArrayBuffer> | null {
    const { count, skipped } = message;
    if (!isSize(values.length / count)) return null;
    const frame = this.frame(type, message, RESULTS_HEAD + 4 * values.length);
    const at = frame.byteOffset;
    this.shape(at, count, values.length / count);
    this.integer(at + 24, skipped);
    this.reals(at + RESULTS_HEAD, values);
    return frame;
  }

  /** Reserves an aligned frame, and writes the fields that all types share. */
  private frame(
    type: number,
    { channel, seq }: { channel: number; seq: number },
    bytes: number,
  ): Uint8Array<ArrayBuffer> {
    if (this.used + bytes > this.slab.length) {
      this.slab = new Uint8Array(bytes > SLAB_BYTES / 4 ? bytes : SLAB_BYTES);
      this.view = new DataView(this.slab.buffer);
      this.used = 0;
    }
    const at = this.used;
    this.used += bytes;
    this.view.setUint32(at, PACKED_MARK | (type << 8), true);
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

  private reals(at: number, values: Float32Array): void {
    if (LITTLE_ENDIAN && values.length > FEW)
      new Float32Array(this.slab.buffer, at, values.length).set(values);
    else for (let i = 0; i < values.length; i++) this.view.setFloat32(at + 4 * i, values[i]!, true);
  }
}

/**
 * Reads a client's packed frame. Its arrays may be views of `bytes`: valid as long as those are.
 *
 * @throws EddyError `frame-malformed`, `message-unknown`, `message-invalid`, about the channel and step it names
 */
export function unpackClient(bytes: Uint8Array): ClientMessageOf<'steps'> {
  const view = viewOf(bytes);
  const { type, channel, seq } = readHead(bytes, view);
  if (type !== STEPS) throw refusal(view, 'message-unknown', `clients do not pack messages of type ${type}`);
  if (bytes.length < STEPS_HEAD) throw tooShort(view, STEPS_HEAD);
  const { count, size } = readShape(view);
  const targetSize = view.getUint32(24, true);
  checkLength(view, STEPS_HEAD + 4 * count * (size + targetSize));
  const x = readReals(view, STEPS_HEAD, count * size);
  if (targetSize === 0) return { type: 'steps', channel, seq, count, x };
  const targets = readReals(view, STEPS_HEAD + 4 * x.length, count * targetSize);
  return { type: 'steps', channel, seq, count, x, targets };
}

/**
 * Reads a server's packed frame. Its arrays may be views of `bytes`: valid as long as those are.
 *
 * @throws EddyError `frame-malformed`, `message-unknown`, `message-invalid`, about the channel and step it names
 */
export function unpackServer(bytes: Uint8Array): PackedServerMessage {
  const view = viewOf(bytes);
  const { type, channel, seq } = readHead(bytes, view);
  if (type === ACK) {
    checkLength(view, ACK_BYTES);
    return { type: 'ack', channel, seq };
  }
  if (type !== STATES && type !== PREDICTIONS && type !== INPUTS)
    throw refusal(view, 'message-unknown', `servers do not pack messages of type ${type}`);
  if (bytes.length < RESULTS_HEAD) throw tooShort(view, RESULTS_HEAD);
  const { count, size } = readShape(view);
  const skipped = readInteger(view, 24, 'skipped');
  checkLength(view, RESULTS_HEAD + 4 * count * size);
  const values = readReals(view, RESULTS_HEAD, count * size);
  const head = { channel, seq, count, skipped };
  if (type === STATES) return { type: 'states', ...head, h: values };
  if (type === PREDICTIONS) return { type: 'predictions', ...head, y: values };
  return { type: 'inputs', ...head, x: values };
}

const isSize = (size: number) => Number.isInteger(size) && size >= 1;

const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array) =>
  new DataView(buffer, byteOffset, byteLength);

function readHead(bytes: Uint8Array, view: DataView): { type: number; channel: number; seq: number } {
  if (bytes.length < ACK_BYTES) throw tooShort(view, ACK_BYTES);
  const channel = view.getUint32(4, true);
  if (channel === 0) throw refusal(view, 'message-invalid', 'channel: must be at least 1');
  const seq = readInteger(view, 8, 'seq');
  if (view.getUint16(2, true) !== 0) throw refusal(view, 'message-invalid', 'bytes 2 and 3: must be 0');
  return { type: bytes[1]!, channel, seq };
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

/** Gives a view of the numbers, or a copy if they are not aligned to 4, as in most frames of a socket. */
function readReals(view: DataView, at: number, length: number): Float32Array<ArrayBuffer> {
  const from = view.byteOffset + at;
  const buffer = view.buffer as ArrayBuffer;
  if (LITTLE_ENDIAN && from % 4 === 0) return new Float32Array(buffer, from, length);
  if (LITTLE_ENDIAN && length > FEW) return new Float32Array(buffer.slice(from, from + 4 * length));
  const copy = new Float32Array(length);
  for (let i = 0; i < length; i++) copy[i] = view.getFloat32(at + 4 * i, true);
  return copy;
}

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
