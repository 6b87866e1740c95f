import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rarity } from '../../../src/kernels/recent-surprise.js';
import { ln } from '../../../src/math/logarithm.js';
import { AnomalyScore, EVENT } from '../../../src/rnn/scoring/anomaly.js';
import { Episodes } from '../../../src/rnn/scoring/episodes.js';
import { Numbers } from '../../support/numeric-random.js';

/** Numbers that are nearly normal: sums of uniforms, of deviation 1. */
function noise(count: number, seed: number): number[] {
  const numbers = new Numbers(seed);
  return Array.from({ length: count }, () => numbers.many(12).reduce((sum, value) => sum + value, 0) / 2);
}

/** The scores of values that are forecast to be 0. */
function scoresOf(values: readonly number[], anomaly = new AnomalyScore(1)): number[] {
  return values.map((value) => anomaly.score([value], [0]));
}

/** The steps at which an anomaly begins. */
function eventsOf(values: readonly number[]): number[] {
  const episodes = new Episodes();
  return scoresOf(values).flatMap((score, t) => (episodes.take(t, score) === 'began' ? [t] : []));
}

/** -log10 of the normal distribution's upper tail, by Simpson's rule. */
function rarityByIntegration(z: number): number {
  const [steps, width] = [20_000, 12 / 20_000];
  let sum = 0;
  for (let i = 0; i <= steps; i++) {
    const weight = i === 0 || i === steps ? 1 : i % 2 ? 4 : 2;
    sum += weight * Math.exp(-((z + i * width) ** 2) / 2);
  }
  return -Math.log10((sum * width) / 3 / Math.sqrt(2 * Math.PI));
}

