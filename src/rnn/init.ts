/** First weights, with Keras' defaults: Wx and Wy glorot uniform, Wh orthogonal, biases zero. */
import type { Reals } from '../kernels/kernels.js';
import type { ParameterLayout } from './parameters.js';
import type { Random } from './random.js';

/** Writes first weights to `m`, whose parameters begin at `at`. */
export function initialise(m: Reals, at: number, layout: ParameterLayout, random: Random): void {
  const { features, units, outputs } = layout;
  m.fill(0, at, at + layout.length);
  glorotUniform(m, at + layout.w, features, units, random);
  m.set(orthogonal(units, random), at + layout.w + features * units);
  if (layout.hasDense) glorotUniform(m, at + layout.wy, units, outputs, random);
}

/** Draws [rows,columns] from U(-l, l), l = sqrt(6 / (rows + columns)) (Glorot and Bengio 2010, equation 16). */
function glorotUniform(m: Reals, at: number, rows: number, columns: number, random: Random): void {
  const limit = Math.sqrt(6 / (rows + columns));
  for (let i = 0; i < rows * columns; i++) m[at + i] = random.uniform(-limit, limit);
}

/**
 * Draws an orthogonal [n,n] matrix: the rows of a normal matrix, made orthonormal by Gram and Schmidt, twice over each
 * so that rounding does not tilt them (Saxe et al. 2014; Giraud et al. 2005).
 */
export function orthogonal(n: number, random: Random): Float64Array {
  const q = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    const row = q.subarray(i * n, (i + 1) * n);
    do {
      for (let k = 0; k < n; k++) row[k] = random.normal();
      for (let pass = 0; pass < 2; pass++)
        for (let j = 0; j < i; j++) {
          const other = q.subarray(j * n, (j + 1) * n);
          const projection = dot(row, other);
          for (let k = 0; k < n; k++) row[k]! -= projection * other[k]!;
        }
    } while (dot(row, row) < 1e-12);
    const norm = Math.sqrt(dot(row, row));
    for (let k = 0; k < n; k++) row[k]! /= norm;
  }
  return q;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let k = 0; k < a.length; k++) sum += a[k]! * b[k]!;
  return sum;
}
