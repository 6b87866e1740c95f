/** Readings in the order of their times, sorted in pieces: an agent that was cut off sends hundreds of thousands at once. */
import type { Pieces } from '../math/pieces.js';

interface Timed {
  /** Milliseconds since 1970; NaN without a time. */
  readonly t: number;
}

/** How many are sorted, or merged, at once. */
const RUN = 2 ** 11;
/** What one of them costs. */
const WORK = 2 ** 9;

const placeOf = ({ t }: Timed): number => (Number.isNaN(t) ? Number.POSITIVE_INFINITY : t);
/** Those of one time stay in the order they came in: `sort` is stable, and so are merges that prefer what comes first. */
const byTime = (a: Timed, b: Timed): number =>
  placeOf(a) < placeOf(b) ? -1 : placeOf(a) > placeOf(b) ? 1 : 0;

/** Gives them in the order of their times, and then those without. */
export function* inOrderOfTime<T extends Timed>(list: readonly T[]): Pieces<readonly T[]> {
  let sorted: T[] = [];
  for (let from = 0; from < list.length; from += RUN) {
    const run = list.slice(from, from + RUN).sort(byTime);
    for (const one of run) sorted.push(one);
    yield run.length * WORK;
  }
  for (let width = RUN; width < sorted.length; width *= 2) {
    const merged: T[] = [];
    for (let from = 0; from < sorted.length; from += 2 * width) yield* merge(sorted, from, width, merged);
    sorted = merged;
  }
  return sorted;
}

/** Merges two neighbours of so many each into what is there of them all. */
function* merge<T extends Timed>(all: readonly T[], from: number, width: number, merged: T[]): Pieces {
  const [middle, end] = [Math.min(from + width, all.length), Math.min(from + 2 * width, all.length)];
  let [left, right] = [from, middle];
  while (left < middle || right < end) {
    const isLeft = right >= end || (left < middle && byTime(all[left]!, all[right]!) <= 0);
    merged.push(isLeft ? all[left++]! : all[right++]!);
    if (merged.length % RUN === 0) yield RUN * WORK;
  }
}
