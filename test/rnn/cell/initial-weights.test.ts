import { describe, expect, it } from 'vitest';
import type { Kernels } from '../../../src/kernels/kernels.js';
import { createReferenceKernels } from '../../../src/kernels/reference.js';
import { createWasmKernels } from '../../../src/kernels/wasm.js';
import { finish } from '../../../src/math/pieces.js';
import { Random } from '../../../src/math/random.js';
import { DRAWS, type Draw, orthogonal } from '../../../src/rnn/cell/random-matrix.js';
import { Model } from '../../../src/rnn/model.js';
import type { ModelSnapshot } from '../../../src/rnn/snapshot.js';
import { bits, fingerprint } from '../../support/numeric-compare.js';
import { float64 } from '../../support/numeric-models.js';
import { codeOf } from '../../support/sequences.js';

const mean = (values: ArrayLike<number>) =>
  Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
const variance = (values: ArrayLike<number>) => {
  const centre = mean(values);
  return mean(Array.from(values, (value) => (value - centre) ** 2));
};

const float32 = createReferenceKernels('float32');
const wasm = createWasmKernels();

/** Draws an orthogonal [n,n] matrix. */
function orthogonalOf(n: number, random: Random, draw: Draw = 'rotations', kernels: Kernels = float64) {
  const q = kernels.bytesPerReal === 4 ? new Float32Array(n * n) : new Float64Array(n * n);
  finish(orthogonal({ kernels, random, draw, to: q }, 0, n));
  return q;
}

/** The greatest element of Q^T Q - I, but for its sign. */
function departure(q: ArrayLike<number>, n: number): number {
  let worst = 0;
  for (let i = 0; i < n; i++)
    for (let j = i; j < n; j++) {
      let dot = i === j ? -1 : 0;
      for (let k = 0; k < n; k++) dot += q[k * n + i]! * q[k * n + j]!;
      worst = Math.max(worst, Math.abs(dot));
    }
  return worst;
}

/** Gives the first weights of a model, Wx and Wh apart. */
function firstWeights(
  features: number,
  units: number,
  outputs: number,
  seed = 1,
  options: { kernels?: Kernels; draw?: Draw } = {},
) {
  const model = new Model(
    { features, units, task: { kind: 'supervised', outputs }, seed },
    { kernels: float64, ...options },
  );
  const { W, ...others } = model.weights;
  return { Wx: W.slice(0, features * units), Wh: W.slice(features * units), ...others };
}

