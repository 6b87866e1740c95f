/** What the forecasters go by, as arrays: the mixture's weights, what each said, least squares, smoothing and seasons. */
import { mixtureLength, NO_FORECAST } from '../../kernels/expert-mixture.js';
import { EXPERTS_LENGTH, PENDING, SEASONAL_N } from '../../kernels/forecast-plan.js';
import { evenOf, leastSquaresLength, leastSquaresWeightsAt } from '../../kernels/least-squares.js';
import { SMOOTHINGS } from '../../kernels/smoothing.js';
import { BYTE, inRanges, type Pieces, VISIT } from '../../math/pieces.js';
import { E } from '../forecast/experts.js';
import type { ForecasterState } from '../forecast/forecaster.js';
import { layoutForecaster } from '../forecast/forecaster-layout.js';
import { SLOTS } from '../forecast/season-slots.js';
import { SMOOTHING_KEPT } from '../forecast/season-smoothing.js';
import { Inputs } from '../io/cell-inputs.js';
import type { ModelSnapshot } from '../snapshot.js';
import { lagsOf } from '../spec/model-shape.js';
import { delayOf } from '../spec/spec.js';
import { newestFirst, type Recipe, type RecipeSizes, statistics } from './recipe-arrays.js';
import { byHorizon, gathered } from './served-arrays.js';

export function* forecasterArrays(
  recipe: Recipe,
  state: ForecasterState,
  snapshot: ModelSnapshot,
  sizes: RecipeSizes,
): Pieces<void> {
  const { spec, window } = snapshot;
  const { A, B, Q, K } = sizes;
  const O = B * Q * K;
  const n = lagsOf(K) + 1;
  const { direct } = new Inputs(spec);
  const hasSquares = spec.readout.kind === 'linear' && spec.readout.rule === 'rls';
  const nNetwork = spec.units + direct.length + 1;
  const layout = layoutForecaster({
    ...{ O, K, horizons: Q, n, nNetwork, hasSquares },
    ...{ direct: direct.length, rows: delayOf(spec) + 1 },
  });
  const { numbers } = state;
  const places = byHorizon(sizes);
  const add = (name: string, shape: readonly number[], data: Float64Array) =>
    recipe.set(`run.${name}`, { shape, data });
  const mixture = (offset: number, size: number) =>
    gathered(numbers, layout.mixtures, places, mixtureLength(EXPERTS_LENGTH), size, offset);
  add('experts.regrets', [Q, B, K, E], yield* mixture(0, E));
  add('experts.squares', [Q, B, K, E], yield* mixture(EXPERTS_LENGTH, E));
  add('experts.scale', [Q, B, K], yield* mixture(3 * EXPERTS_LENGTH, 1));
  add('experts.seen', [Q, B, K], yield* mixture(3 * EXPERTS_LENGTH + 1, 1));
  const said = new Float64Array(A * O * E).fill(Number.NaN);
  for (let back = 0; back < A; back++) {
    const step = window.next - 1 - back;
    if (step < window.start) break;
    const at = layout.pending + (step % layout.rows) * O * PENDING;
    const row = yield* gathered(numbers, at, places, PENDING, E);
    yield* inRanges(row.length, VISIT, (first, end) => {
      for (let i = first; i < end; i++) if (row[i] !== NO_FORECAST) said[back * O * E + i] = row[i]!;
    });
  }
  add('experts.said', [A, Q, B, K, E], said);
  add('largest', [Q, B, K], yield* gathered(numbers, layout.largest, places, 1, 1));
  const squares = (at: number, size: number) =>
    gathered(numbers, at, places, leastSquaresLength(size, 1), size, leastSquaresWeightsAt(size));
  add('linear', [Q, B, K, n], yield* squares(layout.linear, n));
  add('seasonal', [Q, B, K, SEASONAL_N], yield* squares(layout.seasonal, SEASONAL_N));
  if (hasSquares) {
    const weights = new Float64Array(Q * K * nNetwork);
    for (let q = 0; q < Q; q++)
      for (let k = 0; k < K; k++) {
        const at =
          layout.squares +
          q * leastSquaresLength(nNetwork, K) +
          leastSquaresWeightsAt(nNetwork) +
          k * evenOf(nNetwork);
        weights.set(numbers.subarray(at, at + nNetwork), (q * K + k) * nNetwork);
        yield BYTE * 8 * nNetwork;
      }
    add('squares', [Q, K, nNetwork], weights);
    add('squares.inputs', [direct.length], Float64Array.from(direct));
  }
  add('levels.statistics', [4, B, K], statistics(state.levels));
  add('units.statistics', [4, B, K], statistics(state.units));
  yield* seasonArrays(recipe, state, snapshot, sizes);
}

