/** Rows of CSV: the first line names the fields; `time` and `key` are what they are in JSON, an empty cell is a gap. */
import { EddyError } from '../../errors.js';
import type { Reading } from '../../fields/field.js';
import { cellsOf } from '../../reading/text/csv-cells.js';
import type { Line } from '../../reading/text/line-splitter.js';
import { keyOf, shownValue, timeOf } from './json-row.js';
import { type Given, NOTHING, type Piece, type Row } from './row.js';

const DELIMITERS = [',', ';', '\t', '|'];
/** A number with a decimal comma, where commas part no cells. */
const COMMA = /^[+-]?\d+,\d+(?:e[+-]?\d+)?$/i;
const WORDS: Readonly<Record<string, Reading>> = {
  '': null,
  null: null,
  nan: null,
  true: true,
  false: false,
};

/** @param lines those that are not blank, and null after some that are. @throws EddyError `input-invalid` */
export function* csvRows(lines: Iterable<Line | null>): Generator<Piece> {
  let names: string[] | null = null;
  let delimiter = ',';
  for (const line of lines) {
    if (line === null) {
      yield NOTHING;
      continue;
    }
    const { text, number, hasQuotes, fault } = line;
    if (names === null) {
      delimiter = commonest(text);
      names = cellsOf(text.replace(/^\uFEFF/, ''), delimiter, hasQuotes).map((name) => name.trim());
      checkNames(names);
      continue;
    }
    const cells = cellsOf(text, delimiter, hasQuotes);
    const why =
      fault ??
      (cells.length === names.length
        ? null
        : `${cells.length} cells, and the first line has ${names.length}`);
    yield why === null ? rowOf(names, cells, number) : { fault: at(number, why) };
  }
}

const commonest = (text: string): string =>
  DELIMITERS.reduce((best, one) => (text.split(one).length > text.split(best).length ? one : best));

const at = (line: number, why: string) => new EddyError('step-shape', `line ${line}: ${why}`);

function checkNames(names: readonly string[]): void {
  const seen = new Set<string>();
  for (const name of names) {
    if (name === '' || Number.isFinite(Number(name)))
      throw new EddyError(
        'input-invalid',
        `the first line names the fields, and ${shownValue(name)} is no name`,
      );
    if (seen.has(name))
      throw new EddyError('input-invalid', `the first line names ${shownValue(name)} twice`);
    seen.add(name);
  }
}

function rowOf(names: readonly string[], cells: readonly string[], line: number): Given {
  // a name may be one that objects have
  const values: Record<string, Reading> = Object.create(null);
  const row: { -readonly [K in keyof Row]: Row[K] } = { values };
  try {
    for (const [i, name] of names.entries()) {
      const cell = cells[i]!.trim();
      if (name === 'time') {
        if (cell !== '') row.t = timeOf(/^-?\d+(?:\.\d+)?$/.test(cell) ? Number(cell) : cell);
      } else if (name === 'key') {
        if (cell !== '') row.key = keyOf(cell);
      } else values[name] = readingOf(name, cell);
    }
    return { row };
  } catch (error) {
    if (!(error instanceof EddyError)) throw error;
    return { fault: new EddyError(error.code, `line ${line}: ${error.message}`) };
  }
}

function readingOf(name: string, cell: string): Reading {
  const word = WORDS[cell.toLowerCase()];
  if (word !== undefined) return word;
  const value = Number(COMMA.test(cell) ? cell.replace(',', '.') : cell);
  if (Number.isFinite(value)) return value;
  throw new EddyError('step-shape', `${JSON.stringify(name)} is ${shownValue(cell)}, which is no number`);
}
