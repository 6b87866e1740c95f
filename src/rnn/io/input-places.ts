/** Tells the kernel that writes inputs where their numbers lie; see ../../kernels/input-kernels.ts. */
import type { Columns } from '../../kernels/columns.js';
import { INPUTS } from '../../kernels/input-kernels.js';
import { inputsOf, type ModelSpec } from '../spec/spec.js';
import type { History } from './history.js';
import type { StandardScaler } from './scaler.js';

/** What lies outside of the columns that the kernel is told of. */
export interface InputParts {
  readonly history: History;
  /** Which of the [B,F] are looked back at, [B,K]. */
  readonly lookedBackAt: Int32Array;
  readonly scaler: StandardScaler | null;
  readonly changeScaler: StandardScaler | null;
  /** Where in the columns x begins. */
  readonly xAt: number;
}

/** Writes what the kernel is told to the beginning of the columns. */
export function tellInputs(
  columns: Columns,
  spec: ModelSpec,
  { history, lookedBackAt, scaler, changeScaler, xAt }: InputParts,
): void {
  const { batch, features, units, inputs } = spec;
  const { changes, lags } = inputs;
  const { base, array: c } = columns;
  const length = batch * features;
  const changesAt = INPUTS.length;
  const lagsAt = changesAt + changes.length;
  const placesAt = lagsAt + lags.length;
  c.set(changes, changesAt);
  c.set(lags, lagsAt);
  c.set(lookedBackAt, placesAt);
  const told: Record<keyof typeof INPUTS, number> = {
    B: batch,
    F: features,
    K: lookedBackAt.length / batch,
    stride: inputsOf(spec) + units,
    changes: base + changesAt,
    changeCount: changes.length,
    lags: base + lagsAt,
    lagCount: lags.length,
    x: base + xAt,
    isKnown: base + xAt + length,
    given: base + xAt + 2 * length,
    places: base + placesAt,
    scaler: scaler?.at ?? 0,
    changeScaler: changeScaler?.at ?? 0,
    decay: scaler?.decay ?? 1,
    history: history.at,
    historyRows: history.rows,
    known: history.knownAt,
    changed: base + xAt + 4 * length,
    length: 0,
  };
  for (const [name, value] of Object.entries(told))
    if (name !== 'length') c[INPUTS[name as keyof typeof INPUTS]] = value;
}
