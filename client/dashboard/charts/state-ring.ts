import { LastRows } from './ring.js';

/** Bytes that the hidden states of one sequence may take in a page. */
const MAX_BYTES = 64 * 1024 * 1024;

/** Gives how many rows hold `minutes` at a rate, or as many as the memory for `width` numbers of `bytes` a row allows. */
export function stateRows(width: number, stepsPerSecond: number, minutes = 30, bytes = 4): number {
  const wanted = Math.ceil(stepsPerSecond * 60 * minutes);
  return Math.max(1, Math.min(wanted, Math.floor(MAX_BYTES / (bytes * width))));
}

type Numbers = Float32Array | Float64Array;

/** The last vectors of a stream, each with the number of its step, in constant memory. */
export class StateRing<N extends Numbers = Float32Array> extends LastRows {
  private readonly numbers: N;
  private readonly stepNumbers: Float64Array;

  /**
   * @param width numbers in one vector
   * @param make gives room for numbers: float32 for hidden states, float64 for readings, which keep their digits
   */
  constructor(
    readonly width: number,
    capacity: number,
    make: (length: number) => N = (length) => new Float32Array(length) as N,
  ) {
    super(capacity);
    this.numbers = make(width * capacity);
    this.stepNumbers = new Float64Array(capacity);
  }

  /** Appends `width` numbers of `from`, from `at` on. */
  append(step: number, from: ArrayLike<number>, at = 0): void {
    const row = this.total % this.capacity;
    const base = row * this.width;
    for (let i = 0; i < this.width; i++) this.numbers[base + i] = from[at + i] as number;
    this.stepNumbers[row] = step;
    this.total++;
  }

  /** Gives a row where it lies: good until it is overwritten. */
  row(row: number): N {
    const base = (row % this.capacity) * this.width;
    return this.numbers.subarray(base, base + this.width) as N;
  }

  /** Gives the step of a row; NaN where it is not kept. */
  stepOf(row: number): number {
    return this.isKept(row) ? (this.stepNumbers[row % this.capacity] as number) : Number.NaN;
  }

  /** Gives the first row that is kept whose step is at least `step`; `total` if none is. */
  firstAt(step: number): number {
    return this.search(step, (row) => this.stepOf(row));
  }
}
