/** Peaks of an autocorrelation: where they are, and how long the period is that makes them. */

/** Multiples of a lag that tell its period more exactly than the lag itself. */
const MULTIPLES = 8;
/** How far from the middle of a peak its parabola is fitted, as a part of the period. */
const REACH = 1 / 6;
/** How much larger r has to be for the one highest lag to be preferred to the middle of the peak, in errors of r. */
const ERRORS = 3;

/** Is r at `lag` the largest within a quarter of the lag, with less before it? */
export function isPeak(r: Float64Array, lag: number): boolean {
  const value = r[lag]!;
  if (!(value > r[lag - 1]!)) return false;
  const reach = Math.max(1, Math.floor(lag / 4));
  for (let i = 1; i <= reach; i++) if (value < r[lag - i]! || value < r[lag + i]!) return false;
  return true;
}

/**
 * Gives the period, in whole steps, of a peak at `lag` of r, which is of n values. Noise moves the highest lag of a
 * smooth season's flat peak: the vertex of its parabola is nearer to the middle. A sharp season's peak is one lag.
 */
export function periodOf(r: Float64Array, lag: number, n: number): number {
  const highest = follow(r, lag, highestNear);
  const middle = follow(r, lag, middleNear);
  if (highest === middle) return highest;
  const [one, other] = [combAt(r, highest), combAt(r, middle)];
  return one - other > (ERRORS * (1 - other * other)) / Math.sqrt(n) ? highest : middle;
}

type Locate = (r: Float64Array, from: number, to: number) => number;

/** Follows the peak over its multiples: the one at k periods lies as far off as the first, which is k times less of a period. */
function follow(r: Float64Array, lag: number, locate: Locate): number {
  let period = lag;
  for (let k = 1; k <= MULTIPLES; k++) {
    const centre = Math.round(k * period);
    const reach = Math.max(1, Math.ceil(period * REACH));
    if (centre + reach >= r.length || r[centre]! < r[lag]! / 2) break;
    period = locate(r, centre - reach, centre + reach) / k;
  }
  const whole = Math.round(period);
  return Math.abs(whole - lag) <= Math.max(1, lag * REACH) ? whole : lag;
}

function highestNear(r: Float64Array, from: number, to: number): number {
  let best = from;
  for (let m = from; m <= to; m++) if (r[m]! > r[best]!) best = m;
  return best;
}

/** Gives the vertex of the parabola of least squares through r at the lags `from` .. `to`, which are odd in number. */
function middleNear(r: Float64Array, from: number, to: number): number {
  const centre = (from + to) / 2;
  const w = (to - from) / 2;
  let slope = 0;
  let bend = 0;
  const mean = (w * (w + 1)) / 3; // of i^2 over -w .. w
  for (let i = -w; i <= w; i++) {
    slope += i * r[centre + i]!;
    bend += (i * i - mean) * r[centre + i]!;
  }
  const squares = mean * (2 * w + 1);
  const fourths = (squares * (3 * w * w + 3 * w - 1)) / 5 - mean * squares; // sum of (i^2 - mean)^2
  if (!(bend < 0)) return highestNear(r, from, to);
  const vertex = (-slope / squares / (2 * bend)) * fourths;
  return centre + Math.max(-w, Math.min(w, vertex));
}

/** The mean of r at the multiples of a period. */
function combAt(r: Float64Array, period: number): number {
  let sum = 0;
  let count = 0;
  for (let lag = period; lag < r.length && count < MULTIPLES; lag += period) {
    sum += r[lag]!;
    count++;
  }
  return sum / count;
}
