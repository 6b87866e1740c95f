/** The mean of the last surprises against its own history: how rare it is. */
import { ln } from '../math/logarithm.js';
import type { Address } from './arena.js';

/** The least deviation of a mean surprise: below it errors differ by nothing that matters. */
const LEAST_DEVIATION = 0.05;

/** Numbers before the ring of the last surprises: count, sum of the ring, mean and variance of its mean. */
const HEAD = 4;

/** How many numbers it keeps for a mean of the last `run`. */
export const surpriseLength = (run: number): number => HEAD + run;

/**
 * Gives how rare the mean of the last `run` surprises is with this one, in powers of ten, by the history before it; then
 * it joins that.
 *
 * @param long steps of the history
 */
export function surpriseJudge(
  c: Float64Array,
  at: Address,
  run: number,
  surprise: number,
  long: number,
): number {
  const slot = at + HEAD + (c[at] % run);
  const count = ++c[at];
  const weight = 1 / Math.min(count, long);
  c[at + 1] = c[at + 1] + surprise - c[slot];
  c[slot] = surprise;
  const delta = c[at + 1] / Math.min(count, run) - c[at + 2];
  const variance = c[at + 3];
  const z = delta / Math.sqrt(Math.max(variance, LEAST_DEVIATION * LEAST_DEVIATION));
  c[at + 2] += weight * delta;
  c[at + 3] = (1 - weight) * (variance + weight * delta * delta);
  return z > 0 ? rarity(z) : 0;
}

/**
 * Gives -log10 Q(z), z > 0, of the normal distribution's upper tail Q, to 0.0012:
 * Q(z) = exp(-z^2 / 2) / (sqrt(2 pi) ((1 - a) z + a sqrt(z^2 + b))), a = 0.339, b = 5.51 (Boerjesson and Sundberg 1979).
 */
export function rarity(z: number): number {
  if (z > 40) return 350;
  const divisor = 0.661 * z + 0.339 * Math.sqrt(z * z + 5.51);
  return (0.5 * z * z + ln(2.5066282746310002 * divisor)) * Math.LOG10E;
}
