/**
 * How a model's numbers are copied into a state that is kept, and back. A part says what; whether that is done at once or
 * piece by piece is no matter to it, because nothing of the model changes in between.
 */
import { BYTE, inRanges, type Pieces, VISIT } from '../math/pieces.js';

/** Float64 numbers of a model: columns, or an array of its own. */
export interface Numbers {
  readonly array: Float64Array;
}

/** Numbers from one place up to another: all, unless it says less. */
export type Run = readonly [numbers: Numbers, from?: number, to?: number];
/** Gives a copy of runs of numbers, one after the other; it may be complete only later. */
export type Take = (...runs: readonly Run[]) => Float64Array;
/** Copies values to `at`, now or later, in the order of the calls; `then` goes on with those from one up to another. */
export type Put = (
  numbers: Numbers,
  values: Float64Array,
  at?: number,
  then?: (from: number, to: number) => void,
) => void;

const lengthOf = ([{ array }, from = 0, to = array.length]: Run): number => to - from;
const sumOf = (runs: readonly Run[]): number => runs.reduce((sum, run) => sum + lengthOf(run), 0);

export const takeNow: Take = (...runs) => {
  const [[{ array }, from, to] = [{ array: new Float64Array(0) }], ...more] = runs;
  if (more.length === 0) return array.slice(from, to);
  const values = new Float64Array(sumOf(runs));
  let at = 0;
  for (const run of runs) {
    values.set(run[0].array.subarray(run[1], run[2]), at);
    at += lengthOf(run);
  }
  return values;
};
export const putNow: Put = ({ array }, values, at, then) => {
  array.set(values, at);
  then?.(0, values.length);
};

/** Stands for an array in the form of a state: only what it is an array of, and how long it is. */
export class ArrayForm {
  constructor(
    readonly length: number,
    readonly kind: unknown,
  ) {}
}

/** Copies nothing: where only the form of a state is asked for. */
export const takeForm: Take = (...runs) =>
  new ArrayForm(sumOf(runs), Float64Array) as unknown as Float64Array;

/** Up to so many numbers are copied at once. */
const FEW = 4096;

/** Copies that wait to be made. */
export class StateCopies {
  private readonly waiting: {
    readonly numbers: Numbers;
    readonly at: number;
    readonly values: Float64Array;
    readonly isTaken: boolean;
    readonly then?: ((from: number, to: number) => void) | undefined;
  }[] = [];

  readonly take: Take = (...runs) => {
    const length = sumOf(runs);
    if (length <= FEW) return takeNow(...runs);
    const all = new Float64Array(length);
    let next = 0;
    for (const run of runs) {
      const values = all.subarray(next, next + lengthOf(run));
      this.waiting.push({ numbers: run[0], at: run[1] ?? 0, values, isTaken: true });
      next += values.length;
    }
    return all;
  };

  readonly put: Put = (numbers, values, at = 0, then) => {
    if (values.length <= FEW) putNow(numbers, values, at, then);
    else this.waiting.push({ numbers, at, values, isTaken: false, then });
  };

  /** Makes them. */
  *make(): Pieces<void> {
    for (const { numbers, at, values, isTaken, then } of this.waiting)
      yield* inRanges(values.length, BYTE * 8 + (then ? 2 * VISIT : 0), (first, end) => {
        if (isTaken) values.set(numbers.array.subarray(at + first, at + end), first);
        else numbers.array.set(values.subarray(first, end), at + first);
        then?.(first, end);
      });
  }
}
