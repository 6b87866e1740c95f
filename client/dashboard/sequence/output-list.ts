import type { ModelSpec } from '../../../src/rnn/spec/spec.js';

/** What one number of a prediction is for. */
export interface Output {
  /** Its place in y [B,M]. */
  readonly output: number;
  /** The feature that is forecast, and how many steps ahead; null where the model is told its targets. */
  readonly feature: number | null;
  readonly horizon: number | null;
}

/** Gives the outputs of a model in the order of y: all features of the first horizon, then of the second. */
export function outputsOf({ task, readout, features, units }: ModelSpec): Output[] {
  if (readout.kind === 'none' || !task) return [];
  if (task.kind === 'forecast') {
    const targets = task.targets ?? Array.from({ length: features }, (_, i) => i);
    return task.horizon
      .flatMap((horizon) => targets.map((feature) => ({ feature, horizon })))
      .map((each, output) => ({ output, ...each }));
  }
  const count = readout.kind === 'softmax' && !readout.dense ? units : task.outputs;
  return Array.from({ length: count }, (_, output) => ({ output, feature: null, horizon: null }));
}

export const outputWords = ({ output, feature, horizon }: Output): string =>
  feature === null ? `output ${output}` : `x${feature}, +${horizon} ${horizon === 1 ? 'step' : 'steps'}`;
