/** Timesteps from CSV or NDJSON, one row at a time, from a file or from standard input. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { parse } from 'csv-parse';
import { EddyError } from '../../errors.js';
import { parseTimestamp } from '../../reading/time/timestamp.js';

export type RowFormat = 'csv' | 'ndjson';

export interface TextRow {
  /** Line in the input, from 1. */
  readonly line: number;
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface Row extends TextRow {
  /** The requested columns, as numbers. */
  readonly values: number[];
}

export interface Source<R> {
  readonly rows: AsyncIterable<R>;
  /** Gives which share of the input has been read, or null if unknown. */
  readonly share: () => number | null;
}

export type RowSource = Source<Row>;

export interface RowOptions {
  readonly format?: RowFormat | undefined;
  /** The columns, in order; by default all whose first value is a number. */
  readonly columns?: readonly string[] | undefined;
}

/**
 * Opens a file, or standard input for `-`.
 *
 * @throws EddyError `input-invalid`, on reading, which names the line and the column
 */
export async function openRows(file: string, options: RowOptions = {}): Promise<RowSource> {
  let bytes = 0;
  const size = file === '-' ? null : (await stat(file)).size;
  const stream = file === '-' ? process.stdin : createReadStream(file);
  stream.on('data', (chunk: string | Buffer) => {
    bytes += chunk.length;
  });
  const format = options.format ?? (/\.(ndjson|jsonl)$/i.test(file) ? 'ndjson' : 'csv');
  return { rows: readRows(stream, { ...options, format }), share: () => size && bytes / size };
}

/** Reads rows from a stream of CSV (with a header) or NDJSON (one object, or array of numbers, per line). */
export const readRows = (stream: Readable, { columns, format = 'csv' }: RowOptions): AsyncGenerator<Row> =>
  toNumbers(format === 'csv' ? readCsv(stream) : readNdjson(stream), columns);

async function* toNumbers(
  rows: AsyncIterable<TextRow>,
  columns: readonly string[] | undefined,
): AsyncGenerator<Row> {
  let names = columns;
  for await (const { line, fields } of rows) {
    names ??= numericColumns(fields, line);
    yield { line, fields, values: names.map((name) => numberOf(fields, name, line)) };
  }
}

async function* readCsv(stream: Readable): AsyncGenerator<TextRow> {
  const parser = stream.pipe(
    parse({ columns: true, bom: true, trim: true, skip_empty_lines: true, info: true }),
  );
  stream.on('error', (error) => parser.destroy(error));
  try {
    for await (const { record, info } of parser) yield { line: info.lines, fields: record };
  } catch (error) {
    if (error instanceof Error && 'lines' in error) throw badLine(Number(error.lines), error);
    throw error;
  }
}

async function* readNdjson(stream: Readable): AsyncGenerator<TextRow> {
  let line = 0;
  for await (const text of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
    line++;
    if (text.trim() !== '') yield { line, fields: parseObject(text, line) };
  }
}

function parseObject(text: string, line: number): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new EddyError('input-invalid', `line ${line}: ${error}`, { cause: error });
  }
  if (typeof value === 'object' && value !== null) return { ...value };
  throw new EddyError('input-invalid', `line ${line}: neither an object nor an array`);
}

const badLine = (line: number, cause: Error) =>
  new EddyError('input-invalid', `line ${line}: ${cause.message}`, { cause });

function numericColumns(fields: TextRow['fields'], line: number): string[] {
  const names = Object.keys(fields).filter((name) => Number.isFinite(toNumber(fields[name])));
  if (names.length > 0) return names;
  throw new EddyError('input-invalid', `line ${line}: no column holds a number`);
}

/**
 * Gives the number in a column of a row.
 *
 * @throws EddyError `input-invalid` if there is none
 */
export function numberOf(fields: TextRow['fields'], name: string, line: number): number {
  if (!Object.hasOwn(fields, name))
    throw new EddyError(
      'input-invalid',
      `line ${line}: unknown column ${JSON.stringify(name)}; the columns are ${Object.keys(fields).join(', ')}`,
    );
  const value = toNumber(fields[name]);
  if (Number.isFinite(value)) return value;
  throw new EddyError(
    'input-invalid',
    `line ${line}: ${name} is ${JSON.stringify(fields[name])}, which is not a finite number`,
  );
}

/** Gives the time in a column of a row, in milliseconds since 1970. @throws EddyError `input-invalid` if there is none */
export function timeOf({ line, fields }: TextRow, column: string): number {
  const time = parseTimestamp(String(fields[column] ?? ''));
  if (time !== null) return time;
  throw new EddyError(
    'input-invalid',
    `line ${line}: ${column} is ${JSON.stringify(fields[column] ?? null)}, which is not a time`,
  );
}

/** Gives a field as a number, or NaN if it is not one. */
export function toNumber(value: unknown): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN;
}
