/** The arrays of a recipe, and how some of them are made. */
import { type Pieces, VISIT } from '../../math/pieces.js';
import type { ScalerState } from '../io/scaler.js';

/** Row after row. */
export interface RecipeArray {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

export type Recipe = Map<string, RecipeArray>;

/** How many there are of what. */
export interface RecipeSizes {
  readonly B: number;
  readonly F: number;
  readonly K: number;
  readonly Q: number;
  readonly A: number;
}

/** Gives [4,width]: count, mean, rest of the mean, sum of squares. */
export function statistics({ count, mean, m2, low }: ScalerState): Float64Array {
  const all = new Float64Array(4 * count.length);
  for (const [i, part] of [count, mean, low, m2].entries()) if (part) all.set(part, i * count.length);
  return all;
}

/**
 * Gives the rows of a ring, newest first.
 *
 * @param rows that are given; those that the ring has not are 0. @param kept rows of the ring. @param slot where the newest is
 */
export function* newestFirst(
  values: Float64Array,
  width: number,
  rows: number,
  kept: number,
  slot: number,
): Pieces<Float64Array> {
  const out = new Float64Array(rows * width);
  for (let back = 0; back < Math.min(rows, kept); back++) {
    const row = (slot - back + kept) % kept;
    for (let i = 0; i < width; i++) out[back * width + i] = values[row * width + i]!;
    yield VISIT * width;
  }
  return out;
}
