/** Numbers in columns, as lines are drawn of them. Rows are counted from the first one that ever was. */
export interface Series {
  /** Number of the oldest row that is kept. */
  readonly first: number;
  /** Rows so far, those that are gone included. */
  readonly total: number;
  /** Gives a number, or NaN if it is missing. */
  get(name: string, row: number): number;
  /** Gives the rows from `from` to `to`, without `to`, as far as they are kept; good until it changes or is asked again. */
  view(name: string, from?: number, to?: number): Float64Array;
  /** Gives the first row that is kept whose number in an ascending column is at least `value`; `total` if none is. */
  firstAt(name: string, value: number): number;
}
