/** What the forecaster knows of the seasons of its series: their recent values, the periods found in them, and smoothing. */
import type { Address } from '../../kernels/arena.js';
import { type ColumnStore, type Columns, looseColumns } from '../../kernels/columns.js';
import { SMOOTHING_LENGTH } from '../../kernels/smoothing.js';
import { clockPeriods } from '../io/seasons/clock-periods.js';
import { type FinderState, isFinderState, SeasonFinder } from '../io/seasons/season-finder.js';
import { leastRows } from './forecaster-size.js';
import { SeasonSlots, SLOTS, type SlotChange } from './season-slots.js';
import { isSmoothingState, Smoothing, type SmoothingState } from './season-smoothing.js';

/** A season that was taken up or dropped at the last step. */
export interface SeasonChange extends SlotChange {
  readonly series: number;
}

export interface SeasonsState {
  readonly finder: FinderState;
  /** The periods [C,2] in steps, 0 for none. */
  readonly periods: Float64Array;
  readonly smoothings: readonly SmoothingState[];
}

/** Can a state of this form be one of seasons at all? */
export const fitTogether = ({ finder, periods, smoothings }: SeasonsState): boolean =>
  isFinderState(finder) &&
  periods.every((period) => Number.isInteger(period) && period >= 0) &&
  smoothings.every(isSmoothingState);

export class Seasons {
  private readonly finder: SeasonFinder;
  private readonly slots: readonly SeasonSlots[];
  private readonly smoothings: readonly Smoothing[];
  /** The periods [C,2], and what smoothing keeps [C,SMOOTHING_LENGTH]. */
  private readonly columns: Columns;
  /** What changed at the last step. */
  changed: readonly SeasonChange[] = [];

  /** @param series C = batch rows * targets. @param longest horizon. @param told the season of the spec */
  constructor(
    private readonly series: number,
    longest: number,
    told: number | undefined,
    store: ColumnStore = looseColumns,
  ) {
    this.finder = new SeasonFinder(series, leastRows(longest, told), store);
    this.columns = store.allocateColumns(series * (SLOTS + SMOOTHING_LENGTH));
    const smoothingAt = (i: number) => series * SLOTS + i * SMOOTHING_LENGTH;
    this.slots = Array.from({ length: series }, (_, i) => new SeasonSlots(told, this.columns, i * SLOTS));
    this.smoothings = Array.from(
      { length: series },
      (_, i) => new Smoothing(this.columns, smoothingAt(i), store),
    );
  }

  /** Where the ring of values, the periods [C,2] and smoothing lie in the columns, which kernels read and write. */
  get places(): { ring: Address; periods: Address; smoothing: Address } {
    const { base } = this.columns;
    return { ring: this.finder.ringAt, periods: base, smoothing: base + this.series * SLOTS };
  }

  /** Makes room for the next values. */
  prepare(): void {
    this.finder.prepare();
  }

  /**
   * Searches for seasons where that is due, after a kernel has taken the newest values.
   *
   * @param interval milliseconds from step to step, if known. @param helps whether forecasts by the season of a slot have a weight
   */
  search(interval: number | null, helps: (series: number, slot: number) => boolean): void {
    if (this.changed.length > 0) this.changed = [];
    const finding = this.finder.work();
    if (!finding) return;
    const periods = finding.seasons.map(({ period }) => period);
    this.review(finding.series, periods, interval, helps);
  }

  private review(
    i: number,
    found: readonly number[],
    interval: number | null,
    helps: (series: number, slot: number) => boolean,
  ): void {
    const seen = this.finder.known(i);
    const suggested = clockPeriods(interval).filter((period) => 2 * period <= seen);
    const slots = this.slots[i]!;
    const before = this.main(i);
    const changes = slots.review(found, suggested, (slot) => helps(i, slot));
    this.changed = changes.map((change) => ({ series: i, ...change }));
    const period = this.main(i);
    const smoothing = this.smoothings[i]!;
    if (period === smoothing.season) return;
    if (period === 0 || seen < 2 * period) {
      if (before !== period) smoothing.end();
    } else smoothing.begin(period, this.finder.values(i));
  }

  /** The season that smoothing goes by. */
  private main(i: number): number {
    const { periods } = this.slots[i]!;
    return periods[0]! > 0 ? periods[0]! : periods[1]!;
  }

  /** The period of a slot of series i, in steps; 0 of a free one. */
  period(i: number, slot: number): number {
    return this.slots[i]!.periods[slot]!;
  }

  /** The periods of series i, in steps. */
  of(i: number): number[] {
    return Array.from({ length: SLOTS }, (_, slot) => this.period(i, slot)).filter((period) => period > 0);
  }

  /** Holds no value of series i for known that it had before now. */
  forget(i: number): void {
    this.finder.forget(i);
    this.smoothings[i]!.clear();
  }

  /** Begins a new history. */
  restart(): void {
    this.finder.clear();
    for (const slots of this.slots) slots.clear();
    for (const smoothing of this.smoothings) smoothing.clear();
    this.changed = [];
  }

  state(): SeasonsState {
    return {
      finder: this.finder.state(),
      periods: Float64Array.from(this.slots.flatMap(({ periods }) => [...periods])),
      smoothings: this.smoothings.map((smoothing) => smoothing.state()),
    };
  }

  restore({ finder, periods, smoothings }: SeasonsState): void {
    this.finder.restore(finder);
    for (const [i, slots] of this.slots.entries())
      slots.periods.set(periods.subarray(i * SLOTS, (i + 1) * SLOTS));
    for (const [i, smoothing] of this.smoothings.entries()) smoothing.restore(smoothings[i]!);
    this.changed = [];
  }
}
