/** Work of a source, cut into pieces that go round with all other work of the process. */
import type { Pieces } from '../math/pieces.js';
import type { FairTurns } from '../sequence/work/fair-turns.js';

export type Turns = Pick<FairTurns, 'add'>;

/**
 * Does work piece by piece until one gives null.
 *
 * @param owner for whom it is done
 * @param piece does a piece, and gives what it cost in multiply-adds; what it throws is thrown here
 */
export const inTurns = (turns: Turns, owner: object, piece: () => number | null): Promise<void> =>
  new Promise((resolve, reject) => {
    turns.add({
      kind: 'steps',
      owner,
      piece() {
        try {
          const cost = piece();
          if (cost === null) resolve();
          return cost;
        } catch (error) {
          reject(error);
          return null;
        }
      },
    });
  });

/** Runs work to its end, in turn with all other work, and gives what it gives. @param owner for whom it is done */
export async function resultInTurns<T>(turns: Turns, owner: object, pieces: Pieces<T>): Promise<T> {
  const results: T[] = [];
  await inTurns(turns, owner, () => {
    const { done, value } = pieces.next();
    if (!done) return value;
    results.push(value);
    return null;
  });
  return results[0]!;
}
