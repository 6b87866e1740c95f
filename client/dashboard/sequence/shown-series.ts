/** What the main chart can show: each output beside its truth, and the fields that are not forecast. */
import type { OutputLabel } from '../../../src/fields/output-labels.js';
import { fieldWords, outputWords } from './field-words.js';
import type { SequenceRecord } from './sequence-record.js';

export interface ShownSeries {
  readonly words: string;
  /** The output, by its place in y; null for a field that is not forecast. */
  readonly output: number | null;
  readonly label: OutputLabel | null;
  /** The field that is its truth; null where targets come from elsewhere. */
  readonly feature: number | null;
}

/** @param interval milliseconds between two steps where they come regularly, or null */
export function shownSeries(
  { outputs, labels, fields }: SequenceRecord,
  interval: number | null,
): ShownSeries[] {
  const ofOutputs = outputs.map(({ output, feature }): ShownSeries => {
    const label = labels[output] as OutputLabel;
    return { words: outputWords(label, interval), output, label, feature };
  });
  const forecast = new Set(outputs.map(({ feature }) => feature));
  const others = fields.flatMap((field, feature): ShownSeries[] =>
    forecast.has(feature) ? [] : [{ words: fieldWords(field), output: null, label: null, feature }],
  );
  return [...ofOutputs, ...others];
}
