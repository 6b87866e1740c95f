/**
 * Online statistics of one number among `width` (Welford 1962; with forgetting, West 1979); see ../rnn/io/scaler.ts.
 *
 *   count | mean | m2 | low | deviation       each [width]
 */
import type { Address } from './arena.js';

/** What varies by less than this part of its mean is a constant: float64 hardly resolves it. */
const RESOLUTION = 2 ** -50;
/** Scaled values are clamped to this many deviations. */
export const MAX_DEVIATIONS = 10;

/** Lets a value of number i join; NaN does not. @param decay what each value's weight is multiplied by before */
export function scalerObserve(
  c: Float64Array,
  at: Address,
  width: number,
  i: number,
  value: number,
  decay: number,
  isCentred: boolean,
): void {
  if (Number.isNaN(value)) return;
  const p = at + i;
  const n = 1 + decay * c[p];
  c[p] = n;
  const square = isCentred ? moveMean(c, p + width, p + 3 * width, value, n) : value * value;
  c[p + 2 * width] = decay * c[p + 2 * width] + square;
  scalerDeviate(c, at, width, i);
}

/** Moves the mean of n values towards the last of them, and gives the product of its deviations from both means. */
function moveMean(c: Float64Array, meanAt: Address, lowAt: Address, value: number, n: number): number {
  const mean = c[meanAt];
  const low = c[lowAt];
  const delta = value - mean - low;
  const move = low + delta / n;
  const after = mean + move;
  const moved = after - mean;
  const rest = mean - (after - moved) + (move - moved);
  c[meanAt] = after;
  c[lowAt] = rest;
  return delta * (value - after - rest);
}

/** Works out the deviation of number i: 0 for what has not varied. */
export function scalerDeviate(c: Float64Array, at: Address, width: number, i: number): void {
  const p = at + i;
  const deviation = c[p] === 0 ? 0 : Math.sqrt(c[p + 2 * width] / c[p]);
  c[p + 4 * width] = deviation > Math.abs(c[p + width]) * RESOLUTION ? deviation : 0;
}

/** Gives value x of number i in deviations from the mean, or from 0. */
export function scalerScale(
  c: Float64Array,
  at: Address,
  width: number,
  i: number,
  x: number,
  isCentred: boolean,
): number {
  const p = at + i;
  const deviation = c[p + 4 * width];
  if (deviation === 0) return 0;
  const off = isCentred ? x - c[p + width] - c[p + 3 * width] : x;
  return Math.min(MAX_DEVIATIONS, Math.max(-MAX_DEVIATIONS, off / deviation));
}
