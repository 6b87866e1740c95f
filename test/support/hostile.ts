/** Frames that nobody should send, drawn from a seed: rubbish, mutated good ones, bombs, good ones at the wrong time. */
import { encode } from '@msgpack/msgpack';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

export function hostileFrames(seed: number): () => Uint8Array | string {
  const random = xoroshiro128plus(seed);
  const draw = (low: number, high: number) => low + ((random.next() >>> 0) % (high - low + 1));
  const bytes = (length: number) => Uint8Array.from({ length }, () => draw(0, 255));
  const floats = (count: number) =>
    new Uint8Array(Float32Array.from({ length: count }, () => draw(-9, 9)).buffer);
  const id = () => draw(0, 99);
  const pick = <T>(items: readonly T[]): T => items[draw(0, items.length - 1)]!;

  /** Messages as they should be, in no order. */
  const good = (): Record<string, unknown> =>
    pick<() => Record<string, unknown>>([
      () => ({ type: 'hello', version: draw(0, 2), packed: draw(0, 1) > 0, float64: draw(0, 1) > 0 }),
      () => ({
        type: 'open',
        id: id(),
        sequence: `h${draw(0, 5)}`,
        mode: pick(['create', 'resume', 'either']),
        spec: { features: draw(0, 3), units: draw(1, 9) },
      }),
      () => ({ type: 'steps', channel: draw(1, 9), seq: draw(0, 20), x: floats(draw(0, 4)) }),
      () => ({
        type: 'append',
        id: id(),
        ...pick([{ channel: draw(1, 9) }, { sequence: `h${draw(0, 5)}` }, {}]),
        ...pick([
          { x: floats(draw(0, 4)) },
          { values: { x0: draw(0, 9), x9: null } },
          { values: { x0: true } },
        ]),
        t: pick([0, 1e300, -5, 'now']),
        key: pick(['a', 'b', '', 7]),
      }),
      () => ({ type: 'flush', id: id(), channel: draw(1, 9) }),
      () => ({
        type: 'open',
        id: id(),
        sequence: `h${draw(0, 5)}`,
        mode: 'either',
        spec: { units: draw(1, 9) },
        fields: pick<unknown>([['a'], ['a', 'a'], ['', 'b'], [{ name: 'a', unit: 'm' }], []]),
        resample: pick<unknown>([{ every: '10s' }, { every: -1 }, { every: '1ms', lateness: '1d' }]),
      }),
      () => ({ type: 'targets', channel: draw(1, 9), seq: draw(0, 20), targets: floats(draw(0, 4)) }),
      () => ({
        type: 'subscribe',
        id: id(),
        sequence: `h${draw(0, 5)}`,
        view: pick(['states', 'metrics', 'events', 'x']),
      }),
      () => ({
        type: 'subscribe',
        id: id(),
        sequence: 'h1',
        view: 'states',
        after: { epoch: 'e', seq: draw(-1, 9) },
      }),
      () => ({ type: 'unsubscribe', id: id(), channel: draw(1, 9), view: 'states' }),
      () => ({
        type: 'configure',
        id: id(),
        channel: draw(1, 9),
        learningRate: pick([0.1, -1, Number.NaN, 1e9]),
      }),
      () => ({ type: 'reset', id: id(), channel: draw(1, 9), what: pick(['state', 'weights', 'all']) }),
      () => ({ type: 'checkpoint', id: id(), channel: draw(1, 9) }),
      () => ({ type: 'list', id: id(), limit: draw(0, 2000) }),
      () => ({ type: 'remove', id: id(), sequence: pick([`h${draw(0, 5)}`, '../x', '']) }),
      () => ({ type: 'close', id: id(), channel: draw(1, 9) }),
    ])();
  const packed = () => {
    const head = new DataView(new ArrayBuffer(28 + 4 * draw(0, 6)));
    head.setUint8(0, 0xc1);
    head.setUint8(1, draw(0, 6));
    head.setUint16(2, pick([0, 0, 1, 2, 3, 7, 255]), true);
    head.setUint32(4, draw(0, 9), true);
    head.setBigUint64(8, BigInt(pick([0, 3, 2 ** 53, 2 ** 60])), true);
    head.setUint32(16, pick([0, 1, 2, 2 ** 31]), true);
    head.setUint32(20, pick([0, 1, 2 ** 30]), true);
    return new Uint8Array(head.buffer);
  };
  const mutate = (frame: Uint8Array): Uint8Array => {
    const copy = frame.slice(0, draw(0, 3) === 0 ? draw(0, frame.length) : frame.length);
    for (let i = draw(0, 4); i > 0 && copy.length > 0; i--) copy[draw(0, copy.length - 1)] = draw(0, 255);
    return copy;
  };
  const bomb = (): Uint8Array =>
    pick<() => Uint8Array>([
      () => new Uint8Array(draw(1, 5000)).fill(0x91),
      () => new Uint8Array(draw(1, 5000)).fill(0x81),
      () => Uint8Array.of(0xdd, 0xff, 0xff, 0xff, 0xff),
      () => Uint8Array.of(0xdf, 0x7f, 0xff, 0xff, 0xff),
      () => Uint8Array.of(0xc6, 0xff, 0xff, 0xff, 0xff, 1),
      () => Uint8Array.of(0xc9, 0, 0, 0, 9, 0x72, 1, 2, 3),
      () => Uint8Array.of(0xd4, 0x72, 0x40, 0x91, 0xa1, 0x61),
      () =>
        encode({
          type: 'hello',
          version: 1,
          ...Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`k${i}`, i])),
        }),
      () => encode({ type: 'open', id: 1, sequence: 'a'.repeat(64 * 1024 + 1), mode: 'either' }),
    ])();
  return () => {
    const dice = draw(0, 99);
    if (dice < 15) return bytes(draw(0, 300));
    if (dice < 40) return mutate(encode(good()));
    if (dice < 55) return packed();
    if (dice < 60) return mutate(packed());
    if (dice < 65) return bomb();
    if (dice < 72) return JSON.stringify(good());
    if (dice < 76) return String.fromCodePoint(...bytes(draw(1, 60)));
    return encode(good());
  };
}
