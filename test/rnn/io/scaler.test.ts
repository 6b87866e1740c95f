import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decayOf, StandardScaler } from '../../../src/rnn/io/scaler.js';
import { Model } from '../../../src/rnn/model.js';
import { fingerprint, relativeError } from '../../support/numeric-compare.js';
import { float64, inputsOfLast } from '../../support/numeric-models.js';
import { Numbers } from '../../support/numeric-random.js';
import { weighted } from '../../support/numeric-weighted.js';

/** Mean and standard deviation of a column, by two passes. */
function twoPass(rows: readonly (readonly number[])[], i: number): { mean: number; deviation: number } {
  const column = rows.map((row) => row[i]!);
  const mean = column.reduce((sum, value) => sum + value, 0) / column.length;
  const squares = column.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: Math.sqrt(squares / column.length) };
}

/** Readings of three sensors: pressure, temperature, and a small one that drifts. */
const rows = new Numbers(1)
  .rows(500, 3)
  .map(([a, b, c], t) => [1015 + 4 * a!, 11 + 8 * b!, 1e-4 * (c! + t / 50)]);

describe('the standard scaler', () => {
  it('[SCA1] gives deviations from the mean of all that it has seen, as two passes over it would', () => {
    const scaler = new StandardScaler(3);
    for (const [t, row] of rows.entries()) {
      scaler.observe(row, 1);
      if (t < 1) continue;
      for (let i = 0; i < 3; i++) {
        const { mean, deviation } = twoPass(rows.slice(0, t + 1), i);
        const got = [scaler.unscale(0, i), scaler.deviation[i]!, scaler.scale(mean + 1.5 * deviation, i)];
        expect(relativeError(got, [mean, deviation, 1.5])).toBeLessThan(1e-11);
      }
    }
  });

  it('[SCA1] keeps its digits where the mean is a million times the deviation', () => {
    const scaler = new StandardScaler(1);
    const far = rows.map((row) => [1e6 + row[1]! / 8]);
    for (const row of far) scaler.observe(row, 1);
    const { mean, deviation } = twoPass(far, 0);
    expect(relativeError([scaler.unscale(0, 0)], [mean])).toBeLessThan(1e-15);
    expect(relativeError([scaler.deviation[0]!], [deviation])).toBeLessThan(1e-8);
  });

  it('[SCA1] takes batch rows as samples of the same features', () => {
    const [together, apart] = [new StandardScaler(3), new StandardScaler(3)];
    together.observe(rows.slice(0, 4).flat(), 4);
    for (const row of rows.slice(0, 4)) apart.observe(row, 1);
    expect(fingerprint(together.state())).toBe(fingerprint(apart.state()));
  });

  it('[SCA2] in a model scales each x by those before it only', () => {
    const model = new Model(
      { features: 3, units: 2, inputs: { changes: [] }, scaler: { kind: 'standard', halfLife: null } },
      { kernels: float64 },
    );
    const scaled = rows.slice(0, 20).map((x) => {
      model.step(x);
      return inputsOfLast(model);
    });
    expect(scaled[0]).toEqual([0, 0, 0]);
    expect(scaled[1], 'one sample has no deviation').toEqual([0, 0, 0]);
    for (let t = 2; t < 20; t++) {
      const want = rows[t]!.map((value, i) => {
        const { mean, deviation } = twoPass(rows.slice(0, t), i);
        return Math.max(-10, Math.min(10, (value - mean) / deviation));
      });
      expect(relativeError(scaled[t]!, want), `step ${t}`).toBeLessThan(1e-10);
    }
  });

  it.each([0, 7, 0.1, -1e-30, 123456.789])('[SCA3] a feature that is always %d scales to 0', (constant) => {
    const scaler = new StandardScaler(1);
    for (let n = 0; n < 1000; n++) {
      expect(scaler.scale(constant, 0)).toBe(0);
      scaler.observe([constant], 1);
    }
    expect(scaler.deviation[0]).toBe(0);
    expect(scaler.unscale(3, 0)).toBeCloseTo(constant, 12);
    expect(scaler.unscale(3.4028234663852886e38, 0)).toBe(scaler.unscale(0, 0));
  });

  it('[SCA4] cuts what is more than 10 deviations off', () => {
    const scaler = new StandardScaler(1);
    for (const value of [-1, 1, -1, 1]) scaler.observe([value], 1);
    expect([-1e30, -10.5, -9.5, 0, 9.5, 10.5, 1e30].map((x) => scaler.scale(x, 0))).toEqual([
      -10, -10, -9.5, 0, 9.5, 10, 10,
    ]);
  });

  it('unscale takes back what scale has done', () => {
    const scaler = new StandardScaler(3);
    for (const row of rows) scaler.observe(row, 1);
    fc.assert(
      fc.property(fc.nat(2), fc.double({ min: -9.9, max: 9.9, noNaN: true }), (i, z) => {
        expect(scaler.scale(scaler.unscale(z, i), i)).toBeCloseTo(z, 8);
      }),
    );
  });

  it('restored it is what it was, a state before the first sample too', () => {
    const scaler = new StandardScaler(3);
    const states = rows.slice(0, 5).map((row) => {
      const kept = { state: scaler.state(), deviation: scaler.deviation.slice() };
      scaler.observe(row, 1);
      return kept;
    });
    for (const { state, deviation } of states) {
      scaler.restore(state);
      expect(fingerprint(scaler.state())).toBe(fingerprint(state));
      expect(scaler.deviation).toEqual(deviation);
      scaler.observe(rows[7]!, 1);
    }
  });
});

