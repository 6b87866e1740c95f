import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  Adwin,
  BUCKETS,
  LN_CONFIDENCE,
  RANGE,
  ROWS,
  TOLERANCE,
} from '../../../src/rnn/scoring/drift/adwin.js';
import { DriftDetector, type DriftKind, REFRACTORY_STEPS } from '../../../src/rnn/scoring/drift/drift.js';
import { ALLOWANCE, PageHinkley } from '../../../src/rnn/scoring/drift/page-hinkley.js';
import { inexactOperations } from '../../support/arithmetic.js';
import { fingerprint } from '../../support/numeric-compare.js';
import { Numbers } from '../../support/numeric-random.js';

/** Draws |e| of nearly normal errors: the sum of 12 uniforms. */
function gaussian(seed: number): () => number {
  const numbers = new Numbers(seed);
  return () => {
    let sum = 0;
    for (let i = 0; i < 12; i++) sum += numbers.one(0.5);
    return Math.abs(sum);
  };
}

/** |e| of Student's t with 3 degrees of freedom. */
function heavy(seed: number): () => number {
  const [normal, a, b, c] = [gaussian(seed), gaussian(seed + 1), gaussian(seed + 2), gaussian(seed + 3)];
  return () => normal() / Math.sqrt((a() ** 2 + b() ** 2 + c() ** 2) / 3);
}

/** |e| of an AR(1) process. */
function alike(seed: number, memory = 0.9): () => number {
  const numbers = new Numbers(seed);
  let value = 0;
  return () => {
    value = memory * value + Math.sqrt(3 * (1 - memory ** 2)) * numbers.one();
    return Math.abs(value);
  };
}

const many = (next: () => number, count: number): number[] => Array.from({ length: count }, next);

/** Gives the steps at which `drift` raises an event. */
function events(drift: DriftDetector, errors: Iterable<number>): { step: number; kind: DriftKind }[] {
  const raised: { step: number; kind: DriftKind }[] = [];
  let step = 0;
  for (const error of errors) {
    const kind = drift.observe(error);
    if (kind !== null) raised.push({ step, kind });
    step++;
  }
  return raised;
}

/** ADWIN with every number kept, and each mean and variance by two passes over them. */
class PlainAdwin {
  /** Buckets, oldest first. */
  buckets: number[][] = [];

  observe(value: number): number {
    this.buckets.push([
      this.buckets.length === 0 ? value : Math.min(value, RANGE * mean(this.buckets.flat())),
    ]);
    for (let size = 1; ; size *= 2) {
      const alike = this.buckets.filter((bucket) => bucket.length === size);
      if (alike.length <= BUCKETS) break;
      const first = this.buckets.indexOf(alike[0]!);
      this.buckets.splice(first, 2, [...alike[0]!, ...alike[1]!]);
    }
    let change = 0;
    for (let cut = this.cut(); cut !== 0; cut = this.cut()) {
      change = cut;
      this.buckets.shift();
    }
    return change;
  }

