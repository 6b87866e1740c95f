/**
 * The codec: messages to bytes and back. It knows no socket. For any bytes, decoding gives a message or throws a coded
 * error; a decoded message is plain data of a checked shape.
 */
import { Packr, Unpackr } from 'msgpackr';
import type { z } from 'zod';
import { EddyError, type ErrorAbout } from '../errors.js';
import { DEFAULT_LIMITS, type Limits } from '../limits.js';
import {
  type ClientMessage,
  clientMessage,
  READING_FIELDS,
  type ServerMessage,
  serverMessage,
  TIME_FIELDS,
  VECTOR_FIELDS,
} from './messages.js';
import { PACKED_MARK, PackedWriter, unpackClient, unpackServer } from './packed.js';
import { LITTLE_ENDIAN } from './packed-numbers.js';
import { scanMsgpack } from './scan.js';

export type Encoding = 'msgpack' | 'json';

/** WebSocket subprotocols, best first. */
export const SUBPROTOCOLS = ['eddy.v1.msgpack', 'eddy.v1.json'] as const;

/** Gives the encoding of a subprotocol, or null if it is unknown. */
export function encodingOf(subprotocol: string): Encoding | null {
  if (subprotocol === 'eddy.v1.msgpack') return 'msgpack';
  return subprotocol === 'eddy.v1.json' ? 'json' : null;
}

/** How the numbers of steps travel on a socket, as its client said in `hello`. JSON has one form only. */
export interface WireForm {
  /** Have messages that hold numbers their packed form? */
  readonly packed: boolean;
  /** Do readings travel as float64, and times with packed results? Without it they are as in version 0.1. */
  readonly float64: boolean;
}

/** The form until `hello` has come, and of a client that says nothing. */
export const PLAIN_FORM: WireForm = { packed: false, float64: false };

type Plain = Record<string, unknown>;

export class Codec {
  private readonly packr = new Packr({ useRecords: false, variableMapSize: true });
  private readonly unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: 'number' });

  private readonly packed = new PackedWriter();

  constructor(
    readonly encoding: Encoding,
    private readonly limits: Pick<Limits, 'messageBytes'> = DEFAULT_LIMITS,
  ) {}

  encode(message: ClientMessage | ServerMessage, form = PLAIN_FORM): Uint8Array | string {
    const isPacked = form.packed && this.encoding === 'msgpack';
    const frame = isPacked ? this.packed.write(message, form.float64) : null;
    return frame ?? this.encodePlain(message, form.float64);
  }

  /** @throws EddyError `frame-*`, `message-*` */
  decodeClient(data: Uint8Array | string, { float64 } = PLAIN_FORM): ClientMessage {
    if (this.isPacked(data)) return unpackClient(data);
    return this.decode(data, clientMessage, this.limits.messageBytes, float64);
  }

  /** @throws EddyError `frame-*`, `message-*` */
  decodeServer(data: Uint8Array | string, { float64 } = PLAIN_FORM): ServerMessage {
    if (this.isPacked(data)) return unpackServer(data);
    return this.decode(data, serverMessage, Number.POSITIVE_INFINITY, float64);
  }

  private encodePlain(message: ClientMessage | ServerMessage, float64: boolean): Uint8Array | string {
    const plain: Plain = { ...message };
    for (const [field, value] of Object.entries(plain)) {
      if (!(value instanceof Float32Array || value instanceof Float64Array)) continue;
      if (this.encoding === 'json') plain[field] = Array.from(value);
      else plain[field] = bytesOf(float64 || field === 't' ? value : Float32Array.from(value));
    }
    return this.encoding === 'json' ? JSON.stringify(plain) : this.packr.pack(plain);
  }

  private isPacked(data: Uint8Array | string): data is Uint8Array {
    return data[0] === PACKED_MARK && this.encoding === 'msgpack';
  }

  private decode<T>(
    data: Uint8Array | string,
    schema: z.ZodType<T>,
    messageBytes: number,
    float64: boolean,
  ): T {
    const plain = typeof data === 'string' ? this.parseText(data) : this.parseBytes(data);
    try {
      this.checkSize(plain, byteLength(data), messageBytes);
      this.readVectors(plain, float64);
      return checked(plain, schema);
    } catch (error) {
      if (!(error instanceof EddyError)) throw error;
      throw new EddyError(error.code, error.message, { about: aboutOf(plain) });
    }
  }

  private checkSize({ type }: Plain, bytes: number, most: number): void {
    if (typeof type !== 'string')
      throw new EddyError('message-unknown', 'a message must have a string field "type"');
    if (bytes > most && type !== 'steps')
      throw new EddyError(
        'message-too-large',
        `${type.slice(0, 32)} has ${bytes} bytes; the limit is ${most}`,
      );
  }

  private readVectors(plain: Plain, float64: boolean): void {
    for (const field of VECTOR_FIELDS) if (field in plain) plain[field] = this.float32(plain[field], field);
    for (const field of READING_FIELDS) {
      // in `opened` and `listing` they are lists of fields and of the last step
      if (!(field in plain) || !isNumbers(plain)) continue;
      plain[field] = this.float64(plain[field], field, float64);
    }
    for (const field of TIME_FIELDS)
      if (field in plain && typeof plain[field] !== 'number' && plain[field] !== null)
        plain[field] = this.float64(plain[field], field, true);
  }

  private parseText(text: string): Plain {
    if (this.encoding !== 'json')
      throw new EddyError('frame-encoding', 'a text frame on a MessagePack socket');
    return asObject(() => JSON.parse(text));
  }

  private parseBytes(bytes: Uint8Array): Plain {
    if (this.encoding !== 'msgpack') throw new EddyError('frame-encoding', 'a binary frame on a JSON socket');
    const fault = scanMsgpack(bytes);
    if (fault) throw new EddyError('frame-malformed', fault);
    return asObject(() => this.unpackr.unpack(bytes));
  }

  private float32(value: unknown, field: string): Float32Array<ArrayBuffer> {
    if (this.encoding === 'json') return Float32Array.from(numbersOf(value, field, false));
    if (value instanceof Uint8Array && value.byteLength % 4 === 0) return new Float32Array(copyOf(value, 4));
    throw new EddyError('message-invalid', `${field}: must be bytes of little-endian float32, 4 to a number`);
  }

  private float64(value: unknown, field: string, isWide: boolean): Float64Array<ArrayBuffer> {
    if (this.encoding === 'json')
      return Float64Array.from(numbersOf(value, field, field !== 'targets'), (item) => item ?? Number.NaN);
    if (!isWide) return Float64Array.from(this.float32(value, field));
    if (value instanceof Uint8Array && value.byteLength % 8 === 0) return new Float64Array(copyOf(value, 8));
    throw new EddyError('message-invalid', `${field}: must be bytes of little-endian float64, 8 to a number`);
  }
}

