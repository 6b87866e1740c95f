import { describe, expect, it } from 'vitest';
import { Optimizer, scheduleFactor } from '../../src/rnn/optimizer.js';
import { type ModelSpec, parseSpec } from '../../src/rnn/spec.js';
import { float64 } from '../support/numeric-models.js';

type Settings = Partial<ModelSpec['optimizer']>;
const settings = (given: Settings): ModelSpec['optimizer'] =>
  parseSpec({ features: 1, units: 1, optimizer: { kind: 'sgd', ...given } }).optimizer;

/** One optimizer on the biases of a layer whose input is 0: their gradient is dy itself. */
class Bench {
  readonly optimizer: Optimizer;
  private readonly m: Float64Array;

  constructor(
    given: Settings,
    private readonly size = 1,
  ) {
    this.optimizer = new Optimizer(float64, settings(given));
    this.m = new Float64Array(5 * size + 1);
  }

  get weights(): number[] {
    return Array.from(this.m.subarray(0, this.size));
  }

  /** Sets the weights from outside. */
  set(...weights: number[]): void {
    this.m.set(weights);
    this.optimizer.forgetBounds();
  }

  /** Applies gradient g and gives the result. */
  apply(...g: number[]) {
    const { size } = this;
    this.m.set(g, 2 * size);
    const layer = {
      w: 3 * size,
      b: 0,
      velocity: 4 * size,
      velocityB: size,
      a: 5 * size,
      stride: 1,
      dy: 2 * size,
    };
    return this.optimizer.apply(this.m, { at: 0, velocity: size, count: size }, [
      { ...layer, R: 1, A: 1, M: size },
    ]);
  }
}

const expectClose = (got: readonly number[], want: readonly number[]) => {
  expect(got).toHaveLength(want.length);
  for (const [i, value] of want.entries()) expect(got[i], `at ${i}`).toBeCloseTo(value, 12);
};

describe('schedules', () => {
  it('[OPT1] constant keeps the rate', () => {
    expect([0, 1, 1e6].map((n) => scheduleFactor({ kind: 'constant' }, n))).toEqual([1, 1, 1]);
  });

  it('[OPT1] inverse divides it by 1 + decay n', () => {
    const factors = [0, 1, 2, 6].map((n) => scheduleFactor({ kind: 'inverse', decay: 0.5 }, n));
    expectClose(factors, [1, 1 / 1.5, 0.5, 0.25]);
  });

  it('[OPT1] cosine takes it along half a cosine to its floor, where it stays', () => {
    const at = (floor: number) =>
      [0, 1, 2, 3, 4, 5, 1e9].map((n) => scheduleFactor({ kind: 'cosine', updates: 4, floor }, n));
    const r = Math.SQRT1_2;
    expectClose(at(0), [1, (1 + r) / 2, 0.5, (1 - r) / 2, 0, 0, 0]);
    expectClose(at(0.2), [1, 0.2 + 0.4 * (1 + r), 0.6, 0.2 + 0.4 * (1 - r), 0.2, 0.2, 0.2]);
  });

  it('[OPT1] each update takes the rate that the updates before it have led to', () => {
    const bench = new Bench({
      learningRate: 0.8,
      momentum: 0,
      schedule: { kind: 'inverse', decay: 1 },
      clipNorm: null,
    });
    const rates = [1, 1, 1].map((g) => bench.apply(g).learningRate);
    expectClose(rates, [0.8, 0.4, 0.8 / 3]);
    expectClose(bench.weights, [-(0.8 + 0.4 + 0.8 / 3)]);
    expect(bench.optimizer.learningRate).toBeCloseTo(0.2, 12);
  });
});

describe('momentum', () => {
  const run = (given: Settings, gradients: readonly number[]) => {
    const bench = new Bench({ learningRate: 0.1, clipNorm: null, ...given });
    return gradients.map((g) => {
      bench.apply(g);
      return bench.weights[0]!;
    });
  };
  const gradients = [1, 1, -2, 0];

  it('[OPT2] none: w falls by rate times gradient', () => {
    expectClose(run({ momentum: 0 }, gradients), [-0.1, -0.2, 0, 0]);
  });

  it('[OPT2] classical: the velocity falls by rate times gradient, and w moves by the velocity', () => {
    // v: -.1, -.09 - .1 = -.19, -.171 + .2 = .029, .0261
    expectClose(run({ momentum: 0.9 }, gradients), [-0.1, -0.29, -0.261, -0.2349]);
  });

  it('[OPT2] Nesterov: w moves by momentum times the new velocity, and by rate times gradient besides', () => {
    // v as above; moves: -.09 - .1 = -.19, -.171 - .1 = -.271, .0261 + .2 = .2261, .02349
    expectClose(run({ momentum: 0.9, nesterov: true }, gradients), [-0.19, -0.461, -0.2349, -0.21141]);
  });
});

