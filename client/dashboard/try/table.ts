/** A file of readings as a table, bounded, and read without holding up the page. */
import { EddyError } from '../../../src/errors.js';
import {
  type Choice,
  type Field,
  namedFormat,
  openReading,
  type Reading,
  type ReadingOptions,
  type ReadingReport,
  type TimeSource,
} from '../../../src/reading/index.js';
import { MAX_COLUMNS, RUN } from './setting.js';
import type { Signal } from './signal.js';

export interface Table {
  readonly file: string;
  readonly fields: readonly Field[];
  readonly time: TimeSource | null;
  /** Rows of numbers x [rows,F], one after the other; NaN is a gap. */
  readonly x: readonly number[];
  /** Times of the rows, in milliseconds since 1970; null without a time. */
  readonly t: readonly number[] | null;
  readonly report: ReadingReport;
  /** Does the file go on after these rows? */
  readonly isCut: boolean;
}

/** What is used of a File. */
export type FileLike = Pick<File, 'name' | 'stream'>;

export interface Asked {
  /** How the file is written. */
  readonly options: ReadingOptions;
  /** The columns to take; if none is named, all of numbers, up to 16. */
  readonly columns: readonly string[];
}

/** The page around a reading. */
export interface Surroundings {
  /** Milliseconds. */
  readonly now: () => number;
  /** Lets the page do something else. */
  readonly pause: () => Promise<void>;
  /** Takes what was found in the file, before its columns are chosen. */
  readonly onChoice: (choice: Choice) => void;
  /** Takes how many rows have been read so far. */
  readonly onRows: (rows: number) => void;
  readonly signal: AbortSignal;
}

/** Rows that are taken of a file, at most: those of the longest run. */
export const MAX_TABLE_ROWS = RUN.steps.most;
/** Milliseconds that are read for at once, and rows between two looks at the clock. */
const SLICE_MS = 12;
const LOOK_ROWS = 64;

/**
 * Reads a file as `eddy push` does, and passes over bad rows, which the report counts.
 *
 * @throws EddyError `input-invalid` if the file cannot be read, or no row of it; the reason of the signal if it is aborted
 */
export async function readTable(file: FileLike, asked: Asked, around: Surroundings): Promise<Table> {
  const options: ReadingOptions = {
    ...asked.options,
    format: namedFormat(file.name),
    requireTime: true,
    onBadRow: 'skip',
  };
  const whole = await openReading(file.stream(), options);
  around.signal.throwIfAborted();
  around.onChoice(whole.choice);
  const found = whole.choice.fields.map(({ name }) => name);
  const wanted = asked.columns.length > 0 ? asked.columns : found.slice(0, MAX_COLUMNS);
  if (wanted.length === found.length && wanted.every((name, i) => name === found[i]))
    return takeRows(file.name, whole, around);
  await leave(whole);
  return takeRows(file.name, await openReading(file.stream(), { ...options, columns: wanted }), around);
}

async function takeRows(file: string, { choice, rows, report }: Reading, around: Surroundings) {
  const { now, pause, onRows, signal } = around;
  const x: number[] = [];
  const t: number[] = [];
  let isCut = false;
  let since = now();
  for await (const row of rows) {
    if (t.length === MAX_TABLE_ROWS) {
      isCut = true;
      break;
    }
    x.push(...row.values);
    t.push(row.t ?? Number.NaN);
    if (t.length % LOOK_ROWS > 0 || now() - since < SLICE_MS) continue;
    onRows(t.length);
    await pause();
    signal.throwIfAborted();
    since = now();
  }
  const told = report();
  const [bad] = told.badRows.first;
  if (t.length === 0)
    throw new EddyError('input-invalid', bad ? `no row can be read: ${bad.message}` : 'there are no rows');
  const { fields, time } = choice;
  return { file, fields, time, x, t: time && t, report: told, isCut };
}

/** Lets a file go that is not read on: rows that nobody began to read would hold it open. */
async function leave({ rows }: Reading): Promise<void> {
  for await (const _ of rows) return;
}

/** Goes once through a table. */
export function tableSignal({ fields, x, t, report }: Table): Signal {
  const F = fields.length;
  const length = x.length / F;
  let next = 0;
  return {
    fields,
    length,
    hasTimes: t !== null,
    isLate: report.backwards.count > 0,
    next() {
      if (next === length) return 'end';
      const at = next++;
      const row = { x: x.slice(at * F, (at + 1) * F) };
      return t ? { ...row, t: t[at] as number } : row;
    },
  };
}
