/** Where nothing was heard: steps that come at equal distances, but for a time in which there are none. */

/** How much further apart than their steps say two rows may be, in steps. */
const SLACK = 0.5;

export interface Rows {
  readonly places: Float64Array;
  readonly ys: readonly Float64Array[];
}

/**
 * Puts a gap between rows that lie further apart in time than their steps do, so that no line goes over a silence.
 *
 * @param steps ascending, one for each row
 * @param every milliseconds between two steps
 */
export function breakAtSilences(steps: Float64Array, { places, ys }: Rows, every: number): Rows {
  const before: number[] = [];
  for (let i = 1; i < steps.length; i++) {
    const apart = (steps[i] as number) - (steps[i - 1] as number);
    if ((places[i] as number) - (places[i - 1] as number) > (apart + SLACK) * every) before.push(i);
  }
  if (before.length === 0) return { places, ys };
  return {
    places: insert(places, before, (i) => ((places[i - 1] as number) + (places[i] as number)) / 2),
    ys: ys.map((y) => insert(y, before, () => Number.NaN)),
  };
}

function insert(
  values: Float64Array,
  before: readonly number[],
  valueAt: (i: number) => number,
): Float64Array {
  const all = new Float64Array(values.length + before.length);
  let from = 0;
  before.forEach((i, k) => {
    all.set(values.subarray(from, i), from + k);
    all[i + k] = valueAt(i);
    from = i;
  });
  all.set(values.subarray(from), from + before.length);
  return all;
}
