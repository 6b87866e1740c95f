/** How a table of text is laid out: what separates its cells, the names of its columns, where its rows begin. */
import { EddyError } from '../../errors.js';
import type { ReadingOptions } from '../reading.js';
import { cellsOf } from '../text/csv-cells.js';
import type { Line } from '../text/line-splitter.js';
import { type Look, lookOf } from '../values/look.js';
import type { MissingWords } from '../values/words.js';
import { commonest, findDelimiter } from './delimiter.js';
import { defaultNames, nameColumns } from './header-names.js';

export interface Layout {
  readonly delimiter: string;
  readonly names: readonly string[];
  /** Are the names the file's or the user's? */
  readonly isNamed: boolean;
  /** Units by column, from a line below the names. */
  readonly units: readonly string[];
  /** The cells of the header as written, so that it is known where it comes again; null without one. */
  readonly header: string | null;
  /** How many of the lines lie before the first row. */
  readonly before: number;
  readonly notes: readonly string[];
}

/** The first lines as cells, and what these look like. */
interface Head {
  readonly rows: readonly (readonly string[])[];
  readonly looks: readonly (readonly Look[])[];
}

/** Lines looked at to tell names from values. */
const LINES = 50;
/** Lines of units, or the like, below the names at most. */
const MAX_UNITS = 2;

export interface LayoutParts extends Pick<ReadingOptions, 'delimiter' | 'decimal' | 'header'> {
  readonly missing: MissingWords;
  /** The comment right before the first line, without its sign; it may hold the names. */
  readonly comment: string | null;
}

/**
 * Finds the layout by the first lines of a table, comments left out.
 *
 * @throws EddyError `input-invalid` if the names are of no use
 */
export function findLayout(lines: readonly Line[], parts: LayoutParts): Layout {
  const { missing, header: told } = parts;
  const notes: string[] = [];
  const passOver = (what: string, from: number) =>
    notes.push(`${what} passed over: ${JSON.stringify(lines[from]!.text.slice(0, 40))}`);
  const sep = /^sep=(.)$/i.exec(lines[0]?.text.trim() ?? '')?.[1];
  const begin = sep === undefined ? 0 : 1;
  const delimiter = parts.delimiter ?? sep ?? findDelimiter(lines.slice(begin), parts);
  const rows = lines.slice(0, LINES).map(({ text, hasQuotes }) => cellsOf(text, delimiter, hasQuotes));
  const looks = rows.map((cells) => cells.map((cell) => lookOf(cell, missing)));
  const size = commonest(rows.slice(begin).map((cells) => cells.length));
  const top = preamble(looks, begin, size);
  if (top > begin)
    passOver(`${top - begin === 1 ? 'a line' : `${top - begin} lines`} before the table`, begin);
  const below = columnLooks(looks.slice(top + 1), size);
  const hasHeader = typeof told === 'boolean' ? told : isHeader(rows.slice(top), looks[top], below);
  const units = hasHeader ? unitLines({ rows, looks }, top + 1, size) : 0;
  for (let i = 1; i < units; i++) passOver(`line ${lines[top + 1 + i]!.number} below the names`, top + 1 + i);
  const commented = hasHeader || told !== undefined ? null : namesIn(parts.comment, delimiter, size, missing);
  if (commented) notes.push('the names are those of the comment above the rows');
  else if (!hasHeader && !Array.isArray(told)) notes.push('no line of names');
  if (hasHeader && Array.isArray(told)) notes.push('the line of names in the file gives way to --header');
  const number = lines[top]?.number ?? 1;
  const own = hasHeader ? fitted(rows[top]!, rows.slice(top + 1), number) : commented;
  const names = Array.isArray(told) ? toldNames(told, size) : own;
  return {
    delimiter,
    names: nameColumns(names ?? defaultNames(below.length > 0 ? below : (looks[top] ?? [])), number),
    isNamed: names !== null,
    units: units > 0 ? rows[top + 1]!.map(bareUnit) : [],
    header: hasHeader ? lines[top]!.text : null,
    before: top + (hasHeader ? 1 + units : 0),
    notes,
  };
}

const bareUnit = (cell: string) => cell.trim().replace(/^\[(.*)\]$|^\((.*)\)$/, '$1$2');

function toldNames(told: readonly string[], size: number): readonly string[] {
  if (told.length === size || size === 0) return told;
  throw new EddyError('input-invalid', `--header names ${told.length} columns; the rows have ${size}`);
}

