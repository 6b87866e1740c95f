/** A random orthogonal matrix as a product of reflections, as the first weights of version 0.1 were drawn. */
import type { Address, Reals } from '../../kernels/kernels.js';
import { type Pieces, VISIT } from '../../math/pieces.js';
import type { Random } from '../../math/random.js';

/** Draws an orthogonal [n,n] matrix to `at` of an array, where its rows lie `stride` apart. */
export function* drawReflections(
  random: Random,
  to: Reals,
  at: Address,
  n: number,
  stride: number,
): Pieces<void> {
  const q = yield* product(n, random);
  for (let i = 0; i < n; i++) to.set(q.subarray(i * n, (i + 1) * n), at + i * stride);
}

/**
 * Draws an orthogonal [n,n] matrix, uniformly: a product of Householder reflections of random vectors of n, n - 1, ... 1
 * numbers, with signs that make it fair (Stewart 1980, section 3; Saxe et al. 2014 for its use). 2/3 n^3 multiply-adds.
 */
function* product(n: number, random: Random): Pieces<Float64Array> {
  const q = new Float64Array(n * n);
  for (let i = 0; i < n; i++) q[i * n + i] = 1;
  const u = new Float64Array(n);
  const w = new Float64Array(n);
  for (let k = n - 1; k >= 0; k--) {
    let squares = 0;
    for (let i = k; i < n; i++) {
      u[i] = random.normal();
      squares += u[i]! * u[i]!;
    }
    // u reflects the drawn vector onto the k-th axis
    const sign = u[k]! < 0 ? -1 : 1;
    const norm = Math.sqrt(squares);
    const scale = 1 / (squares + Math.abs(u[k]!) * norm);
    u[k]! += sign * norm;
    if (k < n - 1 && squares > 0) reflect(q, u, w, k, n, scale);
    if (sign > 0) for (let j = k; j < n; j++) q[k * n + j] = -q[k * n + j]!;
    yield VISIT * (n - k) ** 2;
  }
  return q;
}

/** q = (I - scale u u^T) q, in rows and columns k .. n - 1; beyond them q is the identity. */
function reflect(
  q: Float64Array,
  u: Float64Array,
  w: Float64Array,
  k: number,
  n: number,
  scale: number,
): void {
  w.fill(0, k, n);
  for (let i = k; i < n; i++) {
    const factor = u[i]!;
    for (let j = k; j < n; j++) w[j]! += factor * q[i * n + j]!;
  }
  for (let i = k; i < n; i++) {
    const factor = scale * u[i]!;
    for (let j = k; j < n; j++) q[i * n + j]! -= factor * w[j]!;
  }
}
