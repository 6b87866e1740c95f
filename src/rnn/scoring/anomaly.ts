/** How unlikely each step is under what came before; see ../../kernels/anomaly-kernels.ts for how that is judged. */
import {
  type AnomalyKernels,
  anomalyBegin,
  anomalyLength,
  anomalyReference,
  EVENT,
  LEAST_SURPRISE,
} from '../../kernels/anomaly-kernels.js';
import type { Address } from '../../kernels/arena.js';
import { type ColumnStore, type Columns, looseColumns } from '../../kernels/columns.js';
import { rangeTolerance } from '../../kernels/value-range.js';
import { finish, inRanges, type Pieces } from '../../math/pieces.js';
import { type Put, putNow, type Take, takeNow } from '../state-copies.js';

export { EVENT };

export interface AnomalyState {
  /** Version 0.1 had others. */
  readonly numbers?: Float64Array;
}

/** What a score computes with, and in. */
export type AnomalyArithmetic = AnomalyKernels & ColumnStore;
export const plainScoring: AnomalyArithmetic = { ...looseColumns, ...anomalyReference };

export class AnomalyScore {
  /** The history; how odd each number was at the last step; what the season lets expect; a target and a forecast [size]. */
  private readonly columns: Columns;
  private readonly length: number;
  private readonly tolerance: number;
  private isSeasonal = true;

  /** Gives how many numbers it keeps of a target [size]. */
  static length(size: number): number {
    return anomalyLength(size);
  }

  /** @param size numbers in a target: batch rows * outputs */
  constructor(
    private readonly size: number,
    private readonly arithmetic: AnomalyArithmetic = plainScoring,
  ) {
    this.length = anomalyLength(size);
    this.tolerance = rangeTolerance(size);
    this.columns = arithmetic.allocateColumns(this.length + 4 * size);
    anomalyBegin(this.columns.data, this.columns.base);
  }

  /**
   * Scores a target [size] against its forecast, and lets both join the history.
   *
   * @param seasonal what the season lets expect [size], if it is known, else NaN
   * @param time milliseconds since 1970; NaN if unknown. Where it is known, the mean of the same time of day is expected
   * @example
   * const anomaly = new AnomalyScore(1)
   * const isEvent = anomaly.score([20.5], [20.1]) >= EVENT
   */
  score(
    target: ArrayLike<number>,
    forecast: ArrayLike<number>,
    seasonal: ArrayLike<number> | null = null,
    time = Number.NaN,
    forecastAt = 0,
  ): number {
    const { columns, length, size } = this;
    const c = columns.array;
    const at = length + 2 * size;
    for (let j = 0; j < size; j++) {
      c[at + j] = target[j]!;
      c[at + size + j] = forecast[forecastAt + j]!;
    }
    return this.scoreColumns(columns.base + at, columns.base + at + size, seasonal, time);
  }

  /** Does the same with a target and a forecast that lie in columns of the same arithmetic. */
  scoreColumns(target: Address, forecast: Address, seasonal: ArrayLike<number> | null, time: number): number {
    const { columns, length, size } = this;
    const { base, data } = columns;
    const seasonalAt = base + length + size;
    if (seasonal) for (let j = 0; j < size; j++) data[seasonalAt + j] = seasonal[j]!;
    else if (this.isSeasonal) data.fill(Number.NaN, seasonalAt, seasonalAt + size);
    this.isSeasonal = seasonal !== null;
    return this.arithmetic.scoreAnomaly(
      data,
      base,
      base + length,
      target,
      forecast,
      seasonalAt,
      size,
      time,
      this.tolerance,
    );
  }

  /** The numbers that were odd at the last step, oddest first: one at least, up to `most` of them. */
  ranked(most: number): number[] {
    const { columns, length, size } = this;
    const oddness = columns.array.slice(length, length + size);
    return Array.from(oddness.keys())
      .sort((a, b) => oddness[b]! - oddness[a]! || a - b)
      .filter((j, rank) => rank === 0 || oddness[j]! > LEAST_SURPRISE / 2)
      .slice(0, most);
  }

  clear(): void {
    finish(this.clearInPieces());
  }

  *clearInPieces(): Pieces<void> {
    const { columns, length, size } = this;
    yield* inRanges(length + size, 8, (from, to) => columns.array.fill(0, from, to));
    anomalyBegin(columns.data, columns.base);
  }

  state(take: Take = takeNow): AnomalyState {
    return { numbers: take([this.columns, 0, this.length]) };
  }

  restore({ numbers }: AnomalyState, put: Put = putNow): void {
    if (numbers) put(this.columns, numbers);
    else this.clear();
  }
}
