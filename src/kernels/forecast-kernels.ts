/**
 * The kernels of the forecaster: contract, reference, and the way to the module. See ../rnn/forecast/forecaster.ts for what
 * is forecast by what. All numbers lie in columns but the window's, which lie in the arena.
 */
import type { Address, Reals } from './arena.js';
import { mixtureMix, mixtureObserve, NO_FORECAST } from './expert-mixture.js';
import {
  EXPERTS_LENGTH as E,
  IS_SEASONAL,
  LAST,
  LINEAR,
  NETWORK,
  NETWORK_SQUARES,
  NOBODY,
  SEASONAL_LINEAR,
  SEASONAL_N,
  SERVED,
} from './forecast-plan.js';
import { clamp, Planned } from './forecast-planned.js';
import { leastSquaresLearn, leastSquaresPredict } from './least-squares.js';
import { scalerObserve } from './scaler-columns.js';
import { SMOOTHING_LENGTH, smoothingTake } from './smoothing.js';
import { RING_SERIES, ringEnd, ringPush } from './value-ring.js';

/** The history at a step: where its newest row lies, and how many rows there are. */
type Past = [slot: number, seen: number];

export interface ForecastKernels {
  /** Lets the newest values of the series join their statistics, their ring, which has room, and their smoothing. */
  forecastTake(c: Float64Array, plan: Address, ...past: Past): void;

  /**
   * Meets the truths of horizon q, which the step whose forecasts lie in row `row` was the time to forecast: compares all
   * forecasts with them, and learns.
   *
   * @param z the row of the window that the step's inputs lie in. @param h the row that h_t lies in
   * @param learning 0 not at all, 1 all but the network's least squares, 2 those too
   * @param turn the linear forecasts whose turn it is are those of outputs o with o + turn a multiple of the turns; -1 is all
   */
  forecastMeet(
    c: Float64Array,
    m: Reals,
    plan: Address,
    q: number,
    row: number,
    z: Address,
    h: Address,
    learning: number,
    turn: number,
    ...past: Past
  ): void;

  /**
   * Forecasts all outputs: turns the readout's sums, in place, into predictions y, in row `row` beside what they are
   * mixed of; `exact` gets them in float64, `deviation` the deviations that the network's forecasts were made with.
   */
  forecastServe(
    c: Float64Array,
    m: Reals,
    plan: Address,
    row: number,
    z: Address,
    h: Address,
    sums: Address,
    y: Address,
    deviation: Address,
    exact: Address,
    ...past: Past
  ): void;
}

/** The largest change of late halves in about 1,400 steps; and what a forecast may be of it. */
const FADE = 0.9995;
const LARGEST_CHANGE = 1.5;
/** The largest float32. */
const LARGEST = 3.4028234663852886e38;

