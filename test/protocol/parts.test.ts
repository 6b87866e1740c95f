/** No message of a server exceeds what it says, whatever is in it; and every one comes whole. */
import fc from 'fast-check';
import { firstValueFrom } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { DEFAULT_LIMITS } from '../../src/limits.js';
import { Codec, type Encoding, type WireForm } from '../../src/protocol/codec.js';
import type { ServerMessage } from '../../src/protocol/messages.js';
import { MAX_SERVER_MESSAGE, PartsReader, partsOf } from '../../src/protocol/parts.js';
import { createWires } from '../../src/server/socket/wires.js';
import { RawClient, startServer } from '../support/server.js';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const asBytes = (message: Uint8Array | string) =>
  typeof message === 'string' ? encoder.encode(message) : message;

/** Sends a message through a server's wire and a client's reader. */
function passed(message: ServerMessage, encoding: Encoding, form: WireForm) {
  const wire = createWires(DEFAULT_LIMITS, asBytes)[encoding];
  const encoded = wire.encode(message, form);
  const frames: readonly Uint8Array[] = Array.isArray(encoded) ? encoded : [encoded as Uint8Array];
  const client = new Codec(encoding);
  const reader = new PartsReader();
  const got = frames.flatMap((frame) => {
    const read = client.decodeServer(encoding === 'json' ? decoder.decode(frame) : frame, form);
    if (read.type !== 'part') return [read];
    const whole = reader.take(read);
    return whole === null ? [] : [client.decodeServer(whole, form)];
  });
  return { got, sizes: frames.map(({ length }) => length) };
}

/** Numbers without end, -0 and NaN aside, which JSON does not have. */
const floats = (most: number) =>
  fc
    .tuple(fc.integer({ min: 1, max: most }), fc.float({ noNaN: true, noDefaultInfinity: true }))
    .map(([length, first]) => Float32Array.from({ length }, (_, i) => Math.fround(first / (i + 1)) + 0));
const text = (most: number) =>
  fc
    .tuple(fc.constantFrom('a', '"', '\\', '\u0000', 'ä', '€', '😀', '\ud800'), fc.nat(most))
    .map(([unit, count]) => unit.repeat(count));
const MANY = 400_000;
const stand = { channel: 1, seq: 5, skipped: 0 };
const detail = (words: string) => ({ words });

const messages: fc.Arbitrary<ServerMessage> = fc.oneof(
  floats(MANY).map(
    (h): ServerMessage => ({
      type: 'states',
      ...stand,
      count: 1,
      t: Float64Array.of(Number.NaN),
      h: h as Float32Array<ArrayBuffer>,
    }),
  ),
  floats(MANY).map((w): ServerMessage => {
    const none = new Float32Array(0);
    const ends = { from: -1, to: -1, saliency: none };
    return {
      type: 'weights',
      ...stand,
      t: 1,
      updates: 1,
      inputs: 1,
      w: w as Float32Array<ArrayBuffer>,
      b: none,
      wy: none,
      by: none,
      ...ends,
    };
  }),
  text(MANY).map(
    (message): ServerMessage => ({ type: 'error', code: 'spec-invalid', message, temporary: false }),
  ),
  text(MANY).map(
    (words): ServerMessage => ({
      type: 'events',
      channel: 1,
      skipped: 0,
      events: [{ event: 'reset', seq: 1, t: 1, epoch: 'e', detail: detail(words) }],
    }),
  ),
  fc.tuple(fc.nat(20_000), text(60)).map(
    ([count, name]): ServerMessage => ({
      type: 'listing',
      re: 1,
      total: count,
      sequences: Array.from({ length: count }, (_, i) => ({
        sequence: `${name}${i}`,
        awake: false,
        seq: i,
        epoch: 'e',
      })),
    }),
  ),
);

