/** What the forecaster knows of the seasons of its series: their recent values, the periods found in them, and smoothing. */
import type { Inputs } from '../io/cell-inputs.js';
import { clockPeriods } from '../io/seasons/clock-periods.js';
import { type FinderState, SeasonFinder } from '../io/seasons/season-finder.js';
import { SeasonSlots, SLOTS } from './season-slots.js';
import { Smoothing, type SmoothingState } from './smoothing.js';

/** A season that was taken up or dropped at the last step. */
export interface SeasonChange {
  readonly series: number;
  readonly slot: number;
  /** In steps; 0 for none. */
  readonly before: number;
  readonly after: number;
}

export interface SeasonsState {
  readonly finder: FinderState;
  /** The periods [C,2] in steps, 0 for none. */
  readonly periods: Float64Array;
  readonly smoothings: readonly SmoothingState[];
}

export class Seasons {
  private readonly finder: SeasonFinder;
  private readonly slots: readonly SeasonSlots[];
  private readonly smoothings: readonly Smoothing[];
  private readonly values: Float64Array;
  /** What changed at the last step. */
  changed: readonly SeasonChange[] = [];

  /** @param series C = batch rows * targets. @param longest horizon. @param told the season of the spec */
  constructor(
    private readonly series: number,
    longest: number,
    told: number | undefined,
  ) {
    const least = told === undefined ? 0 : 2 * told + 2 * longest + 2;
    this.finder = new SeasonFinder(series, least);
    this.slots = Array.from({ length: series }, () => new SeasonSlots(told));
    this.smoothings = Array.from({ length: series }, () => new Smoothing());
    this.values = new Float64Array(series);
  }

  /** Takes the newest values; NaN is missing. @param helps whether forecasts by the season of a slot have a weight */
  take(inputs: Inputs, helps: (series: number, slot: number) => boolean): void {
    const { values, smoothings } = this;
    const { given, lookedBackAt } = inputs;
    for (let i = 0; i < this.series; i++) {
      values[i] = given[lookedBackAt[i]!]!;
      smoothings[i]!.take(values[i]!);
    }
    this.finder.push(values);
    if (this.changed.length > 0) this.changed = [];
    const finding = this.finder.work();
    if (finding)
      this.review(
        finding.series,
        finding.seasons.map(({ period }) => period),
        inputs.interval,
        helps,
      );
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

  /** The period of a slot of series i, in steps; 0 where there is none. */
  period(i: number, slot: number): number {
    return this.slots[i]!.periods[slot]!;
  }

  has(i: number): boolean {
    return this.period(i, 0) > 0 || this.period(i, 1) > 0;
  }

  /** The periods of series i, in steps. */
  of(i: number): number[] {
    return Array.from({ length: SLOTS }, (_, slot) => this.period(i, slot)).filter((period) => period > 0);
  }

  knows(back: number, i: number): boolean {
    return this.finder.knows(back, i);
  }

  /** Gives the value of `back` steps ago, which must be there. */
  read(back: number, i: number): number {
    return this.finder.read(back, i);
  }

  /** Gives what smoothing k forecasts of series i. */
  smoothed(i: number, k: number, ahead: number): number {
    return this.smoothings[i]!.forecast(k, ahead);
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
