/** The recent values of some series, a row of one of each per step: small while a sequence is young, bounded ever after. */

/** Rows that a ring begins with, and doubles from. */
const FIRST_ROWS = 128;

export interface RingState {
  /** The rows that are kept [n,K], oldest first. */
  readonly values: Float64Array;
  /** Rows that were ever pushed. */
  readonly seen: number;
  /** For each series [K], how many rows there were before its first known value. */
  readonly unknown: Float64Array;
}

export class ValueRing {
  private values: Float64Array;
  private rows: number;
  /** Rows pushed so far; row i lies at i modulo `rows`. */
  private seen = 0;
  private readonly unknown: Float64Array;

  /** @param series K. @param most rows that are ever kept */
  constructor(
    readonly series: number,
    readonly most: number,
  ) {
    this.rows = Math.min(FIRST_ROWS, most);
    this.values = new Float64Array(this.rows * series);
    this.unknown = new Float64Array(series);
  }

  get pushed(): number {
    return this.seen;
  }

  /** Takes the next value of each series; one that is missing (NaN) is as the last one was. */
  push(next: ArrayLike<number>): void {
    const { series, seen } = this;
    if (seen >= this.rows && this.rows < this.most) this.grow(Math.min(2 * this.rows, this.most));
    const { values, rows, unknown } = this;
    const at = (seen % rows) * series;
    const before = ((seen + rows - 1) % rows) * series;
    for (let i = 0; i < series; i++) {
      const value = next[i]!;
      if (Number.isFinite(value)) values[at + i] = value;
      else {
        values[at + i] = seen === 0 ? 0 : values[before + i]!;
        if (unknown[i] === seen) unknown[i] = seen + 1;
      }
    }
    this.seen++;
  }

  /** How many of the kept values of series i are known: the newest ones. */
  known(i: number): number {
    return Math.max(0, this.seen - Math.max(this.oldest, this.unknown[i]!));
  }

  /** Gives the value of series i of `back` steps ago, which must be known; 0 is the last. */
  at(back: number, i: number): number {
    return this.values[((this.seen - 1 - back) % this.rows) * this.series + i]!;
  }

  /** Gives the kept values of one series from its first known one on, oldest first. */
  read(i: number): Float64Array {
    const first = Math.max(this.oldest, this.unknown[i]!);
    const { values, rows, series, seen } = this;
    const known = new Float64Array(seen - first);
    for (let k = 0, row = first % rows; k < known.length; k++) {
      known[k] = values[row * series + i]!;
      if (++row === rows) row = 0;
    }
    return known;
  }

  /** Holds no value of series i for known that it had before the next one. */
  forget(i: number): void {
    this.unknown[i] = this.seen;
  }

  clear(): void {
    this.seen = 0;
    this.unknown.fill(0);
    this.resize(Math.min(FIRST_ROWS, this.most));
  }

  state(): RingState {
    const { series, seen, oldest } = this;
    const values = new Float64Array((seen - oldest) * series);
    this.copyTo(values, (row) => row - oldest);
    return { values, seen, unknown: this.unknown.slice() };
  }

  restore({ values, seen, unknown }: RingState): void {
    const { series } = this;
    const kept = values.length / series;
    let rows = Math.min(FIRST_ROWS, this.most);
    while (rows < kept) rows = Math.min(2 * rows, this.most);
    this.resize(rows);
    this.seen = seen;
    this.unknown.set(unknown);
    for (let k = 0; k < kept; k++) {
      const row = values.subarray(k * series, (k + 1) * series);
      this.values.set(row, ((seen - kept + k) % rows) * series);
    }
  }

  private get oldest(): number {
    return Math.max(0, this.seen - this.rows);
  }

  private resize(rows: number): void {
    if (rows === this.rows) return;
    this.rows = rows;
    this.values = new Float64Array(rows * this.series);
  }

  private grow(rows: number): void {
    const values = new Float64Array(rows * this.series);
    this.copyTo(values, (row) => row % rows);
    this.values = values;
    this.rows = rows;
  }

  /** Copies every row to where `place` has it. */
  private copyTo(values: Float64Array, place: (row: number) => number): void {
    const { series, rows } = this;
    for (let row = this.oldest; row < this.seen; row++) {
      const at = (row % rows) * series;
      values.set(this.values.subarray(at, at + series), place(row) * series);
    }
  }
}
