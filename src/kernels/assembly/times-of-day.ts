// The mean of each number at each ten minutes of the day; see ../day-slots.ts.

const SLOTS: f64 = 144;
const DAY_MS: f64 = 86400000;
const LEAST_WEIGHT: f64 = 1.0 / 12.0;
export const MOST_SLOTTED: i32 = 64;
export const SLOTS_WIDTH: usize = 2304;

export function slotOf(time: f64): i32 {
  const day = time / DAY_MS;
  const part = day - Math.floor(day);
  return part >= 0 ? <i32>f64.min(SLOTS - 1, Math.floor(part * SLOTS + 1e-6)) : -1;
}

@inline
export function slotMean(p: usize): f64 {
  return load<f64>(p, 8) > 0 ? load<f64>(p) : NaN;
}

@inline
export function slotTake(p: usize, value: f64, most: f64): void {
  const count = load<f64>(p, 8) + 1;
  store<f64>(p, count, 8);
  const mean = load<f64>(p);
  const off = value - mean;
  const step = count > 1 && most > 0 ? f64.min(most, f64.max(-most, off)) : off;
  store<f64>(p, mean + (count == 1 ? step : step * f64.max(1 / count, LEAST_WEIGHT)));
}
