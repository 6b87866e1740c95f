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
  type ServerMessage,
  serverMessage,
  VECTOR_FIELDS,
} from './messages.js';
import { LITTLE_ENDIAN, PACKED_MARK, PackedWriter, unpackClient, unpackServer } from './packed.js';
import { scanMsgpack } from './scan.js';

export type Encoding = 'msgpack' | 'json';

/** WebSocket subprotocols, best first. */
export const SUBPROTOCOLS = ['eddy.v1.msgpack', 'eddy.v1.json'] as const;

/** Gives the encoding of a subprotocol, or null if it is unknown. */
export function encodingOf(subprotocol: string): Encoding | null {
  if (subprotocol === 'eddy.v1.msgpack') return 'msgpack';
  return subprotocol === 'eddy.v1.json' ? 'json' : null;
}

type Plain = Record<string, unknown>;

export class Codec {
  private readonly packr = new Packr({ useRecords: false, variableMapSize: true });
  private readonly unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true, int64AsType: 'number' });

  private readonly packed = new PackedWriter();

  constructor(
    readonly encoding: Encoding,
    private readonly limits: Pick<Limits, 'messageBytes'> = DEFAULT_LIMITS,
  ) {}

  /** @param packed whether to use the packed form if the message has one; a JSON codec never does */
  encode(message: ClientMessage | ServerMessage, packed = false): Uint8Array | string {
    const frame = packed && this.encoding === 'msgpack' ? this.packed.write(message) : null;
    return frame ?? this.encodePlain(message);
  }

  /** @throws EddyError `frame-*`, `message-*` */
  decodeClient(data: Uint8Array | string): ClientMessage {
    if (this.isPacked(data)) return unpackClient(data);
    return this.decode(data, clientMessage, this.limits.messageBytes);
  }

  /** @throws EddyError `frame-*`, `message-*` */
  decodeServer(data: Uint8Array | string): ServerMessage {
    if (this.isPacked(data)) return unpackServer(data);
    return this.decode(data, serverMessage, Number.POSITIVE_INFINITY);
  }

  private encodePlain(message: ClientMessage | ServerMessage): Uint8Array | string {
    const plain: Plain = { ...message };
    for (const field of VECTOR_FIELDS) {
      const values = plain[field];
      if (values instanceof Float32Array)
        plain[field] = this.encoding === 'json' ? Array.from(values) : bytesOf(values);
    }
    return this.encoding === 'json' ? JSON.stringify(plain) : this.packr.pack(plain);
  }

  private isPacked(data: Uint8Array | string): data is Uint8Array {
    return data[0] === PACKED_MARK && this.encoding === 'msgpack';
  }

  private decode<T>(data: Uint8Array | string, schema: z.ZodType<T>, messageBytes: number): T {
    const plain = typeof data === 'string' ? this.parseText(data) : this.parseBytes(data);
    try {
      return this.check(plain, byteLength(data), schema, messageBytes);
    } catch (error) {
      if (!(error instanceof EddyError)) throw error;
      throw new EddyError(error.code, error.message, { about: aboutOf(plain) });
    }
  }

  private check<T>(plain: Plain, bytes: number, schema: z.ZodType<T>, messageBytes: number): T {
    const { type } = plain;
    if (typeof type !== 'string')
      throw new EddyError('message-unknown', 'a message must have a string field "type"');
    if (bytes > messageBytes && type !== 'steps')
      throw new EddyError(
        'message-too-large',
        `${type.slice(0, 32)} has ${bytes} bytes; the limit is ${messageBytes}`,
      );
    for (const field of VECTOR_FIELDS) if (field in plain) plain[field] = this.vector(plain[field], field);
    const result = schema.safeParse(plain);
    if (result.success) return result.data;
    const [issue] = result.error.issues;
    if (issue?.code === 'invalid_union')
      throw new EddyError('message-unknown', `unknown message type ${JSON.stringify(type.slice(0, 64))}`);
    throw new EddyError(
      'message-invalid',
      `${type}: ${issue?.path.join('.')}: ${issue?.message}`.slice(0, MAX_TEXT),
    );
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

  private vector(value: unknown, field: string): Float32Array<ArrayBuffer> {
    if (this.encoding === 'json') {
      // a missing value is null in JSON, and NaN in memory
      const isNumber = (item: unknown) => typeof item === 'number' || (item === null && field === 'x');
      if (Array.isArray(value) && value.every(isNumber))
        return Float32Array.from(value, (item: number | null) => item ?? Number.NaN);
      throw new EddyError('message-invalid', `${field}: must be an array of numbers`);
    }
    if (value instanceof Uint8Array && value.byteLength % 4 === 0) return floatsOf(value);
    throw new EddyError('message-invalid', `${field}: must be bytes of little-endian float32, 4 to a number`);
  }
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

function bytesOf(values: Float32Array): Uint8Array {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return LITTLE_ENDIAN ? bytes : swap(bytes.slice());
}

/** Copies, because the bytes of a frame are rarely aligned to 4. */
function floatsOf(bytes: Uint8Array): Float32Array<ArrayBuffer> {
  const copy = new Uint8Array(bytes);
  return new Float32Array((LITTLE_ENDIAN ? copy : swap(copy)).buffer);
}

function swap<T extends Uint8Array>(bytes: T): T {
  for (let i = 0; i < bytes.length; i += 4) bytes.subarray(i, i + 4).reverse();
  return bytes;
}
