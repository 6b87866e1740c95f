import { describe, expect, it } from 'vitest';
import type { Address, Kernels, Reals } from '../../../src/kernels/kernels.js';
import { createWasmKernels } from '../../../src/kernels/wasm.js';
import { Optimizer } from '../../../src/rnn/learning/optimizer.js';
import { type OptimizerSettings, optimizerOf } from '../../../src/rnn/learning/optimizers/optimizers.js';
import { scheduleFactor } from '../../../src/rnn/learning/schedule.js';
import { countOf, layWeights } from '../../../src/rnn/learning/weight-places.js';
import { parseSpec } from '../../../src/rnn/spec/spec.js';
import { relativeError } from '../../support/numeric-compare.js';
import { float64 } from '../../support/numeric-models.js';
import { Numbers } from '../../support/numeric-random.js';

const momentsOf = (given: OptimizerSettings) => countOf(optimizerOf(given).moments(given));
type Kind = OptimizerSettings['kind'];
type Settings<K extends Kind = 'sgd'> = Partial<Extract<OptimizerSettings, { kind: K }>>;
const settings = (given: Settings<Kind>): OptimizerSettings =>
  parseSpec({ features: 1, units: 1, optimizer: { kind: 'sgd', ...given } }).optimizer;

/** One optimizer on the biases of a layer whose input is 0: their gradient is dy itself. */
class Bench {
  readonly optimizer: Optimizer;
  private readonly m: Float64Array;
  private readonly spec: OptimizerSettings;

  constructor(
    given: Settings<Kind>,
    private readonly size = 1,
  ) {
    this.spec = settings(given);
    this.optimizer = new Optimizer(float64, this.spec);
    // b, w and their two moments | gradient of b and w | dy | the input
    this.m = new Float64Array(9 * size + 1);
  }

  get weights(): number[] {
    return Array.from(this.m.subarray(0, this.size));
  }

  /** Weights and moments. */
  get kept(): number[] {
    return Array.from(this.m.subarray(0, 6 * this.size));
  }

  /** Sets the weights from outside. */
  set(...weights: number[]): void {
    this.m.set(weights);
    this.optimizer.forgetBounds();
  }

  /** Applies gradient g and gives the result. */
  apply(...g: number[]) {
    const { size } = this;
    this.m.set(g, 8 * size);
    const weights = layWeights(
      optimizerOf(this.spec).moments(this.spec),
      { at: 0, count: 2 * size, cellCount: 0, cellBiases: 0 },
      6 * size,
    );
    const { velocity } = weights;
    const layer = { w: size, b: 0, velocity: velocity + size, velocityB: velocity, a: 9 * size, stride: 1 };
    const layers = [{ ...layer, dy: 8 * size, R: 1, A: 1, M: size }];
    return this.optimizer.apply(this.m, weights, { layers, cell: null });
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

  it('[OPT1] inverse divides it by 1 + decay n, down to its floor', () => {
    const at = (floor: number) =>
      [0, 1, 2, 6].map((n) => scheduleFactor({ kind: 'inverse', decay: 0.5, floor }, n));
    expectClose(at(0), [1, 1 / 1.5, 0.5, 0.25]);
    expectClose(at(0.4), [1, 1 / 1.5, 0.5, 0.4]);
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
      schedule: { kind: 'inverse', decay: 1, floor: 0 },
      clipNorm: null,
    });
    const rates = [1, 1, 1].map((g) => bench.apply(g).learningRate);
    expectClose(rates, [0.8, 0.4, 0.8 / 3]);
    expectClose(bench.weights, [-(0.8 + 0.4 + 0.8 / 3)]);
    expect(bench.optimizer.learningRate).toBeCloseTo(0.2, 12);
  });
});

