/** What a model holds, and what a step costs. */
import { layoutArena } from '../arena-layout.js';
import { layoutParameters } from '../cell/parameters.js';
import { forecasterNumbers, seasonNumbers } from '../forecast/forecaster-size.js';
import { Intervals } from '../forecast/intervals.js';
import { Relevance } from '../io/relevance.js';
import { learnerOf, reachOf } from '../learning/learners.js';
import { optimizerOf } from '../learning/optimizers/optimizers.js';
import { Window } from '../learning/window.js';
import { AnomalyScore } from '../scoring/anomaly.js';
import type { ModelSpec } from './defaults.js';
import { delayOf, historyOf, inputsOf, lookedBackAt, outputsOf } from './model-shape.js';

/** Gives how many numbers a model works with: its arena, and in float64 what it remembers of x and what forecasters keep. */
export function workingSize(spec: ModelSpec): number {
  const history = 2 * spec.batch * lookedBackAt(spec).length * historyOf(spec);
  return layoutArena(spec).length + history + 2 * forecasterNumbers(spec);
}

/** Statistics of a feature and of an output, and what detectors of change keep of all outputs together. */
const OF_FEATURE = 80;
const OF_OUTPUT = 64;
const OF_DETECTORS = 1024;

/**
 * Gives how many numbers a model holds at most: those, its predictions once more in float64, their ranges, past values
 * in which seasons are looked for, and statistics.
 */
export const modelSize = (spec: ModelSpec): number => sizeAtFirst(spec) + 2 * lookedThrough(spec);

/** Gives how many numbers a model takes at most when it is made, before it has seen anything. */
export function sizeAtFirst(spec: ModelSpec): number {
  const { batch, features, readout } = spec;
  const O = batch * outputsOf(spec);
  const exact = Window.exactLength(layoutArena(spec).window);
  const ranges = readout.kind === 'linear' ? Intervals.length(O, delayOf(spec) + reachOf(spec) + 1) : 0;
  const anomalies = O > 0 ? AnomalyScore.length(O) : 0;
  const statistics = OF_FEATURE * (batch * features + inputsOf(spec)) + OF_OUTPUT * O + OF_DETECTORS;
  return workingSize(spec) + 2 * (exact + ranges + anomalies + statistics);
}

/** Gives how many past values forecasters look for seasons in, and for features that tell something. */
function lookedThrough(spec: ModelSpec): number {
  const { task, batch, features, season } = spec;
  if (task?.kind !== 'forecast' || task.forecaster === 'network') return 0;
  const columns = lookedBackAt(spec);
  const judged = Relevance.length(features - columns.length, columns.length, batch, task.horizon[0]!);
  return seasonNumbers(batch * columns.length, delayOf(spec), season) + judged;
}

/** Gives nearly how many multiply-adds a step costs, its share of an update included. */
export function stepWork(spec: ModelSpec): number {
  const { batch, learner, optimizer } = spec;
  const layout = layoutParameters(spec);
  const cell = layout.cell.weights;
  const readout = layout.units * layout.outputs;
  if (!spec.task) return batch * (cell + readout);
  const kind = learnerOf(learner);
  const isFactored = !optimizerOf(optimizer).needsGradient;
  // of a layer: forward and back, and its gradient in memory; or the gradient's norm, and the descent along its factors
  const layers = batch * (cell + (isFactored ? 4 : 3) * readout);
  // a gradient in memory: its norm, and the step along it
  const parameters = cell + layout.cell.biases;
  const along = isFactored ? (kind.needsInfluence ? 2 * parameters : 0) : 4 * (parameters + readout);
  return Math.ceil(layers + batch * kind.work(learner, { layout, isFactored }) + along / learner.k1);
}
