/** What the numbers of a sequence's results are called. */
import type { Described } from '../../../client/sdk/index.js';
import type { Field } from '../../fields/field.js';
import { type OutputLabel, outputLabels } from '../../fields/output-labels.js';

export interface ResultNames {
  /** Of x [B,F], in order. */
  readonly fields: readonly Field[];
  /** Of y [B,M], in order. */
  readonly outputs: readonly OutputLabel[];
}

export const namesOf = ({ spec, fields, targets }: Described): ResultNames => ({
  fields,
  outputs: outputLabels(spec, fields, targets),
});
