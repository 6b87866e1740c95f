// The forecaster; see ../forecast-kernels.ts for what each kernel does, step by step in the same order.

import { mixtureMix, mixtureObserve, NO_FORECAST } from './mixture';
import {
  addressAt, B, CHANGES, DECAY, DEVIATIONS, DIRECT, DIRECT_COUNT, E, ETA, HISTORY, HISTORY_ROWS, HORIZONS, IS_SEASONAL, K,
  KNOWN, LARGEST_CHANGES, leastSquaresOf, LEVELS, LINEAR, LINEARS, MIXTURE, MIXTURES, N_LINEAR,
  N_NETWORK, NETWORK, NETWORK_SQUARES, NOBODY, numberAt, PENDING, PENDINGS, PERIODS, PHI, PSI, Q, RING, SAID, SEASON,
  SEASONAL_LINEAR, SEASONAL_N,
  SEASONALS, SEASONS, SERVED, SMOOTHED, SMOOTHINGS, SQUARES, SQUARES_LENGTH, STRIDE, TRUTHS, TURNS, UNIT_DEVIATIONS, UNIT_SUMS, UNITS,
} from './told-places';
import { knows, rowAt } from './look-back';
import { leastSquaresLearn, leastSquaresPredict, leastSquaresPredictAll } from './squares';
import { scalerObserve } from './statistics';
import { ringEnd, ringKnown, ringPush, ringRead, SMOOTHING, smoothingForecast, smoothingTake } from './seasonal-values';

const FADE: f64 = 0.9995;
const LARGEST_CHANGE: f64 = 1.5;
const LARGEST_UNITS: f64 = 10;
const LARGEST: f64 = 3.4028234663852886e38;
const MAX_DEVIATIONS: f64 = 10;

@inline
function clamp(value: f64, limit: f64): f64 {
  return f64.min(limit, f64.max(-limit, value));
}

/**
 * Writes n regressors of the linear forecast of the series at byte i, at the step `back` steps ago.
 *
 * @param known how many rows there were before the series was known. @param width bytes of a row of the history
 */
function regressors(
  phi: usize, n: i32, i: usize, back: i32, per: f64, history: usize, rows: i32, width: usize, known: f64, slot: i32,
  seen: f64, levels: usize,
): void {
  history += i;
  levels += i;
  let p = rowAt(history, rows, slot, back, width);
  const newest = load<f64>(p);
  const deviation = load<f64>(levels + 4 * width);
  const centre = load<f64>(levels + width) + load<f64>(levels + 3 * width);
  store<f64>(phi, deviation > 0 ? clamp((newest - centre) / deviation, MAX_DEVIATIONS) / 2 : 0);
  const oldest = history + <usize>(rows - 1) * width;
  const end = phi + (<usize>(n - 1) << 3);
  const there = f64.min(seen - <f64>back - known, <f64>(rows - back)) - 1;
  // so many lags are known
  const count = <i32>f64.max(0, f64.min(there, <f64>(n - 2)));
  let to = phi + 8;
  for (const last = to + (<usize>count << 3); to < last; to += 8) {
    p = p == history ? oldest : p - width;
    store<f64>(to, (load<f64>(p) - newest) * per);
  }
  for (; to < end; to += 8) store<f64>(to, 0);
  store<f64>(end, 1);
}

/** Writes those of the linear forecast with seasons. */
function seasonalRegressors(plan: usize, f: usize, linear: f64, per: f64): usize {
  const psi = addressAt(plan, PSI);
  store<f64>(psi, clamp(linear, LARGEST_UNITS));
  for (let i: usize = 0; i < 48; i += 8) store<f64>(psi + i, load<f64>(f + i, SEASONS) * per, 8);
  store<f64>(psi, 1, 56);
  return psi;
}

/** Copies n numbers as float64, and gives where they end. */
@inline
function widen(to: usize, from: usize, n: usize): usize {
  const end = to + (n << 3);
  for (; to + 16 <= end; to += 16) {
    v128.store(to, f64x2.promote_low_f32x4(v128.load64_zero(from)));
    from += 8;
  }
  if (to < end) store<f64>(to, <f64>load<f32>(from));
  return end;
}

