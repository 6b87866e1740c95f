/** A reading in sentences: what was taken, what was left out and why, what happened on the way. */
import type { Choice, Field, ReadingReport, Tally, TimeSource } from './reading.js';
import { quoted } from './text/csv-cells.js';

const DELIMITERS: Readonly<Record<string, string>> = { '\t': 'tab', ' ': 'space' };
/** Columns named in a line. */
const MAX_NAMED = 20;

/** Writes a field with its unit, if its name does not hold that already. */
export const fieldText = ({ name, unit }: Field): string =>
  unit === undefined || name.endsWith(`(${unit})`) || name.endsWith(`[${unit}]`) ? name : `${name} [${unit}]`;

/** Says what is taken of a file. */
export function tellChoice(choice: Choice): string[] {
  const { fields, time, targets, classes, by, leftOut, notes } = choice;
  return [
    formatText(choice),
    `taken: ${listed(fields.map(fieldText))}`,
    ...(targets.length > 0
      ? [`targets: ${listed(targets.map(fieldText))}${classes ? ` (${listed(classes)})` : ''}`]
      : []),
    `time: ${timeText(time)}`,
    ...(by === null ? [] : [`by: ${by}`]),
    ...leftOut.slice(0, MAX_NAMED).map(({ name, why }) => `left out: ${quoted(name)}: ${why}`),
    ...(leftOut.length > MAX_NAMED ? [`left out: ${leftOut.length - MAX_NAMED} more`] : []),
    ...notes.map((note) => `note: ${note}`),
  ];
}

/** Says what happened while a file was read. */
export function tellReport({
  badRows,
  gaps,
  untimed,
  backwards,
  overlaps,
  skippedTimes,
  notes,
}: ReadingReport): string[] {
  return [
    ...badRows.first.map(({ message }) => `skipped: ${message}`),
    ...(badRows.count > 0 ? [`${badRows.count} bad ${badRows.count === 1 ? 'row' : 'rows'} skipped`] : []),
    ...(gaps.length > 0 ? [`gaps: ${listed(gaps.map(({ name, count }) => `${name} ${count}`))}`] : []),
    ...tally(untimed, 'rows without a time'),
    ...tally(backwards, 'times before that of the row before'),
    ...tally(overlaps, 'times that the clock shows twice, taken for the first unless the rows had passed it'),
    ...tally(skippedTimes, 'times that the clock skips'),
    ...notes.map((note) => `note: ${note}`),
  ];
}

/** Says how a file is written: `csv, delimiter ;`. */
export const formatText = ({ format, delimiter }: Pick<Choice, 'format' | 'delimiter'>): string =>
  delimiter === null ? format : `${format}, delimiter ${DELIMITERS[delimiter] ?? delimiter}`;

/** Says where the times come from: `date (DD.MM.YYYY, UTC if it tells no zone)`. */
export function timeText(time: TimeSource | null): string {
  if (time === null) return 'none';
  const { columns, format, zone } = time;
  const form = /^(s|ms|us|ns)$/.test(format)
    ? `${format} since 1970`
    : `${format}, ${zone} if it tells no zone`;
  return `${columns.map(quoted).join(' and ')} (${form})`;
}

const tally = ({ count, first }: Tally, what: string) =>
  count > 0 ? [`note: ${count} ${what}, first in line ${first}`] : [];

/** Lists names so that each can be told from the next. */
export const listed = (names: readonly string[]) =>
  names.length > MAX_NAMED
    ? `${names.slice(0, MAX_NAMED).map(quoted).join(', ')} and ${names.length - MAX_NAMED} more`
    : names.map(quoted).join(', ');
