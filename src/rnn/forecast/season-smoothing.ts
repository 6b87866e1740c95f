/** Exponential smoothing of one series, which may have a season; see ../../kernels/smoothing.ts. */
import { type ColumnStore, type Columns, looseColumns } from '../../kernels/columns.js';
import { LEVEL, PERIOD, PHASE, SEASON_AT, SMOOTHINGS, TAKEN, TREND } from '../../kernels/smoothing.js';
import { type Put, putNow, type Run } from '../state-copies.js';

export interface SmoothingState {
  /** Level and trend of each setting, the steps taken, and 1 once there is a level. */
  readonly numbers: Float64Array;
  /** The seasons of all settings, one after the other; empty without a season. */
  readonly seasons: Float64Array;
}

/** The states of several series: the numbers of all, their periods, and the seasons of those that have one. */
export interface SmoothingsState extends SmoothingState {
  readonly periods: Float64Array;
}

/** Numbers that a snapshot keeps beside the seasons. */
export const SMOOTHING_KEPT = 2 * SMOOTHINGS + 2;

/** Joins the states of several series. */
export function joinSmoothings(states: readonly SmoothingState[]): SmoothingsState {
  const join = (arrays: readonly Float64Array[]) => Float64Array.from(arrays.flatMap((one) => [...one]));
  return {
    numbers: join(states.map(({ numbers }) => numbers)),
    periods: Float64Array.from(states, ({ seasons }) => seasons.length / SMOOTHINGS),
    seasons: join(states.map(({ seasons }) => seasons)),
  };
}

/** Can states of this form be those of series? */
export function areSmoothingStates({ numbers, periods, seasons }: SmoothingsState): boolean {
  let length = 0;
  for (const [i, period] of periods.entries()) {
    const taken = numbers[i * SMOOTHING_KEPT + 2 * SMOOTHINGS]!;
    if (!Number.isInteger(period) || period < 0 || !Number.isInteger(taken) || taken < 0) return false;
    length += SMOOTHINGS * period;
  }
  return length === seasons.length;
}

export class Smoothing {
  private seasons: Columns | null = null;

  /** @param columns where the numbers of all series lie. @param at those of this one */
  constructor(
    private readonly columns: Columns,
    private readonly at: number,
    private readonly store: ColumnStore = looseColumns,
  ) {}

  /**
   * Begins again with a season, whose form is the mean of the last two.
   *
   * @param past the last values, oldest first, the last one included: at least two periods of them
   */
  begin(period: number, past: ArrayLike<number>): void {
    this.have(period);
    const c = this.columns.array;
    const seasons = this.seasons!.array;
    const n = past.length;
    const phase = c[this.at + PHASE]!;
    for (let back = 0; back < period; back++) {
      const offset =
        (past[n - 1 - back]! -
          mean(past, n - period) +
          (past[n - 1 - back - period]! - mean(past, n - 2 * period))) /
        2;
      for (let k = 0; k < SMOOTHINGS; k++)
        seasons[k * period + (phase < back ? phase - back + period : phase - back)] = offset;
    }
    for (let k = 0; k < SMOOTHINGS; k++) {
      c[this.at + LEVEL + k] = past[n - 1]! - seasons[k * period + phase]!;
      c[this.at + TREND + k] = 0;
    }

    /** Gives the mean of one period from `from` on. */
    function mean(values: ArrayLike<number>, from: number): number {
      let sum = 0;
      for (let i = 0; i < period; i++) sum += values[from + i]!;
      return sum / period;
    }
  }

  /** Makes room for a season, or, of 0 steps, goes without. */
  private have(period: number): void {
    this.seasons?.free();
    this.seasons = period > 0 ? this.store.allocateColumns(SMOOTHINGS * period) : null;
    const c = this.columns.array;
    c[this.at + PERIOD] = period;
    c[this.at + SEASON_AT] = this.seasons?.base ?? 0;
    c[this.at + PHASE] = period > 0 ? c[this.at + TAKEN]! % period : 0;
  }

  /** The period of its season in steps; 0 for none. */
  get season(): number {
    return this.columns.array[this.at + PERIOD]!;
  }

  /** Goes on without a season. */
  end(): void {
    const { season, columns, at, seasons } = this;
    if (!seasons) return;
    const c = columns.array;
    for (let k = 0; k < SMOOTHINGS; k++) c[at + LEVEL + k]! += seasons.array[k * season + c[at + PHASE]!]!;
    this.have(0);
  }

  clear(): void {
    this.restore({ numbers: new Float64Array(SMOOTHING_KEPT), seasons: new Float64Array(0) });
  }

  state(): SmoothingState {
    const { columns, at, seasons } = this;
    return {
      numbers: columns.array.slice(at, at + SMOOTHING_KEPT),
      seasons: seasons?.array.slice() ?? new Float64Array(0),
    };
  }

  restore({ numbers, seasons }: SmoothingState, put: Put = putNow): void {
    this.columns.array.set(numbers, this.at);
    this.have(seasons.length / SMOOTHINGS);
    if (this.seasons) put(this.seasons, seasons);
  }

  /** Its seasons, as a run of numbers; none without a season. */
  get run(): readonly Run[] {
    return this.seasons ? [[this.seasons]] : [];
  }
}