function* seasonArrays(
  recipe: Recipe,
  { seasons }: ForecasterState,
  { spec }: ModelSnapshot,
  { B, K }: RecipeSizes,
): Pieces<void> {
  const series = B * K;
  const { finder, periods, smoothings } = seasons;
  const { task } = spec;
  const horizons = task?.kind === 'forecast' ? task.horizon : [];
  const add = (name: string, shape: readonly number[], data: ArrayLike<number>) =>
    recipe.set(`run.${name}`, { shape, data: Float64Array.from(data) });
  const all = Int32Array.from({ length: series }, (_, i) => i);
  const each = (offset: number, size: number) =>
    gathered(smoothings.numbers, 0, all, SMOOTHING_KEPT, size, offset);
  add('smoothing.level', [B, K, SMOOTHINGS], yield* each(0, SMOOTHINGS));
  add('smoothing.trend', [B, K, SMOOTHINGS], yield* each(SMOOTHINGS, SMOOTHINGS));
  add('smoothing.known', [B, K], yield* each(2 * SMOOTHINGS + 1, 1));
  add('smoothing.period', [B, K], smoothings.periods);
  const phase = yield* each(2 * SMOOTHINGS, 1);
  for (const [i, period] of smoothings.periods.entries()) phase[i] = period > 0 ? phase[i]! % period : 0;
  add('smoothing.phase', [B, K], phase);
  const P = smoothings.periods.reduce((most, period) => Math.max(most, period), 0);
  const table = new Float64Array(series * SMOOTHINGS * P);
  let next = 0;
  for (const [i, period] of smoothings.periods.entries())
    for (let k = 0; k < SMOOTHINGS; k++, next += period) {
      table.set(smoothings.seasons.subarray(next, next + period), (i * SMOOTHINGS + k) * P);
      if (period > 0) yield BYTE * 8 * period;
    }
  recipe.set('run.smoothing.season', { shape: [B, K, SMOOTHINGS, P], data: table });
  const searched = finder.unknown.length;
  const own = periods.map((period, at) => (Math.floor(at / SLOTS) < searched ? period : 0));
  add('seasons.periods', [B, K, SLOTS], own);
  // as far back as a forecast by these seasons looks
  let rows = 0;
  for (const period of new Set(own))
    for (const ahead of period > 0 ? horizons : []) {
      const whole = period * Math.ceil(ahead / period);
      rows = Math.max(rows, whole + 1, whole - ahead + period + 1);
    }
  const kept = finder.values.length / searched;
  const past = yield* newestFirst(finder.values, searched, rows, kept, kept - 1);
  const values = new Float64Array(rows * series);
  yield* inRanges(rows, VISIT * searched, (first, end) => {
    for (let row = first; row < end; row++)
      values.set(past.subarray(row * searched, (row + 1) * searched), row * series);
  });
  recipe.set('run.seasons.values', { shape: [rows, B, K], data: values });
  const knownOf = (i: number) =>
    i < searched ? Math.max(0, finder.seen - Math.max(finder.seen - kept, finder.unknown[i]!)) : 0;
  add(
    'seasons.known',
    [B, K],
    Array.from({ length: series }, (_, i) => Math.min(rows, knownOf(i))),
  );
}