export const forecastReference: ForecastKernels = {
  forecastTake(c, plan, slot, seen) {
    const p = new Planned(c, plan, slot, seen);
    const { width } = p;
    const [decay, ring] = [p.of('decay'), p.of('ring')];
    for (let i = 0; i < width; i++) {
      const value = c[p.of('truths') + i];
      scalerObserve(c, p.of('levels'), width, i, value, decay, true);
      if (p.knows(1, i)) scalerObserve(c, p.of('unitSums'), width, i, value - p.read(1, i), decay, false);
      smoothingTake(c, p.of('smoothing') + i * SMOOTHING_LENGTH, value);
      if (i < c[ring + RING_SERIES]) ringPush(c, ring, i, value);
    }
    ringEnd(c, ring);
  },

  forecastMeet(c, m, plan, q, row, z, h, learning, turn, slot, seen) {
    const p = new Planned(c, plan, slot, seen);
    const [B, K, Q, stride] = [p.of('B'), p.of('K'), p.of('Q'), p.of('stride')];
    const ahead = p.ahead(q);
    for (let r = 0; r < B; r++) {
      let comes = false;
      for (let k = 0; k < K; k++) {
        const i = r * K + k;
        const o = (r * Q + q) * K + k;
        const truth = c[p.of('truths') + i];
        const unit = c[p.of('units2') + i];
        const isKnown = !Number.isNaN(truth) && p.knows(ahead, i);
        c[p.of('changes') + k] = Number.NaN;
        if (!isKnown) continue;
        const f = p.pending(row, o);
        const base = p.read(ahead, i);
        mixtureObserve(c, p.mixture(o), E, truth, c[f + SERVED], f);
        const largest = p.of('largest') + o;
        c[largest] = Math.max(FADE * c[largest], Math.abs(truth - base));
        if (!(unit > 0)) continue;
        comes = true;
        const per = 1 / unit;
        c[p.of('changes') + k] = (truth - base) * per;
        if (learning === 0 || (turn >= 0 && (o + turn) % p.of('turns') !== 0)) continue;
        const y = p.of('changes') + k;
        leastSquaresLearn(c, p.linear(o), p.of('n'), 1, p.regressors(i, ahead, per), y);
        const linear = c[f + LINEAR];
        if (linear === NO_FORECAST || c[f + IS_SEASONAL] === 0) continue;
        const psi = p.seasonalRegressors(f, (linear - base) * per, per);
        leastSquaresLearn(c, p.seasonal(o), SEASONAL_N, 1, psi, y);
      }
      if (learning < 2 || !comes) continue;
      const squares = p.of('squares') + q * p.of('squaresLength');
      const eta = p.state(m, z + r * stride, h + r * stride);
      leastSquaresLearn(c, squares, p.of('nNetwork'), K, eta, p.of('changes'));
    }
  },

  forecastServe(c, m, plan, row, z, h, sums, y, deviation, exact, slot, seen) {
    const p = new Planned(c, plan, slot, seen);
    const [B, K, Q, stride] = [p.of('B'), p.of('K'), p.of('Q'), p.of('stride')];
    for (let r = 0; r < B; r++) {
      const eta = p.of('squares') > 0 ? p.state(m, z + r * stride, h + r * stride) : 0;
      for (let k = 0; k < K; k++) {
        const i = r * K + k;
        const unit = c[p.of('units2') + i];
        const per = unit > 0 ? 1 / unit : 0;
        const phi = unit > 0 ? p.regressors(i, 0, per) : 0;
        const base = p.read(0, i);
        for (let q = 0; q < Q; q++) {
          const j = q * K + k;
          const o = r * Q * K + j;
          const f = p.pending(row, o);
          const isKnown = p.knows(p.served(q), i);
          const spread = Math.min(c[p.of('deviations') + j], LARGEST);
          m[deviation + j] = spread;
          const sum = clamp(m[sums + o], LARGEST);
          m[sums + o] = sum;
          const network = isKnown ? p.read(p.served(q), i) + spread * sum : base;
          p.lookBack(f, i, p.ahead(q), base);
          c[f + LAST] = base;
          c[f + NETWORK] = clamp(network, LARGEST);
          for (const expert of [LINEAR, SEASONAL_LINEAR, NETWORK_SQUARES, NOBODY])
            c[f + expert] = NO_FORECAST;
          if (unit > 0) {
            const most = LARGEST_CHANGE * c[p.of('largest') + o];
            const linear = leastSquaresPredict(c, p.linear(o), p.of('n'), phi, 0) * unit;
            c[f + LINEAR] = base + clamp(linear, most);
            if (c[f + IS_SEASONAL] !== 0) {
              const psi = p.seasonalRegressors(f, (c[f + LINEAR] - base) * per, per);
              const change = leastSquaresPredict(c, p.seasonal(o), SEASONAL_N, psi, 0) * unit;
              c[f + SEASONAL_LINEAR] = base + clamp(change, most);
            }
            if (eta > 0) {
              const squares = p.of('squares') + q * p.of('squaresLength');
              const change = leastSquaresPredict(c, squares, p.of('nNetwork'), eta, k) * unit;
              c[f + NETWORK_SQUARES] = base + clamp(change, most);
            }
          }
          const prediction = clamp(mixtureMix(c, p.mixture(o), E, f), LARGEST);
          c[f + SERVED] = prediction;
          c[exact + o] = prediction;
          m[y + o] = prediction;
        }
      }
    }
  },
};

/** Kernels as the module exports them: without arrays, and with addresses in bytes. */
export interface ForecastExports {
  forecastTake(...call: [plan: number, ...Past]): void;
  forecastMeet(
    ...call: [plan: number, q: number, row: number, z: number, h: number, ...rest: MeetRest]
  ): void;
  forecastServe(...call: [plan: number, row: number, z: number, h: number, ...rest: ServeRest]): void;
}

type MeetRest = [learning: number, turn: number, ...Past];
type ServeRest = [sums: number, y: number, deviation: number, exact: number, ...Past];

export const forecastOnWasm = (wasm: ForecastExports): ForecastKernels => ({
  forecastTake: (_c, plan, slot, seen) => wasm.forecastTake(8 * plan, slot, seen),
  forecastMeet: (_c, _m, plan, q, row, z, h, learning, turn, slot, seen) =>
    wasm.forecastMeet(8 * plan, q, row, 4 * z, 4 * h, learning, turn, slot, seen),
  forecastServe: (_c, _m, plan, row, z, h, sums, y, deviation, exact, slot, seen) =>
    wasm.forecastServe(8 * plan, row, 4 * z, 4 * h, 4 * sums, 4 * y, 4 * deviation, 8 * exact, slot, seen),
});
