/** Which number of a prediction is what. */
import { forecastFeatures, type ModelSpec, outputsOf } from '../spec/spec.js';

/** Which output: its place in y, and the feature and the steps ahead that it is for, where it is a forecast. */
export interface OutputName {
  readonly output: number;
  readonly feature: number | null;
  readonly horizon: number | null;
}

/** Gives the names of a model's outputs: all targets of the first horizon, then of the second ... */
export function outputNames(spec: ModelSpec): OutputName[] {
  const { task } = spec;
  if (task?.kind !== 'forecast')
    return Array.from({ length: outputsOf(spec) }, (_, output) => ({ output, feature: null, horizon: null }));
  const features = forecastFeatures(spec) ?? [];
  return task.horizon.flatMap((horizon, q) =>
    features.map((feature, k) => ({ output: q * features.length + k, feature, horizon })),
  );
}