describe('first weights', () => {
  it.each([1, 2, 3, 5, 17, 64, 129])('[INI1] Wh is orthogonal, N = %i', (N) => {
    for (const seed of [1, 2, 99]) {
      expect(departure(firstWeights(3, N, 2, seed).Wh, N)).toBeLessThan(1e-14);
      for (const kernels of [float32, wasm])
        expect(departure(firstWeights(3, N, 2, seed, { kernels }).Wh, N), kernels.name).toBeLessThan(1e-6);
    }
  });

  it('[INI1] Wh is orthogonal to 1e-6 in float32 for many units', () => {
    expect(departure(firstWeights(1, 600, 1, 3, { kernels: wasm }).Wh, 600)).toBeLessThan(1e-6);
  });

  it.each(DRAWS)(
    '[INI1] Wh turns no direction more than another: its elements have mean 0 and variance 1 / N, by %s',
    (draw) => {
      const random = Random.fromSeed(5);
      const elements = Array.from({ length: 200 }, () => Array.from(orthogonalOf(8, random, draw))).flat();
      expect(Math.abs(mean(elements))).toBeLessThan(0.01);
      const signs = Array.from({ length: 200 }, () => Math.sign(orthogonalOf(1, random, draw)[0]!));
      expect(Math.abs(mean(signs))).toBeLessThan(0.25);
      const diagonals = elements.filter((_, i) => (i % 64) % 9 === 0);
      expect(Math.abs(variance(diagonals) - 1 / 8)).toBeLessThan(0.01);
    },
  );

  it.each([
    { N: 16, draws: 400 },
    { N: 45, draws: 100 },
    { N: 256, draws: 3 },
  ])('[INI1] elements of Wh have the moments of uniform matrices, N = $N', ({ N, draws }) => {
    const random = Random.fromSeed(6);
    const elements = Array.from({ length: draws }, () => Array.from(orthogonalOf(N, random))).flat();
    const fourth = mean(elements.map((value) => (value * value * N) ** 2));
    expect(mean(elements.map((value) => value * value * N))).toBeCloseTo(1, 10);
    // a coordinate of a uniform unit vector has E q^4 = 3 / (N (N + 2))
    expect(Math.abs(fourth - (3 * N) / (N + 2))).toBeLessThan(0.15);
  });

  it('[INI1] eigenvalues of Wh keep apart as those of uniform matrices do', () => {
    // E (tr Q)^2 = 1 and E tr Q^2 = 1, whatever n (Diaconis and Shahshahani 1994); were the angles of the eigenvalues
    // independent, the first would be n
    const [n, draws, random] = [24, 600, Random.fromSeed(7)];
    const traces = Array.from({ length: draws }, () => {
      const q = orthogonalOf(n, random);
      let [first, second] = [0, 0];
      for (let i = 0; i < n; i++) {
        first += q[i * n + i]!;
        for (let j = 0; j < n; j++) second += q[i * n + j]! * q[j * n + i]!;
      }
      return { first, second };
    });
    expect(Math.abs(mean(traces.map(({ first }) => first)))).toBeLessThan(4 / Math.sqrt(draws));
    expect(Math.abs(mean(traces.map(({ first }) => first ** 2)) - 1)).toBeLessThan(4 * Math.sqrt(2 / draws));
    expect(Math.abs(mean(traces.map(({ second }) => second)) - 1)).toBeLessThan(4 * Math.sqrt(2 / draws));
  });

  it.each([
    [1, 1, 1],
    [3, 64, 2],
    [40, 30, 50],
  ])('[INI2] Wx and Wy are uniform within the limit of Glorot, F = %i, N = %i, M = %i', (F, N, M) => {
    const { Wx, Wy } = firstWeights(F, N, M);
    const draws = [
      { weights: Wx, size: F * N, limit: Math.sqrt(6 / (F + N)) },
      { weights: Wy, size: N * M, limit: Math.sqrt(6 / (N + M)) },
    ];
    for (const { weights, size, limit } of draws) {
      expect(weights).toHaveLength(size);
      expect(weights.every((value) => Math.abs(value) <= limit)).toBe(true);
      if (size < 100) continue;
      const scaled = Array.from(weights, (value) => value / limit);
      expect(Math.max(...scaled)).toBeGreaterThan(0.95);
      expect(Math.min(...scaled)).toBeLessThan(-0.95);
      // A mean of n uniforms is within 4 / sqrt(3 n) of 0 but for one case in ten thousand; a variance likewise.
      expect(Math.abs(mean(scaled))).toBeLessThan(4 / Math.sqrt(3 * size));
      expect(Math.abs(variance(scaled) - 1 / 3)).toBeLessThan(4 * Math.sqrt(4 / 45 / size));
    }
  });

  it.each([
    { of: 'a forecast that is scaled', spec: {}, isZero: true },
    {
      of: 'one without a baseline too',
      spec: { task: { kind: 'forecast', baseline: 'none' } },
      isZero: true,
    },
    { of: 'a forecast that is not scaled', spec: { scaler: { kind: 'none' } }, isZero: false },
    { of: 'a supervised task', spec: { task: { kind: 'supervised', outputs: 2 } }, isZero: false },
  ] as const)('[INI7] Wy of $of begins at 0: $isZero', ({ spec, isZero }) => {
    const { W, Wy } = new Model({ features: 2, units: 5, ...spec }, { kernels: float64 }).weights;
    expect(W.every((value) => value !== 0)).toBe(true);
    expect(Wy).toHaveLength(10);
    expect(Wy.every((value) => (value === 0) === isZero)).toBe(true);
  });

  it('[INI3] the biases are zero', () => {
    const { b, by } = firstWeights(3, 17, 5);
    expect([...b, ...by]).toEqual(new Array<number>(22).fill(0));
  });

  it('[INI4] a seed always gives these bits', () => {
    expect(bits(firstWeights(1, 2, 1).Wx)).toBe('78b2b363dd74dcbfdb01023751bbe6bf');
    expect(bits(firstWeights(1, 2, 1).Wh)).toBe(
      '7e5e2231d9f0efbfd4be15b92920afbfd4be15b92920afbf7e5e2231d9f0ef3f',
    );
    expect(bits(firstWeights(1, 2, 1).Wy)).toBe('472219542c23f5bf12ef7d26de58ea3f');
    expect(bits(firstWeights(1, 2, 1, 0xffff_ffff).Wx)).toBe('d9db0f3e49afe3bf3087d9685fb1de3f');
    const small = new Model({ features: 1, units: 2, readout: { kind: 'none' } }, { kernels: float32 });
    expect(bits(small.weights.W.slice(0, 2))).toBe('eba6e3be8ada35bf');
  });

  it('[INI4] a model of version 0.1 has the bits of its seed there', () => {
    const { Wx, Wh, Wy } = firstWeights(1, 2, 1, 1, { draw: 'reflections' });
    expect(bits(Wx)).toBe('78b2b363dd74dcbfdb01023751bbe6bf');
    expect(bits(Wh)).toBe('c48c5f9506a8dd3f236b1e056b5bec3f246b1e056b5bec3fbc8c5f9506a8ddbf');
    expect(bits(Wy)).toBe('02612e7c0328ee3f0f5b0723b274e8bf');
  });

  it.each(['simple-rnn', 'gru'] as const)(
    '[INI5] all float32 kernels begin with the same bits, %s',
    (cell) => {
      for (const units of [1, 7, 64, 100]) {
        const spec = { features: 3, units, cell, task: { kind: 'supervised', outputs: 2 } } as const;
        const [a, b] = [float32, wasm].map((kernels) => new Model(spec, { kernels }).weights);
        for (const name of ['W', 'b', 'Wy', 'by'] as const) expect(bits(a![name])).toBe(bits(b![name]));
      }
    },
  );
});

