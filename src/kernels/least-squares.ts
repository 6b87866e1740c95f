/**
 * Recursive least squares with forgetting (Haykin 2014, section 10.3), robust to wild errors: weights w [n,M] of
 * regressors phi [n] for M targets at once, which share what was seen of the regressors.
 *
 *   P = (P - k k^T) up      u = P phi      g = lambda + phi . u
 *   w_j += u / g * clip(y_j - w_j . phi, CLIP s_j)      k = u / sqrt(g)      up = 1 / lambda
 *
 * so that what a sample takes from P is taken at the next one, in the one pass over P. s_j is the mean absolute error of
 * late. A column that was hardly excited would make P grow for ever: while the trace of P exceeds its limit nothing is
 * forgotten.
 *
 *   P | w [M,n2] | k [n2] | u [n2] | s [M] | errors seen [M] | up | nothing
 *
 * n2 is n, rounded up to even; what is beyond n is 0. Of P, which is symmetric, rows 2 r and 2 r + 1 are kept from column
 * 2 r on, one after the other.
 */
import type { Address } from './arena.js';

/** The share of a sample's weight that is left at the next. */
const LAMBDA = 0.998;
/** P at the beginning, times the unit matrix: a ridge of a tenth of a sample of unit size. */
const FIRST = 10;
/** The trace of P, at most, in traces at the beginning. */
const MOST = 1e5;
/** An error counts as no more than this many mean ones, once so many were seen. */
const CLIP = 3;
const WARM = 30;
/** Samples in the mean error. */
const WINDOW = 200;

/** Numbers that n regressors take. */
export const evenOf = (n: number): number => n + (n % 2);
const triangle = (n2: number): number => (n2 * n2) / 2 + n2;

/** Numbers that least squares of n regressors for M targets keep. */
export const leastSquaresLength = (n: number, M: number): number =>
  triangle(evenOf(n)) + (M + 2) * evenOf(n) + 2 * M + 2;

/** Where the weights w [M,n2] lie among them. */
export const leastSquaresWeightsAt = (n: number): number => triangle(evenOf(n));

/** Begins without having seen anything. */
export function leastSquaresClear(c: Float64Array, at: Address, n: number, M: number): void {
  const n2 = evenOf(n);
  c.fill(0, at, at + leastSquaresLength(n, M));
  for (let i = 0, p = at; i < n; i += 2, p += 2 * (n2 - i + 2)) {
    c[p] = FIRST;
    if (i + 1 < n) c[p + n2 - i + 1] = FIRST;
  }
  c[at + leastSquaresLength(n, M) - 2] = 1;
}

/** Adds up products in two sums: of those at even places, and of those at odd ones. */
function dot(c: Float64Array, a: Address, b: Address, n2: number): number {
  let [even, odd] = [0, 0];
  for (let i = 0; i < n2; i += 2) {
    even += c[a + i] * c[b + i];
    odd += c[a + i + 1] * c[b + i + 1];
  }
  return even + odd;
}

/** Gives w_j . phi for target j. */
export function leastSquaresPredict(
  c: Float64Array,
  at: Address,
  n: number,
  phi: Address,
  j: number,
): number {
  const n2 = evenOf(n);
  return dot(c, at + triangle(n2) + j * n2, phi, n2);
}

/** Learns from regressors phi [n2] and the targets y [M] that came for them; NaN is one that did not. */
export function leastSquaresLearn(
  c: Float64Array,
  at: Address,
  n: number,
  M: number,
  phi: Address,
  y: Address,
): void {
  const n2 = evenOf(n);
  const w = at + triangle(n2);
  const [k, u] = [w + M * n2, w + (M + 1) * n2];
  const scale = u + n2;
  const up = scale + 2 * M;
  const trace = gain(c, at, k, u, phi, n2, c[up]);
  const forgetting = trace > MOST * FIRST * n ? 1 : LAMBDA;
  const share = 1 / (forgetting + dot(c, phi, u, n2));
  for (let j = 0; j < M; j++) {
    if (Number.isNaN(c[y + j])) continue;
    const row = w + j * n2;
    const step = clipped(c, scale + j, M, c[y + j] - dot(c, row, phi, n2)) * share;
    for (let i = 0; i < n2; i++) c[row + i] += c[u + i] * step;
  }
  const root = Math.sqrt(share);
  for (let i = 0; i < n2; i++) c[k + i] = c[u + i] * root;
  c[up] = 1 / forgetting;
}

/** Brings P up to date, writes u = P phi, and gives the trace of P. */
function gain(
  c: Float64Array,
  at: Address,
  k: Address,
  u: Address,
  phi: Address,
  n2: number,
  up: number,
): number {
  let trace = 0;
  c.fill(0, u, u + n2);
  for (let i = 0, a = at; i < n2; i += 2) {
    const b = a + n2 - i;
    let [even0, odd0, even1, odd1] = [0, 0, 0, 0];
    for (let j = i; j < n2; j += 2) {
      const [p, q] = [a + j - i, b + j - i];
      const v00 = (c[p] - c[k + i] * c[k + j]) * up;
      const v01 = (c[p + 1] - c[k + i] * c[k + j + 1]) * up;
      const v10 = (c[q] - c[k + i + 1] * c[k + j]) * up;
      const v11 = (c[q + 1] - c[k + i + 1] * c[k + j + 1]) * up;
      [c[p], c[p + 1], c[q], c[q + 1]] = [v00, v01, v10, v11];
      even0 += v00 * c[phi + j];
      odd0 += v01 * c[phi + j + 1];
      even1 += v10 * c[phi + j];
      odd1 += v11 * c[phi + j + 1];
      if (j === i) trace = trace + v00 + v11;
      else {
        c[u + j] += v00 * c[phi + i] + v10 * c[phi + i + 1];
        c[u + j + 1] += v01 * c[phi + i] + v11 * c[phi + i + 1];
      }
    }
    c[u + i] += even0 + odd0;
    c[u + i + 1] += even1 + odd1;
    a = b + n2 - i;
  }
  return trace;
}

/** Cuts an error to a few mean ones, which it then joins. */
function clipped(c: Float64Array, scale: Address, M: number, error: number): number {
  const seen = ++c[scale + M];
  const mean = c[scale];
  const most = seen > WARM && mean > 0 ? CLIP * mean : Number.POSITIVE_INFINITY;
  c[scale] = mean + (Math.min(Math.abs(error), CLIP * most) - mean) / Math.min(seen, WINDOW);
  return Math.min(most, Math.max(-most, error));
}
