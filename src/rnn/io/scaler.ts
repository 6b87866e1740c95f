/**
 * Online standardisation, causal: a sample is scaled by the statistics of those before it, and only then joins them
 * (Welford 1962; with forgetting, West 1979). A feature that has not varied yet scales to 0, and so does one that is
 * missing for as long as no value of it is known; a missing number (NaN) joins nothing. Scaled values are clamped to +-10
 * deviations, so that one wild reading does not throw the weights.
 *
 * The mean is kept as the sum of two numbers, the second what rounding took off the first (Knuth's two-sum): the
 * deviations of a counter that stands at 10^12 are as fine as those of one that begins at 0.
 */
import type { Address } from '../../kernels/arena.js';
import { type ColumnStore, type Columns, looseColumns } from '../../kernels/columns.js';
import { MAX_DEVIATIONS, scalerDeviate, scalerObserve, scalerScale } from '../../kernels/scaler-columns.js';
import { type Put, putNow, type Take, takeNow } from '../state-copies.js';
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

export { MAX_DEVIATIONS };

/** Gives what a sample's weight is multiplied by at every new one: 1 - ln 2 / halfLife, with which it halves. */
export const decayOf = (halfLife: number | null): number => (halfLife === null ? 1 : 1 - Math.LN2 / halfLife);

export class StandardScaler {
  /**
   * [ count | mean | m2 | low | deviation ], each [width], and the first four of the level before: in count each sample has
   * the weight that is left of it.
   */
  private readonly columns: Columns;
  /** What a sample's weight is multiplied by at every new one. */
  readonly decay: number;
  /** Does it subtract the mean? Around zero there is none to keep. */
  readonly isCentred: boolean;

  constructor(
    readonly width: number,
    { halfLife, centre }: ScalerOptions = { halfLife: null, centre: 'mean' },
    store: ColumnStore = looseColumns,
  ) {
    this.isCentred = centre === 'mean';
    this.columns = store.allocateColumns(9 * width);
    this.decay = decayOf(halfLife);
  }

  /** Where its numbers lie in the columns. */
  get at(): Address {
    return this.columns.base;
  }

  /** Where the deviations [width] lie. */
  get deviationsAt(): Address {
    return this.columns.base + 4 * this.width;
  }

  /** The standard deviation of what has been seen of feature i; 0 for what has not varied. */
  deviationOf(i: number): number {
    return this.columns.array[4 * this.width + i]!;
  }

  /** The deviations [width], a copy. */
  get deviation(): Float64Array {
    return this.columns.array.slice(4 * this.width, 5 * this.width);
  }

  /** Gives value `x` of feature i in deviations from the mean. */
  scale(x: number, i: number): number {
    return scalerScale(this.columns.array, 0, this.width, i, x, this.isCentred);
  }

  /** Gives scaled value `z` of feature i back in the user's units. */
  unscale(z: number, i: number): number {
    const { width } = this;
    const sums = this.columns.array;
    return sums[width + i]! + (sums[3 * width + i]! + z * sums[4 * width + i]!);
  }

  /** Lets `rows` rows [rows,width] of x, from `at` on, join the statistics. */
  observe(x: ArrayLike<number>, rows: number, at = 0): void {
    const { width } = this;
    for (let r = 0; r < rows; r++) for (let i = 0; i < width; i++) this.observeOne(x[at + r * width + i]!, i);
  }

  /** Lets one value of feature i join. */
  observeOne(value: number, i: number): void {
    scalerObserve(this.columns.array, 0, this.width, i, value, this.decay, this.isCentred);
  }

  /**
   * Takes other statistics for feature i, whose level is another one, and keeps the present ones aside: of a `new` level it
   * begins without any, `again` after a wild beginning too; `back` brings those that were kept aside.
   */
  exchange(i: number, level: Level): void {
    const { width } = this;
    const sums = this.columns.array;
    const aside = 5 * width;
    for (let k = i; k < 4 * width; k += width) {
      const present = sums[k]!;
      sums[k] = level === 'back' ? sums[aside + k]! : 0;
      sums[aside + k] = level === 'again' ? 0 : present;
    }
    scalerDeviate(sums, 0, width, i);
  }

  /** Forgets all that was seen. */
  clear(): void {
    this.columns.array.fill(0);
  }

  state(take: Take = takeNow): ScalerState {
    const { width, columns } = this;
    const [count, mean, m2, low] = [0, 1, 2, 3].map((k) => take([columns, k * width, (k + 1) * width]));
    return { count: count!, mean: mean!, m2: m2!, low: low!, aside: take([columns, 5 * width]) };
  }

  restore({ count, mean, m2, low, aside }: ScalerState, put: Put = putNow): void {
    const { width, columns } = this;
    columns.array.fill(0, 3 * width);
    put(columns, count);
    put(columns, mean, width);
    if (low) put(columns, low, 3 * width);
    if (aside) put(columns, aside, 5 * width);
    put(columns, m2, 2 * width, (from, to) => {
      for (let i = from; i < to; i++) scalerDeviate(columns.array, 0, width, i);
    });
  }
}
