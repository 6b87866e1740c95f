/** Tells the kernels of a forecaster where its numbers lie; see ../../kernels/forecast-plan.ts. */
import type { Columns } from '../../kernels/columns.js';
import { PLAN } from '../../kernels/forecast-plan.js';
import { leastSquaresLength } from '../../kernels/least-squares.js';
import type { Inputs } from '../io/cell-inputs.js';
import type { StandardScaler } from '../io/scaler.js';
import type { ModelSpec } from '../spec/spec.js';
import type { ForecasterLayout } from './forecaster-layout.js';
import type { Seasons } from './seasons.js';

/** A horizon of a forecast, and the first of its K outputs. */
export interface ForecastHorizon {
  readonly ahead: number;
  readonly first: number;
  /** How far back the network's baseline lies when the forecast is made. */
  readonly served: number;
}

/** What the kernels read and write, in the columns and outside of them. */
export interface ForecasterParts {
  readonly layout: ForecasterLayout;
  readonly horizons: readonly ForecastHorizon[];
  readonly inputs: Inputs;
  /** Of the outputs. */
  readonly scaler: StandardScaler;
  /** Of the series, and of their changes from step to step. */
  readonly levels: StandardScaler;
  readonly units: StandardScaler;
  readonly seasons: Seasons;
  /** Linear forecasts of an output learn at every so many steps. */
  readonly linearTurns: number;
}

/** Writes what the kernels are told to its place in the columns. */
export function tellForecaster(columns: Columns, spec: ModelSpec, parts: ForecasterParts): void {
  const { layout, inputs, horizons, levels, units } = parts;
  const c = columns.array;
  const { base } = columns;
  const tell = (name: keyof typeof PLAN, value: number) => {
    c[layout.plan + PLAN[name]] = value;
  };
  tell('B', spec.batch);
  tell('K', layout.K);
  tell('Q', horizons.length);
  tell('n', layout.n);
  tell('nNetwork', layout.nNetwork);
  tell('units', spec.units);
  tell('stride', inputs.size + spec.units);
  tell('direct', layout.direct === inputs.size ? 0 : base + layout.places);
  tell('directCount', layout.direct);
  for (const part of [
    'mixtures',
    'linear',
    'seasonal',
    'largest',
    'pending',
    'phi',
    'psi',
    'eta',
    'changes',
    'said',
  ] as const)
    tell(part, base + layout[part]);
  tell('squares', layout.hasSquares ? base + layout.squares : 0);
  tell('squaresLength', leastSquaresLength(layout.nNetwork, layout.K));
  tell('history', inputs.history.at);
  tell('historyRows', inputs.history.rows);
  tell('known', inputs.history.knownAt);
  tell('levels', levels.at);
  tell('levelDeviations', levels.deviationsAt);
  tell('units2', units.deviationsAt);
  tell('deviations', parts.scaler.deviationsAt);
  tell('truths', inputs.newestAt);
  tell('unitSums', units.at);
  tell('decay', levels.decay);
  for (const [name, place] of Object.entries(parts.seasons.places)) tell(name as keyof typeof PLAN, place);
  tell('turns', parts.linearTurns);
  tell('horizons', base + layout.horizonTable);
  c.set(inputs.direct, layout.places);
  for (const [q, { ahead, served }] of horizons.entries())
    c.set([ahead, served], layout.horizonTable + 2 * q);
}