/** Writes the regressors of the network at a step. */
function state(plan: usize, z: usize, h: usize): usize {
  const eta = addressAt(plan, ETA);
  const N = <usize>numberAt(plan, UNITS);
  const direct = addressAt(plan, DIRECT);
  const count = <usize>numberAt(plan, DIRECT_COUNT);
  const to = widen(eta, h, N);
  if (direct) {
    for (let i: usize = 0; i < count; i++)
      store<f64>(to + (i << 3), <f64>load<f32>(z + (<usize>(<i32>load<f64>(direct + (i << 3))) << 2)));
    store<f64>(to + (count << 3), 1);
  } else store<f64>(widen(to, z, count), 1);
  return eta;
}

/** Writes what a season says of the series at byte i. */
@inline
function lookBackAt(f: usize, slot: usize, ring: usize, i: usize, known: i32, period: i32, ahead: i32, base: f64): void {
  const season = f + SEASON + (slot << 4);
  const off = f + SEASONS + slot * 24;
  if (period == 0) known = 0;
  const whole = period > 0 ? period * ((ahead + period - 1) / period) : 0;
  const isThere = period > 0 && whole - ahead < known;
  const then = isThere ? ringRead(ring, whole - ahead, i) : NO_FORECAST;
  store<f64>(season, then);
  if (whole >= known) {
    store<f64>(season, NO_FORECAST, 8);
    store<f64>(off, 0);
    store<f64>(off, 0, 8);
    store<f64>(off, 0, 16);
    return;
  }
  const there = ringRead(ring, whole, i);
  const before = whole - ahead + period;
  store<f64>(season, then + base - there, 8);
  store<f64>(f, 1, IS_SEASONAL);
  store<f64>(off, then - base);
  store<f64>(off, there - base, 8);
  store<f64>(off, before < known ? ringRead(ring, before, i) - base : then - base, 16);
}

export function forecastTake(plan: usize, slot: i32, seen: f64): void {
  const rows = numberAt(plan, HISTORY_ROWS);
  const series = numberAt(plan, B) * numberAt(plan, K);
  const width = <usize>series << 3;
  const truths = addressAt(plan, TRUTHS);
  const known = addressAt(plan, KNOWN);
  const levels = addressAt(plan, LEVELS);
  const units = addressAt(plan, UNIT_SUMS);
  const decay = load<f64>(plan, DECAY);
  const ring = addressAt(plan, RING);
  const searched = <usize>(<i32>load<f64>(ring, 24)) << 3;
  const before = rowAt(addressAt(plan, HISTORY), rows, slot, 1, width);
  let smoothing = addressAt(plan, SMOOTHINGS);
  for (let i: usize = 0; i < width; i += 8) {
    const value = load<f64>(truths + i);
    scalerObserve(levels + i, width, value, decay, true);
    if (knows(known + i, rows, seen, 1)) scalerObserve(units + i, width, value - load<f64>(before + i), decay, false);
    smoothingTake(smoothing, value);
    smoothing += SMOOTHING;
    if (i < searched) ringPush(ring, i, value);
  }
  ringEnd(ring);
}

