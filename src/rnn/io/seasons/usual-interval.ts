/**
 * The usual distance between the times of steps, whatever single ones are: of the last differences the median tells
 * which count, and as how many intervals, so that neither a gap nor a step that came twice moves it. The jitter of
 * neighbours cancels in their sum.
 */

/** Differences that are remembered, and how many make a usual one. */
const MEMORY = 64;
const FEWEST = 8;
/** A difference counts if it is within this part of the median from a whole number of medians, up to so many. */
const NEAR = 0.3;
const LONGEST_GAP = 16;
/** Times are regular where at least this share of the differences counts. */
const SHARE = 0.6;

export interface IntervalState {
  /** The differences [64]; those that are not there yet are 0. */
  readonly differences: Float64Array;
  readonly taken: number;
  /** The latest time, and whether there is one. */
  readonly last: number;
  readonly hasLast: boolean;
}

export class UsualInterval {
  private readonly differences = new Float64Array(MEMORY);
  private taken = 0;
  private last = 0;
  private hasLast = false;

  /** Takes the time of the next step, in milliseconds; NaN is unknown. A late one counts nothing. */
  take(time: number): void {
    if (!Number.isFinite(time)) return;
    const difference = time - this.last;
    const isFirst = !this.hasLast;
    if (isFirst || difference > 0) this.last = time;
    this.hasLast = true;
    if (isFirst || difference <= 0) return;
    this.differences[this.taken % MEMORY] = difference;
    this.taken++;
  }

  /** The milliseconds from one step to the next, or null where they do not come regularly. */
  get interval(): number | null {
    const count = Math.min(this.taken, MEMORY);
    if (count < FEWEST) return null;
    const sorted = this.differences.slice(0, count).sort();
    const median = sorted[Math.floor(count / 2)]!;
    let total = 0;
    let intervals = 0;
    let counted = 0;
    for (const difference of sorted) {
      const times = Math.round(difference / median);
      if (times < 1 || times > LONGEST_GAP || Math.abs(difference / median - times) > NEAR) continue;
      total += difference;
      intervals += times;
      counted++;
    }
    return counted >= SHARE * count ? total / intervals : null;
  }

  clear(): void {
    this.differences.fill(0);
    this.taken = 0;
    this.last = 0;
    this.hasLast = false;
  }

  state(): IntervalState {
    const { differences, taken, last, hasLast } = this;
    return { differences: differences.slice(), taken, last, hasLast };
  }

  restore({ differences, taken, last, hasLast }: IntervalState): void {
    this.differences.set(differences);
    this.taken = taken;
    this.last = last;
    this.hasLast = hasLast;
  }
}
