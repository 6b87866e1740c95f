import { describe, expect, it } from 'vitest';
import { findSeasons, MIN_VALUES } from '../../../../src/rnn/io/seasons/search.js';
import { mackeyGlass } from '../../../../src/signals/mackey-glass.js';
import { autoregression, series, wave } from './series.js';

const periods = (x: Float64Array) => findSeasons(x).map(({ period }) => period);
const SEEDS = Array.from({ length: 20 }, (_, i) => i + 1);
const count = (is: (seed: number) => boolean) => SEEDS.filter(is).length;

describe('a search of seasons', () => {
  it('[SEA1] finds a sine in noise, a square wave and a peak of one step', () => {
    const sine = (seed: number) => series(seed, 96, (t, random) => wave(t, 12) + random.normal() / 2);
    const square = (seed: number) => series(seed, 192, (t, r) => (t % 24 < 8 ? 1 : 0) + 0.3 * r.normal());
    const spike = (seed: number) => series(seed, 384, (t, r) => (t % 24 < 1 ? 5 : 0) + r.normal());
    expect(count((seed) => periods(sine(seed))[0] === 12)).toBeGreaterThanOrEqual(19);
    expect(count((seed) => periods(square(seed))[0] === 24)).toBeGreaterThanOrEqual(19);
    expect(count((seed) => periods(spike(seed))[0] === 24)).toBeGreaterThanOrEqual(19);
  });

  it('[SEA1] tells how much of the variance repeats', () => {
    for (const noise of [0.2, 0.5, 1]) {
      const [found] = findSeasons(series(3, 4096, (t, random) => wave(t, 24) + noise * random.normal()));
      expect(found!.period).toBe(24);
      expect(found!.strength).toBeCloseTo(1 / (1 + noise * noise), 1);
    }
  });

  it('[SEA1] finds the year of ten years of months, over a trend that grows and over a random walk', () => {
    const trend = series(5, 120, (t, random) => (1 + t / 60) * (t + 5 * wave(t, 12)) + random.normal());
    expect(periods(trend)).toEqual([12]);
    const year = [0, 3, 1, -2, 2, 5, 7, 3, -1, -3, -6, -2];
    const walk = autoregression(6, 120, 1).map((value, t) => value + year[t % 12]!);
    expect(periods(walk)).toEqual([12]);
  });

  it('[SEA1] gives the week before the day where it is clearly stronger, and the day alone where it is not', () => {
    const week = (quiet: number) =>
      series(7, 1536, (t, r) => wave(t, 48) * (t % 336 >= 240 ? quiet : 1) + 0.15 * r.normal());
    expect(periods(week(0.2))).toEqual([336, 48]);
    expect(periods(week(1))).toEqual([48]);
  });

  it('[SEA1] finds a long period to a step, though noise moves its flat peak', () => {
    const found = SEEDS.map((seed) => periods(series(seed, 4096, (t, r) => wave(t, 288) + r.normal()))[0]!);
    for (const period of found) expect(Math.abs(period - 288)).toBeLessThanOrEqual(1);
  });

  it('[SEA2] seldom finds a season in noise, in a memory that fades and in a random walk, and none that is strong', () => {
    for (const factor of [0, 0.5, 0.9, 0.99, 1]) {
      for (const n of [96, 384, 1536]) {
        const found = SEEDS.map((seed) => findSeasons(autoregression(seed, n, factor)));
        expect(found.filter((seasons) => seasons.length > 0).length).toBeLessThanOrEqual(4);
        for (const seasons of found) expect(seasons[0]?.strength ?? 0).toBeLessThan(0.5);
      }
    }
  });

  it('[SEA2] finds no strong season in a chaotic series', () => {
    const values = mackeyGlass({ tau: 30 });
    for (let t = 0; t < 500; t++) values.next();
    const x = Float64Array.from({ length: 2048 }, () => values.next().value);
    expect(findSeasons(x)[0]?.strength ?? 0).toBeLessThan(0.5);
  });

  it('[SEA2] finds nothing in a constant, a line, a single step of the level, and too few values', () => {
    expect(periods(new Float64Array(500).fill(7))).toEqual([]);
    expect(periods(series(1, 500, (t) => 1e6 + 0.1 * t))).toEqual([]);
    expect(periods(series(1, 500, (t) => (t < 300 ? 1 : 5)))).toEqual([]);
    expect(periods(series(1, MIN_VALUES - 1, (t) => t % 3))).toEqual([]);
  });

  it('[SEA2] does not depend on the unit, and bears the largest numbers', () => {
    const x = series(2, 384, (t, random) => wave(t, 24) + random.normal() / 2);
    const found = findSeasons(x);
    expect(findSeasons(x.map((value) => value * 2 ** 900))).toEqual(found);
    expect(periods(x.map((value) => 1e9 + value))).toEqual([24]);
  });
});
