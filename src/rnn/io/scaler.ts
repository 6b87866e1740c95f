/**
 * Online standardisation, causal: a sample is scaled by the statistics of those before it, and only then joins them
 * (Welford 1962; with forgetting, West 1979). A feature that has not varied yet scales to 0, and so does one that is
 * missing for as long as no value of it is known; a missing number (NaN) joins nothing. Scaled values are clamped to +-10
 * deviations, so that one wild reading does not throw the weights.
 */
import { clamp } from '../../math/clamp.js';

export interface ScalerState {
  readonly count: Float64Array;
  readonly mean: Float64Array;
  readonly m2: Float64Array;
}

export interface ScalerOptions {
  /** Samples after which one counts half; null never forgets. */
  readonly halfLife: number | null;
  /** The centre that deviations are measured from. */
  readonly centre: 'mean' | 'zero';
}

/** Scaled values are clamped to this many deviations. */
export const MAX_DEVIATIONS = 10;

/** Gives what a sample's weight is multiplied by at every new one: 1 - ln 2 / halfLife, with which it halves. */
export const decayOf = (halfLife: number | null): number => (halfLife === null ? 1 : 1 - Math.LN2 / halfLife);

export class StandardScaler {
  /** [ count | mean | m2 ], each [width]; in count each sample has the weight that is left of it. */
  private readonly sums: Float64Array;
  private readonly decay: number;
  /** Standard deviations [width] of what has been seen; 0 for what has not varied. */
  readonly deviation: Float64Array;

  constructor(
    readonly width: number,
    private readonly options: ScalerOptions = { halfLife: null, centre: 'mean' },
  ) {
    this.sums = new Float64Array(3 * width);
    this.deviation = new Float64Array(width);
    this.decay = decayOf(options.halfLife);
  }

  /** Gives value `x` of feature i in deviations from the mean. */
  scale(x: number, i: number): number {
    const deviation = this.deviation[i]!;
    if (deviation === 0) return 0;
    return clamp((x - this.sums[this.width + i]!) / deviation, MAX_DEVIATIONS);
  }

  /** Gives scaled value `z` of feature i back in the user's units. */
  unscale(z: number, i: number): number {
    return this.sums[this.width + i]! + z * this.deviation[i]!;
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
    const [mean, m2] = [width + i, 2 * width + i];
    const n = 1 + decay * sums[i]!;
    sums[i] = n;
    if (this.options.centre === 'zero') sums[m2] = decay * sums[m2]! + value * value;
    else {
      const delta = value - sums[mean]!;
      sums[mean]! += delta / n;
      sums[m2] = decay * sums[m2]! + delta * (value - sums[mean]!);
    }
    this.deviate(i);
  }

  private deviate(i: number): void {
    const { sums, width } = this;
    const deviation = Math.sqrt(sums[2 * width + i]! / sums[i]!);
    this.deviation[i] = deviation > Math.abs(sums[width + i]!) * 1e-9 ? deviation : 0;
  }

  state(): ScalerState {
    const { sums, width } = this;
    return { count: sums.slice(0, width), mean: sums.slice(width, 2 * width), m2: sums.slice(2 * width) };
  }

  restore({ count, mean, m2 }: ScalerState): void {
    const { sums, width } = this;
    sums.set(count);
    sums.set(mean, width);
    sums.set(m2, 2 * width);
    for (let i = 0; i < width; i++) this.deviate(i);
  }
}
