/** The mean of each number at each ten minutes of the day, in UTC: what the time of day lets expect. */
import { clamp } from '../../math/clamp.js';

const SLOTS = 144;
const DAY_MS = 86_400_000;
/** The least weight of a new value in its slot's mean. */
const LEAST_WEIGHT = 1 / 12;
/** Numbers beyond these have no slots: they would take too much room. */
const MOST = 64;

export class DaySlots {
  static length(size: number): number {
    return 2 * SLOTS * Math.min(size, MOST);
  }

  private readonly size: number;

  /** @param at where it begins in `c` */
  constructor(
    private readonly c: Float64Array,
    private readonly at: number,
    size: number,
  ) {
    this.size = Math.min(size, MOST);
  }

  /** Gives the slot of a time in milliseconds since 1970; -1 if it is unknown. */
  of(time: number): number {
    if (Number.isNaN(time)) return -1;
    const day = time / DAY_MS;
    return Math.min(SLOTS - 1, Math.floor((day - Math.floor(day)) * SLOTS + 1e-6));
  }

  /** The mean of number j in a slot; NaN where none is known. */
  mean(j: number, slot: number): number {
    if (j >= this.size) return Number.NaN;
    const at = this.place(j, slot);
    return this.c[at + 1]! > 0 ? this.c[at]! : Number.NaN;
  }

  /** Lets a value join the mean of its slot. @param most how far off it may count, 0 for any */
  take(j: number, slot: number, value: number, most: number): void {
    if (j >= this.size) return;
    const { c } = this;
    const at = this.place(j, slot);
    const count = ++c[at + 1]!;
    const off = value - c[at]!;
    const step = count > 1 && most > 0 ? clamp(off, most) : off;
    c[at] = c[at]! + (count === 1 ? step : step * Math.max(1 / count, LEAST_WEIGHT));
  }

  private place(j: number, slot: number): number {
    return this.at + 2 * (j * SLOTS + slot);
  }
}
