import type { TimeKind } from '../../../src/features/time-features.js';
import type { ModelSpec, ModelSpecInput } from '../../../src/rnn/spec/spec.js';

/** One network, how it learns, and where it runs. */
export interface RunnerSetting {
  readonly units: number;
  readonly horizon: number;
  readonly learner: ModelSpec['learner']['kind'];
  readonly k1: number;
  /** Of tbptt alone. */
  readonly k2: number;
  readonly optimizer: ModelSpec['optimizer']['kind'];
  readonly rate: number;
  readonly seed: number;
  readonly where: 'browser' | 'server';
}

/** What of a signal its models depend on. */
export interface Fed {
  readonly features: number;
  /** The features that are forecast; all of them if left out. */
  readonly targets?: readonly number[] | undefined;
  /** Does the time of some step lie before that of the one before it? */
  readonly isLate?: boolean | undefined;
}

/** Gives the model of a runner: a forecast of features, or the probability of the add task's answer. */
export function specOf(
  { signal, calendar }: { readonly signal: string; readonly calendar: readonly TimeKind[] },
  { features, targets, isLate = false }: Fed,
  runner: RunnerSetting,
): ModelSpecInput {
  const { units, horizon, learner, k1, k2, optimizer, rate, seed } = runner;
  const base = {
    features,
    units,
    seed,
    learner: learner === 'tbptt' ? { kind: learner, k1, k2 } : { kind: learner, k1 },
    // the rate that is set is the rate that is used
    optimizer: { kind: optimizer, learningRate: rate, schedule: { kind: 'constant' as const } },
  };
  if (signal === 'add-task')
    return {
      ...base,
      readout: { kind: 'softmax' },
      task: { kind: 'supervised', outputs: 2, delay: 0 },
    };
  return {
    ...base,
    task: { kind: 'forecast', horizon, ...(targets && { targets: [...targets] }) },
    inputs: {
      missing: 'hold',
      ...(signal === 'csv' && calendar.length > 0 && { time: [...calendar] }),
      ...(isLate && { late: 'take' }),
    },
  };
}

/** Says in a few words what a runner is, and what makes it another than the one beside it. */
export function runnerWords(runner: RunnerSetting): string {
  const { units, learner, k1, k2, optimizer, rate, where } = runner;
  const window = learner === 'tbptt' ? `k1 ${k1}, k2 ${k2}` : `k1 ${k1}`;
  return `${units} units, ${learner} ${window}, ${optimizer} ${rate}, in the ${where}`;
}

/** Do two runners compute the same, wherever they run? */
export const isSameModel = (a: RunnerSetting, b: RunnerSetting): boolean =>
  (Object.keys(a) as (keyof RunnerSetting)[]).every((key) => key === 'where' || a[key] === b[key]);
