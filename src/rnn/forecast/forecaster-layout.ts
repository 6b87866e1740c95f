/** How the numbers of a forecaster lie in its columns; see ../../kernels/forecast-plan.ts. */
import { mixtureLength } from '../../kernels/expert-mixture.js';
import { EXPERTS_LENGTH, PENDING, PLAN, SEASONAL_N } from '../../kernels/forecast-plan.js';
import { evenOf, leastSquaresLength } from '../../kernels/least-squares.js';
import { Places } from './places.js';

/** How many there are of what. */
export interface ForecasterSizes {
  /** Outputs of all batch rows, and targets in each. */
  readonly O: number;
  readonly K: number;
  readonly horizons: number;
  /** Regressors of a linear forecast, and of the network's, of which there may be none. */
  readonly n: number;
  readonly nNetwork: number;
  readonly hasSquares: boolean;
  /** Inputs that are regressors of the network. */
  readonly direct: number;
  /** Steps that wait for their truths. */
  readonly rows: number;
}

/** Where everything begins, counted from the beginning of the columns. What a snapshot keeps comes first. */
export interface ForecasterLayout extends ForecasterSizes {
  readonly mixtures: number;
  readonly linear: number;
  readonly seasonal: number;
  readonly squares: number;
  readonly largest: number;
  readonly pending: number;
  /** Numbers that a snapshot keeps. */
  readonly kept: number;
  readonly plan: number;
  readonly places: number;
  readonly horizonTable: number;
  readonly phi: number;
  readonly psi: number;
  readonly eta: number;
  readonly changes: number;
  readonly said: number;
  readonly length: number;
}

export function layoutForecaster(sizes: ForecasterSizes): ForecasterLayout {
  const { O, K, horizons, n, nNetwork, hasSquares, direct, rows } = sizes;
  const all = new Places();
  const mixtures = all.take(O * mixtureLength(EXPERTS_LENGTH));
  const linear = all.take(O * leastSquaresLength(n, 1));
  const seasonal = all.take(O * leastSquaresLength(SEASONAL_N, 1));
  const squares = all.take(hasSquares ? horizons * leastSquaresLength(nNetwork, K) : 0);
  const largest = all.take(evenOf(O));
  const pending = all.take(rows * O * PENDING);
  const kept = all.length;
  const plan = all.take(PLAN.length);
  const places = all.take(evenOf(direct));
  const horizonTable = all.take(2 * horizons);
  const phi = all.take(evenOf(n));
  const psi = all.take(SEASONAL_N);
  const eta = all.take(evenOf(nNetwork));
  const changes = all.take(evenOf(K));
  const said = all.take(evenOf(K * horizons));
  const { length } = all;
  const kepts = { mixtures, linear, seasonal, squares, largest, pending, kept };
  return { ...sizes, ...kepts, plan, places, horizonTable, phi, psi, eta, changes, said, length };
}
