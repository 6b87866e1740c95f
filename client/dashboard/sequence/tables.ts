/** What stands in the tables of a sequence: its fields as they were read, and its outputs as they were scored. */
import { countWords, formatNumber, formatStep, hundredths } from '../charts/numbers.js';
import { formatTime } from '../charts/time-words.js';
import { fieldWords, outputWords, predictionWords, readingWords } from './field-words.js';
import type { SequenceRecord } from './sequence-record.js';

export interface TableRow {
  readonly name: string;
  readonly cells: readonly string[];
}

/** What is told of fields. @param steps over which gaps are counted */
export const fieldColumns = (steps: number): readonly string[] => [
  'last reading',
  'at',
  'since then',
  `gaps in the last ${countWords(steps, 'step')}`,
];
export const OUTPUT_COLUMNS = [
  'prediction',
  'for',
  'error',
  'naive error',
  'skill',
  'in its range',
  'forecast by',
] as const;

/** The last reading of each field, which a gap does not replace; when it was; and how many gaps there were. */
export function fieldRows(record: SequenceRecord): TableRow[] {
  const { fields, inputs, clock, gaps } = record;
  return fields.map((field, i) => {
    const row = record.lastReading(i);
    const step = row < 0 ? Number.NaN : inputs.stepOf(row);
    const value = row < 0 ? null : (inputs.row(row)[i] as number);
    const since = gaps.since(i);
    const cells = [
      readingWords(value, field),
      row < 0 ? '–' : whenWords(step, clock.timeOf(step)),
      row < 0 || since === 0 ? '–' : countWords(since, 'gap'),
      formatStep(gaps.of(i)),
    ];
    return { name: fieldWords(field), cells };
  });
}

/**
 * The newest prediction of each output, what it is for, and its recent scores in the unit of the field.
 *
 * @param interval milliseconds between two steps where they come regularly, or null
 */
export function outputRows(record: SequenceRecord, interval: number | null): TableRow[] {
  const { labels, predictions, clock, outputs } = record;
  const last = predictions.total - 1;
  const newest = last < 0 ? null : predictions.row(last);
  return labels.map((label, output) => {
    const scores = record.scoresOf(output);
    const step = last < 0 ? Number.NaN : predictions.stepOf(last) + (label.horizon ?? 0);
    const cells = [
      predictionWords(newest?.[output], label, newest?.[outputs.length + output]),
      last < 0 ? '–' : whenWords(step, clock.timeOf(step)),
      withUnit(scores?.recentMae, label.unit),
      withUnit(scores?.recentNaiveMae, label.unit),
      hundredths(scores?.recentSkill ?? null),
      percent(scores?.recentCoverage),
      shareWords(scores?.forecasters),
    ];
    return { name: outputWords(label, interval), cells };
  });
}

const whenWords = (step: number, t: number) => (Number.isNaN(t) ? `step ${formatStep(step)}` : formatTime(t));

function withUnit(value: number | null | undefined, unit: string | undefined): string {
  const text = formatNumber(value);
  return unit && text !== '–' ? `${text} ${unit}` : text;
}

const percent = (share: number | null | undefined): string =>
  typeof share === 'number' ? `${Math.round(100 * share)} %` : '–';

/** Who forecasts: `network 62 %, season 38 %`. */
const shareWords = (shares: readonly { readonly name: string; readonly weight: number }[] = []): string =>
  shares.map(({ name, weight }) => `${name} ${percent(weight)}`).join(', ') || '–';