describe('momentum', () => {
  const run = (given: Settings<'sgd'>, gradients: readonly number[]) => {
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

/** Two layers, a cell of 3 inputs and 2 units and a readout of 2 outputs: W [3,2], b [2], Wy [2,2], by [2]. */
const LAYERS = [
  { w: 0, b: 6, A: 3, M: 2 },
  { w: 8, b: 12, A: 2, M: 2 },
];
const COUNT = 14;
const CELL = 8;
const isBias = (k: number) => [6, 7, 12, 13].includes(k);

/** One optimizer on these layers, whose factors come from `numbers`, in R rows. */
class Network {
  readonly optimizer: Optimizer;
  readonly m: Reals;
  private readonly base: Address;
  private readonly factors: Address;
  private readonly cell: Address;

  constructor(
    private readonly spec: OptimizerSettings,
    private readonly kernels: Kernels = float64,
  ) {
    this.optimizer = new Optimizer(kernels, spec);
    const arena = kernels.allocate(4 * COUNT + 100);
    this.m = arena.data;
    this.base = arena.base;
    this.factors = arena.base + 4 * COUNT;
    this.cell = this.factors + 60;
    this.m.set(new Numbers(3).many(COUNT), this.base);
    for (const { w, A, M } of LAYERS) kernels.pack(this.m, this.base + w, A, M);
  }

  /** Weights, or a moment of them, in the order of the layout. */
  read(buffer = 0): number[] {
    const at = this.base + buffer * COUNT;
    const part = this.m.slice(at, at + COUNT);
    for (const { w, A, M } of LAYERS) this.kernels.unpack(part, w, A, M);
    return Array.from(part);
  }

  /** Applies the next gradient and gives it, with the result. With `cell` that of W and b is laid down. */
  apply(numbers: Numbers, { cell = false, scale = 1 } = {}) {
    const R = 3;
    const { m, base, factors } = this;
    const { at, velocity, ...weights } = layWeights(
      optimizerOf(this.spec).moments(this.spec),
      { at: base, count: COUNT, cellCount: CELL, cellBiases: 2 },
      base + 3 * COUNT,
    );
    let next = factors;
    const gradient = new Array<number>(COUNT).fill(0);
    const layers = LAYERS.map(({ w, b, A, M }) => {
      const [a, dy] = [next, next + R * A];
      next = dy + R * M;
      m.set(numbers.many(R * A), a);
      m.set(numbers.many(R * M, scale), dy);
      for (let r = 0; r < R; r++)
        for (let j = 0; j < M; j++) {
          for (let i = 0; i < A; i++) gradient[w + i * M + j]! += m[a + r * A + i]! * m[dy + r * M + j]!;
          gradient[b + j]! += m[dy + r * M + j]!;
        }
      return {
        w: at + w,
        b: at + b,
        velocity: velocity + w,
        velocityB: velocity + b,
        a,
        stride: A,
        dy,
        R,
        A,
        M,
      };
    });
    if (cell) {
      m.set(gradient.slice(0, CELL), this.cell);
      this.kernels.pack(m, this.cell, 3, 2);
    }
    const whole = { at, velocity, ...weights };
    const given = cell ? { layers: layers.slice(1), cell: this.cell } : { layers, cell: null };
    return { gradient, ...this.optimizer.apply(m, whole, given) };
  }
}

/** The same in plain float64, by the papers: the oracle. */
class Plain {
  readonly weights = new Numbers(3).many(COUNT);
  private readonly first = new Array<number>(COUNT).fill(0);
  private readonly second = new Array<number>(COUNT).fill(0);
  private t = 0;

  constructor(private readonly spec: OptimizerSettings) {}

  apply(g: readonly number[]): void {
    const { spec, first, second } = this;
    if (spec.kind === 'sgd') throw new Error('no oracle for it here');
    const { epsilon, clipNorm, weightDecay } = spec;
    const rate = spec.learningRate * scheduleFactor(spec.schedule, this.t++);
    const norm = Math.hypot(...g);
    const scale = clipNorm !== null && norm > clipNorm ? clipNorm / norm : 1;
    for (const [k, weight] of this.weights.entries()) {
      const decay = isBias(k) ? 0 : weightDecay;
      const gradient = scale * g[k]! + (spec.kind === 'adamw' ? 0 : decay * weight);
      if (spec.kind === 'rmsprop') {
        second[k] = spec.decay * second[k]! + (1 - spec.decay) * gradient ** 2;
        this.weights[k] = weight - (rate * gradient) / (Math.sqrt(second[k]!) + epsilon);
        continue;
      }
      const { beta1, beta2, kind } = spec;
      first[k] = beta1 * first[k]! + (1 - beta1) * gradient;
      second[k] = beta2 * second[k]! + (1 - beta2) * gradient ** 2;
      const mean = first[k]! / (1 - beta1 ** this.t);
      const variance = second[k]! / (1 - beta2 ** this.t);
      const kept = kind === 'adamw' ? weight * (1 - rate * decay) : weight;
      this.weights[k] = kept - (rate * mean) / (Math.sqrt(variance) + epsilon);
    }
  }
}

const ADAPTIVE = [
  { name: 'rmsprop', given: { kind: 'rmsprop', learningRate: 0.01 } },
  { name: 'rmsprop with L2', given: { kind: 'rmsprop', learningRate: 0.01, weightDecay: 0.1 } },
  { name: 'adam', given: { kind: 'adam', learningRate: 0.01 } },
  { name: 'adam without a first moment', given: { kind: 'adam', learningRate: 0.01, beta1: 0 } },
  { name: 'adam with L2', given: { kind: 'adam', learningRate: 0.01, weightDecay: 0.1 } },
  { name: 'adamw', given: { kind: 'adamw', learningRate: 0.01, weightDecay: 0.5 } },
] as const;

describe('adaptive optimizers', () => {
  it.each(ADAPTIVE)('[OPT5] $name takes 200 steps as its paper has them', ({ given }) => {
    const spec = settings({ ...given, clipNorm: 2, schedule: { kind: 'inverse', decay: 0.01, floor: 0 } });
    const wasm = createWasmKernels();
    for (const [kernels, tolerance] of [
      [float64, 1e-11],
      [wasm, 1e-4],
    ] as const) {
      const [network, plain, numbers] = [new Network(spec, kernels), new Plain(spec), new Numbers(5)];
      const before = network.read();
      const clipped = new Set<boolean>();
      for (let t = 0; t < 200; t++) {
        const result = network.apply(numbers);
        expect(result).toMatchObject({ applied: true });
        expect(relativeError([result.gradientNorm], [Math.hypot(...result.gradient)])).toBeLessThan(1e-6);
        clipped.add(result.clipped);
        plain.apply(result.gradient);
      }
      const moved = (weights: readonly number[]) => weights.map((weight, k) => weight - before[k]!);
      expect(relativeError(moved(network.read()), moved(plain.weights))).toBeLessThan(tolerance);
      expect([...clipped].sort()).toEqual([false, true]);
    }
  });

  it.each(ADAPTIVE)(
    '[OPT5] $name goes on with the same bits from its kept moments and counts',
    ({ given }) => {
      const spec = settings({ ...given });
      const [through, first, second] = [new Network(spec), new Network(spec), new Network(spec)];
      for (let t = 0; t < 20; t++) through.apply(new Numbers(t));
      for (let t = 0; t < 13; t++) first.apply(new Numbers(t));
      second.m.set(first.m.subarray(0, (1 + momentsOf(spec)) * COUNT));
      Object.assign(second.optimizer, { updates: first.optimizer.updates });
      for (let t = 13; t < 20; t++) second.apply(new Numbers(t));
      for (let buffer = 0; buffer <= momentsOf(spec); buffer++)
        expect(second.read(buffer)).toEqual(through.read(buffer));
    },
  );

  it('[OPT5] keep their moments behind the weights: rmsprop one, adam and adamw two, sgd its velocity', () => {
    const kept = (given: Settings<Kind>) => momentsOf(settings(given));
    expect(kept({ kind: 'sgd', momentum: 0 })).toBe(0);
    expect(kept({ kind: 'sgd', momentum: 0.5 })).toBe(1);
    expect(kept({ kind: 'rmsprop' })).toBe(1);
    expect(kept({ kind: 'adam' })).toBe(2);
    expect(kept({ kind: 'adamw', beta1: 0 })).toBe(2);
    for (const { given } of ADAPTIVE) {
      const network = new Network(settings({ ...given }));
      network.apply(new Numbers(1));
      const moments = momentsOf(settings({ ...given }));
      const last = network.read(moments);
      expect(
        last.every((value) => value > 0),
        'the last is the second moment',
      ).toBe(true);
      if (moments === 1) expect(network.read(2).every((value) => value === 0)).toBe(true);
    }
  });
});

describe('weight decay', () => {
  it("[OPT6] adamw's is beside the step: what it takes hangs on the weight alone, not on the gradient", () => {
    const plain = { kind: 'adamw', learningRate: 0.01, clipNorm: null } as const;
    for (const scale of [1e-3, 1, 1e3]) {
      const with_ = new Network(settings({ ...plain, weightDecay: 0.5 }));
      const without = new Network(settings({ ...plain, weightDecay: 0 }));
      const before = with_.read();
      with_.apply(new Numbers(6), { scale });
      without.apply(new Numbers(6), { scale });
      const after = without.read();
      const want = before.map((weight, k) => after[k]! - (isBias(k) ? 0 : 0.01 * 0.5 * weight));
      expectClose(with_.read(), want);
      for (const moment of [1, 2]) expect(with_.read(moment)).toEqual(without.read(moment));
    }
  });

  it('[OPT6] that of the others joins the gradient, after clipping; biases do not decay', () => {
    const spec = settings({
      kind: 'sgd',
      learningRate: 0.1,
      momentum: 0.9,
      weightDecay: 0.2,
      clipNorm: 0.01,
    });
    const network = new Network(spec);
    let weights = network.read();
    let velocity = weights.map(() => 0);
    for (let t = 0; t < 5; t++) {
      const { gradient, gradientNorm, clipped } = network.apply(new Numbers(t));
      expect([gradientNorm, clipped]).toEqual([expect.closeTo(Math.hypot(...gradient), 12), true]);
      velocity = velocity.map((v, k) => {
        const decay = isBias(k) ? 0 : 0.2 * weights[k]!;
        return 0.9 * v - 0.1 * ((0.01 / gradientNorm) * gradient[k]! + decay);
      });
      weights = weights.map((weight, k) => weight + velocity[k]!);
      expectClose(network.read(), weights);
      expectClose(network.read(1), velocity);
    }
  });

  it('[OPT6] of 0 leaves the bits as they are without it', () => {
    const [with_, without] = [0.1, 0].map((weightDecay) => new Network(settings({ weightDecay })));
    const before = with_!.read();
    with_!.apply(new Numbers(1), { scale: 0 });
    without!.apply(new Numbers(1), { scale: 0 });
    expect(without!.read()).toEqual(before);
    expect(with_!.read()).not.toEqual(before);
  });
});

describe("a cell's gradient that is laid down", () => {
  const kinds: Settings<Kind>[] = [
    { kind: 'sgd', momentum: 0 },
    { kind: 'sgd', weightDecay: 0.1 },
    { kind: 'sgd', nesterov: true, clipNorm: 0.1 },
    { kind: 'rmsprop', weightDecay: 0.1 },
    { kind: 'adam' },
    { kind: 'adamw' },
  ];

  it.each(kinds)('makes the update that its factors make: %j', (given) => {
    for (const [kernels, tolerance] of [
      [float64, 1e-12],
      [createWasmKernels(), 1e-5],
    ] as const) {
      const spec = settings(given);
      const [laid, factored] = [new Network(spec, kernels), new Network(spec, kernels)];
      for (let t = 0; t < 10; t++) {
        const [a, b] = [laid.apply(new Numbers(t), { cell: true }), factored.apply(new Numbers(t))];
        expect(a.clipped).toBe(b.clipped);
        expect(relativeError([a.gradientNorm], [b.gradientNorm])).toBeLessThan(1e-6);
      }
      for (let buffer = 0; buffer <= momentsOf(spec); buffer++)
        expect(relativeError(laid.read(buffer), factored.read(buffer))).toBeLessThan(tolerance);
    }
  });
});

describe('an update that cannot be', () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY, 1e200])(
    '[OPT4] is skipped and counted, and the schedule does not go on: a gradient of %d',
    (g) => {
      const bench = new Bench(
        { learningRate: 1, momentum: 0.9, clipNorm: null, schedule: { kind: 'inverse', decay: 1, floor: 0 } },
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

  it.each(ADAPTIVE)(
    '[OPT8] of $name changes no weight and no moment, and does not count in the bias corrections',
    ({ given }) => {
      for (const g of [Number.NaN, Number.NEGATIVE_INFINITY, 1e200, 1e30]) {
        const bench = new Bench({ ...given, clipNorm: null }, 2);
        bench.set(0.5, -0.5);
        bench.apply(1, 1);
        const before = bench.kept;
        expect(bench.apply(1, g), `a gradient of ${g}`).toMatchObject({ applied: false });
        expect(bench.kept).toEqual(before);
        expect(bench.optimizer).toMatchObject({ updates: 1, skipped: 1 });
        const other = new Bench({ ...given, clipNorm: null }, 2);
        other.set(0.5, -0.5);
        other.apply(1, 1);
        expect(bench.apply(0.5, 2)).toEqual(other.apply(0.5, 2));
        expect(bench.kept).toEqual(other.kept);
      }
    },
  );

  it.each(['rmsprop', 'adam', 'adamw'] as const)(
    '[OPT8] of %s is one that could bring a weight beyond float32, by its step or by its decay',
    (kind) => {
      const given = { kind, learningRate: 100, clipNorm: null, epsilon: 1e-16 };
      const edge = new Bench({ ...given, weightDecay: 0 }, 2);
      edge.set(3.3999e38, -1);
      expect(edge.apply(1, 1).applied).toBe(true);
      const before = edge.kept;
      expect(edge.apply(-1e17, 1).applied).toBe(false);
      expect(edge.kept).toEqual(before);

      const decayed = new Bench({ ...given, weightDecay: 1 }, 2);
      decayed.set(3.3e38, -1);
      expect(decayed.apply(1, 1).applied).toBe(false);
    },
  );

  it('[OPT8] is none, after any number of updates, where the weights stay small: bounds are looked at again', () => {
    for (const { given } of ADAPTIVE) {
      const bench = new Bench({ ...given, clipNorm: null }, 2);
      bench.set(0.1, 0.2);
      for (let i = 0; i < 300; i++) expect(bench.apply(1e15, i % 2 ? -1e15 : 1e15).applied).toBe(true);
    }
  });

  it('[OPT4] is not one that is small beside large weights, after any number of updates', () => {
    const bench = new Bench({ learningRate: 1, momentum: 0, clipNorm: null }, 2);
    bench.set(3.3e38, 0);
    for (let i = 0; i < 40; i++) expect(bench.apply(i % 2 ? -9e36 : 9e36, 0).applied).toBe(true);
    expect(bench.weights[0]).toBeCloseTo(3.3e38, -30);
  });

  it('[OPT4] counts begin anew at a restart, and the schedule with them', () => {
    const bench = new Bench({ learningRate: 1, schedule: { kind: 'inverse', decay: 1, floor: 0 } });
    bench.apply(1);
    bench.apply(Number.NaN);
    bench.optimizer.restart();
    expect(bench.optimizer).toMatchObject({ updates: 0, skipped: 0, learningRate: 1 });
  });
});
