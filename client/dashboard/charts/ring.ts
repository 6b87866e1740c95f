/** The last rows of a stream, counted from the first one ever appended, so that a row keeps its number. */
export abstract class LastRows {
  /** Rows appended so far, those that were overwritten included. */
  total = 0;

  constructor(readonly capacity: number) {}

  /** Rows that are kept. */
  get length(): number {
    return Math.min(this.total, this.capacity);
  }

  /** Number of the oldest row that is kept. */
  get first(): number {
    return this.total - this.length;
  }

  protected isKept(row: number): boolean {
    return row >= this.first && row < this.total;
  }

  /** Gives the first row, of those kept, whose ascending number is at least `value`; `total` if none is. */
  protected search(value: number, numberOf: (row: number) => number): number {
    let [low, high] = [this.first, this.total];
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (numberOf(middle) < value) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/**
 * The last rows of a stream of numbers, column by column, in constant memory. Each number is kept twice, `capacity` apart,
 * so that any run of rows is one view of one array.
 */
export class Ring<Column extends string> extends LastRows {
  private readonly columns: ReadonlyMap<Column, Float64Array>;

  /** @param names what the columns are called; numbers are appended in this order */
  constructor(
    readonly names: readonly Column[],
    capacity: number,
  ) {
    super(capacity);
    if (!Number.isSafeInteger(capacity) || capacity < 1) throw new RangeError(`capacity is ${capacity}`);
    this.columns = new Map(names.map((name) => [name, new Float64Array(2 * capacity)]));
  }

  /** Appends a row; what is NaN is a gap. */
  append(...values: number[]): void {
    const at = this.total % this.capacity;
    let j = 0;
    for (const column of this.columns.values()) {
      const value = values[j++] ?? Number.NaN;
      column[at] = value;
      column[at + this.capacity] = value;
    }
    this.total++;
  }

  /** Sets one number of a row that is kept; of another row nothing is set. */
  set(name: Column, row: number, value: number): void {
    if (!this.isKept(row)) return;
    const column = this.column(name);
    const at = row % this.capacity;
    column[at] = value;
    column[at + this.capacity] = value;
  }

  get(name: Column, row: number): number {
    if (!this.isKept(row)) return Number.NaN;
    return this.column(name)[row % this.capacity] as number;
  }

  /** Gives the rows from `from` to `to`, without `to`, as far as they are kept. The view is good until the next append. */
  view(name: Column, from = this.first, to = this.total): Float64Array {
    const begin = Math.max(from, this.first);
    const length = Math.max(0, Math.min(to, this.total) - begin);
    const at = begin % this.capacity;
    return this.column(name).subarray(at, at + length);
  }

  /** Gives the first row, of those kept, whose number in an ascending column is at least `value`; `total` if none is. */
  firstAt(name: Column, value: number): number {
    return this.search(value, (row) => this.get(name, row));
  }

  private column(name: Column): Float64Array {
    return this.columns.get(name) as Float64Array;
  }
}
