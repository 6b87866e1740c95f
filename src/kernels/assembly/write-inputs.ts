// Writes what the cell gets of a timestep; see ../input-kernels.ts for what is done, step by step in the same order.

import { addressAt, numberAt } from './told-places';
import { knows, rowAt } from './look-back';
import { scalerObserveAll, scalerScale } from './statistics';

const B: usize = 0;
const F: usize = 1;
const K: usize = 2;
const STRIDE: usize = 3;
const CHANGES: usize = 4;
const CHANGE_COUNT: usize = 5;
const LAGS: usize = 6;
const LAG_COUNT: usize = 7;
const X: usize = 8;
const IS_KNOWN: usize = 9;
const GIVEN: usize = 10;
const PLACES: usize = 11;
const SCALER: usize = 12;
const CHANGE_SCALER: usize = 13;
const DECAY: usize = 112;
const HISTORY: usize = 15;
const HISTORY_ROWS: usize = 16;
const KNOWN: usize = 17;
const CHANGED: usize = 18;

const LARGEST: f64 = 3.4028234663852886e38;

export function writeInputs(plan: usize, z: usize, slot: i32, seen: f64): void {
  const b_ = numberAt(plan, B);
  const k_ = numberAt(plan, K);
  const L = numberAt(plan, CHANGE_COUNT);
  const lagCount = numberAt(plan, LAG_COUNT);
  const rows = numberAt(plan, HISTORY_ROWS);
  const scaler = addressAt(plan, SCALER);
  const changeScaler = addressAt(plan, CHANGE_SCALER);
  const decay = load<f64>(plan, DECAY);
  const features = <usize>numberAt(plan, F) << 3;
  const row = <usize>k_ << 3;
  const width = <usize>b_ * row;
  const stride = <usize>numberAt(plan, STRIDE) << 2;
  const history = addressAt(plan, HISTORY);
  const changes = addressAt(plan, CHANGES);
  const lags = addressAt(plan, LAGS);
  const changeWidth = <usize>L * row;
  const given = addressAt(plan, GIVEN);
  let x = addressAt(plan, X);
  let isKnown = addressAt(plan, IS_KNOWN);
  let known = addressAt(plan, KNOWN);
  let places = addressAt(plan, PLACES);
  let changed = addressAt(plan, CHANGED);
  const last = rowAt(history, rows, slot, 0, width);
  for (let r = 0; r < b_; r++) {
    const from = <usize>r * row;
    let to = z + <usize>r * stride;
    for (let i: usize = 0; i < features; i += 8) {
      let value = load<f64>(x + i);
      if (scaler && load<f64>(isKnown + i) != 0) value = scalerScale(scaler + i, features, value, true);
      store<f32>(to, <f32>value);
      to += 4;
    }
    for (let l = 0; l < L; l++) {
      const lag = <i32>load<f64>(changes + (<usize>l << 3));
      const then = rowAt(history, rows, slot, lag, width) + from;
      const at = changeScaler + <usize>l * row;
      for (let k: usize = 0; k < row; k += 8) {
        const isThere = knows(known + k, rows, seen, lag);
        const change: f64 = isThere ? load<f64>(last + from + k) - load<f64>(then + k) : 0;
        const value = changeScaler
          ? scalerScale(at + k, changeWidth, change, false)
          : f64.min(LARGEST, f64.max(-LARGEST, change));
        store<f32>(to, <f32>value);
        to += 4;
        const now = load<f64>(given + (<usize>(<i32>load<f64>(places + k)) << 3));
        store<f64>(changed, isThere && now == now ? change : NaN);
        changed += 8;
      }
    }
    for (let l = 0; l < lagCount; l++) {
      const lag = <i32>load<f64>(lags + (<usize>l << 3));
      const then = rowAt(history, rows, slot, lag, width) + from;
      for (let k: usize = 0; k < row; k += 8) {
        let value: f64 = 0;
        if (knows(known + k, rows, seen, lag)) {
          value = load<f64>(then + k);
          const i = <usize>(<i32>load<f64>(places + k)) << 3;
          if (scaler) value = scalerScale(scaler + i - <usize>r * features, features, value, true);
        }
        store<f32>(to, <f32>value);
        to += 4;
      }
    }
    x += features;
    isKnown += features;
    known += row;
    places += row;
  }
  changed = addressAt(plan, CHANGED);
  for (let r = 0; r < b_; r++) {
    if (scaler) scalerObserveAll(scaler, features, given + <usize>r * features, decay, true);
    if (changeScaler) scalerObserveAll(changeScaler, changeWidth, changed + <usize>r * changeWidth, decay, false);
  }
}
