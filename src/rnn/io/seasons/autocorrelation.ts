/** The autocorrelations of two series of the same length at once, by Fourier transforms of one complex series. */
import { powerOfTwo, transform } from './fourier.js';

/** Where transforms work: one place for all finders, because no search is ever left half done. */
let re = new Float64Array(0);
let im = new Float64Array(0);

/** The correlation of a series with itself at each lag, and running sums for means over ranges of lags. */
export interface Autocorrelation {
  /** r [lags + 1]: sum of u_t u_(t-m) over the root of the energies of the two stretches that meet, in [-1, 1]. */
  readonly r: Float64Array;
  /** The sum of r over the lags below m, at m [lags + 2], and of its squares. */
  readonly sum: Float64Array;
  readonly squares: Float64Array;
}

/**
 * Gives the autocorrelations of u [n] and d [n], whose means are 0, at the lags 0 .. `lags`. Each is relative to the
 * energies of the stretches that overlap, so that neither the lag nor an amplitude that grows lowers it.
 */
export function autocorrelations(
  u: Float64Array,
  d: Float64Array,
  lags: number,
): [Autocorrelation, Autocorrelation] {
  const size = powerOfTwo(u.length + lags + 1);
  if (re.length < size) [re, im] = [new Float64Array(size), new Float64Array(size)];
  re.fill(0, 0, size);
  im.fill(0, 0, size);
  re.set(u);
  im.set(d);
  transform(re, im, size);
  toPowers(size);
  transform(re, im, size); // of what is real and even: its own inverse but for the factor 1 / size
  return [relative(u, re, size, lags), relative(d, im, size, lags)];
}

/** Replaces the transform Z of u + i d by |U|^2 + i |D|^2: U_k = (Z_k + Z*_(-k)) / 2, D_k = (Z_k - Z*_(-k)) / 2i. */
function toPowers(size: number): void {
  for (let k = 0; 2 * k <= size; k++) {
    const j = (size - k) % size;
    const a = re[k]!;
    const b = im[k]!;
    const c = re[j]!;
    const d = im[j]!;
    const powerU = ((a + c) * (a + c) + (b - d) * (b - d)) / 4;
    const powerD = ((b + d) * (b + d) + (a - c) * (a - c)) / 4;
    re[k] = powerU;
    re[j] = powerU;
    im[k] = powerD;
    im[j] = powerD;
  }
}

function relative(u: Float64Array, products: Float64Array, size: number, lags: number): Autocorrelation {
  const n = u.length;
  const r = new Float64Array(lags + 1);
  const sum = new Float64Array(lags + 2);
  const squares = new Float64Array(lags + 2);
  let head = 0;
  for (let t = 0; t < n; t++) head += u[t]! * u[t]!;
  let tail = head;
  for (let m = 0; m <= lags; m++) {
    const energy = Math.sqrt(Math.max(0, head) * Math.max(0, tail));
    const value = energy > 0 ? Math.max(-1, Math.min(1, products[m]! / size / energy)) : 0;
    r[m] = value;
    sum[m + 1] = sum[m]! + value;
    squares[m + 1] = squares[m]! + value * value;
    head -= u[n - 1 - m]! * u[n - 1 - m]!;
    tail -= u[m]! * u[m]!;
  }
  return { r, sum, squares };
}
