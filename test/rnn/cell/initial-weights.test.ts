import { describe, expect, it } from 'vitest';
import { createReferenceKernels } from '../../../src/kernels/reference.js';
import { Random } from '../../../src/math/random.js';
import { orthogonal } from '../../../src/rnn/cell/random-matrix.js';
import { Model } from '../../../src/rnn/model.js';
import { bits } from '../../support/numeric-compare.js';
import { float64 } from '../../support/numeric-models.js';

const mean = (values: ArrayLike<number>) =>
  Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;
const variance = (values: ArrayLike<number>) => {
  const centre = mean(values);
  return mean(Array.from(values, (value) => (value - centre) ** 2));
};

/** Gives the first weights of a model, Wx and Wh apart. */
function firstWeights(features: number, units: number, outputs: number, seed = 1) {
  const model = new Model(
    { features, units, task: { kind: 'supervised', outputs }, seed },
    { kernels: float64 },
  );
  const { W, ...others } = model.weights;
  return { Wx: W.slice(0, features * units), Wh: W.slice(features * units), ...others };
}

describe('first weights', () => {
  it.each([1, 2, 5, 17, 64])('[INI1] Wh is orthogonal, N = %i', (N) => {
    for (const seed of [1, 2, 99]) {
      const { Wh } = firstWeights(3, N, 2, seed);
      for (let i = 0; i < N; i++)
        for (let j = 0; j < N; j++) {
          let dot = 0;
          for (let k = 0; k < N; k++) dot += Wh[i * N + k]! * Wh[j * N + k]!;
          expect(Math.abs(dot - (i === j ? 1 : 0)), `rows ${i} and ${j}`).toBeLessThan(1e-14);
        }
    }
  });

  it('[INI1] Wh turns no direction more than another: its elements have mean 0 and variance 1 / N', () => {
    const random = Random.fromSeed(5);
    const elements = Array.from({ length: 200 }, () => Array.from(orthogonal(8, random))).flat();
    expect(Math.abs(mean(elements))).toBeLessThan(0.01);
    const signs = Array.from({ length: 200 }, () => Math.sign(orthogonal(1, random)[0]!));
    expect(Math.abs(mean(signs))).toBeLessThan(0.25);
    const diagonals = elements.filter((_, i) => (i % 64) % 9 === 0);
    expect(Math.abs(variance(diagonals) - 1 / 8)).toBeLessThan(0.01);
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
      'c48c5f9506a8dd3f236b1e056b5bec3f246b1e056b5bec3fbc8c5f9506a8ddbf',
    );
    expect(bits(firstWeights(1, 2, 1).Wy)).toBe('02612e7c0328ee3f0f5b0723b274e8bf');
    expect(bits(firstWeights(1, 2, 1, 0xffff_ffff).Wx)).toBe('d9db0f3e49afe3bf3087d9685fb1de3f');
    const float32 = new Model(
      { features: 1, units: 2, readout: { kind: 'none' } },
      { kernels: createReferenceKernels('float32') },
    );
    expect(bits(float32.weights.W.slice(0, 2))).toBe('eba6e3be8ada35bf');
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