export function forecastMeet(
  plan: usize, q: i32, row: i32, z: usize, h: usize, learning: i32, turn: i32, slot: i32, seen: f64,
): void {
  const rows = numberAt(plan, HISTORY_ROWS);
  const k_ = numberAt(plan, K);
  const b_ = numberAt(plan, B);
  const q_ = numberAt(plan, Q);
  const stride = <usize>numberAt(plan, STRIDE) << 2;
  const n = numberAt(plan, N_LINEAR);
  const linearLength = leastSquaresOf(n);
  const seasonalLength = leastSquaresOf(SEASONAL_N);
  const turns = numberAt(plan, TURNS);
  const changes = addressAt(plan, CHANGES);
  const truths = addressAt(plan, TRUTHS);
  const units = addressAt(plan, UNIT_DEVIATIONS);
  const known = addressAt(plan, KNOWN);
  const mixtures = addressAt(plan, MIXTURES);
  const largests = addressAt(plan, LARGEST_CHANGES);
  const linears = addressAt(plan, LINEARS);
  const seasonals = addressAt(plan, SEASONALS);
  const pending = addressAt(plan, PENDINGS) + <usize>(row * b_ * k_ * q_) * PENDING;
  const ahead = <i32>load<f64>(addressAt(plan, HORIZONS) + (<usize>q << 4));
  const history = addressAt(plan, HISTORY);
  const width = <usize>(b_ * k_) << 3;
  const phi = addressAt(plan, PHI);
  const levels = addressAt(plan, LEVELS);
  const then = rowAt(history, rows, slot, ahead, width);
  for (let r = 0; r < b_; r++) {
    let comes = false;
    for (let k = 0; k < k_; k++) {
      const i = <usize>(r * k_ + k) << 3;
      const o = (r * q_ + q) * k_ + k;
      const y = changes + (<usize>k << 3);
      const truth = load<f64>(truths + i);
      store<f64>(y, NaN);
      if (truth != truth || !knows(known + i, rows, seen, ahead)) continue;
      const unit = load<f64>(units + i);
      const f = pending + <usize>o * PENDING;
      const base = load<f64>(then + i);
      mixtureObserve(mixtures + <usize>o * MIXTURE, E, truth, load<f64>(f, SERVED), f);
      const largest = largests + (<usize>o << 3);
      store<f64>(largest, f64.max(FADE * load<f64>(largest), f64.abs(truth - base)));
      if (!(unit > 0)) continue;
      comes = true;
      const per = 1 / unit;
      store<f64>(y, (truth - base) * per);
      if (learning == 0 || (turn >= 0 && (o + turn) % turns != 0)) continue;
      regressors(phi, n, i, ahead, per, history, rows, width, load<f64>(known + i), slot, seen, levels);
      leastSquaresLearn(linears + <usize>o * linearLength, n, 1, phi, y);
      const linear = load<f64>(f, LINEAR);
      if (linear == NO_FORECAST || load<f64>(f, IS_SEASONAL) == 0) continue;
      const psi = seasonalRegressors(plan, f, (linear - base) * per, per);
      leastSquaresLearn(seasonals + <usize>o * seasonalLength, SEASONAL_N, 1, psi, y);
    }
    if (learning < 2 || !comes) continue;
    const eta = state(plan, z + <usize>r * stride, h + <usize>r * stride);
    const squares = addressAt(plan, SQUARES) + <usize>q * addressAt(plan, SQUARES_LENGTH);
    leastSquaresLearn(squares, numberAt(plan, N_NETWORK), k_, eta, changes);
  }
}