/** Gives the names that a comment holds, or null if it holds something else. */
function namesIn(
  comment: string | null,
  delimiter: string,
  size: number,
  missing: MissingWords,
): readonly string[] | null {
  const names = comment === null ? [] : cellsOf(comment, delimiter);
  const areNames =
    size > 1 && names.length === size && names.every((name) => lookOf(name, missing) === 'text');
  return areNames ? names : null;
}

/** Counts the lines of units, or the like, that begin at a line. */
function unitLines(head: Head, from: number, size: number): number {
  let count = 0;
  while (count < MAX_UNITS && isUnits(head, from + count, size)) count++;
  return count;
}

/**
 * Gives the names of a header that has as many as the rows have cells, or lacks the first, as the files of R do.
 *
 * @throws EddyError `input-invalid` if it has others
 */
function fitted(
  names: readonly string[],
  rows: readonly (readonly string[])[],
  line: number,
): readonly string[] {
  const ends = rows.map((cells) => cells.findLastIndex((cell) => cell.trim() !== '') + 1);
  const size = commonest(rows.map((cells) => cells.length));
  // a delimiter at the end of each line
  const last = names.findLastIndex((name) => name.trim() !== '') + 1;
  if ((last < names.length || rows.length === 0) && ends.every((end) => end <= last))
    return names.slice(0, last);
  if (rows.some((cells, i) => ends[i]! <= names.length && cells.length >= names.length)) return names;
  if (size === names.length + 1) return ['', ...names];
  throw new EddyError(
    'input-invalid',
    `line ${line} has ${names.length} names, the rows have ${size} cells; put a name that holds the delimiter in quotes, or name the columns with --header`,
  );
}

/** Gives the index of the first line of the table: those before it have another size, and it or they hold text alone. */
function preamble(looks: readonly (readonly Look[])[], from: number, size: number): number {
  const at = looks.findIndex((cells, i) => i >= from && cells.length === size);
  if (at <= from) return from;
  const isText = looks[at]!.every((look) => look === 'text' || look === 'gap');
  return isText || looks.slice(from, at).every((cells) => cells.length === 1) ? at : from;
}

/** What most cells of each column look like. */
function columnLooks(rows: readonly (readonly Look[])[], size: number): Look[] {
  const regular = rows.filter((cells) => cells.length === size);
  return Array.from({ length: regular.length > 0 ? size : 0 }, (_, i) => {
    const looks = regular.map((cells) => cells[i]!).filter((look) => look !== 'gap');
    const texts = looks.filter((look) => look === 'text').length;
    if (looks.length === 0) return 'gap';
    return texts * 2 > looks.length ? 'text' : looks.find((look) => look !== 'text')!;
  });
}

/** Does the first row hold names? Text over numbers is one; numbers over numbers are none. */
function isHeader(
  rows: readonly (readonly string[])[],
  top: readonly Look[] | undefined,
  below: readonly Look[],
): boolean {
  if (!top) return false;
  if (below.length === 0)
    return top.some((look) => look === 'text') || top.every((look) => look === 'gap' || look === 'switch');
  let [names, values] = [0, 0];
  top.forEach((look, i) => {
    const under = below[i] ?? 'gap';
    if (look === 'gap') return;
    if (under === 'text' && look === 'text')
      values += Number(rows.slice(1).some((cells) => cells[i] === rows[0]![i]));
    else if (look === 'text') names += Number(under !== 'gap');
    else if (look === 'switch') values += Number(under === 'switch');
    else values++;
  });
  return names > 0 || values === 0;
}

/** Is a line below the names one of units: text where the lines below it hold numbers? A number without a unit has 1. */
function isUnits({ rows, looks }: Head, at: number, size: number): boolean {
  const cells = looks[at];
  if (!cells || cells.length !== size) return false;
  const below = columnLooks(looks.slice(at + 1), size);
  const numeric = cells.filter((_, i) => numericAt(below, i));
  const isOne = (look: Look, i: number) => look === 'number' && rows[at]![i]!.trim() === '1';
  const fits = cells.every(
    (look, i) => !numericAt(below, i) || look === 'text' || look === 'gap' || isOne(look, i),
  );
  return numeric.includes('text') && fits;
}

const numericAt = (below: readonly Look[], i: number) => below[i] === 'number' || below[i] === 'time';
