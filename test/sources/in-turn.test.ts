/** Bodies of agents, in pieces: how large a piece is, that several go on at once, and what they may hold. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { finish, type Pieces } from '../../src/math/pieces.js';
import { inOrderOfTime } from '../../src/sources/in-order.js';
import { LineReader } from '../../src/sources/influx/read-lines.js';
import { readWriteRequest } from '../../src/sources/prometheus/read-write-request.js';
import { codeOf } from '../support/sequences.js';

const MOST_PIECE = 2 ** 21;

/** Runs work to its end, and gives what its pieces cost. */
function costs<T>(pieces: Pieces<T>): { costs: number[]; result: T } {
  const all: number[] = [];
  for (;;) {
    const { done, value } = pieces.next();
    if (done) return { costs: all, result: value };
    all.push(value);
  }
}

/** A body of so many bytes, of lines. */
function bodyOf(bytes: number, lineOf: (i: number) => string): Buffer {
  const lines: string[] = [];
  for (let [size, i] = [0, 0]; size < bytes; i++) {
    const line = `${lineOf(i)}\n`;
    lines.push(line);
    size += line.length;
  }
  return Buffer.from(lines.join(''));
}

const SIZE = 2 ** 18;
const KINDS: Record<string, (i: number) => string> = {
  good: (i) => `cpu,host=web-${i % 20} a=${i}.5,b=${i}i ${i}000000`,
  'bad, short': () => 'a',
  'bad values': () => 'a x=y',
  'of many sequences': (i) => `a${i} v=1`,
  comments: () => '#',
  nothing: () => '',
  'out of order': (i) => `a v=1 ${(i * 7919) % 10_007}000000`,
};

describe('lines of a body', () => {
  it.each(Object.entries(KINDS))('[INF13] are read in pieces: %s', (_, lineOf) => {
    const body = bodyOf(SIZE, lineOf);
    const { costs: all } = costs(new LineReader('{measurement}.{tags}').read(body, 'ns'));
    expect(all.length).toBeGreaterThanOrEqual(SIZE / 2 ** 14);
    expect(Math.max(...all)).toBeLessThanOrEqual(MOST_PIECE);
  });

  it('[INF13] are read in turn with those of other bodies, as each by itself', () => {
    const reader = new LineReader('{host}');
    const bodies = [0, 1, 2].map((one) =>
      bodyOf(40_000, (i) => `cpu,host=h${i % 3} a=${i},b${one}=${one} ${i % 500}000000\nbad${one}`),
    );
    const alone = bodies.map((body) => finish(new LineReader('{host}').read(body, 'ns')));
    const running = bodies.map((body) => reader.read(body, 'ns'));
    const results = running.map(() => null as unknown);
    while (results.includes(null))
      for (const [i, pieces] of running.entries()) {
        const { done, value } = pieces.next();
        if (done && results[i] === null) results[i] = value;
      }
    expect(results).toEqual(alone);
  });

  it('[INF13] with too long a head, name, number, text or row of fields are refused alone', () => {
    const long = 'x'.repeat(2 ** 16);
    const fields = (count: number) => Array.from({ length: count }, (_, i) => `f${i}=1`).join(',');
    const bad: [line: string, why: RegExp][] = [
      [`a,h=${long} v=1`, /measurement and tags have more than 65536 bytes/],
      [`a${'\\'.repeat(2 ** 17)} v=1`, /measurement and tags/],
      [`a ${long}=1`, /name of a field/],
      [`a v=${'1'.repeat(500)}`, /too long for a number/],
      [`a v=1 ${'1'.repeat(500)}`, /is no time/],
      [`a v="${'x'.repeat(2 ** 20)}",w=1`, /texts of the line/],
      [`a ${fields(4097)}`, /at most 4096 fields/],
      [
        fields(4096)
          .replaceAll(/f\d+=1/g, (field) => `a ${field} 5`)
          .replaceAll(',', '\n'),
        /^$/,
      ],
    ];
    for (const [line, why] of bad) {
      const body = Buffer.from(`ok v=1 1\n${line}\nok v=2 2000000`);
      const { faults, readings } = finish(new LineReader('{measurement}').read(body, 'ns'));
      expect(faults.map(({ message }) => message)).toEqual(
        why.source === '^$' ? [] : [expect.stringMatching(why)],
      );
      expect(readings.get('ok')?.length).toBe(2);
    }
  });

  it('[INF13] of one time that tell of more fields than a step has are refused, in whatever order they come', () => {
    for (const timeOf of [() => 1, (i: number) => i % 2]) {
      const body = bodyOf(400_000, (i) => `a f${i}=1 ${timeOf(i)}000000`);
      const { faults, refused, readings, lines } = finish(new LineReader('{measurement}').read(body, 'ns'));
      expect(refused).toBeGreaterThan(lines / 5);
      expect(faults[0]?.message).toMatch(/at most 4096 fields/);
      for (const { values } of readings.get('a')!)
        expect(Object.keys(values).length).toBeLessThanOrEqual(2 * 4096);
    }
  });

  it('[INF13] belong to at most 10,000 sequences, and are as many as fit into memory', () => {
    const many = finish(
      new LineReader('{measurement}').read(
        bodyOf(100_000, (i) => `a${i} v=1`),
        'ns',
      ),
    );
    expect(many.readings.size).toBe(10_000);
    expect([many.refused, many.faults[0]?.line]).toEqual([many.lines - 10_000, 10_001]);
    const all = bodyOf(3_000_000, () => 'a v=1');
    expect(codeOf(() => finish(new LineReader('{measurement}').read(all, 'ns')))).toBe('message-too-large');
    let kept = 0;
    finish(
      new LineReader('{measurement}').read(
        bodyOf(6000, () => 'a v=1'),
        'ns',
        (bytes) => (kept += bytes),
      ),
    );
    expect(kept).toBe(1000 * (128 + 16));
  });

  it('[INF13] do not fill the memory with series, however many there are', () => {
    const reader = new LineReader('all');
    for (let round = 0; round < 9; round++) {
      const tag = 'x'.repeat(60_000);
      finish(
        reader.read(
          bodyOf(2 ** 22, (i) => `a,h=${tag}${round}-${i} v=1 1`),
          'ns',
        ),
      );
      expect(reader.remembered.bytes).toBeLessThan(33 * 2 ** 20);
    }
    for (let round = 0; round < 4; round++)
      finish(
        reader.read(
          bodyOf(2 ** 20, (i) => `a,h=${round}-${i} v=1 1`),
          'ns',
        ),
      );
    expect(reader.remembered.series).toBeLessThanOrEqual(100_000);
  });
});

