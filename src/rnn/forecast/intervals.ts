/** The ranges of all outputs, and those of the naive forecasts beside them, by which their skill is told. */
import { type ColumnStore, type Columns, looseColumns } from '../../kernels/columns.js';
import { FIRST_Q, RANGE_LENGTH, rangeObserve } from '../../kernels/interval.js';
import { type JudgeKernels, judgeReference } from '../../kernels/judge-kernels.js';

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
    this.clear();
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

  clear(): void {
    const c = this.columns.array;
    c.fill(0);
    for (let at = 2; at < this.served; at += RANGE_LENGTH) c[at] = FIRST_Q;
  }

  state(): IntervalsState {
    return { numbers: this.columns.array.slice(0, this.lastServed) };
  }

  /** @param seq the last step, whose ranges were served last; -1 before the first */
  restore({ numbers }: IntervalsState, seq: number): void {
    const c = this.columns.array;
    c.set(numbers);
    for (let o = 0; o < this.outputs; o++) c[this.lastServed + o] = seq < 0 ? 0 : this.at(seq, o);
  }
}
