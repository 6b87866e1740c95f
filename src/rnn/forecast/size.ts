/** How much the forecasters of a spec hold, and what a step of them costs. */
import { SeasonFinder } from '../io/seasons/season-finder.js';
import type { ModelSpec } from '../spec/defaults.js';
import { delayOf, inputsOf, lagsOf, lookedBackAt, outputsOf } from '../spec/model-shape.js';
import { ExpertMixture } from './expert-mixture.js';
import { E } from './experts.js';
import { LeastSquares } from './least-squares.js';
import { SLOTS } from './season-slots.js';

/** Regressors of the linear forecast with seasons: three of each season, the linear forecast, and 1. */
export const SEASONAL = 3 * SLOTS + 2;

/** Gives how many float64 numbers forecasters keep; 0 where the network forecasts alone. */
export function forecasterNumbers(spec: ModelSpec): number {
  const { task, batch, readout, units } = spec;
  if (task?.kind !== 'forecast' || task.forecaster === 'network') return 0;
  const K = lookedBackAt(spec).length;
  const O = batch * outputsOf(spec);
  const each =
    ExpertMixture.length(E) +
    LeastSquares.length(lagsOf(K) + 1, 1) +
    LeastSquares.length(SEASONAL, 1) +
    (delayOf(spec) + 1) * E;
  const hasSquares = readout.kind === 'linear' && readout.rule === 'rls';
  const squares = hasSquares ? task.horizon.length * LeastSquares.length(units + inputsOf(spec) + 1, K) : 0;
  return O * each + squares;
}

/** Gives how many steps are looked back at in any case. @param longest horizon. @param told the season of the spec */
export const leastRows = (longest: number, told: number | undefined): number =>
  told === undefined ? 0 : 2 * told + 2 * longest + 2;

/** Gives how many numbers the seasons of so many series keep at most: their values, and a season of each in smoothing. */
export const seasonNumbers = (series: number, longest: number, told: number | undefined): number =>
  2 * SeasonFinder.most(series, leastRows(longest, told)) + 8 * series;
