/**
 * ADWIN: a window that grows while its numbers keep their mean, and drops its oldest ones where two parts of it differ
 * by more than chance would have it (Bifet and Gavalda 2007, ADWIN2). The window is an exponential histogram: row r has
 * at most BUCKETS buckets of 2^r numbers each, so that memory is constant and a check looks at a few cuts only.
 */
export interface AdwinState {
  /** Buckets in each row [ROWS]. */
  readonly counts: Float64Array;
  /** Mean and sum of squared deviations of each bucket [ROWS,BUCKETS + 1], oldest first in a row. */
  readonly means: Float64Array;
  readonly m2: Float64Array;
}

/** Most buckets of one size, the paper's M: 5 gives cuts within a fifth of where the change was. */
export const BUCKETS = 5;
/** Sizes of buckets: 1, 2, 4 .. LARGEST. The window holds at most BUCKETS * (2^16 - 1) = 327,675 numbers. */
export const ROWS = 16;
const LARGEST = 32_768;
/** Numbers are clamped to this many means of the window: the bound needs to know how far they can go. */
export const RANGE = 2;
/**
 * ln(2 / delta') of the paper's bound, as a constant: delta' = delta / cuts shares the confidence delta = .002 among
 * the BUCKETS * ROWS = 80 cuts that one check can make at most, so this is ln(2 * 80 / .002).
 */
export const LN_CONFIDENCE = 11.289781913656018;
/** A later part has risen only where its mean is this much above that of the part before. */
export const TOLERANCE = 0.25;

const SLOTS = BUCKETS + 1; // one more, for the moment before two are merged

export class Adwin {
  private counts = new Float64Array(ROWS);
  private means = new Float64Array(ROWS * SLOTS);
  private m2 = new Float64Array(ROWS * SLOTS);
  /** Numbers in the window, their mean and their sum of squared deviations. */
  width = 0;
  mean = 0;
  private deviations = 0;

  /** Variance of the window; 0 while it is empty. */
  get variance(): number {
    return this.width === 0 ? 0 : this.deviations / this.width;
  }

  /**
   * Takes a number >= 0 and gives what became of the mean: 1 where it rose, -1 where it fell (the window now has the
   * later part only), 0 where it is what it was.
   */
  observe(value: number): -1 | 0 | 1 {
    this.insert(this.width === 0 ? value : Math.min(value, RANGE * this.mean));
    this.sum();
    let change: -1 | 0 | 1 = 0;
    for (let cut = this.cut(); cut !== 0; cut = this.cut()) {
      change = cut;
      this.drop();
      this.sum();
    }
    return change;
  }

  private insert(value: number): void {
    const { counts, means, m2 } = this;
    let mean = value;
    let squares = 0;
    for (let row = 0, size = 1; row < ROWS; row++, size *= 2) {
      const first = row * SLOTS;
      const count = counts[row]!++;
      means[first + count] = mean;
      m2[first + count] = squares;
      if (count < BUCKETS) return;
      // one too many: the two oldest become one bucket of the next row, or leave the last
      const apart = means[first + 1]! - means[first]!;
      mean = means[first]! + apart / 2;
      squares = m2[first]! + m2[first + 1]! + (apart * apart * size) / 2;
      this.shift(row, row < ROWS - 1 ? 2 : 1);
    }
  }

  /** Takes the oldest bucket away. */
  private drop(): void {
    let row = ROWS - 1;
    while (this.counts[row] === 0) row--;
    this.shift(row, 1);
  }

  private shift(row: number, buckets: number): void {
    const first = row * SLOTS;
    this.means.copyWithin(first, first + buckets, first + SLOTS);
    this.m2.copyWithin(first, first + buckets, first + SLOTS);
    this.counts[row]! -= buckets;
    // what is not in use is 0, so that equal windows have equal states
    this.means.fill(0, first + this.counts[row]!, first + SLOTS);
    this.m2.fill(0, first + this.counts[row]!, first + SLOTS);
  }

  /** Sums the window up again, oldest bucket first (Chan et al. 1979): no rounding piles up over an endless stream. */
  private sum(): void {
    const { counts, means, m2 } = this;
    let width = 0;
    let mean = 0;
    let deviations = 0;
    for (let row = ROWS - 1, size = LARGEST; row >= 0; row--, size /= 2) {
      const end = row * SLOTS + counts[row]!;
      for (let k = row * SLOTS; k < end; k++) {
        const apart = means[k]! - mean;
        const share = size / (width + size);
        deviations += m2[k]! + apart * apart * width * share;
        mean += apart * share;
        width += size;
      }
    }
    this.width = width;
    this.mean = mean;
    this.deviations = deviations;
  }

  /**
   * Looks for a cut between buckets with |mean1 - mean0| > e (equation 3.1 of the paper, Bernstein):
   * e = sqrt(2 / m * variance * ln(2 / delta')) + 2 / (3 m) * range * ln(2 / delta'), 1 / m = 1 / n0 + 1 / n1.
   */
  private cut(): -1 | 0 | 1 {
    const { counts, means, width, mean } = this;
    const spread = 2 * LN_CONFIDENCE * this.variance;
    const reach = (2 / 3) * LN_CONFIDENCE * RANGE * mean;
    let n0 = 0;
    let mean0 = 0;
    for (let row = ROWS - 1, size = LARGEST; row >= 0; row--, size /= 2) {
      const end = row * SLOTS + counts[row]!;
      for (let k = row * SLOTS; k < end; k++) {
        n0 += size;
        mean0 += ((means[k]! - mean0) * size) / n0;
        const n1 = width - n0;
        if (n1 === 0) return 0;
        const apart = ((mean - mean0) * width) / n1; // mean1 - mean0
        const perM = width / (n0 * n1);
        const bound = Math.sqrt(perM * spread) + perM * reach;
        if (apart < -bound) return -1;
        if (apart > Math.max(bound, TOLERANCE * mean0)) return 1;
      }
    }
    return 0;
  }

  clear(): void {
    this.counts.fill(0);
    this.means.fill(0);
    this.m2.fill(0);
    this.sum();
  }

  state(): AdwinState {
    return { counts: this.counts.slice(), means: this.means.slice(), m2: this.m2.slice() };
  }

  restore({ counts, means, m2 }: AdwinState): void {
    this.counts = counts.slice();
    this.means = means.slice();
    this.m2 = m2.slice();
    this.sum();
  }
}
