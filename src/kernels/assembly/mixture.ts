// A mixture of forecasters by their past errors; see ../expert-mixture.ts for the formulas and for how the numbers lie.

export const NO_FORECAST: f64 = f64.MAX_VALUE;

const DECAY: f64 = 1 - 0.6931471805599453 / 1000;
const CLIP: f64 = 5;
const WARM: f64 = 30;
const WINDOW: f64 = 500;
/** 2^-1022. */
const LEAST: f64 = f64.MIN_NORMAL_VALUE;

/** Bytes of a number of each of E forecasters. */
@inline
function rowOf(E: i32): usize {
  return <usize>E << 3;
}

export function mixtureObserve(at: usize, E: i32, truth: f64, forecast: f64, forecasts: usize): void {
  const row = rowOf(E);
  const s = at + 3 * row;
  const seen = load<f64>(s, 8) + 1;
  store<f64>(s, seen, 8);
  const mean = load<f64>(s);
  const error = f64.abs(truth - load<f64>(forecasts));
  const counted = seen > WARM && mean > 0 ? f64.min(error, CLIP * mean) : error;
  const scale = mean + (counted - mean) / f64.min(seen, WINDOW);
  store<f64>(s, scale);
  if (!(scale >= LEAST)) return;
  const share = f64x2.splat((forecast > truth ? <f64>1 : forecast < truth ? <f64>-1 : <f64>0) / scale);
  const served = f64x2.splat(forecast);
  const none = f64x2.splat(NO_FORECAST);
  const decay = f64x2.splat(DECAY);
  const decay2 = f64x2.splat(DECAY * DECAY);
  const clip = f64x2.splat(CLIP);
  const low = f64x2.splat(-CLIP);
  for (let k: usize = 0; k < row; k += 16) {
    const f = v128.load(forecasts + k);
    const regret = f64x2.pmax(f64x2.pmin(f64x2.mul(f64x2.sub(served, f), share), clip), low);
    const counts = v128.and(regret, f64x2.ne(f, none));
    const p = at + k;
    v128.store(p, f64x2.add(f64x2.mul(decay, v128.load(p)), counts));
    const v = p + row;
    v128.store(v, f64x2.add(f64x2.mul(decay2, v128.load(v)), f64x2.mul(counts, counts)));
  }
}

export function mixtureMix(at: usize, E: i32, forecasts: usize): f64 {
  const row = rowOf(E);
  const weights = at + 2 * row;
  const none = f64x2.splat(NO_FORECAST);
  const zero = f64x2.splat(0);
  const one = f64x2.splat(1);
  let sums = zero;
  for (let k: usize = 0; k < row; k += 16) {
    const regret = v128.load(at + k);
    const isAwake = v128.and(f64x2.ne(v128.load(forecasts + k), none), f64x2.gt(regret, zero));
    const weight = f64x2.div(v128.and(regret, isAwake), f64x2.add(one, v128.load(at + row + k)));
    v128.store(weights + k, weight);
    sums = f64x2.add(sums, weight);
  }
  const sum = f64x2.extract_lane(sums, 0) + f64x2.extract_lane(sums, 1);
  const first = load<f64>(forecasts);
  if (!(sum >= LEAST)) {
    store<f64>(weights, 1);
    return first;
  }
  const share = f64x2.splat(1 / sum);
  const base = f64x2.splat(first);
  let off = zero;
  for (let k: usize = 0; k < row; k += 16) {
    const weight = f64x2.mul(v128.load(weights + k), share);
    v128.store(weights + k, weight);
    off = f64x2.add(off, f64x2.mul(weight, f64x2.sub(v128.load(forecasts + k), base)));
  }
  return first + (f64x2.extract_lane(off, 0) + f64x2.extract_lane(off, 1));
}
