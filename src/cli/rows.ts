/** Timesteps from CSV or NDJSON, one row at a time, from a file or from standard input. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { parse } from 'csv-parse';
import { EddyError } from '../errors.js';

export type RowFormat = 'csv' | 'ndjson';

export interface Row {
  /** Line in the input, from 1. */
  readonly line: number;
  /** The columns asked for, as numbers. */
  readonly values: number[];
  /** The row as it was. */
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface RowSource {
  readonly rows: AsyncIterable<Row>;
  /** Bytes of the input, or null where it has no end that is known. */
  readonly size: number | null;
  /** Bytes read so far. */
  readonly bytesRead: () => number;
}

export interface RowOptions {
  /** Which columns, in order; without them all whose first value is a number. */
  readonly columns?: readonly string[] | undefined;
  readonly format?: RowFormat | undefined;
}

/**
 * Opens a file, or standard input where it is `-`.
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
  return { rows: readRows(stream, { ...options, format }), size, bytesRead: () => bytes };
}

/** Reads rows from a stream of CSV (with a header) or NDJSON (an object, or an array of numbers, a line). */
export async function* readRows(
  stream: Readable,
  { columns, format = 'csv' }: RowOptions,
): AsyncGenerator<Row> {
  let names = columns;
  for await (const { line, fields } of format === 'csv' ? readCsv(stream) : readNdjson(stream)) {
    names ??= numericColumns(fields, line);
    yield { line, fields, values: names.map((name) => numberOf(fields, name, line)) };
  }
}

type Parsed = { line: number; fields: Record<string, unknown> };

async function* readCsv(stream: Readable): AsyncGenerator<Parsed> {
  const parser = stream.pipe(
    parse({ columns: true, bom: true, trim: true, skip_empty_lines: true, info: true }),
  );
  stream.on('error', (error) => parser.destroy(error));
  try {
    for await (const { record, info } of parser) yield { line: info.lines, fields: record };
  } catch (error) {
    if (error instanceof Error && 'lines' in error)
      throw new EddyError('input-invalid', `line ${error.lines}: ${error.message}`, { cause: error });
    throw error;
  }
}

async function* readNdjson(stream: Readable): AsyncGenerator<Parsed> {
  let line = 0;
  for await (const text of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) {
    line++;
    if (text.trim() === '') continue;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch (error) {
      throw new EddyError('input-invalid', `line ${line}: ${error}`, { cause: error });
    }
    if (typeof value !== 'object' || value === null)
      throw new EddyError('input-invalid', `line ${line}: neither an object nor an array`);
    yield { line, fields: { ...value } };
  }
}

function numericColumns(fields: Record<string, unknown>, line: number): string[] {
  const names = Object.keys(fields).filter((name) => Number.isFinite(toNumber(fields[name])));
  if (names.length > 0) return names;
  throw new EddyError('input-invalid', `line ${line}: no column holds a number`);
}

function numberOf(fields: Record<string, unknown>, name: string, line: number): number {
  if (!Object.hasOwn(fields, name))
    throw new EddyError(
      'input-invalid',
      `line ${line}: there is no column ${JSON.stringify(name)}; there are ${Object.keys(fields).join(', ')}`,
    );
  const value = toNumber(fields[name]);
  if (Number.isFinite(value)) return value;
  throw new EddyError(
    'input-invalid',
    `line ${line}: ${name} is ${JSON.stringify(fields[name])}, no finite number`,
  );
}

function toNumber(value: unknown): number {
  if (typeof value === 'number') return value;
  return typeof value === 'string' && value.trim() !== '' ? Number(value) : Number.NaN;
}
