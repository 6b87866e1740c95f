/** A snapshot: all that a model is, as plain data that a store can keep. */
import { EddyError } from '../errors.js';
import type { Reals } from '../kernels/kernels.js';
import type { LearnerState } from './learner.js';
import type { MetricsState } from './metrics.js';
import type { ScalerState } from './scaler.js';
import type { ModelSpec } from './spec.js';
import type { WindowState } from './window.js';

export const SNAPSHOT_FORMAT = 1;

export interface ModelSnapshot {
  readonly format: typeof SNAPSHOT_FORMAT;
  readonly spec: ModelSpec;
  /** Weights, velocity, window: the model's memory as it lies. */
  readonly numbers: Reals;
  readonly window: WindowState;
  readonly learner: LearnerState | null;
  readonly random: readonly number[];
  readonly scaler: ScalerState | null;
  readonly targetScaler: ScalerState | null;
  readonly metrics: MetricsState;
}

/** @throws EddyError `snapshot-invalid` */
export function checkSnapshot(
  snapshot: ModelSnapshot,
  spec: ModelSpec,
  numbers: Reals,
  length: number,
): void {
  const fail = (why: string): never => {
    throw new EddyError('snapshot-invalid', `the snapshot cannot be restored: ${why}`);
  };
  if (snapshot.format !== SNAPSHOT_FORMAT) fail(`its format is ${snapshot.format}, not ${SNAPSHOT_FORMAT}`);
  if (JSON.stringify(snapshot.spec) !== JSON.stringify(spec)) fail('it is of another model spec');
  if (snapshot.numbers.constructor !== numbers.constructor) fail('it is of another precision');
  if (snapshot.numbers.length !== length) fail(`it has ${snapshot.numbers.length} numbers, not ${length}`);
  if (!snapshot.numbers.every(Number.isFinite)) fail('it holds a number that is not finite');
}