describe('a model that goes on from a snapshot', () => {
  const spec = { features: 2, units: 5, seed: 3 } as const;
  /** Kernels that count the matrices they draw, and the arenas that are open. */
  function counting() {
    const seen = { drawn: 0, open: 0 };
    const kernels: Kernels = {
      ...float32,
      rotate(...call) {
        seen.drawn++;
        float32.rotate(...call);
      },
      allocate(length) {
        seen.open++;
        const arena = float32.allocate(length);
        return { ...arena, free: () => seen.open-- };
      },
    };
    return { kernels, seen };
  }

  const snapshotOf = (options: { kernels?: Kernels; draw?: Draw }) => {
    const model = new Model(spec, options);
    for (let t = 0; t < 40; t++) model.step([Math.sin(t), t % 3]);
    return model.snapshot();
  };

  it('[INI6] draws nothing, and has the bits of one that is restored', () => {
    const { kernels, seen } = counting();
    const snapshot = snapshotOf({ kernels });
    expect(seen.drawn).toBeGreaterThan(0);
    seen.drawn = 0;
    const model = new Model(spec, { kernels, snapshot });
    expect(seen.drawn).toBe(0);
    const other = new Model(spec, { kernels });
    other.restore(snapshot);
    expect(fingerprint(model.snapshot())).toBe(fingerprint(snapshot));
    for (const one of [model, other]) {
      one.reset('weights');
      one.step([1, 2]);
    }
    expect(fingerprint(model.snapshot())).toBe(fingerprint(other.snapshot()));
  });

  it('[INI6] is not made, and keeps no memory, where the snapshot is refused', () => {
    const { kernels, seen } = counting();
    const snapshot = snapshotOf({ kernels });
    const before = seen.open;
    for (const wrong of [{ format: 1 }, { draw: 'dice' }, { random: [Number.NaN] }]) {
      const options = { kernels, snapshot: { ...snapshot, ...wrong } as ModelSnapshot };
      expect(codeOf(() => new Model(spec, options))).toBe('snapshot-invalid');
    }
    expect(seen.open).toBe(before);
  });

  it('[INI8] draws again as it was drawn, and where the snapshot does not say as in version 0.1', () => {
    const { draw: _draw, ...old } = snapshotOf({ draw: 'reflections' });
    const want = new Model(spec, { draw: 'reflections', snapshot: old });
    const same = snapshotOf({ draw: 'reflections' });
    const others = [new Model(spec, { snapshot: old }), new Model(spec, { snapshot: same }), new Model(spec)];
    others[2]!.restore(old);
    for (const model of [want, ...others]) model.reset('weights');
    for (const model of others) {
      expect(fingerprint(model.snapshot())).toBe(fingerprint(want.snapshot()));
      expect(model.snapshot().draw).toBe('reflections');
    }
  });
});

