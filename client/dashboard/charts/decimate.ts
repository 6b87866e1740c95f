export type Points = (number | null)[];

/**
 * Thins rows out to what a chart of `buckets` columns can show: of each bucket its least and its greatest number, in the
 * order in which they came, so that no peak is lost. A bucket without numbers is a gap, null.
 *
 * Buckets begin at whole multiples of their length in rows from `origin` on, so that a chart that scrolls does not flicker.
 *
 * @param x ascending
 * @param ys numbers for each x; NaN is a gap
 * @returns x, and each of the ys: the rows as they are where there are at most two for each bucket
 */
export function decimate(
  x: Float64Array,
  ys: readonly Float64Array[],
  buckets: number,
  origin: number,
): [number[], ...Points[]] {
  const n = x.length;
  if (n <= 2 * buckets) return [Array.from(x), ...ys.map((y) => Array.from(y, orNull))];
  const size = Math.ceil(n / buckets);
  const starts: number[] = [0];
  for (let i = size - (origin % size || 0); i < n; i += size) if (i > 0) starts.push(i);
  const at: number[] = [];
  starts.forEach((start, k) => {
    const end = starts[k + 1] ?? n;
    at.push(x[start] as number, x[Math.min(end - 1, start + Math.ceil((end - start) / 2))] as number);
  });
  return [at, ...ys.map((y) => extremes(y, starts))];
}

function extremes(y: Float64Array, starts: readonly number[]): Points {
  const points: Points = [];
  for (let k = 0; k < starts.length; k++) {
    const end = starts[k + 1] ?? y.length;
    let [least, greatest] = [-1, -1];
    for (let i = starts[k] as number; i < end; i++) {
      const value = y[i] as number;
      if (Number.isNaN(value)) continue;
      if (least < 0 || value < (y[least] as number)) least = i;
      if (greatest < 0 || value > (y[greatest] as number)) greatest = i;
    }
    if (least < 0) points.push(null, null);
    else points.push(y[Math.min(least, greatest)] as number, y[Math.max(least, greatest)] as number);
  }
  return points;
}

const orNull = (value: number) => (Number.isNaN(value) ? null : value);
