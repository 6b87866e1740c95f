/** Weights and saliency as matrices to look at. */

import type { Field } from '../../../src/fields/field.js';
import { cellOf } from '../../../src/rnn/cell/cells.js';
import type { MatrixData } from '../charts/matrix.js';
import { fieldWords } from './field-words.js';
import type { SequenceRecord } from './sequence-record.js';

/** Wx over Wh [F'+N,G N]: from where into which unit, gate beside gate. */
export function weightsMatrix(record: SequenceRecord): MatrixData | null {
  return record.weights && cellMatrix(record, record.weights.inputs, record.weights.w);
}

function cellMatrix(record: SequenceRecord, inputs: number, values: Float32Array): MatrixData {
  const { spec } = record;
  const { units } = spec;
  const columns = cellOf(spec).gates.length * units;
  return {
    values,
    rows: inputs + units,
    columns,
    split: inputs,
    run: units,
    rowName: (row) => sourceWords(record, row),
    columnName: (column) => goalWords(record, column),
  };
}

const changes = new WeakMap<Float32Array, Float32Array>();

/** How far the weights have moved since the page was opened. */
export function changeMatrix(record: SequenceRecord): MatrixData | null {
  const { weights, firstWeights } = record;
  if (!weights || !firstWeights) return null;
  const values = changes.get(weights.w) ?? weights.w.map((value, i) => value - (firstWeights.w[i] as number));
  changes.set(weights.w, values);
  return cellMatrix(record, weights.inputs, values);
}

/** dL/dx of the latest update: fields over steps, of one row of the batch. */
export function saliencyMatrix({ weights, spec, row, fields }: SequenceRecord): MatrixData | null {
  if (!weights || weights.saliency.length === 0) return null;
  const { batch, features } = spec;
  const { saliency } = weights;
  const steps = saliency.length / (batch * features);
  const known = changes.get(saliency);
  const values =
    known ??
    Float32Array.from({ length: steps * features }, (_, i) => {
      const [feature, t] = [Math.floor(i / steps), i % steps];
      return saliency[(t * batch + row) * features + feature] as number;
    });
  changes.set(saliency, values);
  return {
    values,
    rows: features,
    columns: steps,
    rowName: (feature) => fieldWords(fields[feature] as Field),
    columnName: (t) => `step ${weights.from + t}`,
  };
}

/** Says from where into which unit a weight leads, and through which gate. */
export const weightPlace =
  (record: SequenceRecord) =>
  (row: number, column: number): string =>
    `${sourceWords(record, row)} → ${goalWords(record, column)}`;

/** What a row of the weights comes from: an input by name, or a unit. */
function sourceWords({ weights }: SequenceRecord, row: number): string {
  const inputs = weights?.inputs ?? 0;
  return row < inputs ? (weights?.names?.[row] ?? `input ${row}`) : `unit ${row - inputs}`;
}

function goalWords({ spec }: SequenceRecord, column: number): string {
  const gate = cellOf(spec).gates[Math.floor(column / spec.units)];
  return `${gate ? `gate ${gate} of ` : ''}unit ${column % spec.units}`;
}

export function weightsNote({ spec }: SequenceRecord): string {
  const { gates } = cellOf(spec);
  return `Wx over Wh; columns are units${gates.length > 1 ? `, of the gates ${gates.join(', ')}` : ''}`;
}
