/** Null is a gap, at which a line breaks; undefined a place that says nothing of it. */
export type Points = (number | null | undefined)[];

/** How many lengths of buckets there are between one and twice as long: few, so that charts whose span varies stand still. */
const LENGTHS = 4;

/** Gives the length of a bucket that cuts a span in at most `buckets`. */
export const bucketLength = (span: number, buckets: number): number =>
  2 ** (Math.ceil(LENGTHS * Math.log2(span / buckets)) / LENGTHS);

/**
 * Thins rows out to what a chart of `buckets` columns can show: of each bucket its least and its greatest number, in the
 * order in which they came, so that no peak is lost, and a gap before, between or after them where there is one.
 *
 * Buckets lie at whole multiples of their length along x, so that a chart that scrolls does not flicker, and that nothing is
 * drawn further from its place than a bucket is long.
 *
 * @param x ascending
 * @param ys numbers for each x; NaN is a gap
 * @returns x, and each of the ys: the rows as they are where there are at most two for each bucket
 */
export function decimate(
  x: Float64Array,
  ys: readonly Float64Array[],
  buckets: number,
): [number[], ...Points[]] {
  const n = x.length;
  if (n <= 2 * buckets) return [Array.from(x), ...ys.map((y) => Array.from(y, orNull))];
  const length = bucketLength((x[n - 1] as number) - (x[0] as number) || 1, buckets);
  const at: number[] = [];
  const points = ys.map((): Points => []);
  for (let begin = 0; begin < n; ) {
    const edge = (Math.floor((x[begin] as number) / length) + 1) * length;
    let end = begin + 1;
    while (end < n && (x[end] as number) < edge) end++;
    addBucket(at, points, x, ys, begin, end);
    begin = end;
  }
  return [at, ...points];
}

/** What there may be of a bucket, in order: a gap, an extreme, a gap, the other extreme, a gap. */
const SLOTS = 5;

function addBucket(
  at: number[],
  points: readonly Points[],
  x: Float64Array,
  ys: readonly Float64Array[],
  begin: number,
  end: number,
): void {
  const rows = ys.map((y) => slotsOf(y, begin, end));
  const used = Array.from({ length: SLOTS }, (_, slot) => slot).filter((slot) =>
    rows.some((slots) => slots[slot] !== undefined),
  );
  const [first, last] = [x[begin] as number, x[end - 1] as number];
  used.forEach((slot, k) => {
    at.push(used.length === 1 ? first : first + (k / (used.length - 1)) * (last - first));
    for (let i = 0; i < points.length; i++) points[i]?.push(rows[i]?.[slot]);
  });
}

function slotsOf(y: Float64Array, begin: number, end: number): Points {
  let [least, greatest] = [-1, -1];
  let [firstGap, lastGap] = [-1, -1];
  for (let i = begin; i < end; i++) {
    const value = y[i] as number;
    if (Number.isNaN(value)) {
      if (firstGap < 0) firstGap = i;
      lastGap = i;
      continue;
    }
    if (least < 0 || value < (y[least] as number)) least = i;
    if (greatest < 0 || value > (y[greatest] as number)) greatest = i;
  }
  if (least < 0) return [null];
  const [one, other] = [Math.min(least, greatest), Math.max(least, greatest)];
  const slots: Points = Array(SLOTS).fill(undefined);
  slots[1] = y[one] as number;
  if (other > one) slots[3] = y[other] as number;
  if (firstGap < 0) return slots;
  if (firstGap < one) slots[0] = null;
  if (lastGap > other) slots[4] = null;
  if (slots[0] === undefined && slots[4] === undefined) slots[2] = null;
  return slots;
}

const orNull = (value: number) => (Number.isNaN(value) ? null : value);
