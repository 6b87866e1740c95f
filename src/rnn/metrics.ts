/**
 * Prequential metrics: each prediction is scored with the target that came for it, before anything is learned from
 * that target (Gama et al. 2013). Errors are in the user's units; the mean is over batch rows and outputs.
 */
export interface Metrics {
  /** Targets scored. */
  readonly scored: number;
  /** Mean absolute and root mean squared error of all of them. */
  readonly mae: number | null;
  readonly rmse: number | null;
  /** Mean absolute error of the last ones: an exponential window of RECENT steps. */
  readonly recentMae: number | null;
  /** The same of the naive forecast "as it is now"; null where the task is no forecast. */
  readonly naiveMae: number | null;
  readonly recentNaiveMae: number | null;
}

export interface MetricsState {
  readonly sums: readonly number[];
  readonly past: Float64Array;
  readonly seen: number;
}

/** Length of the exponential window, in targets. */
export const RECENT = 500;

export class Prequential {
  private scored = 0;
  private absolute = 0;
  private squared = 0;
  private recent = 0;
  private naiveScored = 0;
  private naive = 0;
  private recentNaive = 0;
  /** The last `horizon` values of the forecast features: the naive forecasts still open. */
  private past: Float64Array;
  private seen = 0;

  /** @param horizon steps ahead of the naive forecast, 0 for none. @param size batch rows * outputs. */
  constructor(
    private readonly horizon: number,
    private readonly size: number,
  ) {
    this.past = new Float64Array(horizon * size);
  }

  /** Scores prediction against target, both [size], at their addresses. */
  score(m: ArrayLike<number>, prediction: number, target: number): void {
    let absolute = 0;
    let squared = 0;
    for (let j = 0; j < this.size; j++) {
      const error = m[prediction + j]! - m[target + j]!;
      absolute += Math.abs(error);
      squared += error * error;
    }
    this.scored++;
    this.absolute += absolute / this.size;
    this.squared += squared / this.size;
    this.recent += (absolute / this.size - this.recent) / Math.min(this.scored, RECENT);
  }

  /** Scores the naive forecast for `values` [size], then keeps them as the naive forecast to come. */
  scoreNaive(values: ArrayLike<number>): void {
    const slot = (this.seen % this.horizon) * this.size;
    let absolute = 0;
    for (let j = 0; j < this.size; j++) {
      absolute += Math.abs(values[j]! - this.past[slot + j]!);
      this.past[slot + j] = values[j]!;
    }
    if (this.seen++ < this.horizon) return;
    this.naiveScored++;
    this.naive += absolute / this.size;
    this.recentNaive += (absolute / this.size - this.recentNaive) / Math.min(this.naiveScored, RECENT);
  }

  /** Forgets the open naive forecasts: the history begins anew. */
  restart(): void {
    this.seen = 0;
  }

  /** Forgets all that was scored. */
  clear(): void {
    this.restore({ sums: [], past: this.past, seen: this.seen });
  }

  read(): Metrics {
    const { scored, naiveScored } = this;
    return {
      scored,
      mae: scored ? this.absolute / scored : null,
      rmse: scored ? Math.sqrt(this.squared / scored) : null,
      recentMae: scored ? this.recent : null,
      naiveMae: naiveScored ? this.naive / naiveScored : null,
      recentNaiveMae: naiveScored ? this.recentNaive : null,
    };
  }

  state(): MetricsState {
    const { scored, absolute, squared, recent, naiveScored, naive, recentNaive, past, seen } = this;
    return {
      sums: [scored, absolute, squared, recent, naiveScored, naive, recentNaive],
      past: past.slice(),
      seen,
    };
  }

  restore({ sums, past, seen }: MetricsState): void {
    const [scored = 0, absolute = 0, squared = 0, recent = 0, naiveScored = 0, naive = 0, recentNaive = 0] =
      sums;
    Object.assign(this, { scored, absolute, squared, recent, naiveScored, naive, recentNaive, seen });
    this.past = past.slice();
  }
}
