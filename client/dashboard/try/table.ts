/** A dropped file of numbers. */
import { parse } from 'csv-parse/browser/esm/sync';
import { EddyError } from '../../../src/errors.js';
import { MAX_COLUMNS } from './setting.js';
import type { Row, Signal } from './signal.js';

export interface Table {
  readonly columns: readonly string[];
  /** [rows][columns]; NaN is missing */
  readonly rows: readonly (readonly number[])[];
}

/** Bytes of a file, at most: it is read at once. */
export const MAX_FILE_BYTES = 32 * 1024 * 1024;

/**
 * Reads CSV with a header. Columns that do not begin with a number are left out; an empty field is missing.
 *
 * @param wanted which columns, where a link says; otherwise all of numbers, up to 16
 * @throws EddyError `input-invalid`, which names line and column
 */
export function readTable(text: string, wanted: readonly string[] = []): Table {
  const [header, ...lines] = records(text);
  if (!header || lines.length === 0)
    throw new EddyError(
      'input-invalid',
      'the file needs a line of column names, and lines of numbers below it',
    );
  const missing = wanted.filter((name) => !header.includes(name));
  if (missing.length > 0)
    throw new EddyError('input-invalid', `the file has no column ${missing.join(', ')}`);
  const columns =
    wanted.length > 0
      ? wanted
      : header.filter((_, i) => isNumber(lines.find((line) => line[i])?.[i])).slice(0, MAX_COLUMNS);
  if (columns.length === 0)
    throw new EddyError('input-invalid', 'no column of the file begins with a number');
  const places = columns.map((name) => header.indexOf(name));
  const rows = lines.map((line, i) =>
    places.map((at, j) => numberAt(line[at] ?? '', i + 2, columns[j] as string)),
  );
  return { columns, rows };
}

/** Goes once through a table. */
export function tableSignal({ columns, rows }: Table): Signal {
  let next = 0;
  return {
    names: columns,
    next: () => {
      const x = rows[next++];
      return x ? ({ x } satisfies Row) : 'end';
    },
  };
}

function records(text: string): string[][] {
  try {
    return parse(text, { bom: true, trim: true, skip_empty_lines: true, relax_column_count: true });
  } catch (error) {
    throw new EddyError('input-invalid', (error as Error).message, { cause: error });
  }
}

const isNumber = (field = '') => field !== '' && Number.isFinite(Number(field));

function numberAt(field: string, line: number, column: string): number {
  if (field === '') return Number.NaN;
  if (isNumber(field)) return Number(field);
  throw new EddyError(
    'input-invalid',
    `line ${line}, column ${column}: "${field.slice(0, 40)}" is no number`,
  );
}
