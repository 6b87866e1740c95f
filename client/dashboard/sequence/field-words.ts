/** Fields and outputs in words: by name, with the unit, and how far ahead a forecast looks. */

import { durationWords } from '../../../src/fields/duration-words.js';
import type { Field } from '../../../src/fields/field.js';
import type { OutputLabel } from '../../../src/fields/output-labels.js';
import { countWords, formatNumber, formatReading, formatSingle } from '../charts/numbers.js';

/** Writes a field: temperature (°C). A name that ends with its unit stays as it is. */
export const fieldWords = ({ name, unit }: Pick<Field, 'name' | 'unit'>): string =>
  unit && !name.endsWith(`(${unit})`) && !name.endsWith(`[${unit}]`) ? `${name} (${unit})` : name;

/** Writes how far ahead a forecast looks: 10 min ahead where steps are `interval` milliseconds apart, or else 5 steps ahead. */
export function aheadWords(horizon: number, interval: number | null): string {
  if (interval !== null) return `${durationWords(horizon * interval)} ahead`;
  return `${countWords(horizon, 'step')} ahead`;
}

/** Writes an output: temperature (°C), 5 steps ahead. */
export const outputWords = (output: OutputLabel, interval: number | null): string =>
  output.horizon === null
    ? fieldWords(output)
    : `${fieldWords(output)}, ${aheadWords(output.horizon, interval)}`;

/** Writes a reading with its unit: 21.4 °C. */
export const readingWords = (value: number | null | undefined, { unit }: Pick<Field, 'unit'>): string =>
  withUnit(formatReading(value), unit);

/** Writes a prediction, which is float32, with the half-width of its range if it has one, and its unit: 21.4 ± 0.8 °C. */
export const predictionWords = (
  value: number | null | undefined,
  { unit }: Pick<Field, 'unit'>,
  range = 0,
): string => withUnit(`${formatSingle(value)}${range > 0 ? ` ± ${formatNumber(range)}` : ''}`, unit);

const withUnit = (text: string, unit: string | undefined) =>
  unit && text !== '–' ? `${text} ${unit}` : text;

/** Gives the unit that all have; nothing where they differ. */
export function sharedUnit(outputs: readonly Pick<Field, 'unit'>[]): string | undefined {
  const [first] = outputs;
  return outputs.every(({ unit }) => unit === first?.unit) ? first?.unit : undefined;
}

/** Says how many gaps there were: 3 gaps in the last 1,000 steps. */
export const gapWords = (gaps: number, steps: number): string =>
  `${gaps === 0 ? 'no gaps' : countWords(gaps, 'gap')} in the last ${countWords(steps, 'step')}`;