/** Has the message runs of readings, and not fields by this name? */
const isNumbers = ({ type }: Plain) => type !== 'open' && type !== 'opened' && type !== 'subscribed';

function numbersOf(value: unknown, field: string, mayMiss: boolean): (number | null)[] {
  // a gap is null in JSON, and NaN in memory
  const isNumber = (item: unknown) => typeof item === 'number' || (item === null && mayMiss);
  if (Array.isArray(value) && value.every(isNumber)) return value;
  throw new EddyError('message-invalid', `${field}: must be an array of numbers`);
}

function checked<T>(plain: Plain, schema: z.ZodType<T>): T {
  const result = schema.safeParse(plain);
  if (result.success) return result.data;
  const type = String(plain.type);
  const [issue] = result.error.issues;
  if (issue?.code === 'invalid_union' && issue.path[0] === 'type')
    throw new EddyError('message-unknown', `unknown message type ${JSON.stringify(type.slice(0, 64))}`);
  throw new EddyError(
    'message-invalid',
    `${type}: ${issue?.path.join('.')}: ${issue?.message}`.slice(0, MAX_TEXT),
  );
}

/** The longest error message, in characters. */
const MAX_TEXT = 500;

/** Gives the size of a frame in bytes. */
function byteLength(data: Uint8Array | string): number {
  return typeof data === 'string' ? new TextEncoder().encode(data).length : data.length;
}

/** Gives the request, channel and step of a refused message, as far as they can be read. */
function aboutOf({ id, channel, seq }: Plain): ErrorAbout {
  const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
  return {
    ...(isCount(id) && { re: id }),
    ...(isCount(channel) && channel > 0 && { channel }),
    ...(isCount(seq) && { seq }),
  };
}

function asObject(parse: () => unknown): Plain {
  let value: unknown;
  try {
    value = parse();
  } catch (error) {
    throw new EddyError('frame-malformed', String(error), { cause: error });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new EddyError('frame-malformed', 'a message must be a map with a field "type"');
  return value as Plain;
}

function bytesOf(values: Float32Array | Float64Array): Uint8Array {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return LITTLE_ENDIAN ? bytes : swap(bytes.slice(), values.BYTES_PER_ELEMENT);
}

/** Copies, because the bytes of a frame are rarely aligned. */
function copyOf(bytes: Uint8Array, size: number): ArrayBuffer {
  const copy = new Uint8Array(bytes);
  return (LITTLE_ENDIAN ? copy : swap(copy, size)).buffer;
}

function swap<T extends Uint8Array>(bytes: T, size: number): T {
  for (let i = 0; i < bytes.length; i += size) bytes.subarray(i, i + size).reverse();
  return bytes;
}
