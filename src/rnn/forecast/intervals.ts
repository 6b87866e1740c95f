/** The ranges of all outputs, and those of the naive forecasts beside them, by which their skill is told. */
import { type ColumnStore, type Columns, looseColumns } from '../../kernels/columns.js';
import { FIRST_Q, RANGE_LENGTH, rangeObserve } from '../../kernels/interval.js';
import { type JudgeKernels, judgeReference } from '../../kernels/judge-kernels.js';
import { finish, inRanges, type Pieces } from '../../math/pieces.js';
import { type Put, putNow, type Take, takeNow } from '../state-copies.js';

export interface IntervalsState {
  readonly numbers: Float64Array;
}

/** What ranges are computed with, and in. */
export type RangeArithmetic = ColumnStore & Pick<JudgeKernels, 'serveRanges'>;
const plain: RangeArithmetic = { ...looseColumns, ...judgeReference };

export class Intervals {
  /**
   * Ranges [B,M] and those of the naive forecast [B,M]; half-widths [rows,B,M] that were served of late, and those of the
   * naive forecasts; those that were served last [B,M].
   */
  private readonly columns: Columns;
  private readonly served: number;
  private readonly naiveServed: number;
  private readonly lastServed: number;
  /** The view of those, and what it is a view of: making one at each step would cost more than the ranges do. */
  private lastView: Float64Array;
  private viewed: Float64Array;

  /** Gives how many numbers it keeps. */
  static length(outputs: number, rows: number): number {
    return outputs * (2 * RANGE_LENGTH + 2 * rows + 1);
  }

  /**
   * @param outputs B * M
   * @param rows steps for which a target may still come, the last one included
   */
  constructor(
    private readonly outputs: number,
    private readonly rows: number,
    readonly probability: number,
    private readonly arithmetic = plain,
  ) {
    this.served = 2 * outputs * RANGE_LENGTH;
    this.naiveServed = this.served + rows * outputs;
    this.lastServed = this.naiveServed + rows * outputs;
    this.columns = arithmetic.allocateColumns(Intervals.length(outputs, rows));
    this.viewed = this.columns.array;
    this.lastView = this.viewed.subarray(this.lastServed);
    this.beginAll();
  }

  /** Half-width of the range that was served last, of each output [B,M]; 0 without one. The next step overwrites it. */
  get last(): Float64Array {
    const { array } = this.columns;
    if (this.viewed !== array) {
      this.viewed = array;
      this.lastView = array.subarray(this.lastServed);
    }
    return this.lastView;
  }

  /** Where ranges, those of the naive forecasts, and the half-widths that were served lie in the columns. */
  get places(): { ranges: number; naiveRanges: number; served: number; naiveServed: number } {
    const { base } = this.columns;
    const naiveRanges = base + this.outputs * RANGE_LENGTH;
    return { ranges: base, naiveRanges, served: base + this.served, naiveServed: base + this.naiveServed };
  }

  /** Among the half-widths that were served, the row of a step. */
  rowOf(step: number): number {
    return step % this.rows;
  }

  /** Notes the ranges that are served at a step. */
  serve(seq: number): void {
    const { columns, outputs, served, naiveServed, lastServed } = this;
    const { base } = columns;
    const row = base + this.rowOf(seq) * outputs;
    const naive = base + outputs * RANGE_LENGTH;
    this.arithmetic.serveRanges(
      columns.data,
      base,
      naive,
      served + row,
      naiveServed + row,
      base + lastServed,
      outputs,
    );
  }

  /** The half-width of the range that was served for output o at a step; 0 without one. */
  at(step: number, o: number): number {
    return this.columns.array[this.served + this.rowOf(step) * this.outputs + o]!;
  }

  /** Takes the error of the forecast for output o that was made at a step. */
  observe(step: number, o: number, error: number): void {
    const { columns, probability } = this;
    rangeObserve(columns.array, o * RANGE_LENGTH, 1 - probability, Math.abs(error), this.at(step, o));
  }

  /** Forgets the errors of output o. */
  begin(o: number): void {
    const c = this.columns.array;
    for (const range of [o, this.outputs + o]) {
      const at = range * RANGE_LENGTH;
      c.fill(0, at, at + RANGE_LENGTH);
      c[at + 2] = FIRST_Q;
    }
  }

  /** Begins all ranges, where there are zeros. */
  private beginAll(): void {
    const c = this.columns.array;
    for (let at = 2; at < this.served; at += RANGE_LENGTH) c[at] = FIRST_Q;
  }

  clear(): void {
    finish(this.clearInPieces());
  }

  *clearInPieces(): Pieces<void> {
    const { columns } = this;
    yield* inRanges(columns.length, 8, (from, to) => columns.array.fill(0, from, to));
    this.beginAll();
  }

  state(take: Take = takeNow): IntervalsState {
    return { numbers: take([this.columns, 0, this.lastServed]) };
  }

  /** @param seq the last step, whose ranges were served last; -1 before the first */
  restore({ numbers }: IntervalsState, seq: number, put: Put = putNow): void {
    const { outputs, lastServed } = this;
    const last = this.served + this.rowOf(Math.max(0, seq)) * outputs;
    const c = this.columns.array;
    if (seq < 0) c.fill(0, lastServed, lastServed + outputs);
    else c.set(numbers.subarray(last, last + outputs), lastServed);
    put(this.columns, numbers);
  }
}
