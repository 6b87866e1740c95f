// Judges forecasts when their time has come; see ../judge-kernels.ts for what is done, step by step in the same order.

import { addressAt, numberAt } from './told-places';
import { knows, rowAt } from './look-back';
import { scalerObserve } from './statistics';
import {
  healthObserve, healthSpread, NAIVE_SCORED, RANGE, rangeObserve, rangeWidth, relativeError, scoreError, SCORES_WIDTH,
  scoreMean, scoreNaiveRange, scoreRange, SEASONAL_SCORED,
} from './score-sums';

const B: usize = 0;
const K: usize = 1;
const Q: usize = 2;
const FIRST: usize = 3;
const SCORES: usize = 4;
const HEALTH: usize = 5;
const HEALTH_STEP: usize = 6;
const ERRORS: usize = 7;
const TARGETS: usize = 8;
const FORECASTS: usize = 9;
const SUMS: usize = 10;
const RANGES: usize = 11;
const NAIVE_RANGES: usize = 12;
const SERVED: usize = 13;
const NAIVE_SERVED: usize = 14;
const ALPHA: usize = 120;
const PER: usize = 128;
const HISTORY: usize = 17;
const HISTORY_ROWS: usize = 18;
const KNOWN: usize = 19;
const NEWEST: usize = 20;
const SCALER: usize = 21;
const DECAY: usize = 176;
const IS_CENTRED: usize = 23;
const IS_CHANGE: usize = 24;
const HORIZONS: usize = 25;

const NO_TARGET: f32 = f32.MAX_VALUE;
const LARGEST_TARGET: f64 = 3.4028232635611926e38;
const MAX_DEVIATIONS: f64 = 10;
const NEGLIGIBLE: f64 = 1.0 / 65536.0;

@inline
function add(p: usize, value: f64): void {
  store<f64>(p, load<f64>(p) + value);
}

