/**
 * Online standardisation, causal: a sample is scaled by the statistics of those before it, and only then joins them
 * (Welford 1962). A feature that has not varied yet scales to 0. Scaled values are cut at +-10 deviations, so that
 * one wild reading does not throw the weights.
 */
export interface ScalerState {
  readonly count: number;
  readonly mean: Float64Array;
  readonly m2: Float64Array;
}

const CUT = 10;

export class StandardScaler {
  private count = 0;
  private mean: Float64Array;
  private m2: Float64Array;
  /** Standard deviations [width] of what has been seen; 0 for what has not varied. */
  readonly deviation: Float64Array;

  constructor(readonly width: number) {
    this.mean = new Float64Array(width);
    this.m2 = new Float64Array(width);
    this.deviation = new Float64Array(width);
  }

  /** Gives value `x` of feature i in deviations from the mean. */
  scale(x: number, i: number): number {
    const deviation = this.deviation[i]!;
    if (deviation === 0) return 0;
    return Math.min(CUT, Math.max(-CUT, (x - this.mean[i]!) / deviation));
  }

  /** Gives scaled value `z` of feature i back in the user's units. */
  unscale(z: number, i: number): number {
    const deviation = this.deviation[i]!;
    return deviation === 0 ? this.mean[i]! : this.mean[i]! + z * deviation;
  }

  /** Lets `rows` rows [rows,width] of x, from `at` on, join the statistics. */
  observe(x: ArrayLike<number>, rows: number, at = 0): void {
    const { width, mean, m2 } = this;
    for (let r = 0; r < rows; r++) {
      this.count++;
      for (let i = 0; i < width; i++) {
        const value = x[at + r * width + i]!;
        const delta = value - mean[i]!;
        mean[i]! += delta / this.count;
        m2[i]! += delta * (value - mean[i]!);
      }
    }
    this.deviate();
  }

  private deviate(): void {
    for (let i = 0; i < this.width; i++) {
      const deviation = Math.sqrt(this.m2[i]! / this.count);
      this.deviation[i] = deviation > Math.abs(this.mean[i]!) * 1e-9 ? deviation : 0;
    }
  }

  state(): ScalerState {
    return { count: this.count, mean: this.mean.slice(), m2: this.m2.slice() };
  }

  restore({ count, mean, m2 }: ScalerState): void {
    this.count = count;
    this.mean = mean.slice();
    this.m2 = m2.slice();
    this.deviate();
  }
}
