/** The frames that clients of other languages are held by are those that the codec writes and reads. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Codec } from '../../src/protocol/codec.js';
import {
  CLIENT_MESSAGES,
  type ClientMessage,
  type ServerMessage,
  serverMessage,
} from '../../src/protocol/messages.js';

interface Vector {
  readonly form: string;
  readonly hex: string;
  readonly message: Record<string, unknown> & { readonly type: string };
}

const vectorsOf = (name: string): Vector[] =>
  JSON.parse(readFileSync(new URL(`../../client/vectors/${name}`, import.meta.url), 'utf8'));

const codec = new Codec('msgpack');
const wireOf = ({ form }: Vector) => ({
  packed: form.startsWith('packed'),
  float64: !form.endsWith('version 0.1'),
});

/** A decoded message as JSON has it: numbers as lists, null for NaN. */
const plain = (message: ClientMessage | ServerMessage): unknown =>
  JSON.parse(
    JSON.stringify(message, (_, value) =>
      value instanceof Float32Array || value instanceof Float64Array ? Array.from(value) : value,
    ),
  );

describe('client/vectors', () => {
  it.each([
    ['client-frames.json', CLIENT_MESSAGES],
    ['server-frames.json', serverMessage.options.map(({ shape }) => shape.type.value)],
  ])('[PYC1] %s has each type of message, read and written alike', (name, types) => {
    const vectors = vectorsOf(name);
    expect(new Set(vectors.map(({ message }) => message.type))).toEqual(new Set(types));
    for (const vector of vectors) {
      const frame = new Uint8Array(Buffer.from(vector.hex, 'hex'));
      const wire = wireOf(vector);
      const message = name.startsWith('client')
        ? codec.decodeClient(frame, wire)
        : codec.decodeServer(frame, wire);
      expect(plain(message)).toEqual(vector.message);
      // the fields of a map may be in another order once it was checked, so bytes are compared of one that is read again
      const again = codec.encode(message, wire) as Uint8Array;
      if (frame[0] === 0xc1) expect(Buffer.from(again).toString('hex')).toBe(vector.hex);
      else expect(again.length).toBe(frame.length);
    }
  });
});
