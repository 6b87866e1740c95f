/** How a file is read, as a person sets it: each part is found out if it is left empty. */
import { namesOf, type ReadingOptions } from '../../../src/reading/index.js';
import { oneOf, text } from './form-fields.js';

const DELIMITERS = { comma: ',', semicolon: ';', tab: '\t', bar: '|', space: ' ' } as const;
const DECIMALS = { point: '.', comma: ',' } as const;

type Name<T> = keyof T & string;

export const DELIMITER_NAMES = Object.keys(DELIMITERS) as Name<typeof DELIMITERS>[];
export const DECIMAL_NAMES = Object.keys(DECIMALS) as Name<typeof DECIMALS>[];

export interface ReadingSetting {
  readonly delimiter: '' | Name<typeof DELIMITERS>;
  readonly decimal: '' | Name<typeof DECIMALS>;
  /** What the first line holds. */
  readonly header: '' | 'names' | 'row';
  /** Names of the columns, instead of those of the file, separated by commas. */
  readonly names: string;
  /** The column with the time, or those of date and time of day, separated by a comma. */
  readonly time: string;
  readonly timeFormat: string;
  readonly timeZone: string;
  /** Words for a missing value, separated by commas. */
  readonly missing: string;
}

/** What a link may say of it. */
export const READING = {
  delimiter: oneOf(['', ...DELIMITER_NAMES], ''),
  decimal: oneOf(['', ...DECIMAL_NAMES], ''),
  header: oneOf(['', 'names', 'row'], ''),
  names: text(2000),
  time: text(300),
  timeFormat: text(100),
  timeZone: text(100),
  missing: text(300),
};

/** What a person reads of each part. */
export const READING_LABELS: Readonly<Record<keyof ReadingSetting, string>> = {
  delimiter: 'Between cells',
  decimal: 'Decimal sign',
  header: 'First line',
  names: 'Names of columns',
  time: 'Time column',
  timeFormat: 'Time format',
  timeZone: 'Time zone',
  missing: 'Missing words',
};

/** Gives what the reader needs of it. */
export function readingOptions(reading: ReadingSetting): ReadingOptions {
  const { delimiter, decimal, header, names, time, timeFormat, timeZone, missing } = reading;
  return {
    ...(delimiter && { delimiter: DELIMITERS[delimiter] }),
    ...(decimal && { decimal: DECIMALS[decimal] }),
    ...(header && { header: header === 'names' }),
    ...(names.trim() && { header: namesOf(names) }),
    ...(time.trim() && { time: namesOf(time) }),
    ...(timeFormat.trim() && { timeFormat: timeFormat.trim() }),
    ...(timeZone.trim() && { timeZone: timeZone.trim() }),
    ...(missing.trim() && { missing: missing.split(',').map((word) => word.trim()) }),
  };
}

/** The options of the command line, and which part of the page does the same. */
const OPTIONS: Readonly<Record<string, string>> = {
  '--delimiter': READING_LABELS.delimiter,
  '--decimal': READING_LABELS.decimal,
  '--header': READING_LABELS.names,
  '--timestamp': READING_LABELS.time,
  '--time-format': READING_LABELS.timeFormat,
  '--time-zone': READING_LABELS.timeZone,
  '--missing': READING_LABELS.missing,
  '--columns': 'Columns',
};

/** Says a sentence of the reader with the words of the page: “Decimal sign” for `--decimal`. */
export const pageWords = (sentence: string): string =>
  sentence.replace(/--[a-z-]+/g, (option) => {
    const label = OPTIONS[option];
    return label ? `“${label}”` : option;
  });
