/**
 * The seasons that one series is forecast with, two at most. One that was told stays for good. One that was found, or
 * that the clock suggests, stays for as long as searches find it or forecasts by it have a weight.
 */
import type { Columns } from '../../kernels/columns.js';

export const SLOTS = 2;

export interface SlotChange {
  readonly slot: number;
  /** Periods in steps; 0 for none. */
  readonly before: number;
  readonly after: number;
  /** Was the one after found in the series, or is it one that the clock suggests? */
  readonly isFound: boolean;
}

export class SeasonSlots {
  /** @param columns where the periods of all series lie. @param at those of this one */
  constructor(
    private readonly told: number | undefined,
    private readonly columns: Columns,
    private readonly at: number,
  ) {
    if (told !== undefined) this.periods[0] = told;
  }

  /** The period in steps of each slot; 0 of a free one. */
  get periods(): Float64Array {
    return this.columns.array.subarray(this.at, this.at + SLOTS);
  }

  /**
   * Takes what a search found, strongest first, and what the clock suggests; gives what changed.
   *
   * @param helps whether forecasts by the season of a slot have a weight
   */
  review(
    found: readonly number[],
    suggested: readonly number[],
    helps: (slot: number) => boolean,
  ): SlotChange[] {
    const { periods, told } = this;
    const before = periods.slice();
    const known = [...found, ...suggested.filter((period) => !found.some((other) => isNear(period, other)))];
    for (let slot = told === undefined ? 0 : 1; slot < SLOTS; slot++) {
      const period = periods[slot]!;
      if (period > 0 && !found.some((other) => isNear(period, other)) && !helps(slot)) periods[slot] = 0;
    }
    for (const period of known) {
      const free = periods.indexOf(0);
      if (free < 0) break;
      if (!periods.some((other) => isNear(period, other))) periods[free] = period;
    }
    const isFound = (period: number) => found.some((other) => isNear(period, other));
    return Array.from(periods, (after, slot) => ({
      slot,
      before: before[slot]!,
      after,
      isFound: isFound(after),
    })).filter((change) => change.before !== change.after);
  }

  clear(): void {
    this.periods.fill(0);
    if (this.told !== undefined) this.periods[0] = this.told;
  }
}

/** Is it the same season, found a step longer or shorter? */
const isNear = (one: number, other: number): boolean =>
  other > 0 && Math.abs(one - other) <= Math.max(0, one / 50);
