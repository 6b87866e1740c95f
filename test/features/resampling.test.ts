import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AGGREGATES, type Aggregate } from '../../src/features/aggregates.js';
import { MAX_EMPTY, type ResampledStep, Resampler } from '../../src/features/resampler.js';
import { openBins, parseResampling, type ResamplingInput } from '../../src/features/resampling.js';
import { inexactOperations } from '../support/arithmetic.js';
import { exactMean, exactSum } from '../support/exact.js';
import { codeThrownBy } from '../support/marbles.js';

type Reading = readonly [t: number, x: readonly (number | null)[]];
type Row = { t: number; x: (number | null)[]; readings: number; skipped: number };

const FIELDS = ['last', 'mean', 'min', 'max', 'sum'];
const OF = Object.fromEntries(AGGREGATES.map((aggregate) => [aggregate, aggregate]));

/** A step as plain values: null is a gap. -0 stays what it is. */
const row = ({ t, x, readings, skipped }: ResampledStep): Row => ({
  t,
  x: Array.from(x, (value) => (Number.isNaN(value) ? null : value)),
  readings,
  skipped,
});

/** Takes what it can, and gives the steps and the readings it took. */
function run(resampler: Resampler, readings: readonly Reading[]) {
  const steps: ResampledStep[] = [];
  const taken: Reading[] = [];
  for (const [t, x] of readings) {
    const code = codeThrownBy(() => {
      steps.push(...resampler.take(t, x));
      taken.push([t, x]);
    });
    expect([null, 'step-late']).toContain(code);
  }
  return { rows: [...steps, ...resampler.flush()].map(row), taken };
}

/** Gives the result of readings, in the order they came, as their definition says. */
function aggregated(aggregate: Aggregate, readings: readonly { t: number; value: number }[]): number | null {
  if (readings.length === 0) return null;
  const values = readings.map(({ value }) => value + 0);
  switch (aggregate) {
    case 'last':
      return [...readings].sort((a, b) => a.t - b.t).at(-1)!.value + 0;
    case 'mean':
      return exactMean(values) + 0;
    case 'min':
      return Math.min(...values);
    case 'max':
      return Math.max(...values);
    case 'sum':
      return exactSum(values) + 0;
  }
}

/** Resamples all readings at once, as one would a file. */
function batch(every: number, readings: readonly Reading[]): Row[] {
  const bins = new Map<number, Reading[]>();
  for (const reading of readings) {
    const whole = BigInt(Math.floor(reading[0]));
    const start = Number(whole - mod(whole, BigInt(every)));
    bins.set(start, [...(bins.get(start) ?? []), reading]);
  }
  const rows: Row[] = [];
  for (const start of [...bins.keys()].sort((a, b) => a - b)) {
    const before = rows.at(-1)?.t;
    const empty = before === undefined ? 0 : (start - before) / every - 1;
    for (let i = 1; i <= Math.min(empty, MAX_EMPTY); i++)
      rows.push({ t: before! + i * every, x: FIELDS.map(() => null), readings: 0, skipped: 0 });
    const inside = bins.get(start)!;
    const x = AGGREGATES.map((aggregate, f) => {
      const own = inside.filter(([, values]) => values[f] !== null);
      return aggregated(
        aggregate,
        own.map(([t, values]) => ({ t, value: values[f]! })),
      );
    });
    rows.push({ t: start, x, readings: inside.length, skipped: Math.max(0, empty - MAX_EMPTY) });
  }
  return rows;
}

const mod = (a: bigint, n: bigint): bigint => ((a % n) + n) % n;

const value = fc.option(
  fc.oneof(
    fc.constantFrom(0, -0, 0.1, 123465789.12, -7, 1e15),
    fc.integer({ min: -(2 ** 40), max: 2 ** 40 }).map((n) => n / 2 ** 20),
  ),
  { freq: 3 },
);
const values = fc.tuple(value, value, value, value, value);
/** Times close together, some in fractions of a millisecond, some after a long silence. */
const time = fc.oneof(
  { weight: 20, arbitrary: fc.integer({ min: -2000, max: 2000 }) },
  { weight: 5, arbitrary: fc.integer({ min: -(2 ** 16), max: 2 ** 16 }).map((n) => n / 64) },
  { weight: 1, arbitrary: fc.integer({ min: -(10 ** 12), max: 10 ** 12 }) },
);
const readings = fc.array(fc.tuple(time, values), { maxLength: 40 });
const settings = fc.record({
  every: fc.integer({ min: 1, max: 300 }),
  lateness: fc.integer({ min: 0, max: 900 }),
});
const usable = settings.filter((setting) => openBins(setting) <= 1024);

