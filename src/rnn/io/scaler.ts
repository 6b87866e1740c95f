/**
 * Online standardisation, causal: a sample is scaled by the statistics of those before it, and only then joins them
 * (Welford 1962; with forgetting, West 1979). A feature that has not varied yet scales to 0, and so does one that is
 * missing for as long as no value of it is known; a missing number (NaN) joins nothing. Scaled values are clamped to +-10
 * deviations, so that one wild reading does not throw the weights.
 *
 * The mean is kept as the sum of two numbers, the second what rounding took off the first (Knuth's two-sum): the
 * deviations of a counter that stands at 10^12 are as fine as those of one that begins at 0.
 */
import { clamp } from '../../math/clamp.js';
import type { Level } from './wild-values.js';

export interface ScalerState {
  readonly count: Float64Array;
  readonly mean: Float64Array;
  readonly m2: Float64Array;
  /** The second part of the mean; version 0.1 had none. */
  readonly low?: Float64Array;
  /** Count, mean, m2 and low of the level before; version 0.1 had none. */
  readonly aside?: Float64Array;
}

export interface ScalerOptions {
  /** Samples after which one counts half; null never forgets. */
  readonly halfLife: number | null;
  /** The centre that deviations are measured from. */
  readonly centre: 'mean' | 'zero';
}

/** Scaled values are clamped to this many deviations. */
export const MAX_DEVIATIONS = 10;

/** What varies by less than this part of its mean is a constant: float64 hardly resolves it. */
const RESOLUTION = 2 ** -50;

/** Gives what a sample's weight is multiplied by at every new one: 1 - ln 2 / halfLife, with which it halves. */
export const decayOf = (halfLife: number | null): number => (halfLife === null ? 1 : 1 - Math.LN2 / halfLife);

export class StandardScaler {
  /** [ count | mean | m2 | low ], each [width]; in count each sample has the weight that is left of it. */
  private readonly sums: Float64Array;
  /** The same of the level before, for each feature. */
  private readonly aside: Float64Array;
  private readonly decay: number;
  /** Does it subtract the mean? Around zero there is none to keep. */
  private readonly isCentred: boolean;
  /** Standard deviations [width] of what has been seen; 0 for what has not varied. */
  readonly deviation: Float64Array;

  constructor(
    readonly width: number,
    { halfLife, centre }: ScalerOptions = { halfLife: null, centre: 'mean' },
  ) {
    this.isCentred = centre === 'mean';
    this.sums = new Float64Array(4 * width);
    this.aside = new Float64Array(4 * width);
    this.deviation = new Float64Array(width);
    this.decay = decayOf(halfLife);
  }

  /** Gives value `x` of feature i in deviations from the mean. */
  scale(x: number, i: number): number {
    const deviation = this.deviation[i]!;
    if (deviation === 0) return 0;
    const { sums, width } = this;
    const off = this.isCentred ? x - sums[width + i]! - sums[3 * width + i]! : x;
    return clamp(off / deviation, MAX_DEVIATIONS);
  }

  /** Gives scaled value `z` of feature i back in the user's units. */
  unscale(z: number, i: number): number {
    const { sums, width } = this;
    return sums[width + i]! + (sums[3 * width + i]! + z * this.deviation[i]!);
  }

  /** Lets `rows` rows [rows,width] of x, from `at` on, join the statistics. */
  observe(x: ArrayLike<number>, rows: number, at = 0): void {
    const { width } = this;
    for (let r = 0; r < rows; r++) for (let i = 0; i < width; i++) this.observeOne(x[at + r * width + i]!, i);
  }

  /** Lets one value of feature i join. */
  observeOne(value: number, i: number): void {
    if (Number.isNaN(value)) return;
    const { sums, width, decay } = this;
    const n = 1 + decay * sums[i]!;
    sums[i] = n;
    const square = this.isCentred ? this.moveMean(value, i, n) : value * value;
    sums[2 * width + i] = decay * sums[2 * width + i]! + square;
    this.deviate(i);
  }

  /** Moves the mean of n samples towards the last of them, and gives the product of its deviations from both means. */
  private moveMean(value: number, i: number, n: number): number {
    const { sums, width } = this;
    const [mean, low] = [sums[width + i]!, sums[3 * width + i]!];
    const delta = value - mean - low;
    const move = low + delta / n;
    const after = mean + move;
    const moved = after - mean;
    const rest = mean - (after - moved) + (move - moved);
    sums[width + i] = after;
    sums[3 * width + i] = rest;
    return delta * (value - after - rest);
  }

  /**
   * Takes other statistics for feature i, whose level is another one, and keeps the present ones aside: of a level that is
   * `new`, or true only now, it begins without any; `back` brings those that were kept aside.
   */
  exchange(i: number, level: Level): void {
    const { sums, aside, width } = this;
    for (let k = i; k < 4 * width; k += width) {
      const present = sums[k]!;
      sums[k] = level === 'back' ? aside[k]! : 0;
      aside[k] = level === 'anew' ? 0 : present;
    }
    this.deviate(i);
  }

  /** Forgets all that was seen. */
  clear(): void {
    for (const part of [this.sums, this.aside, this.deviation]) part.fill(0);
  }

  private deviate(i: number): void {
    const { sums, width } = this;
    if (sums[i] === 0) {
      this.deviation[i] = 0;
      return;
    }
    const deviation = Math.sqrt(sums[2 * width + i]! / sums[i]!);
    this.deviation[i] = deviation > Math.abs(sums[width + i]!) * RESOLUTION ? deviation : 0;
  }

  state(): ScalerState {
    const { sums, width } = this;
    const [count, mean, m2, low] = [0, 1, 2, 3].map((k) => sums.slice(k * width, (k + 1) * width));
    return { count: count!, mean: mean!, m2: m2!, low: low!, aside: this.aside.slice() };
  }

  restore({ count, mean, m2, low, aside }: ScalerState): void {
    const { sums, width } = this;
    sums.set(count);
    sums.set(mean, width);
    sums.set(m2, 2 * width);
    sums.fill(0, 3 * width);
    if (low) sums.set(low, 3 * width);
    if (aside) this.aside.set(aside);
    else this.aside.fill(0);
    for (let i = 0; i < width; i++) this.deviate(i);
  }
}
