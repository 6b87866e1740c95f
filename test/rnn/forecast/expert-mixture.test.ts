import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  mixtureLength,
  mixtureMix,
  mixtureObserve,
  NO_FORECAST,
} from '../../../src/kernels/expert-mixture.js';
import { Random } from '../../../src/math/random.js';

/** A mixture of so many forecasters, and one who sleeps if they are odd, with a place for their forecasts. */
class Mixed {
  private readonly c: Float64Array;
  private readonly E: number;
  private readonly at: number;

  constructor(private readonly experts: number) {
    this.E = experts + (experts % 2);
    this.at = mixtureLength(this.E);
    this.c = new Float64Array(this.at + this.E).fill(NO_FORECAST, this.at);
  }

  /** Mixes these forecasts; null is none. */
  mix(forecasts: readonly (number | null)[]): number {
    this.c.set(
      forecasts.map((forecast) => forecast ?? NO_FORECAST),
      this.at,
    );
    return mixtureMix(this.c, 0, this.E, this.at);
  }

  observe(truth: number, forecast: number): void {
    mixtureObserve(this.c, 0, this.E, truth, forecast, this.at);
  }

  /** The mean absolute error of the first. */
  get scale(): number {
    return this.c[3 * this.E]!;
  }

  get weights(): number[] {
    return Array.from(this.c.subarray(2 * this.E, 2 * this.E + this.experts));
  }

  /** All that is kept. */
  get numbers(): number[] {
    return Array.from(this.c.subarray(0, this.at));
  }
}

const sum = (numbers: readonly number[]) => numbers.reduce((total, value) => total + value, 0);

