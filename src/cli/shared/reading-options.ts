/** The options that say how a file is to be read; each is found out if it is left out. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { FORMATS, namesOf, POLICIES, type ReadingOptions } from '../../reading/index.js';
import { wholeNumber } from './option-parsers.js';

/** What commander makes of the options. */
export interface ReadingFlags
  extends Pick<
    ReadingOptions,
    | 'format'
    | 'delimiter'
    | 'decimal'
    | 'header'
    | 'comment'
    | 'skipLines'
    | 'missing'
    | 'columns'
    | 'timeFormat'
    | 'timeZone'
    | 'onBadRow'
  > {
  readonly timestamp?: readonly string[] | undefined;
}

/** Parses names separated by commas, those with a comma in quotes. The option may be repeated. */
export const names = (text: string, before: readonly string[] = []): string[] => [
  ...before,
  ...namesOf(text),
];

const words = (text: string, before: readonly string[] = []): string[] => [...before, ...text.split(',')];

const DELIMITERS: Readonly<Record<string, string>> = {
  tab: '\t',
  '\\t': '\t',
  comma: ',',
  semicolon: ';',
  pipe: '|',
  space: ' ',
};

function delimiter(text: string): string {
  const sign = DELIMITERS[text.toLowerCase()] ?? text;
  if (sign.length === 1 && !/[\w"\r\n]/.test(sign)) return sign;
  throw new InvalidArgumentError('It must be one character, tab or space.');
}

/** Adds the options to a command. */
export function addReadingOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--format <format>', 'how the file is written (default: found out)').choices(FORMATS),
    )
    .option('--delimiter <sign>', 'between cells: a character, tab or space (default: found out)', delimiter)
    .addOption(new Option('--decimal <sign>', 'decimal sign (default: found out)').choices(['.', ',']))
    .option('--header <a,b>', 'names of the columns (default: those of the file)', names)
    .option('--no-header', 'the first line is a row (default: found out)')
    .option('--comment <signs>', 'beginnings of lines to pass over (default: #)', words)
    .option('--skip-lines <n>', 'lines at the beginning to pass over', wholeNumber(0))
    .option('--missing <words>', 'words for a missing value, beside empty, NA, null, - and the like', words)
    .option(
      '--columns <a,b>',
      'columns to take, in order; "in, side" in quotes (default: all of numbers)',
      names,
    )
    .option(
      '--timestamp <column>',
      'column with the time, or those of date and time (default: found out)',
      names,
    )
    .option('--time-format <pattern>', 'DD/MM/YYYY HH:mm, iso, s, ms, us, ns or excel (default: found out)')
    .option('--time-zone <name>', 'zone of times that tell none, as Europe/Berlin (default: UTC)')
    .addOption(
      new Option('--on-bad-row <what>', 'what to do with an unreadable row')
        .choices(POLICIES)
        .default('fail'),
    );
}

/** Gives what the reader needs of the options. */
export function readingOptions({ timestamp, ...flags }: ReadingFlags): ReadingOptions {
  const {
    format,
    delimiter,
    decimal,
    header,
    comment,
    skipLines,
    missing,
    columns,
    timeFormat,
    timeZone,
    onBadRow,
  } = flags;
  return {
    ...{ format, delimiter, decimal, comment, skipLines, missing, columns, timeFormat, timeZone, onBadRow },
    // commander says true if neither --header nor --no-header was given
    header: header === true ? undefined : header,
    time: timestamp,
  };
}
