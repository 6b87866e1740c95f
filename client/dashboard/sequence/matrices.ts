/** Weights and saliency as matrices to look at. */
import type { MatrixData } from '../charts/matrix.js';
import type { SequenceRecord } from './sequence-record.js';

/** Wx over Wh [F'+N,N]: from where into which unit. */
export function weightsMatrix({ weights, spec }: SequenceRecord): MatrixData | null {
  return (
    weights && {
      values: weights.w,
      rows: weights.inputs + spec.units,
      columns: spec.units,
      split: weights.inputs,
    }
  );
}

const changes = new WeakMap<Float32Array, Float32Array>();

/** What has become of the weights since the page was opened. */
export function changeMatrix({ weights, firstWeights, spec }: SequenceRecord): MatrixData | null {
  if (!weights || !firstWeights) return null;
  const values = changes.get(weights.w) ?? weights.w.map((value, i) => value - (firstWeights.w[i] as number));
  changes.set(weights.w, values);
  return { values, rows: weights.inputs + spec.units, columns: spec.units, split: weights.inputs };
}

/** dL/dx of the latest update: features over steps, of one row of the batch. */
export function saliencyMatrix({ weights, spec, row }: SequenceRecord): MatrixData | null {
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
  return { values, rows: features, columns: steps };
}

/** Says from where into which unit a weight leads. */
export const weightPlace =
  ({ weights }: SequenceRecord) =>
  (row: number, column: number) => {
    const inputs = weights?.inputs ?? 0;
    return row < inputs ? `input ${row} → unit ${column}` : `unit ${row - inputs} → unit ${column}`;
  };
