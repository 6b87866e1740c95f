/** In which order the units of a heatmap stand. Every order is a permutation, and the same for the same states. */
import type { StateRing } from '../charts/state-ring.js';

export const UNIT_ORDERS = ['unit', 'variance', 'similarity'] as const;
export type UnitOrder = (typeof UNIT_ORDERS)[number];

/** Newest states that are looked at. */
const SAMPLE = 256;

/** Gives the units from top to bottom: as numbered, liveliest first, or so that neighbours go up and down together. */
export function orderUnits(order: UnitOrder, states: StateRing): number[] {
  const units = Array.from({ length: states.width }, (_, unit) => unit);
  if (order === 'unit' || states.length < 2) return units;
  const { deviations, variances } = moments(states);
  if (order === 'variance')
    return units.sort((a, b) => (variances[b] as number) - (variances[a] as number) || a - b);
  return chain(units, deviations, variances);
}

/** Gives each unit's deviations from its mean over the sample [units][T], and their mean square. */
function moments(states: StateRing): { deviations: Float64Array[]; variances: number[] } {
  const from = Math.max(states.first, states.total - SAMPLE);
  const T = states.total - from;
  const deviations = Array.from({ length: states.width }, () => new Float64Array(T));
  for (let t = 0; t < T; t++) {
    const h = states.row(from + t);
    for (let unit = 0; unit < states.width; unit++) (deviations[unit] as Float64Array)[t] = h[unit] as number;
  }
  const variances = deviations.map((values) => {
    const mean = values.reduce((sum, value) => sum + value, 0) / T;
    let squares = 0;
    for (let t = 0; t < T; t++) {
      values[t] = (values[t] as number) - mean;
      squares += (values[t] as number) ** 2;
    }
    return squares / T;
  });
  return { deviations, variances };
}

/** Begins with the liveliest unit, and lets follow whichever of the rest is correlated most with the one before. */
function chain(units: number[], deviations: readonly Float64Array[], variances: readonly number[]): number[] {
  const left = new Set(units);
  let last = units.reduce((best, unit) =>
    (variances[unit] as number) > (variances[best] as number) ? unit : best,
  );
  const ordered = [last];
  left.delete(last);
  while (left.size > 0) {
    let [best, most] = [-1, Number.NEGATIVE_INFINITY];
    for (const unit of left) {
      const like = correlation(last, unit);
      if (like > most) [best, most] = [unit, like];
    }
    ordered.push(best);
    left.delete(best);
    last = best;
  }
  return ordered;

  function correlation(a: number, b: number): number {
    const [x, y] = [deviations[a] as Float64Array, deviations[b] as Float64Array];
    let sum = 0;
    for (let t = 0; t < x.length; t++) sum += (x[t] as number) * (y[t] as number);
    const size = Math.sqrt((variances[a] as number) * (variances[b] as number)) * x.length;
    // a unit that does not move is like no other
    return size > 0 ? sum / size : -2;
  }
}
