/**
 * The range that holds the coming value with a stated probability: y +- q s, with q by adaptive conformal inference
 * (Gibbs and Candes 2021) in the form that moves the quantile itself (Angelopoulos, Candes and Tibshirani 2023, section
 * 2.1), here by factors:
 *
 *   s = sqrt(mean |e| of about 40 errors * mean |e| of about 700)      q *= 1 + gamma (miss - alpha)
 *
 * where a miss is 1 if the value lay outside the range that was served for it, and alpha is 1 - probability. However the
 * errors come, the share of misses goes to alpha. gamma falls to its floor as 1 / sqrt(errors). What an error adds to s is bounded.
 *
 *   fast | slow | q | errors seen
 */
import type { Address } from './arena.js';

export const RANGE_LENGTH = 4;

/** q of the first ranges: the 0.9 quantile of |e| in mean |e|, between a normal law's 2.06 and Laplace's 2.30. */
export const FIRST_Q = 2.2;
/** Least and greatest q. */
const LEAST = 1e-3;
const GREATEST = 1e3;
/** Weights of an error in the two means, whose half-lives are 30 and 500 errors. */
const FAST = 0.022840031565754093;
const SLOW = 0.0013853338989711084;
/** The steps of q: so much over the root of the errors seen, but no less than the floor. */
const STEP = 1.25;
const FLOOR = 0.05;
/** Errors before the first range. */
const WARM = 5;
/** An error counts as no more than this many half-widths, once so many were seen. */
const CLIP = 6;
const KNOWN = 20;

/** The half-width of the next range; 0 for as long as too few errors have been seen. */
export const rangeWidth = (c: Float64Array, at: Address): number =>
  c[at + 3] > WARM ? c[at + 2] * Math.sqrt(c[at] * c[at + 1]) : 0;

/** Takes the absolute error of a forecast, and the half-width of the range that was served with it, 0 for none. */
export function rangeObserve(
  c: Float64Array,
  at: Address,
  alpha: number,
  error: number,
  width: number,
): void {
  const seen = ++c[at + 3];
  if (width > 0) {
    const gamma = Math.max(FLOOR, STEP / Math.sqrt(seen));
    const q = c[at + 2] * (1 + gamma * ((error > width ? 1 : 0) - alpha));
    c[at + 2] = Math.min(GREATEST, Math.max(LEAST, q));
  }
  const most = CLIP * c[at + 2] * Math.sqrt(c[at] * c[at + 1]);
  const counted = seen > KNOWN && most > 0 ? Math.min(error, most) : error;
  const share = 1 / seen;
  c[at] = c[at] + (counted - c[at]) * Math.max(share, FAST);
  c[at + 1] = c[at + 1] + (counted - c[at + 1]) * Math.max(share, SLOW);
}
