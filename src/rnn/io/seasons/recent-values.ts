/** The recent values of some series, a row of one of each per step: small while a sequence is young, bounded ever after. */

import type { Address } from '../../../kernels/arena.js';
import { type ColumnStore, type Columns, looseColumns } from '../../../kernels/columns.js';
import { RING_ROWS, RING_SEEN, RING_UNKNOWN, ringKnown } from '../../../kernels/value-ring.js';
import { type Put, putNow, type Take, takeNow } from '../../state-copies.js';

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

/** Does a state of this form fit together: are all rows there that were seen, or a ring of them? */
export function isRingState({ values, seen, unknown }: RingState): boolean {
  const rows = values.length / unknown.length;
  const isWhole = Number.isInteger(rows) && Number.isInteger(seen) && seen >= 0 && rows <= seen;
  return (
    isWhole && (rows === seen || rows >= FIRST_ROWS) && unknown.every((count) => count >= 0 && count <= seen)
  );
}

export class ValueRing {
  /** What kernels know of it; see ../../../kernels/value-ring.ts. */
  private readonly head: Columns;
  private values: Columns;

  /** @param series K. @param most rows that are ever kept */
  constructor(
    readonly series: number,
    readonly most: number,
    private readonly store: ColumnStore = looseColumns,
  ) {
    const rows = Math.min(FIRST_ROWS, most);
    this.values = store.allocateColumns(rows * series);
    this.head = store.allocateColumns(RING_UNKNOWN + series);
    this.tell(rows, 0);
  }

  private tell(rows: number, seen: number): void {
    const c = this.head.array;
    c.set([this.values.base, rows, seen, this.series, seen % rows]);
  }

  /** Where it lies in the columns. */
  get at(): Address {
    return this.head.base;
  }

  private get rows(): number {
    return this.head.array[RING_ROWS]!;
  }

  private get seen(): number {
    return this.head.array[RING_SEEN]!;
  }

  private get unknown(): Float64Array {
    return this.head.array.subarray(RING_UNKNOWN);
  }

  get pushed(): number {
    return this.seen;
  }

  /** Makes room for the next row. */
  prepare(): void {
    const { rows, most } = this;
    if (rows < most && this.seen >= rows) this.grow(Math.min(2 * rows, most));
  }

  /** How many of the kept values of series i are known: the newest ones. */
  known(i: number): number {
    return ringKnown(this.head.data, this.head.base, i);
  }

  /** Gives the kept values of one series from its first known one on, oldest first. */
  read(i: number): Float64Array {
    const first = Math.max(this.oldest, this.unknown[i]!);
    const { rows, series, seen } = this;
    const values = this.values.array;
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
    this.unknown.fill(0);
    this.resize(Math.min(FIRST_ROWS, this.most), 0);
  }

  state(take: Take = takeNow): RingState {
    const { series, seen, oldest, rows } = this;
    const first = (oldest % rows) * series;
    const end = (seen - oldest) * series;
    const values =
      first === 0 ? take([this.values, 0, end]) : take([this.values, first, end], [this.values, 0, first]);
    return { values, seen, unknown: this.unknown.slice() };
  }

  restore({ values, seen, unknown }: RingState, put: Put = putNow): void {
    const { series } = this;
    const kept = values.length / series;
    let rows = Math.min(FIRST_ROWS, this.most);
    while (rows < Math.min(kept, this.most)) rows = Math.min(2 * rows, this.most);
    this.resize(rows, seen);
    this.unknown.set(unknown);
    // up to the end of the ring, and on from its beginning; what would be overwritten at once is left out
    const first = Math.max(0, kept - rows);
    const at = (seen - kept + first) % rows;
    const upToEnd = Math.min(kept - first, rows - at);
    put(this.values, values.subarray(first * series, (first + upToEnd) * series), at * series);
    put(this.values, values.subarray((first + upToEnd) * series));
  }

  private get oldest(): number {
    return Math.max(0, this.seen - this.rows);
  }

  private resize(rows: number, seen: number): void {
    if (rows !== this.rows) {
      this.values.free();
      this.values = this.store.allocateColumns(rows * this.series);
    }
    this.tell(rows, seen);
  }

  private grow(rows: number): void {
    const values = new Float64Array(rows * this.series);
    this.copyTo(values, (row) => row % rows);
    this.resize(rows, this.seen);
    this.values.array.set(values);
  }

  /** Copies every row to where `place` has it. */
  private copyTo(values: Float64Array, place: (row: number) => number): void {
    const { series, rows, oldest, seen } = this;
    const own = this.values.array;
    for (let row = oldest; row < seen; row++) {
      const at = (row % rows) * series;
      values.set(own.subarray(at, at + series), place(row) * series);
    }
  }
}