  private cut(): number {
    const all = this.buckets.flat();
    const average = mean(all);
    const variance = mean(all.map((value) => (value - average) ** 2));
    for (let k = 1; k < this.buckets.length; k++) {
      const [before, after] = [this.buckets.slice(0, k).flat(), this.buckets.slice(k).flat()];
      const m = 1 / (1 / before.length + 1 / after.length);
      const [confidence, range] = [Math.log((2 * BUCKETS * ROWS) / 0.002), RANGE * average];
      const bound = Math.sqrt((2 / m) * variance * confidence) + (2 / (3 * m)) * range * confidence;
      const apart = mean(after) - mean(before);
      if (apart < -bound) return -1;
      if (apart > bound && apart > TOLERANCE * mean(before)) return 1;
    }
    return 0;
  }
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

describe('ADWIN', () => {
  it('[DRI1] makes the same cuts as one that keeps every number', () => {
    const changes = { '-1': 0, '0': 0, '1': 0 };
    fc.assert(
      fc.property(
        fc.array(fc.record({ count: fc.nat(150), level: fc.integer({ min: 1, max: 9 }) }), { maxLength: 4 }),
        fc.nat(),
        (parts, seed) => {
          const [adwin, plain, noise] = [new Adwin(), new PlainAdwin(), new Numbers(seed)];
          for (const { count, level } of parts) {
            const decisions = noise.many(count).map((x) => {
              const value = level * (1 + x / 2);
              return { got: adwin.observe(value), want: plain.observe(value) };
            });
            expect(decisions.map(({ got }) => got)).toEqual(decisions.map(({ want }) => want));
            for (const { got } of decisions) changes[got]++;
            const all = plain.buckets.flat();
            if (all.length === 0) continue;
            expect(adwin.width).toBe(all.length);
            expect(adwin.mean).toBeCloseTo(mean(all), 10);
            expect(adwin.variance).toBeCloseTo(mean(all.map((value) => (value - mean(all)) ** 2)), 10);
          }
        },
      ),
      { numRuns: 20, seed: 1 },
    );
    expect(Math.min(...Object.values(changes)), 'each decision was met').toBeGreaterThan(3);
  });

  it('[DRI1] has ln(2 cuts / .002) as a constant', () => {
    expect(LN_CONFIDENCE).toBeCloseTo(Math.log((2 * BUCKETS * ROWS) / 0.002), 13);
  });

  it('[DRI1] takes a rise that is significant and small for none', () => {
    const adwin = new Adwin();
    for (let t = 0; t < 20_000; t++) expect(adwin.observe(t < 10_000 ? 1 : 1.24)).toBe(0);
    let rose = 0;
    for (let t = 0; t < 20_000; t++) rose = Math.max(rose, adwin.observe(1.6));
    expect(rose).toBe(1);
    expect(adwin.mean).toBeGreaterThan(1.5);
  });

  it('[DRI2] holds 5 buckets of each size, and drops the oldest numbers when all rows are full', () => {
    const adwin = new Adwin();
    const shape = (): number[] => Object.values(adwin.state()).map((part: Float64Array) => part.length);
    const before = shape();
    const full = BUCKETS * (2 ** ROWS - 1);
    for (let t = 0; t < full + 70_000; t++) {
      adwin.observe(1);
      if (t === full - 1) expect(adwin.width).toBe(full);
    }
    expect(shape()).toEqual(before);
    expect(Math.max(...adwin.state().counts)).toBe(BUCKETS);
    expect(adwin.width).toBeLessThanOrEqual(full);
    expect(adwin.width).toBeGreaterThan(full - 2 ** ROWS);
    expect(adwin.mean).toBe(1);
    expect(adwin.variance).toBe(0);
  });
});

describe('the Page-Hinkley test', () => {
  it('[DRI3] sums as far as the plain sum is above its minimum, and raises over the threshold', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 8, noNaN: true }), { maxLength: 200 }), (multiples) => {
        const test = new PageHinkley();
        let [sum, least] = [0, 0];
        for (const multiple of multiples) {
          sum += multiple - 1 - ALLOWANCE;
          least = Math.min(least, sum);
          const raised = test.observe(multiple, 10);
          expect(test.sum).toBeCloseTo(sum - least, 9);
          expect(raised).toBe(test.sum > 10);
        }
      }),
    );
  });
});

