/** What the forecaster knows of the seasons of its series: their recent values, the periods found in them, and smoothing. */
import type { Address } from '../../kernels/arena.js';
import { type ColumnStore, type Columns, looseColumns } from '../../kernels/columns.js';
import { SMOOTHING_LENGTH, SMOOTHINGS } from '../../kernels/smoothing.js';
import { clockPeriods } from '../io/seasons/clock-periods.js';
import { type FinderState, isFinderState, SeasonFinder } from '../io/seasons/season-finder.js';
import { type Put, putNow, type Take, takeNow } from '../state-copies.js';
import { leastRows } from './forecaster-size.js';
import { SeasonSlots, SLOTS, type SlotChange } from './season-slots.js';
import { areSmoothingStates, SMOOTHING_KEPT, Smoothing, type SmoothingsState } from './season-smoothing.js';

/** A season that was taken up or dropped at the last step. */
export interface SeasonChange extends SlotChange {
  readonly series: number;
}

export interface SeasonsState {
  readonly finder: FinderState;
  /** The periods [C,2] in steps, 0 for none. */
  readonly periods: Float64Array;
  readonly smoothings: SmoothingsState;
}

/** Can a state of this form be one of seasons at all? */
export const fitTogether = ({ finder, periods, smoothings }: SeasonsState): boolean =>
  isFinderState(finder) &&
  periods.every((period) => Number.isInteger(period) && period >= 0) &&
  areSmoothingStates(smoothings);

export class Seasons {
  private readonly finder: SeasonFinder;
  /** Those of the series that needed them so far. */
  private readonly slots = new Map<number, SeasonSlots>();
  private readonly smoothings = new Map<number, Smoothing>();
  /** The periods [C,2], and what smoothing keeps [C,SMOOTHING_LENGTH]. */
  private readonly columns: Columns;
  /** What changed at the last step. */
  changed: readonly SeasonChange[] = [];

  /** @param series C = batch rows * targets. @param longest horizon. @param told the season of the spec */
  constructor(
    private readonly series: number,
    longest: number,
    private readonly told: number | undefined,
    private readonly store: ColumnStore = looseColumns,
  ) {
    this.finder = new SeasonFinder(series, leastRows(longest, told), store);
    this.columns = store.allocateColumns(series * (SLOTS + SMOOTHING_LENGTH));
    this.beginPeriods();
  }

  /** Every series has the season that was told, and no other. */
  private beginPeriods(): void {
    const { columns, series, told } = this;
    columns.array.fill(0, 0, series * SLOTS);
    if (told === undefined) return;
    for (let i = 0; i < series; i++) columns.array[i * SLOTS] = told;
  }

  private slotsOf(i: number): SeasonSlots {
    const slots = this.slots.get(i) ?? new SeasonSlots(this.told, this.columns, i * SLOTS);
    this.slots.set(i, slots);
    return slots;
  }

  private smoothingOf(i: number): Smoothing {
    const at = this.series * SLOTS + i * SMOOTHING_LENGTH;
    const smoothing = this.smoothings.get(i) ?? new Smoothing(this.columns, at, this.store);
    this.smoothings.set(i, smoothing);
    return smoothing;
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
    const slots = this.slotsOf(i);
    const before = this.main(i);
    const changes = slots.review(found, suggested, (slot) => helps(i, slot));
    this.changed = changes.map((change) => ({ series: i, ...change }));
    const period = this.main(i);
    const smoothing = this.smoothingOf(i);
    if (period === smoothing.season) return;
    if (period === 0 || seen < 2 * period) {
      if (before !== period) smoothing.end();
    } else smoothing.begin(period, this.finder.values(i));
  }

  /** The season that smoothing goes by. */
  private main(i: number): number {
    const first = this.period(i, 0);
    return first > 0 ? first : this.period(i, 1);
  }

  /** The period of a slot of series i, in steps; 0 of a free one. */
  period(i: number, slot: number): number {
    return this.columns.array[i * SLOTS + slot]!;
  }

  /** The periods of series i, in steps. */
  of(i: number): number[] {
    return Array.from({ length: SLOTS }, (_, slot) => this.period(i, slot)).filter((period) => period > 0);
  }

  /** Holds no value of series i for known that it had before now. */
  forget(i: number): void {
    this.finder.forget(i);
    this.smoothingOf(i).clear();
  }

  /** Begins a new history. */
  restart(): void {
    this.finder.clear();
    this.beginPeriods();
    this.endSmoothings();
    this.changed = [];
  }

  /** All series are smoothed from the beginning, without a season. */
  private endSmoothings(): void {
    for (const smoothing of this.smoothings.values()) smoothing.clear();
    this.columns.array.fill(0, this.series * SLOTS);
  }

  state(take: Take = takeNow): SeasonsState {
    return {
      finder: this.finder.state(take),
      periods: this.columns.array.slice(0, this.series * SLOTS),
      smoothings: this.smoothingStates(take),
    };
  }

  private smoothingStates(take: Take): SmoothingsState {
    const { series, smoothings, columns } = this;
    const numbers = new Float64Array(series * SMOOTHING_KEPT);
    const periods = new Float64Array(series);
    const { array } = columns;
    for (let i = 0, at = series * SLOTS; i < series; i++, at += SMOOTHING_LENGTH)
      for (let k = 0; k < SMOOTHING_KEPT; k++) numbers[i * SMOOTHING_KEPT + k] = array[at + k]!;
    const inOrder = [...smoothings].filter(([, { season }]) => season > 0).sort(([a], [b]) => a - b);
    for (const [i, { season }] of inOrder) periods[i] = season;
    return { numbers, periods, seasons: take(...inOrder.flatMap(([, { run }]) => run)) };
  }

  private restoreSmoothings({ numbers, periods, seasons }: SmoothingsState, put: Put): void {
    this.endSmoothings();
    const { array } = this.columns;
    for (let i = 0, at = this.series * SLOTS; i < this.series; i++, at += SMOOTHING_LENGTH)
      for (let k = 0; k < SMOOTHING_KEPT; k++) array[at + k] = numbers[i * SMOOTHING_KEPT + k]!;
    let next = 0;
    for (const [i, period] of periods.entries()) {
      if (period === 0) continue;
      const end = next + SMOOTHINGS * period;
      const own = numbers.subarray(i * SMOOTHING_KEPT, (i + 1) * SMOOTHING_KEPT);
      this.smoothingOf(i).restore({ numbers: own, seasons: seasons.subarray(next, end) }, put);
      next = end;
    }
  }

  restore({ finder, periods, smoothings }: SeasonsState, put: Put = putNow): void {
    this.finder.restore(finder, put);
    this.columns.array.set(periods);
    this.restoreSmoothings(smoothings, put);
    this.changed = [];
  }
}
