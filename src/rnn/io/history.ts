/** The last values of some features: a ring of rows [B,K], for what looks back: changes, lags, baselines, naive forecasts. */
import type { Address } from '../../kernels/arena.js';
import { type ColumnStore, type Columns, looseColumns } from '../../kernels/columns.js';
import { type Put, putNow, type Take, takeNow } from '../state-copies.js';

export interface HistoryState {
  readonly values: Float64Array;
  readonly seen: number;
  readonly slot: number;
  readonly known: Float64Array;
}

export class History {
  /** The rows, and for each value of a row, how many rows there were before it was known. */
  private readonly columns: Columns;
  /** Rows of this history so far. */
  seen = 0;
  /** Where the newest row lies. */
  slot = 0;

  /** @param rows that are remembered, the present one included. @param width numbers in a row, B * K. */
  constructor(
    readonly rows: number,
    readonly width: number,
    store: ColumnStore = looseColumns,
  ) {
    this.columns = store.allocateColumns((rows + 1) * width);
  }

  /** Where the rows lie in the columns. */
  get at(): Address {
    return this.columns.base;
  }

  /** Where it lies how many rows there were before each value was known. */
  get knownAt(): Address {
    return this.columns.base + this.rows * this.width;
  }

  /** Takes the next row: value `index[i]` of x for each i, of which it may be that nothing is known yet. */
  push(
    x: ArrayLike<number>,
    index: ArrayLike<number>,
    isKnown: ArrayLike<number>,
    xAt = 0,
    knownAt = 0,
  ): void {
    this.slot = this.slot + 1 === this.rows ? 0 : this.slot + 1;
    const { width } = this;
    const c = this.columns.array;
    const at = this.slot * width;
    const known = this.rows * width;
    for (let i = 0; i < width; i++) {
      c[at + i] = x[xAt + index[i]!]!;
      if (!isKnown[knownAt + index[i]!]) c[known + i] = this.seen + 1;
    }
    this.seen++;
  }

  /** Is value i of `back` steps ago known? */
  knows(back: number, i: number): boolean {
    return back < this.rows && this.seen - back > this.columns.array[this.rows * this.width + i]!;
  }

  /** Gives value i of the row of `back` steps ago, which must be there; 0 is the last. */
  read(back: number, i: number): number {
    let row = this.slot - back;
    if (row < 0) row += this.rows;
    return this.columns.array[row * this.width + i]!;
  }

  /** Holds nothing of value i for known but its last one. */
  forget(i: number): void {
    this.columns.array[this.rows * this.width + i] = this.seen - 1;
  }

  clear(): void {
    this.seen = 0;
    this.columns.array.fill(0, this.rows * this.width);
  }

  state(take: Take = takeNow): HistoryState {
    const { seen, slot, columns } = this;
    const known = this.rows * this.width;
    return { values: take([columns, 0, known]), seen, slot, known: take([columns, known, columns.length]) };
  }

  /** @param state of as many rows, or of fewer */
  restore({ values, seen, slot, known }: HistoryState, put: Put = putNow): void {
    const { width } = this;
    const rows = values.length / width;
    const c = this.columns.array;
    const knownAt = this.rows * width;
    this.seen = seen;
    c.set(known, knownAt);
    if (rows === this.rows) {
      put(this.columns, values);
      this.slot = slot;
      return;
    }
    this.slot = rows - 1;
    const oldest = ((slot + 1) % rows) * width;
    put(this.columns, values.subarray(oldest));
    put(this.columns, values.subarray(0, oldest), values.length - oldest);
    for (let i = 0; i < width; i++) c[knownAt + i] = Math.max(known[i]!, seen - rows);
  }
}
