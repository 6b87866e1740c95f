/** What was learned of the forecasters of each output, and what they said: where it lies, and how it is forgotten. */
import type { Columns } from '../../kernels/columns.js';
import { mixtureLength, NO_FORECAST } from '../../kernels/expert-mixture.js';
import { EXPERTS_LENGTH, IS_SEASONAL, PENDING, SEASON, SEASONAL_N } from '../../kernels/forecast-plan.js';
import { leastSquaresClear, leastSquaresLength } from '../../kernels/least-squares.js';
import { finish, inRanges, type Pieces, VISIT } from '../../math/pieces.js';
import { type Put, putNow, type Take, takeNow } from '../state-copies.js';
import { E } from './experts.js';
import type { ForecasterLayout } from './forecaster-layout.js';

const MIXTURE = mixtureLength(EXPERTS_LENGTH);

export class ForecasterMemory {
  constructor(
    private readonly columns: Columns,
    private readonly layout: ForecasterLayout,
  ) {}

  /** The weights [E] of output o in the last forecast. */
  weights(o: number): Float64Array {
    const at = this.mixtureAt(o) + 2 * EXPERTS_LENGTH;
    return this.columns.array.slice(at, at + E);
  }

  /** The mean absolute error of the last value as a forecast of output o. */
  scale(o: number): number {
    return this.columns.array[this.mixtureAt(o) + 3 * EXPERTS_LENGTH]!;
  }

  private mixtureAt(o: number): number {
    return this.layout.mixtures + o * MIXTURE;
  }

  /** Gives what forecaster `e` said of output o at a step, or null where it said nothing. */
  said(e: number, step: number, o: number): number | null {
    const value = this.columns.array[this.pendingAt(step, o) + e]!;
    return value === NO_FORECAST ? null : value;
  }

  /** Writes what forecaster `e` said at a step of `count` outputs from o on; NaN where it said nothing. */
  copySaid(e: number, step: number, o: number, count: number, to: Float64Array, toAt: number): void {
    const c = this.columns.array;
    const at = this.pendingAt(step, o) + e;
    for (let i = 0; i < count; i++) {
      const value = c[at + i * PENDING]!;
      to[toAt + i] = value === NO_FORECAST ? Number.NaN : value;
    }
  }

  private pendingAt(step: number, o: number): number {
    const { rows, O, pending } = this.layout;
    return pending + ((step % rows) * O + o) * PENDING;
  }

  /** Forgets what was learned by the season in a slot, of output o. */
  forgetSeason(o: number, slot: number): void {
    const c = this.columns.array;
    this.clearSeasonal(o);
    this.forgetSeasonal(o);
    const regrets = this.mixtureAt(o);
    for (const k of [SEASON + 2 * slot, SEASON + 2 * slot + 1]) {
      c[regrets + k] = 0;
      c[regrets + EXPERTS_LENGTH + k] = 0;
    }
  }

  /** Learns nothing from what lay in the seasons of output o when the forecasts were made whose truths are still to come. */
  forgetSeasonal(o: number): void {
    for (let row = 0; row < this.layout.rows; row++)
      this.columns.array[this.pendingAt(row, o) + IS_SEASONAL] = 0;
  }

  /** Forgets all that was learned. */
  clear(): void {
    finish(this.begin());
  }

  /** The same, in pieces. */
  *begin(): Pieces<void> {
    const { layout, columns } = this;
    const fill = (from: number, to: number) => columns.array.fill(0, from, to);
    yield* inRanges(layout.pending, 8, fill, layout.mixtures);
    const each = VISIT * (leastSquaresLength(layout.n, 1) + leastSquaresLength(SEASONAL_N, 1));
    yield* inRanges(layout.O, each, (from, to) => {
      for (let o = from; o < to; o++) this.clearLinear(o);
    });
    this.clearSquares();
  }

  /** Forgets all that was learned of output o, but for what outputs share. */
  clearOutput(o: number): void {
    const { layout } = this;
    const c = this.columns.array;
    c.fill(0, this.mixtureAt(o), this.mixtureAt(o) + MIXTURE);
    c[layout.largest + o] = 0;
    this.clearLinear(o);
  }

  private clearLinear(o: number): void {
    const { linear, n } = this.layout;
    leastSquaresClear(this.columns.array, linear + o * leastSquaresLength(n, 1), n, 1);
    this.clearSeasonal(o);
  }

  private clearSeasonal(o: number): void {
    const at = this.layout.seasonal + o * leastSquaresLength(SEASONAL_N, 1);
    leastSquaresClear(this.columns.array, at, SEASONAL_N, 1);
  }

  /** Forgets what the network learned by least squares, which outputs share. */
  clearSquares(): void {
    const { K, nNetwork, horizons, hasSquares, squares } = this.layout;
    if (!hasSquares) return;
    const length = leastSquaresLength(nNetwork, K);
    for (let q = 0; q < horizons; q++)
      leastSquaresClear(this.columns.array, squares + q * length, nNetwork, K);
  }

  /** Forgets what was said, too. */
  startOver(): void {
    this.clear();
    this.columns.array.fill(0, this.layout.pending, this.layout.kept);
  }

  state(take: Take = takeNow): Float64Array {
    return take([this.columns, 0, this.layout.kept]);
  }

  restore(numbers: Float64Array, put: Put = putNow): void {
    put(this.columns, numbers);
  }
}
