/** Turns the rings that hold the lines into the columns that uPlot draws. */
import uPlot from 'uplot';
import { decimate, type Points } from './decimate.js';
import type { Line } from './line-chart-options.js';
import type { Series } from './series.js';
import { breakAtSilences } from './silent-spans.js';

/** Where steps lie along the axis. */
export interface LineAxis {
  placesOf(steps: Float64Array): Float64Array;
  /** Milliseconds between two steps, where they come at equal distances and the axis counts time; null otherwise. */
  readonly every: number | null;
}

const STEPS: LineAxis = { placesOf: (steps) => steps, every: null };

/**
 * Gives where the steps from `from` to `to` lie along the axis, and a column for each line over them, thinned to about
 * `buckets` points. Lines may come from several rings with steps of their own: each run is thinned, and the runs are joined
 * by place. What has no place is left out.
 */
export function lineData(
  lines: readonly Line[],
  { from, to }: { readonly from: number; readonly to: number },
  buckets: number,
  axis: LineAxis = STEPS,
): uPlot.AlignedData {
  const groups = new Map<string, { lines: number[]; table: [number[], ...Points[]] }>();
  const rings: Series[] = [];
  lines.forEach(({ ring, x }, i) => {
    if (!rings.includes(ring)) rings.push(ring);
    const key = `${rings.indexOf(ring)} ${x}`;
    const group = groups.get(key);
    if (group) group.lines.push(i);
    else groups.set(key, { lines: [i], table: [[]] });
  });
  for (const group of groups.values()) {
    const own = group.lines.map((i) => lines[i] as Line);
    const { ring, x } = own[0] as Line;
    // a row to either side, so that lines go on to the edge
    const begin = Math.max(ring.first, ring.firstAt(x, from) - 1);
    const end = Math.min(ring.total, ring.firstAt(x, to + 1) + 1);
    const steps = ring.view(x, begin, end);
    const places = axis.placesOf(steps);
    const ys = own.map(({ y }) => ring.view(y, begin, end));
    const [first, last] = knownRun(places);
    const known = { places: places.subarray(first, last), ys: ys.map((y) => y.subarray(first, last)) };
    const rows =
      axis.every === null ? known : breakAtSilences(steps.subarray(first, last), known, axis.every);
    group.table = decimate(rows.places, rows.ys, buckets);
  }
  const all = [...groups.values()];
  const [only] = all;
  if (!only) return [[]];
  if (all.length === 1) return only.table;
  const joined = uPlot.join(
    all.map(({ table }) => table),
    // a gap stays one, and a step that only another line has makes none
    all.map((group) => group.lines.map(() => 1 satisfies uPlot.JoinNullMode as uPlot.JoinNullMode)),
  ) as [number[], ...Points[]];
  const data: [number[], ...Points[]] = [joined[0]];
  let column = 1;
  for (const group of all) for (const i of group.lines) data[i + 1] = joined[column++] as Points;
  return data;
}

/** Steps before the first time that is known have no place, nor those whose time is yet to come. */
function knownRun(places: Float64Array): [number, number] {
  let [first, last] = [0, places.length];
  while (first < last && Number.isNaN(places[first])) first++;
  while (last > first && Number.isNaN(places[last - 1])) last--;
  return [first, last];
}
