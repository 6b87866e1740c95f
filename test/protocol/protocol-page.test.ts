import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Codec } from '../../src/protocol/codec.js';

const page = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8');
const json = new Codec('json');
const msgpack = new Codec('msgpack');

/** Gives the bytes of hexadecimal text; words that are no pairs of digits are comments. */
const bytesOf = (text: string) =>
  Uint8Array.from(
    text
      .split(/\s+/)
      .filter((word) => /^([0-9a-f]{2})+$/.test(word))
      .flatMap((word) => word.match(/../g) ?? []),
    (pair) => Number.parseInt(pair, 16),
  );

const floats = (...values: number[]) => Float32Array.from(values);

describe('the examples of docs/protocol.md', () => {
  it('hold a conversation whose messages decode as they stand there', () => {
    const lines = Array.from(page.matchAll(/^ {4}([<>]) (\{.*\})$/gm), ([, side, text]) => ({
      side,
      text: text!,
    }));
    const whole = lines.filter(({ text }) => !text.includes('…'));
    expect(whole.length).toBeGreaterThan(8);
    for (const { side, text } of whole) {
      const message = side === '>' ? json.decodeClient(text) : json.decodeServer(text);
      expect(JSON.parse(String(json.encode(message))), text).toEqual(floatsIn(JSON.parse(text)));
    }
  });

  it('hold a MessagePack map byte by byte', () => {
    const dump = page.match(/^ {4}85 +map of 5\n( {4}.*\n)+/m)?.[0] ?? '';
    const bytes = bytesOf(dump.replaceAll(/".*$|bin of.*$|map of 5/gm, ''));
    expect(bytes).toHaveLength(45);
    expect(msgpack.decodeClient(bytes)).toEqual({
      type: 'steps',
      channel: 1,
      seq: 0,
      count: 2,
      x: Float64Array.of(1, -2.5),
    });
  });

  it('hold packed frames of each kind', () => {
    const frames = Array.from(page.matchAll(/(?:^ {4}|`)(c1 ?\s*0[124][0-9a-f ]+)/gm), ([, hex]) =>
      bytesOf(hex!),
    );
    const [steps, states, ack, later] = frames;
    expect(msgpack.decodeClient(steps!)).toMatchObject({
      type: 'steps',
      channel: 1,
      seq: 0,
      x: Float64Array.of(1, -2.5),
    });
    expect(msgpack.decodeServer(states!)).toMatchObject({
      type: 'states',
      count: 2,
      skipped: 0,
      h: floats(0, 0, 0, 0),
    });
    expect(msgpack.decodeServer(ack!)).toEqual({ type: 'ack', channel: 1, seq: 1 });
    expect(msgpack.decodeClient(later!)).toMatchObject({ type: 'steps', channel: 7, seq: 300, count: 2 });
    expect(frames).toHaveLength(4);
  });
});

/** Numbers as float32 brings them back. */
function floatsIn(message: Record<string, unknown>): Record<string, unknown> {
  const { h } = message;
  return Array.isArray(h) ? { ...message, h: h.map(Math.fround) } : message;
}