export function forecastServe(
  plan: usize, row: i32, z: usize, h: usize, sums: usize, y: usize, deviation: usize, exact: usize, slot: i32,
  seen: f64,
): void {
  const rows = numberAt(plan, HISTORY_ROWS);
  const k_ = numberAt(plan, K);
  const b_ = numberAt(plan, B);
  const q_ = numberAt(plan, Q);
  const width = <usize>(b_ * k_) << 3;
  const stride = <usize>numberAt(plan, STRIDE) << 2;
  const n = numberAt(plan, N_LINEAR);
  const linearLength = leastSquaresOf(n);
  const seasonalLength = leastSquaresOf(SEASONAL_N);
  const units = addressAt(plan, UNIT_DEVIATIONS);
  const known = addressAt(plan, KNOWN);
  const history = addressAt(plan, HISTORY);
  const phi = addressAt(plan, PHI);
  const levels = addressAt(plan, LEVELS);
  const mixtures = addressAt(plan, MIXTURES);
  const largests = addressAt(plan, LARGEST_CHANGES);
  const linears = addressAt(plan, LINEARS);
  const seasonals = addressAt(plan, SEASONALS);
  const squares = addressAt(plan, SQUARES);
  const squaresLength = addressAt(plan, SQUARES_LENGTH);
  const nNetwork = numberAt(plan, N_NETWORK);
  const said = addressAt(plan, SAID);
  const deviations = addressAt(plan, DEVIATIONS);
  const horizons = addressAt(plan, HORIZONS);
  const pending = addressAt(plan, PENDINGS) + <usize>(row * b_ * k_ * q_) * PENDING;
  const last = rowAt(history, rows, slot, 0, width);
  const ring = addressAt(plan, RING);
  const periods = addressAt(plan, PERIODS);
  const smoothings = addressAt(plan, SMOOTHINGS);
  for (let r = 0; r < b_; r++) {
    if (squares) {
      const eta = state(plan, z + <usize>r * stride, h + <usize>r * stride);
      for (let q = 0; q < q_; q++)
        leastSquaresPredictAll(said + (<usize>(q * k_) << 3), squares + <usize>q * squaresLength, nNetwork, k_, eta);
    }
    for (let k = 0; k < k_; k++) {
      const i = <usize>(r * k_ + k) << 3;
      const unit = load<f64>(units + i);
      const per = unit > 0 ? 1 / unit : 0;
      if (unit > 0) regressors(phi, n, i, 0, per, history, rows, width, load<f64>(known + i), slot, seen, levels);
      const base = load<f64>(last + i);
      const there = ringKnown(ring, i);
      const period0 = <i32>load<f64>(periods + 2 * i);
      const period1 = <i32>load<f64>(periods + 2 * i, 8);
      for (let q = 0; q < q_; q++) {
        const j = q * k_ + k;
        const o = <usize>(r * q_ * k_ + j);
        const f = pending + o * PENDING;
        const ahead = <i32>load<f64>(horizons + (<usize>q << 4));
        const served = <i32>load<f64>(horizons + (<usize>q << 4), 8);
        smoothingForecast(f + SMOOTHED, smoothings + (i >> 3) * SMOOTHING, ahead);
        store<f64>(f, 0, IS_SEASONAL);
        lookBackAt(f, 0, ring, i, there, period0, ahead, base);
        lookBackAt(f, 1, ring, i, there, period1, ahead, base);
        const spread = f64.min(load<f64>(deviations + (<usize>j << 3)), LARGEST);
        store<f32>(deviation + (<usize>j << 2), <f32>spread);
        const sumAt = sums + (o << 2);
        const sum = clamp(<f64>load<f32>(sumAt), LARGEST);
        store<f32>(sumAt, <f32>sum);
        const isKnown = knows(known + i, rows, seen, served);
        const network = isKnown ? load<f64>(rowAt(history, rows, slot, served, width) + i) + spread * sum : base;
        store<f64>(f, base);
        store<f64>(f, clamp(network, LARGEST), NETWORK);
        store<f64>(f, NO_FORECAST, LINEAR);
        store<f64>(f, NO_FORECAST, SEASONAL_LINEAR);
        store<f64>(f, NO_FORECAST, NETWORK_SQUARES);
        store<f64>(f, NO_FORECAST, NOBODY);
        if (unit > 0) {
          const most = LARGEST_CHANGE * load<f64>(largests + (o << 3));
          const linear = leastSquaresPredict(linears + o * linearLength, n, phi, 0) * unit;
          const first = base + clamp(linear, most);
          store<f64>(f, first, LINEAR);
          if (load<f64>(f, IS_SEASONAL) != 0) {
            const psi = seasonalRegressors(plan, f, (first - base) * per, per);
            const change = leastSquaresPredict(seasonals + o * seasonalLength, SEASONAL_N, psi, 0) * unit;
            store<f64>(f, base + clamp(change, most), SEASONAL_LINEAR);
          }
          if (squares) {
            const change = load<f64>(said + (<usize>j << 3)) * unit;
            store<f64>(f, base + clamp(change, most), NETWORK_SQUARES);
          }
        }
        const prediction = clamp(mixtureMix(mixtures + o * MIXTURE, E, f), LARGEST);
        store<f64>(f, prediction, SERVED);
        store<f64>(exact + (o << 3), prediction);
        store<f32>(y + (o << 2), <f32>prediction);
      }
    }
  }
}
