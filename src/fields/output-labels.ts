/** What each number of a prediction is, by name. */
import { outputNames } from '../rnn/io/output-names.js';
import type { ModelSpec } from '../rnn/spec/spec.js';
import { type Field, numberedFields } from './field.js';

/** One of the M outputs of a row. */
export interface OutputLabel extends Field {
  /** Steps ahead, where it is a forecast. */
  readonly horizon: number | null;
}

/** Gives the name, the unit and the horizon of each output, in the order of y [M]. */
export function outputLabels(
  spec: ModelSpec,
  fields: readonly Field[],
  targets: readonly Field[] = [],
): OutputLabel[] {
  const outputs = outputNames(spec);
  const supplied = targets.length === outputs.length ? targets : numberedFields(outputs.length, 'y');
  return outputs.map(({ output, feature, horizon }) => {
    const field = feature === null ? supplied[output]! : (fields[feature] ?? { name: `x${feature}` });
    return { name: field.name, ...(field.unit && { unit: field.unit }), horizon };
  });
}
