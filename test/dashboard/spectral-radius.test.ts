import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { spectralRadius } from '../../client/dashboard/analysis/spectral-radius.js';
import { Random } from '../../src/math/random.js';

const flat = (rows: number[][]) => rows.flat();
const rotation = (angle: number, size: number) => [
  [size * Math.cos(angle), -size * Math.sin(angle)],
  [size * Math.sin(angle), size * Math.cos(angle)],
];
const blocks = (...all: number[][][]) => {
  const n = all.reduce((sum, block) => sum + block.length, 0);
  const matrix = Array.from({ length: n }, () => Array<number>(n).fill(0));
  let at = 0;
  for (const block of all) {
    block.forEach((row, i) => {
      row.forEach((value, j) => {
        matrix[at + i]![at + j] = value;
      });
    });
    at += block.length;
  }
  return matrix;
};
/** Gives Q A Q^T for a reflection Q: other numbers, the same eigenvalues. */
const mixed = (matrix: number[][], seed: number) => {
  const random = Random.fromSeed(seed);
  const v = matrix.map(() => random.normal());
  const squares = v.reduce((sum, value) => sum + value * value, 0);
  const q = v.map((a, i) => v.map((b, j) => (i === j ? 1 : 0) - (2 * a * b) / squares));
  const times = (a: number[][], b: number[][]) =>
    a.map((row) => b[0]!.map((_, j) => row.reduce((sum, value, k) => sum + value * b[k]![j]!, 0)));
  return times(times(q, matrix), q);
};

describe('the spectral radius', () => {
  it('is that of matrices whose eigenvalues are known', () => {
    expect(spectralRadius([], 0)).toBe(0);
    expect(spectralRadius([-0.7], 1)).toBeCloseTo(0.7, 12);
    expect(spectralRadius([0, 0, 0, 0], 2)).toBe(0);
    expect(spectralRadius(flat(blocks([[0.3]], [[-1.4]], [[0.9]])), 3)).toBeCloseTo(1.4, 12);
    // triangular, and far from normal
    expect(spectralRadius([0.5, 1000, 1000, 0, -0.8, 1000, 0, 0, 0.3], 3)).toBeCloseTo(0.8, 6);
    // nilpotent: its radius is 0, told to the cube root of a rounding
    expect(spectralRadius([0, 1, 0, 0, 0, 1, 0, 0, 0], 3)).toBeCloseTo(0, 4);
    // a cycle: all eigenvalues lie on the unit circle
    expect(spectralRadius([0, 0, 1, 1, 0, 0, 0, 1, 0], 3)).toBeCloseTo(1, 12);
    // the companion matrix of (x - 2)(x^2 + 9)
    expect(spectralRadius([2, -9, 18, 1, 0, 0, 0, 1, 0], 3)).toBeCloseTo(3, 10);
  });

  it('is that of complex pairs, which a power iteration never settles on', () => {
    for (const angle of [0.01, 0.7, Math.PI / 2, 3]) {
      const matrix = mixed(blocks(rotation(angle, 1.05), rotation(1, 1.04), [[0.99]], [[-1.03]]), 3);
      expect(spectralRadius(flat(matrix), 6)).toBeCloseTo(1.05, 9);
    }
  });

  it('grows with the matrix, and is the same for the transposed one', () => {
    const size = fc.integer({ min: 1, max: 12 });
    fc.assert(
      fc.property(size, fc.nat(1000), fc.double({ min: 0.01, max: 100, noNaN: true }), (n, seed, factor) => {
        const random = Random.fromSeed(seed);
        const a = Array.from({ length: n * n }, () => random.normal());
        const turned = a.map((_, i) => a[(i % n) * n + Math.floor(i / n)]!);
        const radius = spectralRadius(a, n);
        expect(spectralRadius(turned, n) / radius).toBeCloseTo(1, 6);
        expect(
          spectralRadius(
            a.map((value) => factor * value),
            n,
          ) /
            (factor * radius),
        ).toBeCloseTo(1, 6);
      }),
    );
  });

  it('is 1 for an orthogonal matrix as large as Wh may be, and near for a large random one', () => {
    const cycle = Array.from({ length: 256 * 256 }, (_, i) =>
      (Math.floor(i / 256) + 1) % 256 === i % 256 ? 1 : 0,
    );
    expect(spectralRadius(cycle, 256)).toBeCloseTo(1, 2);
    const large = mixed(
      blocks(rotation(0.5, 1.2), ...Array.from({ length: 99 }, (_, k) => rotation(k, 0.9))),
      1,
    );
    expect(spectralRadius(flat(large), 200)).toBeCloseTo(1.2, 6);
  });

  it('is not a number where the matrix is not', () => {
    expect(spectralRadius([1, Number.NaN, 0, 1], 2)).toBeNaN();
    expect(spectralRadius([1, Number.POSITIVE_INFINITY, 0, 1], 2)).toBeNaN();
  });
});
