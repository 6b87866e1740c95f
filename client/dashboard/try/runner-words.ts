import type { RunnerSetting } from './model-spec.js';

/** Says in a few words what a runner is, and what makes it another than the one beside it. */
export function runnerWords(runner: RunnerSetting): string {
  const { units, learner, k1, k2, optimizer, rate, where } = runner;
  const window = learner === 'tbptt' ? `k1 ${k1}, k2 ${k2}` : `k1 ${k1}`;
  return `${units} units, ${learner} ${window}, ${optimizer} ${rate}, in the ${where}`;
}

/** Do two runners compute the same, wherever they run? */
export const isSameModel = (a: RunnerSetting, b: RunnerSetting): boolean =>
  (Object.keys(a) as (keyof RunnerSetting)[]).every((key) => key === 'where' || a[key] === b[key]);