const resampler = (setting: ResamplingInput) => new Resampler({ ...setting, of: OF }, FIELDS);
const one = (setting: ResamplingInput) => new Resampler(setting, ['a']);

describe('the settings of resampling', () => {
  it('[RSM1] have defaults, in milliseconds, and parsing them again changes nothing', () => {
    expect(parseResampling({ every: '10s' })).toEqual({ every: 10_000, lateness: 0, of: 'last' });
    const complete = parseResampling({ of: { b: 'sum', a: 'mean' }, lateness: '2s', every: '1m' });
    expect(JSON.stringify(complete)).toBe('{"every":60000,"lateness":2000,"of":{"a":"mean","b":"sum"}}');
    expect(JSON.stringify(parseResampling(complete))).toBe(JSON.stringify(complete));
  });

  it.each([
    [{}, /resampling\.every: a duration is/],
    [{ every: '10 seconds' }, /resampling\.every: "10 seconds" is not a duration/],
    [{ every: 0 }, /resampling\.every: 0 is not from 1 ms/],
    [{ every: '1s', lateness: -1 }, /resampling\.lateness: -1 is not from 0 ms/],
    [{ every: '1s', of: 'median' }, /resampling\.of: must be one of last, mean, min, max, sum/],
    [{ every: '1s', of: { a: 'median' } }, /resampling\.of.*last, mean, min, max, sum/],
    [{ every: '1s', how: 'mean' }, /how/],
    ['10s', /resampling: /],
    [null, /resampling: /],
  ])('[RSM1] are refused: %j', (input, message) => {
    expect(codeThrownBy(() => parseResampling(input))).toBe('setting-invalid');
    expect(() => parseResampling(input)).toThrow(message);
  });

  it('[RSM1] are refused for a field that does not exist, or exists twice', () => {
    const make = () => new Resampler({ every: '1s', of: { c: 'sum' } }, ['a', 'b']);
    expect(codeThrownBy(make)).toBe('setting-invalid');
    expect(make).toThrow('names c; the fields are a, b');
    expect(codeThrownBy(() => new Resampler({ every: '1s' }, ['a', 'a']))).toBe('setting-invalid');
  });

  it('[RSM10] are refused where they would keep too much open', () => {
    expect(parseResampling({ every: 1, lateness: 1022 })).toBeTruthy();
    expect(codeThrownBy(() => parseResampling({ every: 1, lateness: 1023 }))).toBe('setting-invalid');
    const wide = Array.from({ length: 4096 }, (_, i) => `x${i}`);
    expect(new Resampler({ every: 1, lateness: 62 }, wide)).toBeTruthy();
    expect(codeThrownBy(() => new Resampler({ every: 1, lateness: 63 }, wide))).toBe('setting-invalid');
  });
});

