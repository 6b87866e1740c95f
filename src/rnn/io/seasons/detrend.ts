/** What a search of seasons looks at: values without their line, and their changes. */

/** A change counts as no more than this many times the mean absolute one: a level that moved once is no season. */
const LARGEST_CHANGE = 8;

/**
 * Gives the values x [n] without the straight line of least squares, in units of the largest, so that no square
 * overflows; null where nothing is left, as of a constant.
 */
export function detrended(x: Float64Array): Float64Array | null {
  const n = x.length;
  let largest = 0;
  for (let t = 0; t < n; t++) largest = Math.max(largest, Math.abs(x[t]!));
  if (!(largest > 0)) return null;
  const u = new Float64Array(n);
  for (let t = 0; t < n; t++) u[t] = x[t]! / largest;
  const centre = (n - 1) / 2;
  let mean = 0;
  for (let t = 0; t < n; t++) mean += u[t]!;
  mean /= n;
  let slope = 0;
  for (let t = 0; t < n; t++) slope += (t - centre) * (u[t]! - mean);
  slope /= (n * (n * n - 1)) / 12;
  let left = 0;
  for (let t = 0; t < n; t++) {
    const value = u[t]! - mean - slope * (t - centre);
    u[t] = value;
    left = Math.max(left, Math.abs(value));
  }
  if (left < 2 ** -40) return null; // what rounding leaves of a line
  for (let t = 0; t < n; t++) u[t]! /= left;
  return u;
}

/** Gives the changes of u [n] from step to step, without their mean; the first is none. */
export function changesOf(u: Float64Array): Float64Array {
  const n = u.length;
  const d = new Float64Array(n);
  let total = 0;
  for (let t = 1; t < n; t++) {
    d[t] = u[t]! - u[t - 1]!;
    total += Math.abs(d[t]!);
  }
  const most = (LARGEST_CHANGE * total) / (n - 1);
  let mean = 0;
  for (let t = 1; t < n; t++) {
    d[t] = Math.min(most, Math.max(-most, d[t]!));
    mean += d[t]!;
  }
  mean /= n - 1;
  for (let t = 1; t < n; t++) d[t]! -= mean;
  return d;
}