describe('clipping', () => {
  it('[OPT3] cuts the global norm, and keeps the direction', () => {
    const bench = new Bench({ learningRate: 1, momentum: 0, clipNorm: 2 }, 3);
    expect(bench.apply(3, -4, 12)).toMatchObject({ gradientNorm: 13, clipped: true, applied: true });
    expectClose(bench.weights, [-6 / 13, 8 / 13, -24 / 13]);
  });

  it('[OPT3] cuts a norm that is barely over', () => {
    const bench = new Bench({ learningRate: 1, momentum: 0, clipNorm: 13 * (1 - 1e-9) }, 3);
    expect(bench.apply(3, -4, 12)).toMatchObject({ clipped: true });
    expect(Math.hypot(...bench.weights)).toBeLessThanOrEqual(13 * (1 - 1e-9) * (1 + 1e-15));
  });

  it('[OPT3] leaves a gradient of at most that norm as it is', () => {
    for (const clipNorm of [13, 20, null]) {
      const bench = new Bench({ learningRate: 1, momentum: 0, clipNorm }, 3);
      expect(bench.apply(3, -4, 12)).toMatchObject({ gradientNorm: 13, clipped: false });
      expectClose(bench.weights, [-3, 4, -12]);
    }
  });

  it('[OPT3] comes before momentum: the velocity takes the clipped gradient', () => {
    const bench = new Bench({ learningRate: 1, momentum: 0.5, clipNorm: 1 });
    bench.apply(10);
    bench.apply(0);
    expectClose(bench.weights, [-1.5]);
  });
});

describe('an update that cannot be', () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY, 1e200])(
    '[OPT4] is skipped and counted, and the schedule does not go on: a gradient of %d',
    (g) => {
      const bench = new Bench(
        { learningRate: 1, momentum: 0.9, clipNorm: null, schedule: { kind: 'inverse', decay: 1 } },
        2,
      );
      bench.apply(1, 1);
      const before = bench.weights;
      expect(bench.apply(1, g)).toMatchObject({ applied: false, learningRate: 0.5 });
      expect(bench.weights).toEqual(before);
      expect(bench.optimizer).toMatchObject({ updates: 1, skipped: 1, learningRate: 0.5 });
      expect(bench.apply(0, 0)).toMatchObject({ applied: true, learningRate: 0.5 });
      expectClose(bench.weights, [-1.9, -1.9]);
    },
  );

  it('[OPT4] is one that could bring a weight or a velocity beyond float32, however it is driven there', () => {
    for (const [nesterov, momentum] of [
      [false, 0],
      [false, 0.9],
      [true, 0.9],
    ] as const) {
      const bench = new Bench({ learningRate: 100, momentum, nesterov, clipNorm: null }, 2);
      let applied = 0;
      while (bench.apply(0, -1e36).applied) applied++;
      expect(applied).toBeGreaterThan(momentum ? 0 : 2);
      for (let i = 0; i < 5; i++) bench.apply(0, -1e36);
      expect(bench.weights.every((weight) => Math.abs(weight) < 3.4028234663852886e38)).toBe(true);
    }
  });

  it('[OPT4] is not one that is small beside large weights, after any number of updates', () => {
    const bench = new Bench({ learningRate: 1, momentum: 0, clipNorm: null }, 2);
    bench.set(3.3e38, 0);
    for (let i = 0; i < 40; i++) expect(bench.apply(i % 2 ? -9e36 : 9e36, 0).applied).toBe(true);
    expect(bench.weights[0]).toBeCloseTo(3.3e38, -30);
  });

  it('[OPT4] counts begin anew at a restart, and the schedule with them', () => {
    const bench = new Bench({ learningRate: 1, schedule: { kind: 'inverse', decay: 1 } });
    bench.apply(1);
    bench.apply(Number.NaN);
    bench.optimizer.restart();
    expect(bench.optimizer).toMatchObject({ updates: 0, skipped: 0, learningRate: 1 });
  });
});
