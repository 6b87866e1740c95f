// Sums over the errors of one output, and its ranges; see ../scores.ts and ../interval.ts.

const RECENT: f64 = 500;
const LEAST_SIZE: f64 = 1.1754943508222875e-38;

/** Places in bytes. */
const PERCENT: usize = 24;
const RECENT_ABSOLUTE: usize = 40;
const TARGET_MEAN: usize = 56;
export const NAIVE_SCORED: usize = 72;
export const SEASONAL_SCORED: usize = 96;
const RANGED: usize = 120;
const INSIDE: usize = 128;
const RECENT_INSIDE: usize = 136;
const WIDTH_SUM: usize = 144;
const RECENT_WIDTH: usize = 152;
const INTERVAL_SCORE: usize = 160;
const NAIVE_RANGED: usize = 168;
const NAIVE_INTERVAL_SCORE: usize = 176;
export const SCORES_WIDTH: usize = 184;

@inline
function add(p: usize, value: f64): void {
  store<f64>(p, load<f64>(p) + value);
}

/** Moves a mean towards a value. */
@inline
function move(p: usize, value: f64, share: f64): void {
  const mean = load<f64>(p);
  store<f64>(p, mean + (value - mean) * share);
}

export function scoreError(p: usize, prediction: f64, target: f64): void {
  const error = prediction - target;
  const absolute = f64.abs(error);
  const square = error * error;
  const n = load<f64>(p) + 1;
  store<f64>(p, n);
  add(p + 8, absolute);
  add(p + 16, square);
  if (f64.abs(target) >= LEAST_SIZE) {
    add(p + PERCENT, f64.abs(error / target));
    add(p + PERCENT + 8, 1);
  }
  const share = 1 / f64.min(n, RECENT);
  move(p + RECENT_ABSOLUTE, absolute, share);
  move(p + RECENT_ABSOLUTE + 8, square, share);
  const before = load<f64>(p + TARGET_MEAN);
  const delta = target - before;
  const mean = before + delta / n;
  store<f64>(p + TARGET_MEAN, mean);
  add(p + TARGET_MEAN + 8, delta * (target - mean));
}

export function scoreMean(p: usize, value: f64): void {
  const n = load<f64>(p) + 1;
  store<f64>(p, n);
  add(p + 8, value);
  move(p + 16, value, 1 / f64.min(n, RECENT));
}

export function scoreRange(p: usize, half: f64, per: f64, error: f64): void {
  if (!(half > 0)) return;
  const n = load<f64>(p + RANGED) + 1;
  store<f64>(p + RANGED, n);
  const share = 1 / f64.min(n, RECENT);
  const inside: f64 = error <= half ? 1 : 0;
  add(p + INSIDE, inside);
  move(p + RECENT_INSIDE, inside, share);
  add(p + WIDTH_SUM, 2 * half);
  move(p + RECENT_WIDTH, 2 * half, share);
  add(p + INTERVAL_SCORE, 2 * half + per * f64.max(0, error - half));
}

export function scoreNaiveRange(p: usize, half: f64, per: f64, error: f64): void {
  if (!(half > 0)) return;
  add(p + NAIVE_RANGED, 1);
  add(p + NAIVE_INTERVAL_SCORE, 2 * half + per * f64.max(0, error - half));
}

const MOST_UNITS: f64 = 50;
const MEMORY: f64 = 2000;
const FAR: f64 = 1000;
const SHRINK: f64 = 0.9;

export function healthObserve(
  p: usize, step: usize, served: f64, naive: f64, network: f64, yardstick: f64,
): void {
  const count = load<f64>(p, 24) + 1;
  store<f64>(p, count, 24);
  const n = f64.min(count, MEMORY);
  const unit = unitAfter(load<f64>(p), naive, n);
  const stick = yardstick == naive ? unit : unitAfter(load<f64>(p, 8), yardstick, n);
  store<f64>(p, unit);
  store<f64>(p, stick, 8);
  add(step, inUnits(served, unit));
  add(step + 8, inUnits(naive, unit));
  add(step + 16, inUnits(network, stick));
  add(step + 24, inUnits(yardstick, stick));
  add(step + 32, 1);
}

export function healthSpread(p: usize, target: f64): f64 {
  const n = f64.min(load<f64>(p, 24) + 1, MEMORY);
  const mean = load<f64>(p, 16);
  const stick = load<f64>(p, 8);
  const distance: f64 = n == 1 ? 0 : target - mean;
  const limit = stick > 0 ? MOST_UNITS * stick : f64.abs(distance);
  store<f64>(p, n == 1 ? target : mean + f64.max(-limit, f64.min(limit, distance)) / n, 16);
  return f64.abs(distance);
}

@inline
function inUnits(error: f64, unit: f64): f64 {
  return unit > 0 ? f64.min(error / unit, MOST_UNITS) : error > 0 ? 1 : 0;
}

@inline
function unitAfter(unit: f64, error: f64, n: f64): f64 {
  if (unit == 0) return error;
  if (error > 0 && error < unit / FAR) return unit * SHRINK;
  return unit + (f64.min(error, MOST_UNITS * unit) - unit) / n;
}

@inline
export function relativeError(p: usize, error: f64): f64 {
  const mean = load<f64>(p);
  const n = load<f64>(p, 8) + 1;
  store<f64>(p, n, 8);
  store<f64>(p, mean + (error - mean) / n);
  return mean > 0 ? error / mean : 1;
}

const LEAST_Q: f64 = 1e-3;
const GREATEST_Q: f64 = 1e3;
const FAST: f64 = 0.022840031565754093;
const SLOW: f64 = 0.0013853338989711084;
const STEP: f64 = 1.25;
const FLOOR: f64 = 0.05;
const WARM: f64 = 5;
const CLIP: f64 = 6;
const KNOWN_ERRORS: f64 = 20;
export const RANGE: usize = 32;

@inline
export function rangeWidth(p: usize): f64 {
  return load<f64>(p, 24) > WARM ? load<f64>(p, 16) * Math.sqrt(load<f64>(p) * load<f64>(p, 8)) : 0;
}

export function rangeObserve(p: usize, alpha: f64, error: f64, width: f64): void {
  const seen = load<f64>(p, 24) + 1;
  store<f64>(p, seen, 24);
  let q = load<f64>(p, 16);
  if (width > 0) {
    const gamma = seen > 625 ? FLOOR : f64.max(FLOOR, STEP / Math.sqrt(seen));
    q = q * (1 + gamma * ((error > width ? <f64>1 : <f64>0) - alpha));
    q = f64.min(GREATEST_Q, f64.max(LEAST_Q, q));
    store<f64>(p, q, 16);
  }
  const fast = load<f64>(p);
  const slow = load<f64>(p, 8);
  const most = CLIP * q * Math.sqrt(fast * slow);
  const counted = seen > KNOWN_ERRORS && most > 0 ? f64.min(error, most) : error;
  const share: f64 = seen > 1000 ? 0 : 1 / seen;
  store<f64>(p, fast + (counted - fast) * f64.max(share, FAST));
  store<f64>(p, slow + (counted - slow) * f64.max(share, SLOW), 8);
}
