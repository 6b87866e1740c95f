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
  const { missing } = parts;
  const notes: string[] = [];
  const [first] = lines;
  const sep = /^sep=(.)$/i.exec(first?.text.trim() ?? '')?.[1];
  let before = sep === undefined ? 0 : 1;
  const delimiter = parts.delimiter ?? sep ?? findDelimiter(lines.slice(before), parts);
  const rows = lines.slice(0, LINES).map(({ text, hasQuotes }) => cellsOf(text, delimiter, hasQuotes));
  const looks = rows.map((cells) => cells.map((cell) => lookOf(cell, missing)));
  const size = commonest(rows.slice(before).map((cells) => cells.length));
  const top = preamble(looks, before, size);
  if (top > before)
    notes.push(
      `${top - before === 1 ? 'a line' : `${top - before} lines`} before the table passed over: ${JSON.stringify(lines[before]!.text.slice(0, 40))}`,
    );
  before = top;
  const told = Array.isArray(parts.header) ? (parts.header as readonly string[]) : null;
  const below = columnLooks(looks.slice(before + 1), size);
  const hasHeader =
    typeof parts.header === 'boolean' ? parts.header : isHeader(rows.slice(before), looks[before], below);
  const header = hasHeader ? lines[before]!.text : null;
  let names = hasHeader ? rows[before]! : defaultNames(below.length > 0 ? below : (looks[before] ?? []));
  let isNamed = hasHeader || told !== null;
  let units: string[] = [];
  if (hasHeader) {
    before++;
    for (let i = 0; i < MAX_UNITS && isUnits(looks, before, size); i++, before++) {
      if (i === 0) units = rows[before]!.map((unit) => unit.trim());
      else
        notes.push(
          `line ${lines[before]!.number} below the names passed over: ${JSON.stringify(lines[before]!.text.slice(0, 40))}`,
        );
    }
  } else if (!told) {
    const commented =
      parts.comment === null || parts.header === false ? [] : cellsOf(parts.comment, delimiter);
    const areNames =
      commented.length === size && size > 1 && commented.every((name) => lookOf(name, missing) === 'text');
    if (areNames) {
      names = commented;
      isNamed = true;
      notes.push('the names are those of the comment above the rows');
    } else notes.push('no line of names');
  }
  if (told) {
    if (told.length !== size && size > 0)
      throw new EddyError('input-invalid', `--header names ${told.length} columns; the rows have ${size}`);
    if (hasHeader) notes.push('the line of names in the file gives way to --header');
    names = [...told];
  }
  const line = lines[before - 1]?.number ?? 1;
  return { delimiter, names: nameColumns(names, line), isNamed, units, header, before, notes };
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

/** Is a line below the names one of units: text where the lines below it hold numbers? */
function isUnits(looks: readonly (readonly Look[])[], at: number, size: number): boolean {
  const cells = looks[at];
  if (!cells || cells.length !== size) return false;
  const below = columnLooks(looks.slice(at + 1), size);
  const numeric = below.flatMap((look, i) => (look === 'number' || look === 'time' ? [cells[i]!] : []));
  return numeric.includes('text') && numeric.every((look) => look === 'text' || look === 'gap');
}
