// The range of each number's past; see ../value-range.ts.

const OVERSHOOT: f64 = 0.25;
const FAR: f64 = 2;
const LN2: f64 = 0.6931471805599453;
const HALF: f64 = 20000;
const QUICK: f64 = 2000;
const WARM: f64 = 100;
const LONG: f64 = 4000;

/** Places in bytes. */
const HIGH: usize = 8;
const BOTTOM: usize = 16;
const TOP: usize = 24;
const CORE_LOW: usize = 32;
const CORE_HIGH: usize = 40;
export const MEAN: usize = 48;
const SHRINK: usize = 56;
export const RANGE_WIDTH: usize = 64;

export function rangeWiden(p: usize, value: f64, seen: f64, tolerance: f64): bool {
  if (seen == 1) {
    for (let at: usize = 0; at < SHRINK; at += 8) store<f64>(p + at, value);
    store<f64>(p, LN2 / HALF, SHRINK);
    return false;
  }
  let low = load<f64>(p);
  let high = load<f64>(p, HIGH);
  let coreLow = load<f64>(p, CORE_LOW);
  let coreHigh = load<f64>(p, CORE_HIGH);
  let by = load<f64>(p, SHRINK);
  const range = high - low;
  const beyond: f64 = value > high ? value - high : value < low ? low - value : 0;
  const isKnown = seen > WARM;
  const isOutside = beyond > 0 && isKnown && beyond > range * tolerance * (1 + WARM / seen);
  const wasLow = low;
  const wasHigh = high;
  let joins = value;
  let isCut = false;
  if (beyond > 0) {
    isCut = isKnown && range > 0 && beyond > FAR * range;
    const far = isCut ? FAR * range : beyond;
    const more = isKnown ? far * (1 + OVERSHOOT) : far;
    const bottom = load<f64>(p, BOTTOM);
    const top = load<f64>(p, TOP);
    if (isOutside && range > 0 && value >= bottom && value <= top) {
      by = by / 2;
      store<f64>(p, by, SHRINK);
    }
    if (value > high) {
      joins = high + far;
      high = high + more;
    } else {
      joins = low - far;
      low = low - more;
    }
    store<f64>(p, f64.max(top, joins), TOP);
    store<f64>(p, f64.min(bottom, joins), BOTTOM);
  }
  if (value > coreHigh) {
    const isSecond = value > (coreHigh + high) / 2;
    coreHigh = isCut && coreHigh >= wasHigh ? wasHigh : isSecond ? high : value;
  } else if (value < coreLow) {
    const isSecond = value < (coreLow + low) / 2;
    coreLow = isCut && coreLow <= wasLow ? wasLow : isSecond ? low : value;
  }
  if (high > coreHigh) high = high + (LN2 / QUICK) * (coreHigh - high);
  if (low < coreLow) low = low + (LN2 / QUICK) * (coreLow - low);
  const before = load<f64>(p, MEAN);
  const mean = before + (joins - before) / f64.min(seen, LONG);
  low = low + by * (mean - low);
  high = high + by * (mean - high);
  coreLow = coreLow + by * (mean - coreLow);
  coreHigh = coreHigh + by * (mean - coreHigh);
  store<f64>(p, mean, MEAN);
  store<f64>(p, low);
  store<f64>(p, high, HIGH);
  store<f64>(p, f64.max(low, coreLow), CORE_LOW);
  store<f64>(p, f64.min(high, coreHigh), CORE_HIGH);
  return isOutside;
}
