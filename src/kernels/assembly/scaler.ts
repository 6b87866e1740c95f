// Online statistics of one number among many; see ../scaler.ts. Widths are in bytes.

const RESOLUTION: f64 = 1.0 / 1125899906842624.0;
const MAX_DEVIATIONS: f64 = 10;

/** Lets a value of the number whose count lies at p join; NaN does not. */
export function scalerObserve(p: usize, width: usize, value: f64, decay: f64, isCentred: bool): void {
  if (value != value) return;
  const n = 1 + decay * load<f64>(p);
  store<f64>(p, n);
  const meanAt = p + width;
  const m2At = meanAt + width;
  const lowAt = m2At + width;
  let square = value * value;
  let after = load<f64>(meanAt);
  if (isCentred) {
    const mean = after;
    const low = load<f64>(lowAt);
    const delta = value - mean - low;
    const move = low + delta / n;
    after = mean + move;
    const moved = after - mean;
    const rest = mean - (after - moved) + (move - moved);
    store<f64>(meanAt, after);
    store<f64>(lowAt, rest);
    square = delta * (value - after - rest);
  }
  const m2 = decay * load<f64>(m2At) + square;
  store<f64>(m2At, m2);
  const deviation = n == 0 ? 0 : Math.sqrt(m2 / n);
  store<f64>(lowAt + width, deviation > f64.abs(after) * RESOLUTION ? deviation : 0);
}

/** Gives value x of the number whose count lies at p in deviations. */
@inline
export function scalerScale(p: usize, width: usize, x: f64, isCentred: bool): f64 {
  const deviation = load<f64>(p + 4 * width);
  if (deviation == 0) return 0;
  const off = isCentred ? x - load<f64>(p + width) - load<f64>(p + 3 * width) : x;
  return f64.min(MAX_DEVIATIONS, f64.max(-MAX_DEVIATIONS, off / deviation));
}
