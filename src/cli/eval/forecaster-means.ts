/** Who forecast each output over the rows of a pass: the mean of the weights. */
import { type ForecasterShare, sharesOf } from '../../fields/forecaster-shares.js';
import type { Model } from '../../rnn/model.js';

export type Weights = NonNullable<Model['forecasters']>;

export class ForecasterMeans {
  private names: readonly string[] = [];
  /** Sums of the weights [M,E], and the rows in them. */
  private sums = new Float64Array(0);
  private rows = 0;

  add({ names, weights }: Weights): void {
    if (this.rows === 0) {
      this.names = names;
      this.sums = new Float64Array(weights.length);
    }
    this.rows++;
    for (let i = 0; i < weights.length; i++) this.sums[i]! += weights[i]!;
  }

  /** Gives the forecasters of output m, largest share first; none where nothing was added. */
  of(m: number): ForecasterShare[] {
    const E = this.names.length;
    const means = Array.from(this.sums.subarray(m * E, (m + 1) * E), (sum) => sum / this.rows);
    return sharesOf(this.names, means);
  }
}

/** Gives the name of the forecaster of output m that counts most; null where none counts. */
export function heaviest({ names, weights }: Weights, m: number): string | null {
  const E = names.length;
  let best = 0;
  for (let e = 1; e < E; e++) if (weights[m * E + e]! > weights[m * E + best]!) best = e;
  return weights[m * E + best]! > 0 ? names[best]! : null;
}