describe('the drift detector', () => {
  it.each([
    { factor: 2, within: 400 },
    { factor: 3, within: 150 },
    { factor: 10, within: 50 },
  ])('[DRI4] raises one event within $within steps of errors times $factor', ({ factor, within }) => {
    for (const noise of [gaussian, heavy])
      for (let seed = 0; seed < 40; seed++) {
        const next = noise(seed);
        const drift = new DriftDetector();
        expect(events(drift, many(next, 3000)), `seed ${seed}`).toEqual([]);
        const raised = events(
          drift,
          many(() => factor * next(), 3000),
        );
        expect(raised, `seed ${seed}`).toHaveLength(1);
        expect(raised[0]!.step, `seed ${seed}`).toBeLessThan(within);
      }
  });

  it('[DRI4] finds a lasting rise by half through ADWIN', () => {
    const next = gaussian(1);
    const drift = new DriftDetector();
    expect(events(drift, many(next, 6000))).toEqual([]);
    const raised = events(
      drift,
      many(() => 1.5 * next(), 6000),
    );
    expect(raised).toHaveLength(1);
    expect(raised[0]!.kind).toBe('adwin');
  });

  it('[DRI5] takes a fall for none, and measures by the lower level from then on', () => {
    const next = gaussian(2);
    const drift = new DriftDetector();
    expect(events(drift, many(next, 3000))).toEqual([]);
    expect(
      events(
        drift,
        many(() => next() / 20, 3000),
      ),
    ).toEqual([]);
    expect(
      events(
        drift,
        many(() => next() / 5, 3000),
      ),
    ).toHaveLength(1);
  });

  it.each([
    { name: 'normal', noise: gaussian, most: 0 },
    { name: 'heavy-tailed', noise: heavy, most: 0 },
    { name: 'autocorrelated (.7)', noise: (seed: number) => alike(seed, 0.7), most: 0 },
    { name: 'autocorrelated (.9)', noise: alike, most: 5 },
  ])('[DRI6] raises at most $most events in a million steps of $name noise', ({ noise, most }) => {
    const [drift, next] = [new DriftDetector(), noise(3)];
    let raised = 0;
    for (let t = 0; t < 1e6; t++) if (drift.observe(next()) !== null) raised++;
    expect(raised).toBeLessThanOrEqual(most);
  });

  it('[DRI6] takes a single wild error for none', () => {
    const next = gaussian(4);
    const drift = new DriftDetector();
    let t = 0;
    expect(
      events(
        drift,
        many(() => (++t % 500 === 0 ? 1e9 : next()), 20_000),
      ),
    ).toEqual([]);
  });

  it.each([
    { name: 'is learned away', shape: (t: number) => 1 + 4 * Math.exp(-t / 300) },
    { name: 'comes slowly', shape: (t: number) => 1 + 3 * Math.min(1, t / 500) },
    { name: 'comes in two', shape: (t: number) => (t < 200 ? 4 : 16) },
  ])('[DRI7] raises one event for a change that $name', ({ shape }) => {
    for (let seed = 0; seed < 20; seed++) {
      const next = gaussian(seed);
      const drift = new DriftDetector();
      expect(events(drift, many(next, 3000)), `seed ${seed}`).toEqual([]);
      let t = 0;
      expect(
        events(
          drift,
          many(() => shape(t++) * next(), 6000),
        ),
        `seed ${seed}`,
      ).toHaveLength(1);
    }
  });

  it('[DRI7] is quiet for 512 steps after the start and after an event', () => {
    const next = gaussian(5);
    const drift = new DriftDetector();
    expect(events(drift, many(next, REFRACTORY_STEPS - 100))).toEqual([]);
    expect(
      events(
        drift,
        many(() => 10 * next(), 2 * REFRACTORY_STEPS),
      ),
      'belongs to the start',
    ).toEqual([]);
    expect(
      events(
        drift,
        many(() => 100 * next(), 3000),
      ),
    ).toHaveLength(1);
    expect(
      events(
        drift,
        many(() => 1000 * next(), 3000),
      ),
    ).toHaveLength(1);
  });

  it('[DRI8] gives the same events for errors in any unit', () => {
    const next = gaussian(6);
    const errors = many(next, 8000).map((error, t) => (t < 4000 ? error : 2 * error));
    const want = events(new DriftDetector(), errors);
    expect(want).toHaveLength(1);
    fc.assert(
      fc.property(fc.integer({ min: -100, max: 100 }), (power) => {
        const unit = 2 ** power; // exact
        const scaled = errors.map((error) => error * unit);
        expect(events(new DriftDetector(), scaled)).toEqual(want);
      }),
      { numRuns: 20 },
    );
    for (const unit of [1e-9, 0.3, 1e12]) {
      const scaled = errors.map((error) => error * unit);
      expect(events(new DriftDetector(), scaled)).toEqual(want);
    }
  });

  it('restored at any step it goes on as it was, bit by bit', () => {
    const next = gaussian(7);
    const errors = many(next, 4000).map((error, t) => (t < 2000 ? error : 3 * error));
    fc.assert(
      fc.property(fc.nat(3999), (at) => {
        const drift = new DriftDetector();
        const early = events(drift, errors.slice(0, at));
        const kept = drift.state();
        const copy = new DriftDetector();
        copy.restore(kept);
        expect(fingerprint(copy.state())).toBe(fingerprint(kept));
        const rest = errors.slice(at);
        expect(events(copy, rest)).toEqual(events(drift, rest));
        expect(fingerprint(copy.state())).toBe(fingerprint(drift.state()));
        expect(fingerprint(kept), 'the kept state is its own').not.toBe(
          at < 3900 && fingerprint(copy.state()),
        );
        expect(early.length).toBeLessThanOrEqual(1);
      }),
      { numRuns: 30 },
    );
  });

  it('cleared it is as new', () => {
    const [drift, fresh] = [new DriftDetector(), new DriftDetector()];
    events(drift, many(gaussian(8), 3333));
    drift.clear();
    expect(fingerprint(drift.state())).toBe(fingerprint(fresh.state()));
  });

  it('has a state of one shape, all finite, whatever the errors are', () => {
    const shape = (drift: DriftDetector): string =>
      Object.entries(drift.state())
        .map(([key, part]: [string, ArrayLike<number>]) => `${key} ${part.length}`)
        .join();
    const empty = shape(new DriftDetector());
    const error = fc.oneof(
      fc.double(),
      fc.constantFrom(0, -0, 5e-324, 1e-200, 1, 1e140, Number.MAX_VALUE, Number.NaN, Infinity, -Infinity),
    );
    const run = fc.record({ error, count: fc.nat(200) });
    fc.assert(
      fc.property(fc.array(run, { maxLength: 20 }), (runs) => {
        const drift = new DriftDetector();
        for (const { error, count } of runs) events(drift, Array(count).fill(error));
        expect(shape(drift)).toBe(empty);
        const numbers = Object.values(drift.state()).flatMap((part: ArrayLike<number>) => Array.from(part));
        expect(numbers.every(Number.isFinite)).toBe(true);
      }),
    );
  });

  it('passes over what is not finite', () => {
    const [drift, other] = [new DriftDetector(), new DriftDetector()];
    for (const error of many(gaussian(9), 1000)) {
      drift.observe(error);
      other.observe(error);
      expect(other.observe(Number.NaN)).toBe(null);
      expect(other.observe(Number.POSITIVE_INFINITY)).toBe(null);
    }
    expect(fingerprint(other.state())).toBe(fingerprint(drift.state()));
  });

  it('raises one event where errors were 0 and are no more', () => {
    const drift = new DriftDetector();
    expect(events(drift, Array(3000).fill(0))).toEqual([]);
    const raised = events(drift, many(gaussian(10), 3000));
    expect(raised).toHaveLength(1);
    expect(raised[0]!.step).toBeLessThan(50);
  });

  it('has the same bits on every machine', () => {
    for (const file of ['adwin', 'page-hinkley', 'drift'])
      expect(inexactOperations(`src/rnn/scoring/drift/${file}.ts`)).toEqual([]);
    const drift = new DriftDetector();
    const numbers = new Numbers(11); // integer arithmetic, and a division by a power of 2
    let t = 0;
    events(
      drift,
      many(() => Math.abs(numbers.one()) * (t++ % 128 < 64 ? 1 : 5), 5000),
    );
    expect(fingerprint(drift.state().sums)).toBe(
      '[1.5091105877328255,216.59765600896026,1.499466552615261,5000,0,48.223301068879664,25,4.338420446830381]',
    );
  });
});
