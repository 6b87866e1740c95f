// Online statistics of one number among many; see ../scaler-columns.ts. Widths are in bytes.

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

/** The same of two numbers that lie side by side, neither of them NaN. */
@inline
function observeTwo(p: usize, width: usize, value: v128, decay: v128, isCentred: bool): void {
  const n = f64x2.add(f64x2.splat(1), f64x2.mul(decay, v128.load(p)));
  v128.store(p, n);
  const meanAt = p + width;
  const m2At = meanAt + width;
  const lowAt = m2At + width;
  let square = f64x2.mul(value, value);
  let after = v128.load(meanAt);
  if (isCentred) {
    const mean = after;
    const low = v128.load(lowAt);
    const delta = f64x2.sub(f64x2.sub(value, mean), low);
    const move = f64x2.add(low, f64x2.div(delta, n));
    after = f64x2.add(mean, move);
    const moved = f64x2.sub(after, mean);
    const rest = f64x2.add(f64x2.sub(mean, f64x2.sub(after, moved)), f64x2.sub(move, moved));
    v128.store(meanAt, after);
    v128.store(lowAt, rest);
    square = f64x2.mul(delta, f64x2.sub(f64x2.sub(value, after), rest));
  }
  const m2 = f64x2.add(f64x2.mul(decay, v128.load(m2At)), square);
  v128.store(m2At, m2);
  const deviation = f64x2.sqrt(f64x2.div(m2, n));
  const least = f64x2.mul(f64x2.abs(after), f64x2.splat(RESOLUTION));
  v128.store(lowAt + width, v128.and(deviation, f64x2.gt(deviation, least)));
}

/** Lets a value of each number join; NaN does not. */
export function scalerObserveAll(at: usize, width: usize, x: usize, decay: f64, isCentred: bool): void {
  const decays = f64x2.splat(decay);
  let i: usize = 0;
  for (; i + 16 <= width; i += 16) {
    const value = v128.load(x + i);
    if (i64x2.all_true(f64x2.eq(value, value))) observeTwo(at + i, width, value, decays, isCentred);
    else {
      scalerObserve(at + i, width, load<f64>(x + i), decay, isCentred);
      scalerObserve(at + i + 8, width, load<f64>(x + i, 8), decay, isCentred);
    }
  }
  if (i < width) scalerObserve(at + i, width, load<f64>(x + i), decay, isCentred);
}