describe('readings', () => {
  it('[INF2] are in the order of their times, and as they came where those are the same', () => {
    const times = fc.array(fc.oneof(fc.integer({ min: 0, max: 50 }), fc.constant(Number.NaN)), {
      maxLength: 200,
    });
    fc.assert(
      fc.property(times, fc.integer({ min: 1, max: 60 }), (all, repeat) => {
        const list = Array.from({ length: repeat }, () => all).flatMap((ts) => ts.map((t) => ({ t })));
        const place = ({ t }: { t: number }) => (Number.isNaN(t) ? 1000 : t);
        const plainly = [...list].sort((a, b) => place(a) - place(b));
        const sorted = finish(inOrderOfTime(list));
        expect(sorted.length).toBe(plainly.length);
        expect(sorted.every((one, i) => one === plainly[i])).toBe(true);
      }),
      { numRuns: 60 },
    );
  });
});

/** A field of bytes, as protocol buffers have it. */
function field(number: number, ...parts: Uint8Array[]): Buffer {
  const bytes = Buffer.concat(parts);
  const length: number[] = [];
  for (let rest = bytes.length; ; rest >>>= 7) {
    if (rest < 0x80) {
      length.push(rest);
      break;
    }
    length.push((rest & 0x7f) | 0x80);
  }
  return Buffer.concat([Buffer.from([number * 8 + 2, ...length]), bytes]);
}
const label = (name: string, value: string) =>
  field(1, field(1, Buffer.from(name)), field(2, Buffer.from(value)));
/** A sample of the value 0 at a time below 2^14. */
const sample = (t: number) => field(2, Buffer.of(0x10, (t & 0x7f) | 0x80, t >> 7));

describe('requests of remote write', () => {
  it('[PRW5] are read in pieces: many samples, labels, series, or fields that mean nothing here', () => {
    const count = 20_000;
    const all = (one: (i: number) => Uint8Array) => Array.from({ length: count }, (_, i) => one(i));
    const bodies: Record<string, Buffer> = {
      samples: field(1, label('__name__', 'a'), ...all((i) => sample((i * 7919) % 16_381))),
      labels: field(1, ...all((i) => label(`l${i}`, 'x'))),
      series: Buffer.concat(all((i) => field(1, label('__name__', `a${i}`), sample(i))).slice(0, 9000)),
      fields: Buffer.concat(all(() => field(3, Buffer.of(1)))),
    };
    for (const [name, body] of Object.entries(bodies)) {
      const { costs: pieces, result } = costs(readWriteRequest(body, '{measurement}'));
      expect([name, pieces.length > 60, Math.max(...pieces) <= MOST_PIECE]).toEqual([name, true, true]);
      expect([name, result.faults]).toEqual([
        name,
        name === 'labels' ? [expect.stringMatching(/more than 65536 bytes of labels/)] : [],
      ]);
    }
    const times = finish(readWriteRequest(bodies.samples!, '{measurement}')).readings.get('a')!;
    expect(times.map(({ t }) => t)).toEqual(Array.from({ length: 16_381 }, (_, i) => i));
  });

  it('[PRW5] tell how much memory is kept of them', () => {
    let kept = 0;
    const body = field(1, label('__name__', 'a'), ...[1, 2, 3].map(sample));
    finish(readWriteRequest(body, '{measurement}', (bytes) => (kept += bytes)));
    expect(kept).toBe(3 * (128 + 16));
  });
});
