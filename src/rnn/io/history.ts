/** The last values of some features: a ring of rows [B,K], for what looks back: changes, lags, baselines, naive forecasts. */
export interface HistoryState {
  readonly values: Float64Array;
  readonly seen: number;
  readonly slot: number;
  readonly known: Float64Array;
}

export class History {
  private readonly values: Float64Array;
  /** Rows of this history so far. */
  private seen = 0;
  private slot = 0;
  /** For each value, how many rows there were before it was known. */
  private readonly known: Float64Array;

  /** @param rows that are remembered, the present one included. @param width numbers in a row, B * K. */
  constructor(
    readonly rows: number,
    readonly width: number,
  ) {
    this.values = new Float64Array(rows * width);
    this.known = new Float64Array(width);
  }

  /** Takes the next row: value `index[i]` of x for each i, of which it may be that nothing is known yet. */
  push(x: ArrayLike<number>, index: ArrayLike<number>, isKnown: ArrayLike<number>): void {
    this.slot = this.slot + 1 === this.rows ? 0 : this.slot + 1;
    const at = this.slot * this.width;
    for (let i = 0; i < this.width; i++) {
      this.values[at + i] = x[index[i]!]!;
      if (!isKnown[index[i]!]) this.known[i] = this.seen + 1;
    }
    this.seen++;
  }

  /** Is value i of `back` steps ago known? */
  knows(back: number, i: number): boolean {
    return back < this.rows && this.seen - back > this.known[i]!;
  }

  /** Gives value i of the row of `back` steps ago, which must be there; 0 is the last. */
  read(back: number, i: number): number {
    let row = this.slot - back;
    if (row < 0) row += this.rows;
    return this.values[row * this.width + i]!;
  }

  /** Holds nothing of value i for known but its last one. */
  forget(i: number): void {
    this.known[i] = this.seen - 1;
  }

  clear(): void {
    this.seen = 0;
    this.known.fill(0);
  }

  state(): HistoryState {
    const { values, seen, slot, known } = this;
    return { values: values.slice(), seen, slot, known: known.slice() };
  }

  /** @param state of as many rows, or of fewer */
  restore({ values, seen, slot, known }: HistoryState): void {
    const { width } = this;
    const rows = values.length / width;
    this.seen = seen;
    this.known.set(known);
    if (rows === this.rows) {
      this.values.set(values);
      this.slot = slot;
      return;
    }
    this.slot = rows - 1;
    for (let row = 0; row < rows; row++) {
      const from = ((slot + 1 + row) % rows) * width;
      this.values.set(values.subarray(from, from + width), row * width);
    }
    for (let i = 0; i < width; i++) this.known[i] = Math.max(known[i]!, seen - rows);
  }
}