describe('a message of a server', () => {
  it('[WIR16] has at most 1 MiB on the wire, and comes whole, whatever it is', () => {
    const form = fc.record({ packed: fc.boolean(), float64: fc.boolean() });
    let most = 0;
    fc.assert(
      fc.property(
        messages,
        fc.constantFrom<Encoding>('json', 'msgpack'),
        form,
        (message, encoding, asked) => {
          const { got, sizes } = passed(message, encoding, asked);
          most = Math.max(most, ...sizes);
          expect(Math.max(...sizes)).toBeLessThanOrEqual(MAX_SERVER_MESSAGE);
          // a lone surrogate is no text: MessagePack, as every UTF-8, has U+FFFD for it
          const written = canonical(message);
          const sent = encoding === 'json' ? written : written.replaceAll('\\ud800', '\ufffd');
          expect(got.map(canonical).join() === sent).toBe(true);
        },
      ),
      { seed: 15, numRuns: 40 },
    );
    expect(most).toBeGreaterThan(MAX_SERVER_MESSAGE / 2);
  });

  it('[WIR16] is sent whole up to that size, and in parts from the next byte on', () => {
    expect(partsOf(new Uint8Array(MAX_SERVER_MESSAGE))).toBe(null);
    expect(partsOf(new Uint8Array(MAX_SERVER_MESSAGE + 1))).toHaveLength(2);
    expect(partsOf('a'.repeat(MAX_SERVER_MESSAGE))).toBe(null);
    expect(partsOf('a'.repeat(MAX_SERVER_MESSAGE + 1))?.length).toBeGreaterThan(1);
    expect(partsOf('€'.repeat(MAX_SERVER_MESSAGE / 2))?.length).toBeGreaterThan(1);
  });

  it('[WIR16] in parts out of order is refused, and the next one comes whole again', () => {
    const [a, b, c] = partsOf(new Uint8Array(2.5 * MAX_SERVER_MESSAGE).fill(7))!;
    const reader = new PartsReader();
    const read = (...parts: (typeof a)[]) => parts.map((part) => reader.take(part!)?.length ?? null);
    for (const wrong of [
      [b],
      [a, c],
      [a, a],
      [a, { ...b!, data: 'x' }],
      [{ ...a!, parts: 0 }],
      [{ ...a!, parts: 1e6 }],
    ]) {
      expect(() => read(...wrong)).toThrow(/does not follow/);
      expect(read(a, b, c)).toEqual([null, null, 2.5 * MAX_SERVER_MESSAGE]);
    }
    reader.take(a!);
    reader.forget();
    expect(read(a, b, c).at(-1)).toBe(2.5 * MAX_SERVER_MESSAGE);
  });

  it('[WIR16] with the weights of a large model comes to the client as one result, in either encoding', async () => {
    const { server, url } = await startServer();
    const spec = { features: 8, units: 480 };
    const client = await server.client();
    client.open('large', { spec });
    const weights = await firstValueFrom(client.watch('large').weights$);
    expect(weights.w.length).toBe((weights.inputs + 480) * 480);
    const raw = await RawClient.connect(url, 'json');
    const sizes: number[] = [];
    raw.socket.on('message', (data) => sizes.push((data as Buffer).length));
    await raw.request({ type: 'subscribe', sequence: 'large', view: 'weights' });
    const first = await raw.next('part');
    await raw.find(({ type, part }) => type === 'part' && part === (first.parts as number) - 1);
    const joined = raw
      .all('part')
      .map(({ data }) => data)
      .join('');
    expect((JSON.parse(joined) as { w: number[] }).w).toEqual(Array.from(weights.w));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(MAX_SERVER_MESSAGE);
  });
});

/** Writes a message down, arrays of numbers as lists and fields by name. */
const canonical = (message: unknown): string =>
  JSON.stringify(message, (_key, value: unknown) => {
    if (ArrayBuffer.isView(value)) return Array.from(value as Float32Array);
    const isMap = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isMap ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value;
  });
