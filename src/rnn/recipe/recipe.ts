/**
 * All that a model does with a step beside its weights, as arrays with names of their own, so that somebody else can run it
 * on raw x: statistics, the last values, what was served, and what the forecasters go by. docs/formats.md says what is
 * computed of them. Weights, and what least squares have learned, stand still in it; seasons stay those that it has.
 *
 * B batch rows, F features, K of them looked back at, Q horizons, A the longest, E forecasters. Statistics [4,…] are count,
 * mean, rest of the mean, sum of squares.
 */
import { type Pieces, VISIT } from '../../math/pieces.js';
import { Inputs } from '../io/cell-inputs.js';
import type { ModelSnapshot } from '../snapshot.js';
import {
  delayOf,
  forecastFeatures,
  historyOf,
  lookedBackAt,
  type ModelSpec,
  outputsOf,
} from '../spec/spec.js';
import { forecasterArrays } from './forecaster-arrays.js';
import { newestFirst, type Recipe, type RecipeSizes, statistics } from './recipe-arrays.js';
import { rangesOf, servedOf } from './served-arrays.js';

/** Of a supervised task the outputs are those of one horizon. */
export function recipeSizes(spec: ModelSpec): RecipeSizes {
  const { batch: B, features: F, task } = spec;
  const isForecast = task?.kind === 'forecast';
  const K = isForecast ? (forecastFeatures(spec)?.length ?? 0) : outputsOf(spec);
  return { B, F, K, Q: isForecast ? task.horizon.length : 1, A: isForecast ? delayOf(spec) : 0 };
}

/** Makes the arrays out of a snapshot. */
export function* recipeOf(snapshot: ModelSnapshot): Pieces<Recipe> {
  const { spec, inputs, outputs, window } = snapshot;
  const sizes = recipeSizes(spec);
  const { B, F, K, Q } = sizes;
  const steps = window.next - window.start;
  const recipe: Recipe = new Map();
  const add = (name: string, shape: readonly number[], data: ArrayLike<number>) =>
    recipe.set(`run.${name}`, { shape, data: Float64Array.from(data) });
  add('steps', [1], [steps]);
  add('x.last', [B, F], inputs.held);
  add('x.known', [B, F], inputs.known);
  if (inputs.scaler) add('x.statistics', [4, F], statistics(inputs.scaler));
  relevanceOf(snapshot, sizes, add);
  yield VISIT * B * F;
  const looked = lookedBackAt(spec).length;
  const { changes } = spec.inputs;
  if (inputs.changeScaler)
    add('changes.statistics', [4, changes.length, looked], statistics(inputs.changeScaler));
  if (inputs.time) add('time.last', [1], [inputs.time.known ? inputs.time.last : Number.NaN]);
  if (inputs.time?.scaler) add('elapsed.statistics', [4], statistics(inputs.time.scaler));
  const rows = historyOf(spec);
  const { seen, known } = inputs.history;
  const kept = inputs.history.values.length / known.length;
  const past = yield* newestFirst(inputs.history.values, known.length, rows, kept, inputs.history.slot);
  recipe.set('run.history', { shape: [rows, B, looked], data: past });
  const lost = Math.max(0, seen - kept);
  add(
    'history.known',
    [B, looked],
    Array.from(known, (before) => Math.max(0, seen - Math.max(before, lost))),
  );
  if (!outputs) return recipe;
  if (outputs.scaler) add('y.statistics', [4, Q, K], statistics(outputs.scaler));
  if (outputs.intervals) yield* rangesOf(recipe, outputs.intervals, sizes);
  if (spec.task?.kind !== 'forecast') return recipe;
  yield* servedOf(recipe, snapshot, sizes);
  if (outputs.forecaster) yield* forecasterArrays(recipe, outputs.forecaster, snapshot, sizes);
  return recipe;
}

/** Writes how far each feature is let into the cell, and by what; nothing where all are, whole. */
function relevanceOf(
  { spec, inputs: { relevance: state }, window }: ModelSnapshot,
  { B, F, K }: RecipeSizes,
  add: (name: string, shape: readonly number[], data: ArrayLike<number>) => void,
): void {
  if (!state) return;
  const { relevance } = new Inputs(spec);
  if (!relevance) return;
  relevance.restore(state);
  const { others, products, squares, errors, seen, inputs } = relevance.arrays(window.next - 1);
  const n = others.length;
  add('x.share', [F], relevance.share);
  add('relevance.others', [n], others);
  add('relevance.products', [K, n], products);
  add('relevance.squares', [n], squares);
  add('relevance.errors', [K], errors);
  add('relevance.seen', [1], [seen]);
  add('relevance.inputs', [inputs.length / (B * n), B, n], inputs);
}
