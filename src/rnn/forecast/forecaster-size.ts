/** How much the forecasters of a spec hold, and what a step of them costs. */
import { SeasonFinder } from '../io/seasons/season-finder.js';
import type { ModelSpec } from '../spec/defaults.js';
import { delayOf, inputsOf, lagsOf, lookedBackAt, outputsOf } from '../spec/model-shape.js';
import { layoutForecaster } from './forecaster-layout.js';

/** Gives how many float64 numbers forecasters keep; 0 where the network forecasts alone. */
export function forecasterNumbers(spec: ModelSpec): number {
  const { task, batch, readout, units } = spec;
  if (task?.kind !== 'forecast' || task.forecaster === 'network') return 0;
  const K = lookedBackAt(spec).length;
  const direct = inputsOf(spec);
  return layoutForecaster({
    O: batch * outputsOf(spec),
    K,
    horizons: task.horizon.length,
    n: lagsOf(K) + 1,
    nNetwork: units + direct + 1,
    hasSquares: readout.kind === 'linear' && readout.rule === 'rls',
    direct,
    rows: delayOf(spec) + 1,
  }).length;
}

/** Gives how many steps are looked back at in any case. @param longest horizon. @param told the season of the spec */
export const leastRows = (longest: number, told: number | undefined): number =>
  told === undefined ? 0 : 2 * told + 2 * longest + 2;

/** Gives how many numbers the seasons of so many series keep at most: their values, and a season of each in smoothing. */
export const seasonNumbers = (series: number, longest: number, told: number | undefined): number =>
  2 * SeasonFinder.most(series, leastRows(longest, told)) + 8 * series;
