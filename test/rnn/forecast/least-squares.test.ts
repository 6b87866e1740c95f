import { describe, expect, it } from 'vitest';
import {
  evenOf,
  leastSquaresClear,
  leastSquaresLearn,
  leastSquaresLength,
  leastSquaresPredict,
} from '../../../src/kernels/least-squares.js';
import { Random } from '../../../src/math/random.js';

const LAMBDA = 0.998;

/** Least squares of n regressors, with a place for those and for the targets. */
class LeastSquares {
  private readonly c: Float64Array;
  private readonly phi: number;
  private readonly y: number;

  constructor(
    private readonly n: number,
    private readonly outputs: number,
  ) {
    this.phi = leastSquaresLength(n, outputs);
    this.y = this.phi + evenOf(n);
    this.c = new Float64Array(this.y + outputs);
    this.clear();
  }

  clear(): void {
    leastSquaresClear(this.c, 0, this.n, this.outputs);
  }

  predict(phi: Float64Array, j: number): number {
    this.c.set(phi, this.phi);
    return leastSquaresPredict(this.c, 0, this.n, this.phi, j);
  }

  learn(phi: Float64Array, y: Float64Array): void {
    this.c.set(phi, this.phi);
    this.c.set(y, this.y);
    leastSquaresLearn(this.c, 0, this.n, this.outputs, this.phi, this.y);
  }
}

const squaresOf = (n: number, outputs = 1) => new LeastSquares(n, outputs);

/** Solves A w = b, by elimination with pivots. */
function solve(A: number[][], b: number[]): number[] {
  const n = b.length;
  const rows = A.map((row, i) => [...row, b[i]!]);
  for (let c = 0; c < n; c++) {
    const pivot = rows
      .slice(c)
      .reduce((best, row, i) => (Math.abs(row[c]!) > Math.abs(rows[best]![c]!) ? c + i : best), c);
    [rows[c], rows[pivot]] = [rows[pivot]!, rows[c]!];
    for (let r = 0; r < n; r++) {
      if (r === c) continue;
      const factor = rows[r]![c]! / rows[c]![c]!;
      for (let k = c; k <= n; k++) rows[r]![k]! -= factor * rows[c]![k]!;
    }
  }
  return rows.map((row, i) => row[n]! / row[i]!);
}

describe('recursive least squares', () => {
  it('[RLS1] give the weights of weighted least squares with a ridge, all samples at once', () => {
    const [n, T] = [4, 300];
    const random = Random.fromSeed(1);
    const squares = squaresOf(n);
    // the first sample counts least: its weight is LAMBDA ^ (T - 1), that of the ridge 1/10 LAMBDA ^ T
    const A = Array.from({ length: n }, (_, i) =>
      Array.from({ length: n }, (_, j): number => (i === j ? 0.1 : 0)),
    );
    const b = new Array<number>(n).fill(0);
    for (let t = 0; t < T; t++) {
      const phi = Float64Array.from({ length: n }, () => random.normal());
      const y = phi[0]! - 2 * phi[1]! + 0.5 * phi[2]! + random.uniform(-0.5, 0.5);
      squares.learn(phi, Float64Array.of(y));
      for (let i = 0; i < n; i++) {
        b[i] = LAMBDA * b[i]! + phi[i]! * y;
        for (let j = 0; j < n; j++) A[i]![j] = LAMBDA * A[i]![j]! + phi[i]! * phi[j]!;
      }
    }
    const want = solve(A, b);
    const unit = (i: number) => Float64Array.from({ length: n }, (_, j) => (i === j ? 1 : 0));
    // clipping touches the errors of the first samples only, as far as it does
    for (let i = 0; i < n; i++) expect(squares.predict(unit(i), 0)).toBeCloseTo(want[i]!, 2);
  });

  it('[RLS1] learn each target as if it were alone; one that did not come changes nothing of its weights', () => {
    const random = Random.fromSeed(2);
    const [both, first, second] = [squaresOf(3, 2), squaresOf(3), squaresOf(3)];
    for (let t = 0; t < 200; t++) {
      const phi = Float64Array.from({ length: 3 }, () => random.normal());
      const y = Float64Array.of(phi[0]! + random.normal(), phi[1]! - phi[2]!);
      both.learn(phi, y);
      first.learn(phi, y.slice(0, 1));
      second.learn(phi, y.slice(1));
    }
    const phi = Float64Array.of(1, 2, 3);
    const said = () => [both.predict(phi, 0), both.predict(phi, 1)];
    const before = said();
    expect(before).toEqual([first.predict(phi, 0), second.predict(phi, 0)]);
    both.learn(phi, Float64Array.of(5, Number.NaN));
    expect(said()[0]).not.toBe(before[0]);
    expect(said()[1]).toBe(before[1]);
  });

  it('[RLS2] follow a law that changes, within some hundred samples', () => {
    const random = Random.fromSeed(3);
    const squares = squaresOf(2);
    const law = (slope: number, count: number) => {
      for (let t = 0; t < count; t++) {
        const x = random.normal();
        squares.learn(Float64Array.of(x, 1), Float64Array.of(slope * x + 0.1 * random.normal()));
      }
      return squares.predict(Float64Array.of(1, 0), 0);
    };
    expect(law(1, 1000)).toBeCloseTo(1, 1);
    expect(law(-1, 1500)).toBeCloseTo(-1, 0);
  });

  it('[RLS2] move no more by a wild target than by one of three mean errors', () => {
    const taught = (wild: number) => {
      const random = Random.fromSeed(4);
      const squares = squaresOf(2);
      for (let t = 0; t < 500; t++) {
        const x = random.normal();
        squares.learn(Float64Array.of(x, 1), Float64Array.of(x + random.normal()));
      }
      squares.learn(Float64Array.of(1, 1), Float64Array.of(wild));
      return squares.predict(Float64Array.of(1, 0), 0);
    };
    expect(taught(1e9)).toBe(taught(1e6));
    expect(Math.abs(taught(1e9) - taught(1))).toBeLessThan(0.05);
  });

  it('[RLS3] stay finite over 50,000 samples whose regressors do not vary, are all 0 or are one another', () => {
    const random = Random.fromSeed(5);
    const squares = squaresOf(5);
    for (let t = 0; t < 50_000; t++) {
      const x = random.normal();
      squares.learn(Float64Array.of(x, x, 0, t < 100 ? x * x : 0, 1), Float64Array.of(2 * x + 1));
    }
    const said = squares.predict(Float64Array.of(1, 1, 1, 0, 1), 0);
    expect(said).toBeCloseTo(3, 2);
    // what slept for long can still be learned from, and harms nothing
    squares.learn(Float64Array.of(0, 0, 10, 0, 1), Float64Array.of(1));
    expect(squares.predict(Float64Array.of(1, 1, 0, 0, 1), 0)).toBeCloseTo(3, 1);
  });

  it('[RLS3] begin anew when they are cleared', () => {
    const squares = squaresOf(2);
    const phi = Float64Array.of(1, 1);
    for (let t = 0; t < 50; t++) squares.learn(phi, Float64Array.of(4));
    expect(squares.predict(phi, 0)).toBeCloseTo(4, 1);
    squares.clear();
    expect(squares.predict(phi, 0)).toBe(0);
  });
});
