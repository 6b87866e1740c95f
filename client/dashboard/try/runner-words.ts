import type { LaneSetting } from './model-spec.js';

/** Says in a few words what a lane is, and what makes it another than the one beside it. */
export function laneWords(lane: LaneSetting): string {
  const { units, learner, k1, k2, optimizer, rate, where } = lane;
  const window = learner === 'tbptt' ? `k1 ${k1}, k2 ${k2}` : `k1 ${k1}`;
  return `${units} units, ${learner} ${window}, ${optimizer} ${rate}, in the ${where}`;
}

/** Do two lanes compute the same, wherever they run? */
export const isSameModel = (a: LaneSetting, b: LaneSetting): boolean =>
  (Object.keys(a) as (keyof LaneSetting)[]).every((key) => key === 'where' || a[key] === b[key]);
