/**
 * Anomaly score: how unlikely the recent forecast errors are under the errors before them, in [0, 1] at every step.
 *
 *   u_t = mean_j ln(1 + (e_j / s_j)^2)           surprise: -ln density of a Cauchy error of scale s_j, up to a constant
 *   z_t = (mean of the last SHORT u - m) / d     s: mean |e|; m, d: mean, deviation of that mean; all over about LONG
 *   L_t = -log10 Q(z_t) / DECADES                tail probability, from 0 to 1 (Ahmad et al. 2017, section 3)
 *
 * A value outside the range seen so far scores 1 (NAB's rule for spatial anomalies). An anomaly that goes on is one: its
 * level is reported once and then fades, and until a much less likely value arrives, only the excess over that level is
 * scored.
 * Causal: each step is judged by those before it. A missing number (NaN) is not judged and joins nothing. Only
 * + - * / sqrt, so that every machine gives the same bits.
 */
import { ln } from '../../math/logarithm.js';

export interface AnomalyState {
  /** Count, level, sum of the recent surprises, mean and variance of their mean. */
  readonly sums: readonly number[];
  readonly recent: Float64Array;
  readonly seen: Float64Array;
  readonly scale: Float64Array;
  readonly low: Float64Array;
  readonly high: Float64Array;
}

/** A score that reaches this is worth an event: a value that comes once in 10^(DECADES / 2) = 1000 steps, or out of range. */
export const EVENT = 0.5;

/** Steps in the recent mean: enough to tell a lasting change from one odd step. */
const SHORT = 30;
/** Steps of the history that it is compared with: an exponential window, after a plain mean up to there. */
const LONG = 4000;
/** Steps that only teach: their score is 0. */
const WARM = 100;
/** Powers of ten from score 0 to 1. */
const DECADES = 6;
/** How much less likely than the reported level a value must be to be reported again: two powers of ten. */
const MARGIN = 2 / DECADES;
/** How far the level fades in a step: a power of ten in 20. */
const FADE = 1 / (20 * DECADES);
/** How far outside a value must be, in parts of the range; more while that is known from few steps. */
const TOLERANCE = 0.05;
/** The least deviation of a mean surprise: below it errors differ by nothing that matters. */
const LEAST_DEVIATION = 0.05;
/** The largest error in scales; it bounds what one step weighs. */
const LARGEST_RATIO = 1e6;

export class AnomalyScore {
  private count = 0;
  private level = 0;
  private sum = 0;
  private mean = 0;
  private variance = 0;
  /** The last SHORT surprises, as a ring. */
  private recent = new Float64Array(SHORT);
  /** Numbers judged, their mean absolute errors, the least and the largest of them [size]. */
  private seen: Float64Array;
  private scale: Float64Array;
  private low: Float64Array;
  private high: Float64Array;
  /** The more numbers a step has, the further out the farthest of them lies by chance. */
  private readonly tolerance: number;

  /** @param size numbers in a target: batch rows * outputs */
  constructor(private readonly size: number) {
    this.seen = new Float64Array(size);
    this.scale = new Float64Array(size);
    this.low = new Float64Array(size);
    this.high = new Float64Array(size);
    this.tolerance = TOLERANCE * (1 + ln(size));
  }

  /**
   * Scores a target [size] against its forecast, which lies in m, and lets both join the history.
   *
   * @example
   * const anomaly = new AnomalyScore(1)
   * const isEvent = anomaly.score([20.5], [20.1]) >= EVENT
   */
  score(target: ArrayLike<number>, m: ArrayLike<number>, forecast = 0): number {
    const { size } = this;
    let isOutside = false;
    let surprise = 0;
    let present = 0;
    for (let j = 0; j < size; j++) {
      const value = target[j]!;
      const error = Math.abs(value - m[forecast + j]!);
      if (Number.isNaN(error)) continue;
      present++;
      surprise += this.surprise(error, j);
      if (this.widen(value, j)) isOutside = true;
    }
    if (present === 0) return 0;
    const likelihood = this.judge(surprise / present);
    if (this.count <= WARM) return 0;
    this.level = isOutside ? 1 : Math.max(0, this.level - FADE);
    if (isOutside) return 1;
    if (likelihood <= this.level + MARGIN) return Math.max(0, likelihood - this.level);
    this.level = likelihood;
    return likelihood;
  }

  clear(): void {
    this.restore(new AnomalyScore(this.size).state());
  }

  state(): AnomalyState {
    const { count, level, sum, mean, variance, recent, seen, scale, low, high } = this;
    return {
      sums: [count, level, sum, mean, variance],
      recent: recent.slice(),
      seen: seen.slice(),
      scale: scale.slice(),
      low: low.slice(),
      high: high.slice(),
    };
  }

  restore({ sums, recent, seen, scale, low, high }: AnomalyState): void {
    const [count = 0, level = 0, sum = 0, mean = 0, variance = 0] = sums;
    Object.assign(this, { count, level, sum, mean, variance });
    this.recent = recent.slice();
    this.seen = seen.slice();
    this.scale = scale.slice();
    this.low = low.slice();
    this.high = high.slice();
  }

  /** Gives output j's part of u_t, by its scale before this step, then lets the error join that. */
  private surprise(error: number, j: number): number {
    const scale = this.scale[j]!;
    const ratio = scale > 0 ? Math.min(LARGEST_RATIO, error / scale) : 0;
    const seen = ++this.seen[j]!;
    this.scale[j] = scale + (error - scale) / Math.min(seen, LONG);
    return ln(1 + ratio * ratio);
  }

  /** Tells if a value lies outside the range before this step, and widens the range to it. */
  private widen(value: number, j: number): boolean {
    const seen = this.seen[j]!;
    const low = seen > 1 ? this.low[j]! : value;
    const high = seen > 1 ? this.high[j]! : value;
    this.low[j] = Math.min(low, value);
    this.high[j] = Math.max(high, value);
    const slack = (high - low) * this.tolerance * (1 + WARM / seen);
    return seen > WARM && (value < low - slack || value > high + slack);
  }

  /** Gives L_t, by the history before this step, then lets the recent mean join it. */
  private judge(surprise: number): number {
    const slot = this.count % SHORT;
    const weight = 1 / Math.min(++this.count, LONG);
    this.sum += surprise - this.recent[slot]!;
    this.recent[slot] = surprise;
    const delta = this.sum / Math.min(this.count, SHORT) - this.mean;
    const z = delta / Math.sqrt(Math.max(this.variance, LEAST_DEVIATION * LEAST_DEVIATION));
    this.mean += weight * delta;
    this.variance = (1 - weight) * (this.variance + weight * delta * delta);
    return z > 0 ? Math.min(1, rarity(z) / DECADES) : 0;
  }
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
