/**
 * How far the autocorrelation at a lag stands above the lags around it. Over one whole period around lag S the
 * autocorrelation r of a season sums to nothing, while that of a trend, of a random walk or of any memory that fades
 * is no lower there than at S. So, with the mean of r over lags S - S/2 .. S + S/2,
 *
 *   contrast = (r(S) - mean) / (1 - mean) = 1 - v(S) / v,
 *
 * which is how much smaller the variance v(S) of x_t - x_(t-S) is than that of x_t - x_(t-m) for lags m like S: of a
 * season in noise its share of the variance, whatever is slower than the season. It is the mean over the first
 * multiples of S that were seen, because a pseudo-cycle fades over them and a season does not.
 */
import type { Autocorrelation } from './autocorrelation.js';

/** Multiples of a period that it has to hold over, as far as they were seen. */
const MULTIPLES = 8;

export interface Contrast {
  readonly strength: number;
  /** Its standard error where there is no season. */
  readonly error: number;
}

/** Gives the contrast at lag `period` of `n` values; S + S/2 must be a lag of `a`. */
export function contrastAt(a: Autocorrelation, period: number, n: number): Contrast {
  const lags = a.r.length - 1;
  const half = Math.floor(period / 2);
  let strength = 0;
  let variance = 0;
  let count = 0;
  for (let lag = period; count < MULTIPLES && lag + half <= lags; lag += period) {
    const mean = meanAround(a, lag, period);
    const above = Math.max(1e-9, 1 - mean);
    strength += (a.r[lag]! - mean) / above;
    variance += bartlett(a, half, mean, above) / (n - lag);
    count++;
  }
  return { strength: strength / count, error: Math.sqrt(variance) / count };
}

/** Gives the mean of r over one whole period around `lag`, whose two ends count half if the period is even. */
function meanAround({ r, sum }: Autocorrelation, lag: number, period: number): number {
  const half = Math.floor(period / 2);
  const all = sum[lag + half + 1]! - sum[lag - half]!;
  const ends = period % 2 === 0 ? (r[lag - half]! + r[lag + half]!) / 2 : 0;
  return (all - ends) / period;
}

/** Gives 1 + 2 sum of rho_k^2 over k = 1 .. half: n times the variance of r beyond a memory of `half` steps (Bartlett 1946). */
function bartlett({ sum, squares }: Autocorrelation, half: number, mean: number, above: number): number {
  const first = sum[half + 1]! - sum[1]!;
  const second = squares[half + 1]! - squares[1]!;
  return 1 + (2 * Math.max(0, second - 2 * mean * first + half * mean * mean)) / (above * above);
}
