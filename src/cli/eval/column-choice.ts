/** Chooses the columns that eddy eval reads, and makes the model's input from a row. */
import { EddyError } from '../../errors.js';
import { TimeFeatures, type TimeKind } from '../../features/time-features.js';
import { parseTimestamp } from '../../features/timestamp.js';
import { isEmpty, numberOf, type TextRow, timeOf, toNumber } from '../shared/rows.js';

export interface ColumnOptions {
  readonly features?: readonly string[] | undefined;
  readonly target?: readonly string[] | undefined;
  readonly timestamp?: string | undefined;
  readonly calendar?: readonly TimeKind[] | undefined;
}

export interface EvalRow {
  /** Line in the file, from 1. */
  readonly line: number;
  /** The timestamp as written, or null if the file has none. */
  readonly timestamp: string | null;
  /** The same in milliseconds since 1970 UTC, or null if it is not a time. */
  readonly time: number | null;
  /** The features [F] of the step; null for an empty cell. */
  readonly x: readonly (number | null)[];
}

/** Names by which the timestamp column is recognised. */
const TIMESTAMP_NAMES = /^(timestamp|time|date|datetime)$/i;

export class Columns {
  /** Names of all features: columns of the file, then features of the time. */
  readonly features: readonly string[];
  /** The features forecast by default: all columns of the file. */
  readonly targets: readonly number[];
  readonly timestamp: string | null;
  private readonly columns: readonly string[];
  private readonly time: TimeFeatures | null;

  /**
   * Chooses the columns by the first rows of a file.
   *
   * @throws EddyError `input-invalid` if a column is missing
   */
  constructor(head: readonly TextRow[], { features, target, timestamp, calendar = [] }: ColumnOptions) {
    const names = [...new Set(head.flatMap(({ fields }) => Object.keys(fields)))];
    for (const name of [...(features ?? []), ...(target ?? []), ...(timestamp ? [timestamp] : [])])
      if (!names.includes(name))
        throw new EddyError(
          'input-invalid',
          `unknown column ${JSON.stringify(name)}; the columns are ${names.join(', ')}`,
        );
    this.timestamp = timestamp ?? names.find((name) => isTimestamp(name, firstOf(head, name))) ?? null;
    if (calendar.length > 0 && this.timestamp === null)
      throw new EddyError('input-invalid', '--calendar needs a timestamp; name its column with --timestamp');
    const chosen = features ?? names.filter((name) => name !== this.timestamp && isNumeric(head, name));
    // targets are features too
    this.columns = [...new Set([...chosen, ...(target ?? [])])];
    if (this.columns.length === 0) throw new EddyError('input-invalid', 'no column holds a number');
    this.targets = (target ?? this.columns).map((name) => this.columns.indexOf(name));
    this.time = calendar.length > 0 ? new TimeFeatures(calendar) : null;
    this.features = [...this.columns, ...(this.time?.names ?? [])];
  }

  /**
   * Makes a step from a row.
   *
   * @throws EddyError `input-invalid`, which names line and column; the row then has no effect
   */
  read(row: TextRow): EvalRow {
    const { line, fields } = row;
    const x = this.columns.map((name) => (isEmpty(fields[name]) ? null : numberOf(fields, name, line)));
    if (this.timestamp === null) return { line, timestamp: null, time: null, x };
    const timestamp = String(fields[this.timestamp] ?? '');
    if (!this.time) return { line, timestamp, time: parseTimestamp(timestamp), x };
    const time = timeOf(row, this.timestamp);
    return { line, timestamp, time, x: [...x, ...this.time.of(time)] };
  }
}

const firstOf = (head: readonly TextRow[], name: string): unknown =>
  head.find(({ fields }) => !isEmpty(fields[name]))?.fields[name];

const isNumeric = (head: readonly TextRow[], name: string) => Number.isFinite(toNumber(firstOf(head, name)));

const isTimestamp = (name: string, first: unknown) =>
  TIMESTAMP_NAMES.test(name) && parseTimestamp(String(first ?? '')) !== null;