describe('a mixture of forecasters', () => {
  it('[MIX1] is the first of them, the last value, while none has been better than what was served', () => {
    const mixed = new Mixed(3);
    expect(mixed.mix([5, 6, null])).toBe(5);
    expect(mixed.weights).toEqual([1, 0, 0]);
    mixed.observe(5, 5);
    expect(mixed.mix([7, 100, 3])).toBe(7);
  });

  it('[MIX1] comes to the one that is right', () => {
    const mixed = new Mixed(3);
    const random = Random.fromSeed(1);
    let [truth, served] = [0, 0];
    for (let t = 0; t < 200; t++) {
      const last = truth;
      truth = random.normal();
      served = mixed.mix([last, truth + random.normal(), truth]);
      mixed.observe(truth, served);
    }
    expect(mixed.weights[2]).toBeGreaterThan(0.95);
    expect(Math.abs(served - truth)).toBeLessThan(0.1);
  });

  it('[MIX2] has weights from 0 on that add up to 1, and lies between its forecasts; what sleeps has none', () => {
    const random = Random.fromSeed(2);
    const mixed = new Mixed(4);
    for (let t = 0; t < 2000; t++) {
      const truth = random.normal() * 10 ** random.uniform(-3, 3);
      const forecasts = [random.normal(), truth, null, t % 3 === 0 ? null : random.normal() * 9];
      const served = mixed.mix(forecasts);
      const known = forecasts.filter((forecast) => forecast !== null);
      const slack = 1e-9 * Math.max(...known.map(Math.abs));
      expect(served).toBeGreaterThanOrEqual(Math.min(...known) - slack);
      expect(served).toBeLessThanOrEqual(Math.max(...known) + slack);
      const { weights } = mixed;
      expect(sum(weights)).toBeCloseTo(1, 12);
      for (const [k, weight] of weights.entries()) {
        expect(weight).toBeGreaterThanOrEqual(0);
        if (forecasts[k] === null) expect(weight).toBe(0);
      }
      mixed.observe(truth, served);
    }
  });

  it('[MIX2] gives who has slept the weight of before when that one wakes', () => {
    const mixed = new Mixed(2);
    const random = Random.fromSeed(3);
    const step = (isAwake: boolean) => {
      const truth = random.normal();
      mixed.observe(truth, mixed.mix([truth + 1 + random.normal() / 9, isAwake ? truth + 0.1 : null]));
      return mixed.weights[1]!;
    };
    let before = 0;
    for (let t = 0; t < 100; t++) before = step(true);
    expect(before).toBeGreaterThan(0.9);
    for (let t = 0; t < 100; t++) expect(step(false)).toBe(0);
    expect(step(true)).toBeGreaterThan(0.9);
  });

  /** Plays a game, and gives the discounted errors of what was served and of each forecaster, and the bound on their difference. */
  function play(truths: readonly number[], said: readonly (readonly number[])[], decay = 1) {
    const experts = said[0]!.length;
    const mixed = new Mixed(experts);
    let [served, scale] = [0, 0];
    const errors = new Array<number>(experts).fill(0);
    const squares = new Array<number>(experts).fill(0);
    for (const [t, truth] of truths.entries()) {
      const y = mixed.mix(said[t]!);
      served = decay * served + Math.abs(y - truth);
      mixed.observe(truth, y);
      const s = mixed.scale;
      scale = Math.max(scale, s);
      for (const [k, forecast] of said[t]!.entries()) {
        errors[k] = decay * errors[k]! + Math.abs(forecast - truth);
        const regret = Math.min(5, Math.abs(y - forecast) / s);
        squares[k] = decay * decay * squares[k]! + regret * regret;
      }
    }
    const log = 1 + Math.log(1 + truths.length);
    return { served, errors, bounds: squares.map((V) => scale * Math.sqrt(experts * (1 + V) * log)) };
  }

  it('[MIX3] errs, discounted, no more than any of them but for s sqrt(E (1 + V) (1 + ln(1 + T)))', () => {
    const game = fc.tuple(fc.nat(1e6), fc.integer({ min: 2, max: 8 }), fc.integer({ min: 40, max: 3000 }));
    fc.assert(
      fc.property(game, ([seed, E, T]) => {
        const random = Random.fromSeed(seed);
        const skill = Array.from({ length: E }, () => random.uniform(-0.3, 1));
        let truth = 0;
        const truths: number[] = [];
        const said: number[][] = [];
        for (let t = 0; t < T; t++) {
          const last = truth;
          truth = random.uniform(-1, 1);
          truths.push(truth);
          // who is good changes half-way
          const shift = 2 * t > T ? 1 : 0;
          said.push([
            last,
            ...skill.slice(1).map((_, k) => last + skill[(k + 1 + shift) % E]! * (truth - last)),
          ]);
        }
        const { served, errors, bounds } = play(truths, said, 1 - Math.LN2 / 1000);
        for (const [k, error] of errors.entries()) expect(served - error).toBeLessThanOrEqual(bounds[k]!);
      }),
      { numRuns: 60 },
    );
  });

  it('[MIX3] of forecasters of which one is much better errs within 3 % of that one in 5,000 steps', () => {
    const random = Random.fromSeed(4);
    const truths = Array.from({ length: 5000 }, () => random.normal());
    const said = truths.map((truth, t) => [
      truths[t - 1] ?? 0,
      truth + random.normal(),
      truth + 0.3 * random.normal(),
      0,
    ]);
    const { served, errors } = play(truths, said);
    expect(served / Math.min(...errors)).toBeLessThan(1.03);
  });

  it('[MIX3] follows when another one becomes the better, within a few hundred steps', () => {
    const random = Random.fromSeed(5);
    const mixed = new Mixed(3);
    for (let t = 0; t < 6000; t++) {
      const truth = random.normal();
      const [good, bad] = [truth + 0.1 * random.normal(), truth + random.normal()];
      mixed.observe(truth, mixed.mix([0, ...(t < 3000 ? [good, bad] : [bad, good])]));
      if (t === 2999) expect(mixed.weights[1]).toBeGreaterThan(0.9);
      if (t === 4000) expect(mixed.weights[2]).toBeGreaterThan(0.5);
    }
    expect(mixed.weights[2]).toBeGreaterThan(0.9);
  });

  it('[MIX4] loses no weight by one wild error of all, and what it holds stays finite', () => {
    const random = Random.fromSeed(6);
    const mixed = new Mixed(2);
    const step = (truth: number, wild = 0) => {
      const y = mixed.mix([truth + 1, truth + 0.1 * random.normal()]);
      mixed.observe(truth + wild, y);
      return mixed.weights[1]!;
    };
    for (let t = 0; t < 300; t++) step(random.normal());
    const before = step(0);
    for (const wild of [1e9, -3e38]) {
      step(0, wild);
      expect(Math.abs(step(0) - before)).toBeLessThan(0.1);
    }
    expect(Number.isFinite(mixed.scale)).toBe(true);
    expect(mixed.scale).toBeLessThan(1.2);
  });

  it('[MIX4] counts errors after a constant beginning, of which the mean error is 0', () => {
    const mixed = new Mixed(2);
    for (let t = 0; t < 60; t++) mixed.observe(5, mixed.mix([5, 5]));
    expect(mixed.scale).toBe(0);
    for (let t = 0; t < 100; t++) mixed.observe(t, mixed.mix([t - 1, t]));
    expect(mixed.scale).toBeGreaterThan(0.3);
    expect(mixed.weights[1]).toBeGreaterThan(0.9);
  });

  it.each([5e-324, 1e-310, 4.67e-286, 1e-160])(
    '[MIX4] keeps finite what it holds when errors of %d are followed by large ones',
    (tiny) => {
      const mixed = new Mixed(3);
      for (const truth of [tiny, 0, tiny, -tiny, 0, 3.4e38, 0, tiny, -3.4e38, 1]) {
        const y = mixed.mix([0, tiny, truth / 2]);
        expect(y).toSatisfy(Number.isFinite);
        mixed.observe(truth, y);
        expect(mixed.numbers.every(Number.isFinite)).toBe(true);
        expect(sum(mixed.weights)).toBeCloseTo(1, 12);
      }
    },
  );

  it('[MIX4] has the same weights whatever the unit', () => {
    const weightsIn = (unit: number) => {
      const random = Random.fromSeed(7);
      const mixed = new Mixed(3);
      for (let t = 0; t < 300; t++) {
        const truth = unit * random.normal();
        const said = [0, unit * random.normal(), truth + (unit * random.normal()) / 2];
        mixed.observe(truth, mixed.mix(said));
      }
      return mixed.weights;
    };
    expect(weightsIn(2 ** 40)).toEqual(weightsIn(1));
    expect(weightsIn(2 ** -40)).toEqual(weightsIn(1));
  });
});
