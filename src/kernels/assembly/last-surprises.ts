// The mean of the last surprises against its own history; see ../recent-surprise.ts.

import { ln } from './natural-log';

const LEAST_DEVIATION: f64 = 0.05;
const LOG10E: f64 = 0.4342944819032518;
/** Bytes before the ring of the last surprises. */
export const HEAD: usize = 32;

export function surpriseJudge(p: usize, run: i32, surprise: f64, long: f64): f64 {
  const before = load<f64>(p);
  const slot = p + HEAD + (<usize>(<i64>before % <i64>run) << 3);
  const count = before + 1;
  store<f64>(p, count);
  const weight = 1 / f64.min(count, long);
  const sum = load<f64>(p, 8) + surprise - load<f64>(slot);
  store<f64>(p, sum, 8);
  store<f64>(slot, surprise);
  const mean = load<f64>(p, 16);
  const delta = sum / f64.min(count, <f64>run) - mean;
  const variance = load<f64>(p, 24);
  const z = delta / Math.sqrt(f64.max(variance, LEAST_DEVIATION * LEAST_DEVIATION));
  store<f64>(p, mean + weight * delta, 16);
  store<f64>(p, (1 - weight) * (variance + weight * delta * delta), 24);
  return z > 0 ? rarity(z) : 0;
}

function rarity(z: f64): f64 {
  if (z > 40) return 350;
  const divisor = 0.661 * z + 0.339 * Math.sqrt(z * z + 5.51);
  return (0.5 * z * z + ln(2.5066282746310002 * divisor)) * LOG10E;
}
