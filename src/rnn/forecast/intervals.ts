/** The ranges of all outputs, and those of the naive forecasts beside them, by which their skill is told. */
import { IntervalTracker } from './interval.js';

export interface IntervalsState {
  readonly numbers: Float64Array;
}

export class Intervals {
  /** Half-width of the range that was served last, of each output [B,M]; 0 where there is none. */
  readonly last: Float64Array;
  private readonly numbers: Float64Array;
  private readonly trackers: readonly IntervalTracker[];
  private readonly naive: readonly IntervalTracker[];
  /** Where the half-widths [rows,B,M] begin that were served of late, and behind them those of the naive forecasts. */
  private readonly served: number;
  private readonly naiveServed: number;

  /** Gives how many numbers it keeps. */
  static length(outputs: number, rows: number): number {
    return outputs * (2 * IntervalTracker.LENGTH + 2 * rows);
  }

  /**
   * @param outputs B * M
   * @param rows steps for which a target may still come, the last one included
   */
  constructor(
    private readonly outputs: number,
    private readonly rows: number,
    readonly probability: number,
  ) {
    const each = outputs * IntervalTracker.LENGTH;
    this.served = 2 * each;
    this.naiveServed = this.served + rows * outputs;
    this.numbers = new Float64Array(Intervals.length(outputs, rows));
    const trackers = (at: number) =>
      Array.from(
        { length: outputs },
        (_, o) => new IntervalTracker(this.numbers, at + o * IntervalTracker.LENGTH, probability),
      );
    this.trackers = trackers(0);
    this.naive = trackers(each);
    this.last = new Float64Array(outputs);
  }

  /** Notes the ranges that are served at a step. */
  serve(seq: number): void {
    const { numbers, last } = this;
    const row = (seq % this.rows) * this.outputs;
    for (let o = 0; o < this.outputs; o++) {
      last[o] = this.trackers[o]!.width;
      numbers[this.served + row + o] = last[o]!;
      numbers[this.naiveServed + row + o] = this.naive[o]!.width;
    }
  }

  /** The half-width of the range that was served for output o at a step; 0 where there was none. */
  at(step: number, o: number): number {
    return this.numbers[this.served + (step % this.rows) * this.outputs + o]!;
  }

  naiveAt(step: number, o: number): number {
    return this.numbers[this.naiveServed + (step % this.rows) * this.outputs + o]!;
  }

  /** Takes the error of the forecast for output o that was made at a step. */
  observe(step: number, o: number, error: number): void {
    this.trackers[o]!.observe(Math.abs(error), this.at(step, o));
  }

  observeNaive(step: number, o: number, error: number): void {
    this.naive[o]!.observe(Math.abs(error), this.naiveAt(step, o));
  }

  /** Forgets the errors of output o. */
  begin(o: number): void {
    this.trackers[o]!.clear();
    this.naive[o]!.clear();
  }

  clear(): void {
    this.numbers.fill(0);
    this.last.fill(0);
    for (const tracker of [...this.trackers, ...this.naive]) tracker.clear();
  }

  state(): IntervalsState {
    return { numbers: this.numbers.slice() };
  }

  /** @param seq the last step, whose ranges were served last; -1 before the first */
  restore({ numbers }: IntervalsState, seq: number): void {
    this.numbers.set(numbers);
    for (let o = 0; o < this.outputs; o++) this.last[o] = seq < 0 ? 0 : this.at(seq, o);
  }
}
