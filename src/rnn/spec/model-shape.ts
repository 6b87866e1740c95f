/** What follows from a spec: how many numbers go in and come out, and how far back a model looks. */
import { type TimeKind, timeNames } from '../../features/time-features.js';

type Task =
  | {
      readonly kind: 'forecast';
      readonly horizon: readonly number[];
      readonly targets?: readonly number[] | undefined;
    }
  | { readonly kind: 'supervised'; readonly outputs: number; readonly delay: number };

/** What of a spec its shapes depend on. */
export interface Shape {
  readonly features: number;
  readonly task?: Task | undefined;
  readonly inputs?: {
    readonly changes: readonly number[];
    readonly lags: readonly number[];
    readonly time?: readonly TimeKind[];
  };
}

type Tasked = Pick<Shape, 'features' | 'task'>;

/** Gives M, the numbers in one prediction; 0 for a model without a readout. */
export function outputsOf({ task, features }: Tasked): number {
  if (!task) return 0;
  if (task.kind === 'supervised') return task.outputs;
  return (task.targets?.length ?? features) * task.horizon.length;
}

/** Gives the features that a forecast is for, by index, or null for another task. */
export function forecastFeatures({ task, features }: Tasked): readonly number[] | null {
  if (task?.kind !== 'forecast') return null;
  return task.targets ?? Array.from({ length: features }, (_, i) => i);
}

/** Gives how many numbers the cell gets in one step and row: x, its changes, its lagged values and the time's features. */
export function inputsOf(spec: Shape): number {
  const { changes, lags, time = [] } = spec.inputs ?? { changes: [], lags: [] };
  return spec.features + lookedBackAt(spec).length * (changes.length + lags.length) + timeNames(time).length;
}

/** Gives the features whose changes and lagged values the cell may get: those that are forecast, or all. */
export function lookedBackAt(spec: Tasked): readonly number[] {
  return forecastFeatures(spec) ?? Array.from({ length: spec.features }, (_, i) => i);
}

/** Gives how many steps of x a model remembers. */
export function historyOf({
  task,
  features,
  inputs: { changes, lags },
  season = 0,
}: Tasked & {
  readonly inputs: Pick<NonNullable<Shape['inputs']>, 'changes' | 'lags'>;
  readonly season?: number | undefined;
}): number {
  const ahead = task?.kind === 'forecast' ? Math.max(...task.horizon) : 0;
  const seasons = season * Math.ceil(ahead / (season || 1));
  const looksBack = task?.kind === 'forecast' ? ahead + lagsOf(lookedBackAt({ task, features }).length) : 0;
  return Math.max(looksBack, seasons, ...changes, ...lags) + 1;
}

/** Gives how many of the last values a linear forecast looks at: fewer where many features are forecast. */
export const lagsOf = (targets: number): number => (targets <= 4 ? 16 : targets <= 16 ? 8 : 4);

/** Gives how many steps after its own a target may come: the longest horizon, or the delay. */
export function delayOf({ task }: Pick<Shape, 'task'>): number {
  if (!task) return 0;
  return task.kind === 'forecast' ? Math.max(...task.horizon) : task.delay;
}