describe('the random stream', () => {
  it('goes on from a kept state', () => {
    const random = Random.fromSeed(7);
    for (let i = 0; i < 5; i++) random.normal();
    const state = random.state();
    const wanted = [random.uniform(-2, 3), random.normal(), random.uniform(0, 1)];
    const other = Random.fromSeed(8);
    other.restore(state);
    expect([other.uniform(-2, 3), other.normal(), other.uniform(0, 1)]).toEqual(wanted);
  });

  it('draws uniforms from the range asked for and normals of mean 0 and variance 1', () => {
    const random = Random.fromSeed(1);
    const uniforms = Array.from({ length: 20_000 }, () => random.uniform(-2, 3));
    expect(uniforms.every((value) => value >= -2 && value < 3)).toBe(true);
    expect(Math.abs(mean(uniforms) - 0.5)).toBeLessThan(0.04);
    expect(Math.abs(variance(uniforms) - 25 / 12)).toBeLessThan(0.06);
    const normals = Array.from({ length: 20_000 }, () => random.normal());
    expect(Math.abs(mean(normals))).toBeLessThan(0.03);
    expect(Math.abs(variance(normals) - 1)).toBeLessThan(0.04);
    const within = normals.filter((value) => Math.abs(value) < 1).length / normals.length;
    expect(Math.abs(within - 0.683)).toBeLessThan(0.015);
  });

  it('seeds next to each other have unrelated numbers, from the first on', () => {
    const draws = Array.from({ length: 2001 }, (_, seed) => {
      const random = Random.fromSeed(seed);
      return Array.from({ length: 8 }, () => random.uniform(-1, 1));
    });
    for (let k = 0; k < 8; k++) {
      const column = draws.map((row) => row[k]!);
      // Uniform on (-1, 1), the variance is 1/3; 2000 independent ones stay within 4 standard errors.
      expect(Math.abs(mean(column)), `draw ${k}`).toBeLessThan(4 * Math.sqrt(1 / 3 / 2000));
      expect(Math.abs(variance(column) - 1 / 3), `draw ${k}`).toBeLessThan(4 * Math.sqrt(4 / 45 / 2000));
      const products = column.slice(1).map((value, seed) => value * column[seed]!);
      expect(Math.abs(mean(products)), `draw ${k}`).toBeLessThan(4 * (1 / 3) * Math.sqrt(1 / 2000));
    }
  });
});
