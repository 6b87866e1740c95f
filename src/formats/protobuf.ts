/**
 * The wire format of protocol buffers: fields of a number and a type, as ONNX files consist of them.
 *
 *    varint           7 bits a byte, the lowest first; negative numbers as 64 bits
 *    64 bits, 32 bits little-endian
 *    bytes            their length as a varint, then they themselves: text, messages, packed numbers
 *
 * Pure: any bytes give fields or a coded error.
 */
import { EddyError } from '../errors.js';

const [VARINT, FIXED64, BYTES, FIXED32] = [0, 1, 2, 5] as const;

/** One field of a message. Whole numbers and bits of floats are in `number`, all else in `bytes`. */
export interface ProtoField {
  readonly field: number;
  readonly number: bigint;
  readonly bytes: Uint8Array | null;
  /** The length of a number that is not a varint, in bytes. */
  readonly fixed: 0 | 4 | 8;
}

const refuse = (why: string): never => {
  throw new EddyError('weights-invalid', `the file is damaged, or no protocol buffer: ${why}`);
};

/** Gives the fields of a message, in order. @throws EddyError `weights-invalid` */
export function* protoFields(bytes: Uint8Array): Generator<ProtoField, void, void> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length; ) {
    let value: bigint;
    [value, at] = varint(bytes, at);
    const [field, type] = [Number(value >> 3n), Number(value & 7n)];
    if (field === 0) refuse(`a field at byte ${at} has the number 0`);
    if (type === VARINT) {
      [value, at] = varint(bytes, at);
      yield { field, number: value, bytes: null, fixed: 0 };
      continue;
    }
    let length: number = type === FIXED64 ? 8 : 4;
    if (type === BYTES) {
      [value, at] = varint(bytes, at);
      length = Number(value);
    } else if (type !== FIXED64 && type !== FIXED32) refuse(`field ${field} has the unknown type ${type}`);
    if (length > bytes.length - at) refuse(`field ${field} of ${length} bytes extends beyond its end`);
    if (type === BYTES) yield { field, number: 0n, bytes: bytes.subarray(at, at + length), fixed: 0 };
    else if (type === FIXED64) yield { field, number: view.getBigUint64(at, true), bytes: null, fixed: 8 };
    else yield { field, number: BigInt(view.getUint32(at, true)), bytes: null, fixed: 4 };
    at += length;
  }
}

function varint(bytes: Uint8Array, from: number): [bigint, number] {
  let value = 0;
  // most are short; beyond 28 bits they take big integers
  for (let at = from; at < from + 4; at++) {
    const byte = bytes[at] ?? refuse('it ends within a number');
    value |= (byte & 0x7f) << (7 * (at - from));
    if (byte < 0x80) return [BigInt(value), at + 1];
  }
  let long = BigInt(value);
  for (let at = from + 4; at < from + 10; at++) {
    const byte = bytes[at] ?? refuse('it ends within a number');
    long |= BigInt(byte & 0x7f) << BigInt(7 * (at - from));
    if (byte < 0x80) return [BigInt.asUintN(64, long), at + 1];
  }
  return refuse('a number has more than 10 bytes');
}

/** Gives the whole numbers that a field holds: one, or several packed ones. */
export function* wholeNumbers({ bytes, number }: ProtoField): Generator<number, void, void> {
  if (!bytes) {
    yield wholeNumber(number);
    return;
  }
  for (let at = 0; at < bytes.length; ) {
    let value: bigint;
    [value, at] = varint(bytes, at);
    yield wholeNumber(value);
  }
}

/** Gives 64 bits as the signed number that they are; one beyond 2^53 is rounded. */
export const wholeNumber = (bits: bigint): number => Number(BigInt.asIntN(64, bits));

/** Gives the number of a field of 32 bits. */
export function floatOf({ number }: ProtoField): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, Number(number & 0xffff_ffffn));
  return view.getFloat32(0);
}

/** Gives the text of a field. */
export const textOf = ({ bytes }: ProtoField): string => new TextDecoder().decode(bytes ?? new Uint8Array(0));

/** A message that is written: its fields, in order. */
export class ProtoWriter {
  private readonly parts: Uint8Array[] = [];
  private length = 0;

  private add(part: Uint8Array): this {
    this.parts.push(part);
    this.length += part.length;
    return this;
  }

  /** Writes a whole number, of which negative ones are 64 bits long. */
  number(field: number, value: number): this {
    return this.add(varintBytes(field * 8 + VARINT)).add(varintBytes(value));
  }

  float(field: number, value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    return this.add(varintBytes(field * 8 + FIXED32)).add(bytes);
  }

  bytes(field: number, value: Uint8Array): this {
    return this.add(varintBytes(field * 8 + BYTES))
      .add(varintBytes(value.length))
      .add(value);
  }

  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  /** Writes a message that is the value of a field. */
  message(field: number, value: ProtoWriter): this {
    this.add(varintBytes(field * 8 + BYTES)).add(varintBytes(value.length));
    for (const part of value.parts) this.add(part);
    return this;
  }

  /** Gives all that was written. */
  finish(): Uint8Array<ArrayBuffer> {
    const all = new Uint8Array(this.length);
    let at = 0;
    for (const part of this.parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  }
}

function varintBytes(value: number): Uint8Array {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}
