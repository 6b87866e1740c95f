/** What each number is that the cell gets of a step, by name. */
import { timeNames } from '../features/time-features.js';
import { lookedBackAt, type ModelSpec } from '../rnn/spec/spec.js';
import type { Field } from './field.js';

/** Gives a name for each of the F' inputs of a row: the fields, their changes and lags, and the features of the time. */
export function inputLabels(spec: ModelSpec, fields: readonly Field[]): string[] {
  const nameOf = (feature: number) => fields[feature]?.name ?? `x${feature}`;
  const back = lookedBackAt(spec).map(nameOf);
  const { changes, lags, time } = spec.inputs;
  return [
    ...Array.from({ length: spec.features }, (_, feature) => nameOf(feature)),
    ...changes.flatMap((lag) => back.map((name) => `${name} - ${name} ${lag} before`)),
    ...lags.flatMap((lag) => back.map((name) => `${name} ${lag} before`)),
    ...timeNames(time),
  ];
}
