/**
 * Long work in pieces, so that whoever runs it can do other things between two of them: a generator that yields after each
 * piece what the piece cost, in multiply-adds, of which five million take about a millisecond.
 *
 * What is worked on must not be changed from outside between two pieces, and the memory of kernels may move: an array of it
 * is read again after each. Work that is given up, by `return()`, gives back what it has allocated.
 */
export type Pieces<T = void> = Generator<number, T, void>;

/** What a piece costs at most, wherever the arithmetic lets it be cut: about two milliseconds. */
export const PIECE = 2 ** 23;

/**
 * What it costs to write a byte where none was before, since the machine has yet to give its page, and one round of a loop over
 * numbers that computes hardly anything.
 */
export const BYTE = 8;
export const VISIT = 8;

/** Runs work to its end at once. */
export function finish<T>(pieces: Pieces<T>): T {
  for (;;) {
    const { done, value } = pieces.next();
    if (done) return value;
  }
}

/** Does `work` for all of `count` items, so many at once as one piece may cost. @param each what an item costs */
export function* inRanges(
  count: number,
  each: number,
  work: (from: number, to: number) => void,
  first = 0,
): Pieces<void> {
  const most = Math.max(1, Math.floor(PIECE / Math.max(1, each)));
  for (let from = first; from < count; from += most) {
    const to = Math.min(count, from + most);
    work(from, to);
    yield (to - from) * each;
  }
}
