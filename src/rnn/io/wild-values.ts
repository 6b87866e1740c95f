/**
 * Tells the values that no sensor meant: far outside all that came before. They are to be taken as gaps, until so many in
 * a row say that the level has changed for good.
 *
 * A value is wild if it lies outside the range of the past by more than that range is wide; of a feature that has not
 * varied yet, by more than ten times its size; nothing is wild of one that has always been 0, as of a switch. The first WARM values are looked at together: what lies far from their median
 * was wild, and the feature begins again without it. After PATIENCE wild values in a row their range replaces the old one,
 * which is remembered: a value that lies in it again, as when a unit was wrong for an hour, brings it back at once. Two
 * levels that the feature goes to and fro between, as a machine that is on and off, are one range from the RETURNS-th
 * return on.
 */

import { type Put, putNow, type Take, takeNow } from '../state-copies.js';

/** Of which level the values are from one on: a new one, the one before, or, after a wild beginning, the true one. */
export type Level = 'new' | 'back' | 'again';

/** What a value is: as ever, wild, or the first of another level. */
export type Verdict = 'usual' | 'wild' | Level;

/** Wild values in a row that make a new level. */
export const PATIENCE = 12;
/** Values before any can be wild; with few the range is wider, by the share WARM / seen. */
const WARM = 32;
/** How far outside a value is wild, in widths of the range; and in magnitudes where the range has no width. */
const MARGIN = 1;
const MAGNITUDES = 10;
/** What a step takes off the distance of a bound to the value: half in about 7,000 steps. */
const FADE = 1e-4;

/** How far outside the range of another level a value may lie to be of it, in widths of that. */
const SLACK = 0.25;
/** How far from the median one of the first values is wild, in median distances from it. */
const DISTANCES = 50;
/** So many returns, each within so many values of the one before, make one range of two. */
const RETURNS = 16;
const SOON = 1024;

/**
 * Numbers of a feature: count, low, high; wild ones in a row, their low and high; has it another range, its low and high;
 * returns, and the values since the last one; the first values.
 */
const FIRST = 11;
const WIDTH = FIRST + WARM;

export class WildValues {
  private readonly c: Float64Array;

  /** @param count features of all batch rows */
  constructor(count: number) {
    this.c = new Float64Array(count * WIDTH);
  }

  /** Judges the next value of feature i by those before it, and lets it join them. */
  judge(value: number, i: number): Verdict {
    const { c } = this;
    const at = i * WIDTH;
    c[at + 10]!++;
    // most values: within the range, which is known
    if (c[at]! >= WARM && value >= c[at + 1]! && value <= c[at + 2]!) {
      this.join(value, at);
      c[at + 3] = 0;
      return 'usual';
    }
    const isBeyond = c[at]! > 0 && (value < c[at + 1]! || value > c[at + 2]!);
    if (isBeyond && c[at + 6] === 1 && this.isWithin(value, at + 7)) {
      c[at + 9] = c[at + 10]! > SOON ? 1 : c[at + 9]! + 1;
      c[at + 10] = 0;
      if (c[at + 9] === RETURNS) this.unite(at);
      else this.swap(at, c[at + 7]!, c[at + 8]!);
      this.join(value, at);
      return c[at + 6] === 1 ? 'back' : 'usual';
    }
    if (!this.isOutside(value, at + 1, c[at]!)) {
      if (c[at]! < WARM) c[at + FIRST + c[at]!] = value;
      this.join(value, at);
      const isTrimmed = c[at] === WARM && this.trim(at);
      if (!isTrimmed || (value >= c[at + 1]! && value <= c[at + 2]!)) {
        c[at + 3] = 0;
        return isTrimmed ? 'again' : 'usual';
      }
      c[at] = WARM - 1; // it is wild itself: the next one takes its place
    }
    const run = ++c[at + 3]!;
    c[at + 4] = run === 1 ? value : Math.min(c[at + 4]!, value);
    c[at + 5] = run === 1 ? value : Math.max(c[at + 5]!, value);
    if (run < PATIENCE) return 'wild';
    this.swap(at, c[at + 4]!, c[at + 5]!);
    c[at + 9] = 0;
    return 'new';
  }

  /** Takes both ranges for one. */
  private unite(at: number): void {
    const { c } = this;
    c[at + 1] = Math.min(c[at + 1]!, c[at + 7]!);
    c[at + 2] = Math.max(c[at + 2]!, c[at + 8]!);
    c[at + 3] = 0;
    c[at + 6] = 0;
  }

  /** Takes from the range what of the first values lies far from their median; tells if some did. */
  private trim(at: number): boolean {
    const { c } = this;
    const first = at + FIRST;
    // no arrays of its own: a wide model trims all its features in one step
    for (let i = 0; i < WARM; i++) sorted[i] = c[first + i]!;
    const middle = medianOf(sorted);
    for (let i = 0; i < WARM; i++) sorted[i] = Math.abs(c[first + i]! - middle);
    const distance = medianOf(sorted);
    const most = distance > 0 ? DISTANCES * distance : MAGNITUDES * Math.abs(middle);
    let [usual, low, high] = [0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let i = first; i < first + WARM; i++) {
      const value = c[i]!;
      if (!(Math.abs(value - middle) <= most)) continue;
      usual++;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
    if (most === 0 || usual === WARM) return false;
    c[at + 1] = low;
    c[at + 2] = high;
    return true;
  }

  /** Does a value lie in a range, or little outside it? */
  private isWithin(value: number, bounds: number): boolean {
    const low = this.c[bounds]!;
    const high = this.c[bounds + 1]!;
    const slack = SLACK * (high - low);
    return value >= low - slack && value <= high + slack;
  }

  private isOutside(value: number, bounds: number, seen: number): boolean {
    if (seen < WARM) return false;
    const low = this.c[bounds]!;
    const high = this.c[bounds + 1]!;
    const width = high - low;
    if (width === 0 && low === 0) return false;
    const margin = width > 0 ? MARGIN * width : MAGNITUDES * Math.abs(low);
    const slack = margin * (1 + WARM / Math.max(1, seen));
    return value > high + slack || value < low - slack;
  }

  private join(value: number, at: number): void {
    const { c } = this;
    const isFirst = c[at]!++ === 0;
    const low = isFirst ? value : c[at + 1]!;
    const high = isFirst ? value : c[at + 2]!;
    c[at + 1] = Math.min(value, low + FADE * (value - low));
    c[at + 2] = Math.max(value, high + FADE * (value - high));
  }

  /** Takes another range, and remembers the present one. */
  private swap(at: number, low: number, high: number): void {
    const { c } = this;
    c[at + 6] = 1;
    c[at + 7] = c[at + 1]!;
    c[at + 8] = c[at + 2]!;
    c[at + 1] = low;
    c[at + 2] = high;
    c[at + 3] = 0;
    c[at] = WARM;
  }

  /** Forgets all that was seen. */
  clear(): void {
    this.c.fill(0);
  }

  state(take: Take = takeNow): Float64Array {
    return take([{ array: this.c }]);
  }

  restore(state: Float64Array, put: Put = putNow): void {
    put({ array: this.c }, state);
  }
}

/** The first values of a feature, while they are looked at. */
const sorted = new Float64Array(WARM);

/** Sorts values, few of them, and gives the one in the middle. */
function medianOf(values: Float64Array): number {
  for (let i = 1; i < values.length; i++) {
    const value = values[i]!;
    let place = i;
    for (; place > 0 && values[place - 1]! > value; place--) values[place] = values[place - 1]!;
    values[place] = value;
  }
  return values[Math.floor(values.length / 2)]!;
}
