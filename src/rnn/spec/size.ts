/** What a model holds, and what a step costs. */
import { layoutArena } from '../arena-layout.js';
import { layoutParameters } from '../cell/parameters.js';
import { forecasterNumbers } from '../forecast/size.js';
import { learnerOf } from '../learning/learners.js';
import { optimizerOf } from '../learning/optimizers/optimizers.js';
import { Window } from '../learning/window.js';
import type { ModelSpec } from './defaults.js';
import { historyOf, lookedBackAt } from './model-shape.js';

/** Gives how many numbers a model works with: its arena, and in float64 what it remembers of x and what forecasters keep. */
export function workingSize(spec: ModelSpec): number {
  const history = 2 * spec.batch * lookedBackAt(spec).length * historyOf(spec);
  return layoutArena(spec).length + history + 2 * forecasterNumbers(spec);
}

/** Gives how many numbers a model holds: those, and its predictions once more in float64. */
export function modelSize(spec: ModelSpec): number {
  return workingSize(spec) + 2 * Window.exactLength(layoutArena(spec).window);
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
