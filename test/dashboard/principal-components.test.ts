import { describe, expect, it } from 'vitest';
import { PrincipalComponents } from '../../client/dashboard/analysis/principal-components.js';
import { Random } from '../../src/math/random.js';

/** Eigenvectors of a symmetric matrix, largest eigenvalue first: Jacobi's rotations, exact but for rounding. */
function eigen(matrix: number[][]): { value: number; vector: number[] }[] {
  const n = matrix.length;
  const a = matrix.map((row) => [...row]);
  const v = a.map((_, i) => a.map((_, j) => Number(i === j)));
  for (let sweep = 0; sweep < 60; sweep++)
    for (let p = 0; p < n; p++)
      for (let q = p + 1; q < n; q++) {
        if (Math.abs(a[p]![q]!) < 1e-15) continue;
        const theta = (a[q]![q]! - a[p]![p]!) / (2 * a[p]![q]!);
        const t = Math.sign(theta || 1) / (Math.abs(theta) + Math.hypot(theta, 1));
        const c = 1 / Math.hypot(t, 1);
        const s = t * c;
        for (let k = 0; k < n; k++)
          [a[k]![p], a[k]![q]] = [c * a[k]![p]! - s * a[k]![q]!, s * a[k]![p]! + c * a[k]![q]!];
        for (let k = 0; k < n; k++)
          [a[p]![k], a[q]![k]] = [c * a[p]![k]! - s * a[q]![k]!, s * a[p]![k]! + c * a[q]![k]!];
        for (let k = 0; k < n; k++)
          [v[k]![p], v[k]![q]] = [c * v[k]![p]! - s * v[k]![q]!, s * v[k]![p]! + c * v[k]![q]!];
      }
  return a
    .map((row, i) => ({ value: row[i]!, vector: v.map((each) => each[i]!) }))
    .sort((x, y) => y.value - x.value);
}

/** Vectors with three strong directions of their own, about a mean that is not 0. */
function* vectors(seed: number, width: number) {
  const random = Random.fromSeed(seed);
  const directions = [3, 1.5, 0.4].map((size) =>
    Array.from({ length: width }, () => (size * random.normal()) / Math.sqrt(width)),
  );
  for (;;) {
    const weights = directions.map(() => random.normal());
    yield Array.from({ length: width }, (_, i) =>
      directions.reduce(
        (sum, direction, k) => sum + weights[k]! * direction[i]!,
        0.5 + 0.05 * random.normal(),
      ),
    );
  }
}

const covariance = (data: number[][]) => {
  const width = data[0]!.length;
  const mean = Array.from(
    { length: width },
    (_, i) => data.reduce((sum, row) => sum + row[i]!, 0) / data.length,
  );
  return mean.map((_, i) =>
    mean.map(
      (_, j) => data.reduce((sum, row) => sum + (row[i]! - mean[i]!) * (row[j]! - mean[j]!), 0) / data.length,
    ),
  );
};

const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
  Array.from(a).reduce((sum, value, i) => sum + value * b[i]!, 0);

describe('the principal components', () => {
  it('are those of an exact eigen-solver, with their variances', () => {
    const source = vectors(4, 12);
    const data = Array.from({ length: 3000 }, () => source.next().value as number[]);
    const components = new PrincipalComponents(12);
    for (const vector of data) components.observe(vector);
    const exact = eigen(covariance(data));
    for (const k of [0, 1] as const) {
      const { direction, variance } = components.component(k);
      expect(Math.abs(dot(direction, exact[k]!.vector))).toBeGreaterThan(0.99);
      expect(variance / exact[k]!.value).toBeGreaterThan(0.85);
      expect(variance / exact[k]!.value).toBeLessThan(1.15);
    }
  });

  it('stand at right angles, and project a vector to how far it lies along each', () => {
    const components = new PrincipalComponents(8);
    const source = vectors(5, 8);
    for (let i = 0; i < 2000; i++) components.observe(source.next().value as number[]);
    const [first, second] = [components.component(0).direction, components.component(1).direction];
    expect(Math.abs(dot(first, second))).toBeLessThan(0.05);
    const one = source.next().value as number[];
    const moved = one.map((value, i) => value + 2 * first[i]!);
    expect(components.projection()(moved)[0] - components.projection()(one)[0]).toBeCloseTo(2, 6);
  });

  it('never turn over from one vector to the next', () => {
    const components = new PrincipalComponents(6);
    const [a, b] = [vectors(6, 6), vectors(7, 6)];
    let before = [components.component(0).direction, components.component(1).direction];
    for (let i = 0; i < 4000; i++) {
      // halfway the vectors come from somewhere else
      components.observe((i < 2000 ? a : b).next().value as number[]);
      const after = [components.component(0).direction, components.component(1).direction];
      if (i > 3) for (const k of [0, 1]) expect(dot(before[k]!, after[k]!)).toBeGreaterThanOrEqual(0);
      before = after;
    }
  });

  it('are 0, and nothing breaks, while nothing moves', () => {
    const components = new PrincipalComponents(3);
    for (let i = 0; i < 10; i++) components.observe([0.5, 0.5, 0.5]);
    expect(components.projection()([0.5, 0.5, 0.5])).toEqual([0, 0]);
    expect(components.component(0).variance).toBe(0);
    for (let i = 0; i < 400; i++) components.observe([Math.cos(i), Math.sin(i), 0.5]);
    expect(components.component(0).variance).toBeGreaterThan(0.2);
  });
});