describe('a scaler that forgets', () => {
  it.each([10, 50, 2000])('[SCA7] halves what a sample counts in every %d samples', (halfLife) => {
    expect(decayOf(halfLife) ** halfLife).toBeCloseTo(0.5, halfLife < 50 ? 1 : 2);
    expect(decayOf(null)).toBe(1);
    const scaler = new StandardScaler(1, { halfLife, centre: 'mean' });
    const samples: number[] = [];
    for (const [t, [value]] of rows.entries()) {
      samples.push(value!);
      scaler.observe([value!], 1);
      if (t === 0) continue;
      const { mean, deviation } = weighted(samples, 1 - Math.LN2 / halfLife);
      expect(relativeError([scaler.unscale(0, 0)], [mean])).toBeLessThan(1e-13);
      expect(relativeError([scaler.deviation[0]!], [deviation])).toBeLessThan(1e-10);
    }
  });

  it('[SCA7] follows a series to where it went', () => {
    const [forgets, never] = [10, null].map(
      (halfLife) => new StandardScaler(1, { halfLife, centre: 'mean' }),
    );
    for (let t = 0; t < 1000; t++)
      for (const scaler of [forgets!, never!]) scaler.observe([(t < 500 ? 0 : 100) + (t % 2)], 1);
    expect(Math.abs(forgets!.unscale(0, 0) - 100.5)).toBeLessThan(0.1);
    expect(Math.abs(forgets!.deviation[0]! - 0.5)).toBeLessThan(0.01);
    expect(Math.abs(never!.unscale(0, 0) - 50.5)).toBeLessThan(1e-9);
    expect(never!.deviation[0]).toBeGreaterThan(40);
  });

  it.each([null, 20])('with centre zero takes deviations from 0, half-life %s', (halfLife) => {
    const scaler = new StandardScaler(1, { halfLife, centre: 'zero' });
    const samples: number[] = [];
    for (const [, value] of rows.slice(0, 100)) {
      samples.push(value!);
      scaler.observe([value!], 1);
      const { size } = weighted(samples, decayOf(halfLife));
      expect(relativeError([scaler.deviation[0]!, scaler.scale(1.5 * size, 0)], [size, 1.5])).toBeLessThan(
        1e-12,
      );
      expect(scaler.unscale(0, 0)).toBe(0);
    }
  });

  it('with centre zero a value that is always the same has a deviation, and one that is always 0 has none', () => {
    const scaler = new StandardScaler(2, { halfLife: 50, centre: 'zero' });
    for (let t = 0; t < 10; t++) scaler.observe([-3, 0], 1);
    expect(scaler.deviation[0]).toBeCloseTo(3, 12);
    expect([scaler.deviation[1], scaler.scale(7, 1)]).toEqual([0, 0]);
    expect([scaler.scale(-3, 0), scaler.scale(-31, 0)]).toEqual([-1, -10]);
  });

  it.each(['mean', 'zero'] as const)('lets a missing number join nothing, centre %s', (centre) => {
    const options = { halfLife: 20, centre };
    const [gaps, whole] = [
      new StandardScaler(3, options),
      [0, 1, 2].map(() => new StandardScaler(1, options)),
    ];
    const numbers = new Numbers(9);
    for (const row of rows) {
      const given = row.map((value) => (numbers.one() < -0.4 ? Number.NaN : value));
      gaps.observe(given, 1);
      for (const [i, value] of given.entries()) if (!Number.isNaN(value)) whole[i]!.observe([value], 1);
      expect(Array.from(gaps.deviation)).toEqual(whole.map(({ deviation }) => deviation[0]));
      expect([0, 1, 2].map((i) => gaps.unscale(0, i))).toEqual(whole.map((one) => one.unscale(0, 0)));
    }
    const nothing = new StandardScaler(1, options);
    nothing.observe([Number.NaN], 1);
    expect([nothing.deviation[0], nothing.scale(5, 0)]).toEqual([0, 0]);
  });

  it('cuts at 10 and takes a constant for one, forgetting or not', () => {
    const scaler = new StandardScaler(2, { halfLife: 10, centre: 'mean' });
    for (let t = 0; t < 1000; t++) scaler.observe([t % 2, 0.1], 1);
    expect([1e30, -1e30].map((x) => scaler.scale(x, 0))).toEqual([10, -10]);
    expect([scaler.deviation[1], scaler.scale(7, 1)]).toEqual([0, 0]);
    expect(scaler.unscale(5, 1)).toBeCloseTo(0.1, 12);
  });

  it.each(['mean', 'zero'] as const)(
    '[SCA9] begins anew for a new level, and brings the old statistics back bit by bit, centre %s',
    (centre) => {
      const numbers = new Numbers(10);
      const scaler = new StandardScaler(2, { halfLife: 50, centre });
      for (const row of numbers.rows(60, 2, 5)) scaler.observe(row, 1);
      const before = [scaler.deviation.slice(), scaler.unscale(1, 0), scaler.unscale(1, 1)];
      scaler.exchange(0, 'new');
      expect([scaler.deviation[0], scaler.scale(5, 0)]).toEqual([0, 0]);
      for (const row of numbers.rows(30, 1, 5)) scaler.observeOne(1000 + row[0]!, 0);
      expect(scaler.unscale(0, 0)).toBeCloseTo(centre === 'mean' ? 1000 : 0, -1.5);
      const restored = new StandardScaler(2, { halfLife: 50, centre });
      restored.restore(structuredClone(scaler.state()));
      for (const each of [scaler, restored]) {
        each.exchange(0, 'back');
        expect([each.deviation.slice(), each.unscale(1, 0), each.unscale(1, 1)]).toEqual(before);
        each.exchange(0, 'back');
        expect(each.deviation[0]).not.toBe((before[0] as Float64Array)[0]);
      }
    },
  );
});
