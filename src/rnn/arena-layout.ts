/**
 * How the numbers of a model lie in its arena:
 *
 *   weights | moments | window | what the learner carries forward       which a snapshot keeps
 *   the learner's scratch | gradient | h [B,N] | y [B,M] | the cell's scratch
 */
import { layoutParameters, type ParameterLayout } from './cell/parameters.js';
import { learnerOf, reachOf } from './learning/learners.js';
import { optimizerOf } from './learning/optimizers/optimizers.js';
import { countOf, type Moments } from './learning/weight-places.js';
import { Window, type WindowShape } from './learning/window.js';
import type { ModelSpec } from './spec/defaults.js';
import { delayOf } from './spec/model-shape.js';

/** Where everything begins, counted from the arena's own beginning. */
export interface ArenaLayout {
  readonly parameters: ParameterLayout;
  readonly moments: Moments;
  readonly window: WindowShape;
  readonly windowAt: number;
  readonly carriedAt: number;
  readonly scratchAt: number;
  readonly gradientAt: number;
  readonly hAt: number;
  readonly yAt: number;
  readonly cellScratchAt: number;
  readonly length: number;
}

/** Are the outputs scaled: predictions of numbers, but not of probabilities? */
export const areOutputsScaled = ({ task, readout, scaler }: ModelSpec): boolean =>
  task !== undefined && readout.kind === 'linear' && scaler.kind === 'standard';

export function layoutArena(spec: ModelSpec): ArenaLayout {
  const { batch, units, readout, learner, optimizer } = spec;
  const parameters = layoutParameters(spec);
  const { features, outputs, length: count, cell } = parameters;
  const learns = readout.kind !== 'none';
  const kind = optimizerOf(optimizer);
  const moments = learns ? kind.moments(optimizer) : { first: false, second: false };
  const keep = learns ? reachOf(spec) + delayOf(spec) : 1;
  const scaled = areOutputsScaled(spec);
  const { activations } = cell;
  const window = { keep, batch, features, units, outputs, scaled, activations };
  const method = learns ? learnerOf(learner).size(learner, parameters, batch) : { kept: 0, scratch: 0 };

  const windowAt = count * (1 + countOf(moments));
  const carriedAt = windowAt + Window.length(window);
  const scratchAt = carriedAt + method.kept;
  const gradientAt = scratchAt + method.scratch;
  const hAt = gradientAt + (learns && kind.needsGradient ? count : 0);
  const yAt = hAt + batch * units;
  const cellScratchAt = yAt + batch * outputs;
  const length = cellScratchAt + batch * cell.forwardScratch;
  const places = { windowAt, carriedAt, scratchAt, gradientAt, hAt, yAt, cellScratchAt, length };
  return { parameters, moments, window, ...places };
}
