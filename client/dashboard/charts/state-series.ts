/** Columns of vectors that are kept anyway, or of what follows from them, as lines: nothing is stored twice. */
import type { Series } from './series.js';
import type { StateRing } from './state-ring.js';

/** Gives the number of a column from a vector. */
export type ColumnOf<N> = (vector: N) => number;

export class StateSeries<N extends Float32Array | Float64Array> implements Series {
  private readonly room = new Map<string, Float64Array>();

  /** @param ahead how many steps after its own a vector stands, in column `step` */
  constructor(
    private readonly states: StateRing<N>,
    private readonly columns: Readonly<Record<string, ColumnOf<N>>>,
    private readonly ahead = 0,
  ) {}

  get first(): number {
    return this.states.first;
  }

  get total(): number {
    return this.states.total;
  }

  get(name: string, row: number): number {
    const { states, columns, ahead } = this;
    if (row < states.first || row >= states.total) return Number.NaN;
    if (name === 'step') return states.stepOf(row) + ahead;
    return columns[name]?.(states.row(row)) ?? Number.NaN;
  }

  view(name: string, from = this.first, to = this.total): Float64Array {
    const begin = Math.max(from, this.first);
    const length = Math.max(0, Math.min(to, this.total) - begin);
    const numbers = this.roomFor(name, length);
    for (let i = 0; i < length; i++) numbers[i] = this.get(name, begin + i);
    return numbers.subarray(0, length);
  }

  firstAt(name: string, value: number): number {
    if (name === 'step') return this.states.firstAt(value - this.ahead);
    throw new RangeError(`${name} is no ascending column`);
  }

  private roomFor(name: string, length: number): Float64Array {
    const known = this.room.get(name);
    if (known && known.length >= length) return known;
    const numbers = new Float64Array(2 * length);
    this.room.set(name, numbers);
    return numbers;
  }
}