describe('the anomaly score', () => {
  it('[ANO1] lies in [0, 1], whatever comes', () => {
    const number = fc.float({ noDefaultInfinity: true });
    const pair = fc.tuple(fc.tuple(number, number), fc.tuple(number, number));
    fc.assert(
      fc.property(fc.array(pair, { minLength: 120, maxLength: 300, size: 'max' }), (pairs) => {
        const anomaly = new AnomalyScore(2);
        const scores = pairs.map(([target, forecast]) => anomaly.score(target, forecast));
        return scores.every((score) => score >= 0 && score <= 1);
      }),
    );
  });

  it('[ANO1] is 1 at most, where errors within the range are all large', () => {
    const values = noise(2000, 22).map((value, t) => (t >= 1500 ? value * 10 : value));
    values[500] = 100;
    values[501] = -100;
    expect(Math.max(...scoresOf(values).slice(600))).toBe(1);
  });

  it('[ANO2] is 0 in the first 100 steps, and noise leads to few events in the 200 after them', () => {
    let events = 0;
    for (let seed = 1; seed <= 100; seed++) {
      const scores = scoresOf(noise(300, seed));
      expect(Math.max(...scores.slice(0, 100))).toBe(0);
      events += scores.filter((score) => score >= EVENT).length;
    }
    expect(events / 100).toBeLessThan(1);
  });

  it('[ANO2] first errors of a forecaster that has still to learn lead to no event', () => {
    const learning = noise(600, 1).map((value, t) => value * (1 + 20 / (1 + t / 20)));
    expect(eventsOf(learning)).toEqual([]);
  });

  it('[ANO3] is causal: what comes later changes no score', () => {
    const values = noise(500, 2);
    const other = [...values.slice(0, 300), ...noise(200, 3).map((value) => value * 50)];
    expect(scoresOf(other).slice(0, 300)).toEqual(scoresOf(values).slice(0, 300));
  });

  it.each([
    ['above', 12],
    ['below', -12],
  ])('[ANO4] a value far %s the range seen so far scores 1', (_, spike) => {
    const values = noise(1000, 4);
    values[700] = spike;
    expect(scoresOf(values)[700]).toBe(1);
  });

  it('[ANO4] a value scarcely outside the range does not', () => {
    const values = noise(1000, 5).map((value) => Math.max(-2, Math.min(2, value)));
    values[700] = 2.1;
    expect(scoresOf(values)[700]).toBeLessThan(EVENT);
  });

  it('[ANO4] the range is wider for many numbers, so that chance leads to no more events', () => {
    const zero = new Float64Array(16);
    const eventsAt = (size: number) => {
      let events = 0;
      for (let seed = 1; seed <= 10; seed++) {
        const anomaly = new AnomalyScore(size);
        const values = noise(3000 * size, seed);
        for (let t = 0; t < 3000; t++)
          if (anomaly.score(values.slice(t * size, (t + 1) * size), zero) >= EVENT) events++;
      }
      return events;
    };
    expect(eventsAt(16)).toBeLessThanOrEqual(eventsAt(1));
  });

  it('[ANO5] errors that grow within the range lead to an event while they are young', () => {
    const values = noise(2000, 7);
    values[500] = 30;
    values[501] = -30;
    for (let t = 1500; t < 1540; t++) values[t]! *= 4;
    const [first] = eventsOf(values).filter((t) => t > 600);
    expect(first).toBeGreaterThanOrEqual(1500);
    expect(first).toBeLessThan(1530);
  });

  it('[ANO5] so does a level shift that the forecast does not follow', () => {
    const values = noise(2000, 8).map((value, t) => value + (t >= 1500 ? 4 : 0));
    values[500] = 30;
    const [first] = eventsOf(values).filter((t) => t > 600);
    expect(first).toBeGreaterThanOrEqual(1500);
    expect(first).toBeLessThan(1520);
  });

  it('[ANO5] one odd error within the range is none', () => {
    const values = noise(2000, 9);
    values[500] = 30;
    values[1500] = 12;
    expect(eventsOf(values).filter((t) => t > 600)).toEqual([]);
  });

  it.each([
    ['normal', 1, (value: number) => value],
    ['bounded', 1, (value: number) => Math.max(-1, Math.min(1, value))],
    ['mostly zero', 3, (value: number) => (value > 2 ? value : 0)],
    ['heavy-tailed', 3, (value: number) => value / (1.001 - Math.min(1, Math.abs(value) / 4))],
  ])('[ANO6] errors that are %s, and stay so, lead to at most %i events in 5000 steps', (_, most, shape) => {
    const events = [1, 2, 3, 4, 5, 6].flatMap((seed) =>
      eventsOf(noise(10_000, 10 + seed).map(shape)).filter((t) => t >= 300),
    );
    expect(events.length).toBeLessThanOrEqual(12 * most);
  });

  it('[ANO6] so do errors that hang together', () => {
    const events = [1, 2, 3, 4, 5, 6].flatMap((seed) => {
      let error = 0;
      const errors = noise(10_000, 30 + seed).map((value) => {
        error = 0.9 * error + value;
        return error;
      });
      return eventsOf(errors).filter((t) => t >= 300);
    });
    expect(events.length).toBeLessThanOrEqual(12);
  });

  it.each([-20, 20])('[ANO8] is the same in other units, 2^%i times as large', (power) => {
    const values = noise(3000, 16);
    values[1000] = 20;
    expect(scoresOf(values.map((value) => value * 2 ** power))).toEqual(scoresOf(values));
  });

  it.each([1e6, 1e-6])('[ANO8] and nearly so in units %d times as large', (factor) => {
    const values = noise(3000, 17);
    values[1000] = 20;
    const scores = scoresOf(values);
    const scaled = scoresOf(values.map((value) => value * factor));
    expect(Math.max(...scaled.map((score, t) => Math.abs(score - scores[t]!)))).toBeLessThan(1e-9);
  });

  it('[ANO9] is 0 for a constant series, until that changes', () => {
    const anomaly = new AnomalyScore(1);
    for (let t = 0; t < 1000; t++) expect(anomaly.score([7.1], [7.1])).toBe(0);
    expect(anomaly.score([7.2], [7.1])).toBe(1);
    for (let t = 0; t < 1000; t++) expect(anomaly.score([7.1], [7.1])).toBeLessThan(EVENT);
  });

  it('a missing number is not judged and joins nothing', () => {
    const values = noise(1000, 18);
    values[700] = 12;
    const [whole, gaps] = [new AnomalyScore(1), new AnomalyScore(1)];
    for (const value of values) {
      expect(gaps.score([Number.NaN], [0])).toBe(0);
      expect(gaps.score([value], [Number.NaN])).toBe(0);
      expect(gaps.score([value], [0])).toBe(whole.score([value], [0]));
    }
    expect(gaps.state()).toEqual(whole.state());
  });

  it('an output that comes late is first got to know', () => {
    const anomaly = new AnomalyScore(2);
    const values = noise(1000, 19);
    const late = values.map((value, t) => anomaly.score([value, t < 500 ? Number.NaN : 100 * value], [0, 0]));
    const alone = scoresOf(values);
    const events = late.flatMap((score, t) => (score === 1 && alone[t]! < 1 ? [t] : []));
    expect(events.filter((t) => t < 600)).toEqual([]);
  });

  it('a kept state goes on with the same numbers, detached, and a cleared one begins anew', () => {
    const rows = new Numbers(20).rows(600, 3);
    const [one, other] = [new AnomalyScore(3), new AnomalyScore(3)];
    for (const row of rows.slice(0, 250)) one.score(row, [0, 0, 0]);
    const kept = one.state();
    const copy = structuredClone(kept);
    other.restore(kept);
    for (const row of rows.slice(250)) expect(other.score(row, [0, 0, 0])).toBe(one.score(row, [0, 0, 0]));
    expect(other.state()).toEqual(one.state());
    expect(kept).toEqual(copy);
    one.clear();
    expect(one.state()).toEqual(new AnomalyScore(3).state());
  });

  it('holds as many numbers after a hundred thousand steps as before the first, all finite', () => {
    const anomaly = new AnomalyScore(1);
    const before = anomaly.state().numbers!.length;
    scoresOf(noise(100_000, 21), anomaly);
    const numbers = anomaly.state().numbers!;
    expect(numbers).toHaveLength(before);
    expect(numbers.every(Number.isFinite)).toBe(true);
    expect(8 * before).toBeLessThan(4096);
  });

  it('has its logarithm to 1e-12, and the normal tail to 0.0013 powers of ten', () => {
    for (let x = 0.71; x < 1e18; x *= 1.01) expect(Math.abs(ln(x) - Math.log(x))).toBeLessThan(1e-12);
    for (let z = 0; z < 8; z += 0.05)
      expect(Math.abs(rarity(z) - rarityByIntegration(z)), `z ${z}`).toBeLessThan(0.0013);
  });
});
