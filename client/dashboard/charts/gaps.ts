/** Gaps in readings: how many there were, and the readings that stand alone between two. */

/** Counts the gaps of each of many numbers over the last steps. */
export class GapCount {
  private readonly counts: Uint32Array;
  private readonly isGap: Uint8Array;
  private readonly run: Uint32Array;
  private total = 0;

  /**
   * @param width numbers in one step
   * @param window steps that are counted over
   */
  constructor(
    private readonly width: number,
    readonly window = 1000,
  ) {
    this.counts = new Uint32Array(width);
    this.isGap = new Uint8Array(width * window);
    this.run = new Uint32Array(width);
  }

  /** Steps that are counted over now. */
  get steps(): number {
    return Math.min(this.total, this.window);
  }

  /** Adds a step: `width` numbers of `x`, from `at` on. */
  add(x: ArrayLike<number>, at = 0): void {
    const { width, counts, isGap, run } = this;
    const base = (this.total++ % this.window) * width;
    for (let i = 0; i < width; i++) {
      const now = Number.isNaN(x[at + i]) ? 1 : 0;
      counts[i] = (counts[i] as number) + now - (isGap[base + i] as number);
      isGap[base + i] = now;
      run[i] = now * ((run[i] as number) + 1);
    }
  }

  /** Gives how many there were since the last reading. */
  since(index: number): number {
    return this.run[index] ?? 0;
  }

  of(index: number): number {
    return this.counts[index] ?? 0;
  }
}

/**
 * Gives the places of numbers that have a gap, or nothing, to either side: a line has no length there. Null is a gap,
 * undefined a place that says nothing.
 */
export function aloneAt(values: ArrayLike<number | null | undefined>): number[] {
  const alone: number[] = [];
  let last = -1;
  let isLinked = false;
  for (let i = 0; i < values.length; i++) {
    const value = values[i];
    if (value === undefined) continue;
    if (value === null) {
      if (last >= 0 && !isLinked) alone.push(last);
      [last, isLinked] = [-1, false];
    } else {
      isLinked = last >= 0;
      last = i;
    }
  }
  if (last >= 0 && !isLinked) alone.push(last);
  return alone;
}