describe('a resampler', () => {
  it('[RSM6] makes one step of fields that come in different readings', () => {
    const topics = new Resampler({ every: '10s' }, ['pressure', 'flow', 'level']);
    const steps = [
      ...topics.take(1000, [990, null, null]),
      ...topics.take(4000, [null, 5, null]),
      ...topics.take(3500, [null, null, 0.7]),
      ...topics.take(9999, [991, Number.NaN, Number.NaN]),
      ...topics.take(11_000, [992, null, null]),
      ...topics.take(20_000, [null, null, 0.8]),
    ];
    expect(steps.map(row)).toEqual([
      { t: 0, x: [991, 5, 0.7], readings: 4, skipped: 0 },
      { t: 10_000, x: [992, null, null], readings: 1, skipped: 0 },
    ]);
    expect(steps[0]!.x).toBeInstanceOf(Float64Array);
  });

  it('[RSM3] makes one number of the readings of a field', () => {
    const all = resampler({ every: 10 });
    all.take(1, [1, 1, 1, 1, 1]);
    all.take(7, [2, 4, -3, 9, 2.5]);
    all.take(3, [5, 4, 0, 0, 0.5]);
    expect(all.flush().map(row)).toEqual([{ t: 0, x: [2, 3, -3, 9, 4], readings: 3, skipped: 0 }]);
    const last = one({ every: 10 });
    last.take(5, [1]);
    last.take(5, [2]);
    expect(row(last.flush()[0]!).x, 'of one time: what came later').toEqual([2]);
    const zero = resampler({ every: 10 });
    zero.take(1, [-0, -0, -0, -0, -0]);
    expect(Object.is(zero.flush()[0]!.x[0], 0)).toBe(true);
  });

  it('[RSM2] puts a reading into the bin that holds its time, aligned to 1970 UTC', () => {
    expect(one({ every: '10s' }).binOf(0)).toBe(0);
    expect(one({ every: '10s' }).binOf(9999.999)).toBe(0);
    expect(one({ every: '10s' }).binOf(10_000)).toBe(10_000);
    expect(one({ every: '10s' }).binOf(-0)).toBe(0);
    expect(one({ every: '10s' }).binOf(-0.001)).toBe(-10_000);
    expect(one({ every: '1d' }).binOf(Date.UTC(2024, 2, 31, 2, 30))).toBe(Date.UTC(2024, 2, 31));
    const times = fc.double({ min: -8.64e15, max: 8.64e15, noNaN: true });
    fc.assert(
      fc.property(times, fc.integer({ min: 1, max: 366 * 86_400_000 }), (t, every) => {
        const start = one({ every }).binOf(t);
        expect(mod(BigInt(start), BigInt(every))).toBe(0n);
        expect(start <= t && t < start + every).toBe(true);
        const edge = start + every;
        const below = edge - Math.max(2 ** -20, Math.abs(edge) * 2 ** -52);
        if (below >= start && edge <= 8.64e15) expect(one({ every }).binOf(below)).toBe(start);
        if (edge <= 8.64e15) expect(one({ every }).binOf(edge)).toBe(edge);
      }),
    );
  });

  it('[RSM4] closes a bin with the first reading that is newer than its end by the lateness', () => {
    const late = one({ every: 10, lateness: 4 });
    expect(late.take(3, [1])).toEqual([]);
    expect(late.take(13.999, [2])).toEqual([]);
    expect(late.take(4, [3])).toEqual([]);
    expect(late.isOpen(0)).toBe(true);
    expect(late.take(14, [4]).map(row)).toEqual([{ t: 0, x: [3], readings: 2, skipped: 0 }]);
    expect([late.isOpen(0), late.isOpen(10), late.isOpen(1000)]).toEqual([false, true, true]);
  });

  it('[RSM4] refuses a reading of a closed bin, and says what would take it', () => {
    const late = one({ every: 10 });
    late.take(3, [1]);
    late.take(10, [2]);
    const before = JSON.stringify(late.state());
    expect(codeThrownBy(() => late.take(9.5, [3]))).toBe('step-late');
    expect(() => late.take(9.5, [3])).toThrow(
      /1970-01-01T00:00:00.009Z is late: its bin of 10 ms is closed.* 0\.5 ms newer; a lateness above 0 ms/,
    );
    expect(JSON.stringify(late.state())).toBe(before);
    expect(late.take(10, [4])).toEqual([]);
  });

  it('[RSM5] gives the steps of the readings it took, computed at once', () => {
    fc.assert(
      fc.property(usable, readings, (setting, all) => {
        const { rows, taken } = run(resampler(setting), all);
        expect(rows).toEqual(batch(setting.every, taken));
      }),
      { numRuns: 2000 },
    );
  });

  it('[RSM5] gives the same bits for any order of the readings in which none is late', () => {
    const orders = fc
      .tuple(
        fc.uniqueArray(fc.tuple(fc.integer({ min: -500, max: 500 }), values), { selector: ([t]) => t }),
        fc.integer({ min: 1, max: 60 }),
      )
      .chain(([all, every]) =>
        fc.tuple(
          fc.constant({ every, lateness: 1000 }),
          fc.constant(all),
          fc.shuffledSubarray(all, { minLength: all.length }),
        ),
      );
    fc.assert(
      fc.property(orders, ([setting, all, others]) => {
        const [a, b] = [run(resampler(setting), all), run(resampler(setting), others)];
        expect([a.taken.length, b.taken.length]).toEqual([all.length, all.length]);
        expect(b.rows).toEqual(a.rows);
      }),
      { numRuns: 1000 },
    );
  });

  it('[RSM5] gives the same bits for any order within a small lateness, as the steps come', () => {
    // each reading comes at its time plus a delay of at most the lateness
    const delayed = fc.tuple(
      fc.integer({ min: 1, max: 50 }),
      fc.uniqueArray(fc.tuple(fc.integer({ min: 0, max: 3000 }), values, fc.integer({ min: 0, max: 100 })), {
        selector: ([t]) => t,
      }),
    );
    fc.assert(
      fc.property(delayed, ([every, all]) => {
        const plain = [...all].sort((a, b) => a[0] - b[0]).map(([t, x]): Reading => [t, x]);
        const arrived = [...all].sort((a, b) => a[0] + a[2] - (b[0] + b[2])).map(([t, x]): Reading => [t, x]);
        const late = run(resampler({ every, lateness: 100 }), arrived);
        expect(late.taken).toHaveLength(all.length);
        expect(late.rows).toEqual(run(resampler({ every }), plain).rows);
      }),
      { numRuns: 1000 },
    );
  });

  it('[RSM7] makes steps of gaps of empty bins, and none before the first reading', () => {
    const gaps = one({ every: 10, lateness: 50 });
    expect(gaps.take(1005, [1])).toEqual([]);
    expect(gaps.take(1031, [2])).toEqual([]);
    expect(gaps.take(1100, [3]).map(row)).toEqual([
      { t: 1000, x: [1], readings: 1, skipped: 0 },
      { t: 1010, x: [null], readings: 0, skipped: 0 },
      { t: 1020, x: [null], readings: 0, skipped: 0 },
      { t: 1030, x: [2], readings: 1, skipped: 0 },
      { t: 1040, x: [null], readings: 0, skipped: 0 },
    ]);
  });

  it.each([
    [MAX_EMPTY - 1, MAX_EMPTY - 1, 0],
    [MAX_EMPTY, MAX_EMPTY, 0],
    [MAX_EMPTY + 1, MAX_EMPTY, 1],
    [8.64e14 - 1, MAX_EMPTY, 8.64e14 - 1 - MAX_EMPTY],
  ])('[RSM7] of %d empty bins makes %d steps and skips %d', (empty, made, skipped) => {
    const gaps = one({ every: 10 });
    gaps.take(0, [1]);
    const steps = gaps.take((empty + 1) * 10, [2]);
    expect(steps).toHaveLength(1 + made);
    expect(steps.at(-1)!.t).toBe(made * 10);
    expect(gaps.flush().map(row)).toEqual([{ t: (empty + 1) * 10, x: [2], readings: 1, skipped }]);
  });

  it('[RSM7] skips the same bins however the silence is closed', () => {
    const slow = one({ every: 1, lateness: 1000 });
    const steps = [0, 1100, 1150, 1300, 2000, 2301].flatMap((t) => slow.take(t, [t]));
    const rows = [...steps, ...slow.flush()].map(row);
    const plain = one({ every: 1 });
    const others = [0, 1100, 1150, 1300, 2000, 2301].flatMap((t) => plain.take(t, [t]));
    expect(rows).toEqual([...others, ...plain.flush()].map(row));
    expect(rows.filter(({ skipped }) => skipped > 0).map(({ t, skipped }) => [t, skipped])).toEqual([
      [1100, 1099 - MAX_EMPTY],
      [2000, 699 - MAX_EMPTY],
      [2301, 300 - MAX_EMPTY],
    ]);
  });

  it('[RSM8] closes everything when flushed, and goes on behind it', () => {
    const flushed = one({ every: 10, lateness: 30 });
    expect(flushed.flush()).toEqual([]);
    flushed.take(5, [1]);
    flushed.take(25, [2]);
    expect(flushed.flush().map(({ t }) => t)).toEqual([0, 10, 20]);
    expect(flushed.flush()).toEqual([]);
    expect(codeThrownBy(() => flushed.take(29, [3]))).toBe('step-late');
    expect(flushed.take(30, [4])).toEqual([]);
    expect(flushed.take(45, [5])).toEqual([]);
    expect(flushed.flush().map(row)).toEqual([
      { t: 30, x: [4], readings: 1, skipped: 0 },
      { t: 40, x: [5], readings: 1, skipped: 0 },
    ]);
  });

  it('[RSM9] gives the same steps when it is restored at any points', () => {
    const cuts = fc.array(fc.nat(40), { maxLength: 5 });
    fc.assert(
      fc.property(usable, readings, cuts, (setting, all, at) => {
        let current = resampler(setting);
        const rows: Row[] = [];
        const taken: Reading[] = [];
        all.forEach(([t, x], i) => {
          if (at.includes(i)) {
            const state = JSON.stringify(current.state());
            const restored = resampler(setting);
            restored.restore(JSON.parse(state));
            current.flush(); // what the old one does does not matter to the new one
            current = restored;
          }
          const code = codeThrownBy(() => {
            rows.push(...current.take(t, x).map(row));
            taken.push([t, x]);
          });
          expect([null, 'step-late']).toContain(code);
        });
        rows.push(...current.flush().map(row));
        const plain = run(resampler(setting), all);
        expect(rows).toEqual(plain.rows);
        expect(taken).toEqual(plain.taken);
      }),
      { numRuns: 1000 },
    );
  });

  it('[RSM9] shares nothing with a state', () => {
    const first = resampler({ every: 10 });
    first.take(1, [1, 1, 1, 1, 1]);
    const state = first.state();
    const text = JSON.stringify(state);
    const second = resampler({ every: 10 });
    second.restore(state);
    second.take(2, [2, 2, 2, 2, 2]);
    first.take(3, [3, 3, 3, 3, 3]);
    expect(JSON.stringify(state)).toBe(text);
  });

  it('[RSM9] refuses a state of other fields, and one that is damaged', () => {
    const first = resampler({ every: 10 });
    first.take(1, [1, 1, 1, 1, 1]);
    const state = first.state();
    expect(codeThrownBy(() => one({ every: 10 }).restore(state))).toBe('snapshot-invalid');
    const damaged = [{ ...state, newest: Number.NaN }, { ...state, bins: [{ start: 0 }] }, null];
    for (const wrong of damaged)
      expect(codeThrownBy(() => first.restore(wrong as never))).toBe('snapshot-invalid');
    expect(first.state()).toEqual(state);
  });

  it('[RSM10] keeps at most lateness / every + 2 bins open', () => {
    fc.assert(
      fc.property(usable, readings, (setting, all) => {
        const bounded = resampler(setting);
        for (const [t, x] of all) {
          codeThrownBy(() => bounded.take(t, x));
          expect(bounded.state().bins.length).toBeLessThanOrEqual(openBins(setting));
        }
      }),
    );
    const full = one({ every: 10, lateness: 30 });
    for (const t of [9, 19, 29, 39, 20, 10]) full.take(t, [t]);
    expect(full.state().bins).toHaveLength(4);
  });

  it.each([
    ['step-shape', 1, [1]],
    ['step-shape', 1, [1, 2, 3]],
    ['step-non-finite', 1, [1, Number.POSITIVE_INFINITY]],
    ['step-non-finite', 1, [Number.NEGATIVE_INFINITY, null]],
    ['step-non-finite', 1, [1, '2' as never]],
    ['input-invalid', Number.NaN, [1, 2]],
    ['input-invalid', Number.POSITIVE_INFINITY, [1, 2]],
    ['input-invalid', -8.65e15, [1, 2]],
  ] as const)('[RSM11] refuses with %s the reading at %d of %j', (code, t, x) => {
    const pair = new Resampler({ every: 10 }, ['a', 'b']);
    pair.take(0, [1, 2]);
    const before = JSON.stringify(pair.state());
    expect(codeThrownBy(() => pair.take(t, x))).toBe(code);
    expect(JSON.stringify(pair.state())).toBe(before);
  });

  it('uses only arithmetic that is exactly rounded everywhere', () => {
    for (const file of ['aggregates', 'duration', 'resampler', 'resampling'])
      expect(inexactOperations(`src/features/${file}.ts`)).toEqual([]);
  });
});