export function judgeForecasts(
  plan: usize, q: i32, row: i32, learning: i32, slot: i32, seen: f64, exact: usize, sums: usize, prediction: usize,
  target: usize, deviation: usize,
): i32 {
  const b_ = numberAt(plan, B);
  const k_ = numberAt(plan, K);
  const first = numberAt(plan, FIRST);
  const rows = numberAt(plan, HISTORY_ROWS);
  const M = numberAt(plan, Q) * k_;
  const horizon = addressAt(plan, HORIZONS) + <usize>q * 24;
  const ahead = <i32>load<f64>(horizon);
  const arrived = <i32>load<f64>(horizon, 8);
  const seasonal = <i32>load<f64>(horizon, 16);
  const scaler = addressAt(plan, SCALER);
  const decay = load<f64>(plan, DECAY);
  const isCentred = numberAt(plan, IS_CENTRED) != 0;
  const isChange = numberAt(plan, IS_CHANGE) != 0;
  const known = addressAt(plan, KNOWN);
  const history = addressAt(plan, HISTORY);
  const width = <usize>(b_ * k_) << 3;
  const newest = addressAt(plan, NEWEST);
  const aheadRow = rowAt(history, rows, slot, ahead, width);
  const arrivedRow = rowAt(history, rows, slot, arrived, width);
  const ranges = addressAt(plan, RANGES);
  const naiveRanges = addressAt(plan, NAIVE_RANGES);
  const servedRow = <usize>(row * b_ * M) << 3;
  const served = addressAt(plan, SERVED) + servedRow;
  const naiveServed = addressAt(plan, NAIVE_SERVED) + servedRow;
  const alpha = load<f64>(plan, ALPHA);
  const per = load<f64>(plan, PER);
  const scoresAt = addressAt(plan, SCORES);
  const healthAt = addressAt(plan, HEALTH);
  const healthStep = addressAt(plan, HEALTH_STEP);
  const errors = addressAt(plan, ERRORS);
  const step = addressAt(plan, SUMS);
  let counts = 0;
  for (let r = 0; r < b_; r++)
    for (let k = 0; k < k_; k++) {
      const i = <usize>(r * k_ + k) << 3;
      const j = q * k_ + k;
      const o = <usize>(r * M + j);
      const o4 = o << 2;
      const truth = load<f64>(newest + i);
      const value = load<f64>(newest + width + i);
      const wasForecast = row >= 0 && knows(known + i, rows, seen, ahead);
      const isKnown = !isChange || knows(known + i, rows, seen, arrived);
      if (wasForecast && value == value) {
        const y = load<f64>(exact + (o << 3));
        const error = f64.abs(y - value);
        const naive = f64.abs(value - load<f64>(aheadRow + i));
        const scores = scoresAt + <usize>j * SCORES_WIDTH;
        scoreError(scores, y, value);
        add(step, M == 1 ? error : relativeError(errors + (<usize>j << 4), error));
        add(step + 8, 1);
        if (j < first) {
          const at = <usize>(r * first + j) << 3;
          store<f64>(addressAt(plan, TARGETS) + at, value);
          store<f64>(addressAt(plan, FORECASTS) + at, y);
          add(step + 16, 1);
        }
        scoreMean(scores + NAIVE_SCORED, naive);
        if (ranges) {
          const half = load<f64>(served + (o << 3));
          const plain = load<f64>(naiveServed + (o << 3));
          scoreRange(scores, half, per, error);
          scoreNaiveRange(scores, plain, per, naive);
          rangeObserve(ranges + o * RANGE, alpha, error, half);
          rangeObserve(naiveRanges + o * RANGE, alpha, naive, plain);
        }
        if (seasonal >= 0 && knows(known + i, rows, seen, seasonal))
          scoreMean(
            scores + SEASONAL_SCORED,
            f64.abs(value - load<f64>(rowAt(history, rows, slot, seasonal, width) + i)),
          );
        const health = healthAt + (<usize>j << 5);
        if (isChange) {
          const spread: f64 = scaler ? <f64>load<f32>(deviation + (<usize>j << 2)) : 1;
          const network = isKnown ? spread * <f64>load<f32>(sums + o4) : 0;
          const actual = value - load<f64>((arrived == seasonal && isKnown ? arrivedRow : aheadRow) + i);
          const base = f64.abs(actual);
          healthObserve(health, healthStep, error, base, f64.abs(actual - network), base);
        } else {
          const spread = healthSpread(health, value);
          healthObserve(health, healthStep, error, naive, error, spread);
        }
      }
      let joins = truth;
      if (isChange) joins = row >= 0 && isKnown ? truth - load<f64>(arrivedRow + i) : NaN;
      if (wasForecast && isKnown && truth == truth) {
        const spread: f64 = scaler ? <f64>load<f32>(deviation + (<usize>j << 2)) : 1;
        let meets = false;
        if (spread != 0) {
          let offset: f64;
          if (isChange) offset = joins / spread;
          else {
            const exactly = load<f64>(exact + (o << 3));
            const rounded = <f64>load<f32>(prediction + o4);
            const from = f64.abs(rounded - exactly) <= NEGLIGIBLE * spread ? rounded : exactly;
            offset = <f64>load<f32>(sums + o4) - (from - joins) / spread;
          }
          const limit = scaler ? MAX_DEVIATIONS : LARGEST_TARGET;
          store<f32>(target + o4, <f32>f64.min(limit, f64.max(-limit, offset)));
          meets = learning != 0;
        }
        if (meets) counts = 1;
        else store<f32>(target + o4, NO_TARGET);
      }
      if (scaler) scalerObserve(scaler + (<usize>j << 3), <usize>M << 3, joins, decay, isCentred);
    }
  return counts;
}

export function serveRanges(
  ranges: usize, naive: usize, served: usize, naiveServed: usize, last: usize, O: i32,
): void {
  for (let o: usize = 0; o < <usize>O; o++) {
    const width = rangeWidth(ranges + o * RANGE);
    const at = o << 3;
    store<f64>(last + at, width);
    store<f64>(served + at, width);
    store<f64>(naiveServed + at, rangeWidth(naive + o * RANGE));
  }
}
