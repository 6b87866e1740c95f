/** What was served of late, and the ranges: by horizon [Q,B,K], while a model keeps them by row [B,Q,K]. */
import { RANGE_LENGTH } from '../../kernels/interval.js';
import { inRanges, type Pieces, VISIT } from '../../math/pieces.js';
import { reachOf } from '../learning/learners.js';
import type { ModelSnapshot } from '../snapshot.js';
import { delayOf, type ModelSpec } from '../spec/spec.js';
import type { Recipe, RecipeSizes } from './recipe-arrays.js';

/** For each of [Q,B,K] in order, which of the outputs [B,Q,K] it is. */
export function byHorizon({ B, Q, K }: RecipeSizes): Int32Array {
  const places = new Int32Array(B * Q * K);
  let to = 0;
  for (let q = 0; q < Q; q++)
    for (let row = 0; row < B; row++) for (let k = 0; k < K; k++) places[to++] = (row * Q + q) * K + k;
  return places;
}

/** Gives `size` numbers of each output, by horizon. @param places of the outputs, as byHorizon gives them */
export function* gathered(
  values: Float64Array,
  at: number,
  places: Int32Array,
  stride: number,
  size: number,
  offset = 0,
): Pieces<Float64Array> {
  const out = new Float64Array(places.length * size);
  yield* inRanges(places.length, VISIT * size, (first, end) => {
    for (let to = first; to < end; to++) {
      const from = at + places[to]! * stride + offset;
      for (let i = 0; i < size; i++) out[to * size + i] = values[from + i]!;
    }
  });
  return out;
}

/** Where the half-widths of a step lie among those that are kept. */
const halfAt = (spec: ModelSpec, outputs: number, step: number): number =>
  2 * outputs * RANGE_LENGTH + (step % (delayOf(spec) + reachOf(spec) + 1)) * outputs;

export function* rangesOf(
  recipe: Recipe,
  { numbers }: { readonly numbers: Float64Array },
  sizes: RecipeSizes,
): Pieces<void> {
  const { B, Q, K } = sizes;
  recipe.set('run.y.ranges', {
    shape: [Q, B, K, RANGE_LENGTH],
    data: yield* gathered(numbers, 0, byHorizon(sizes), RANGE_LENGTH, RANGE_LENGTH),
  });
}

/** Forecasts of the last A steps [A,Q,B,K], newest first, and the half-widths that were served with them. */
export function* servedOf(recipe: Recipe, snapshot: ModelSnapshot, sizes: RecipeSizes): Pieces<void> {
  const { spec, window, outputs } = snapshot;
  const { A, B, Q, K } = sizes;
  const width = B * Q * K;
  const places = byHorizon(sizes);
  const [served, half] = [new Float64Array(A * width), new Float64Array(A * width)];
  for (let back = 0; back < A; back++) {
    const step = window.next - 1 - back;
    if (step < window.start) break;
    const { exact } = window;
    if (exact) served.set(yield* gathered(exact, (step - window.origin) * width, places, 1, 1), back * width);
    if (outputs?.intervals)
      half.set(
        yield* gathered(outputs.intervals.numbers, halfAt(spec, width, step), places, 1, 1),
        back * width,
      );
  }
  recipe.set('run.y.served', { shape: [A, Q, B, K], data: served });
  if (outputs?.intervals) recipe.set('run.y.half', { shape: [A, Q, B, K], data: half });
}
