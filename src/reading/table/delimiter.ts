/** Finds the delimiter of a table by its first lines. */
import { cellsOf } from '../text/csv-cells.js';
import type { Line } from '../text/line-splitter.js';
import { lookOf } from '../values/look.js';
import type { MissingWords } from '../values/words.js';

/** In the order in which they win if all else is equal: a comma may be decimal, the others are not. */
const DELIMITERS = ['\t', ';', '|', ','] as const;
/** Lines looked at. */
const LINES = 100;

/**
 * Gives the delimiter that cuts most lines into as many cells, cells that can be read. Columns that nothing but
 * spaces cut have those; a single column has a comma.
 *
 * @param options.decimal if it is known that a comma is decimal, it delimits nothing
 */
export function findDelimiter(
  lines: readonly Line[],
  { missing, decimal }: { missing: MissingWords; decimal?: string | undefined },
): string {
  const head = lines.slice(0, LINES);
  if (decimal !== '.' && isOneColumn(head, missing)) return ';';
  let best = { delimiter: ',', score: 0 };
  for (const delimiter of DELIMITERS) {
    if (delimiter === ',' && decimal === ',') continue;
    const rows = head.map(({ text, hasQuotes }) => cellsOf(text, delimiter, hasQuotes));
    const size = commonest(rows.map((cells) => cells.length));
    if (size < 2) continue;
    const regular = rows.filter((cells) => cells.length === size);
    const score = (regular.length / rows.length) * legibility(regular.flat(), missing);
    if (score > best.score + 1e-9) best = { delimiter, score };
  }
  if (best.score > 0) return best.delimiter;
  const words = new Set(head.map(({ text }) => cellsOf(text, ' ', false).length));
  return words.size === 1 && !words.has(1) ? ' ' : ',';
}

/** Is this a name without a comma, and below it numbers of which some have a decimal comma? */
function isOneColumn([first, ...rest]: readonly Line[], missing: MissingWords): boolean {
  if (!first || first.hasQuotes || first.text.includes(',') || !rest.some(({ text }) => text.includes(',')))
    return false;
  return rest.every(({ text, hasQuotes }) => !hasQuotes && ['number', 'gap'].includes(lookOf(text, missing)));
}

/** Which share of the cells can be read; the least above 0, so that regular text counts too. */
function legibility(cells: readonly string[], missing: MissingWords): number {
  const known = cells.filter((cell) => lookOf(cell, missing) !== 'text').length;
  return (known + 0.01) / (cells.length + 0.01);
}

export function commonest(counts: readonly number[]): number {
  const times = new Map<number, number>();
  for (const count of counts) times.set(count, (times.get(count) ?? 0) + 1);
  return [...times].reduce((best, one) => (one[1] > best[1] ? one : best), [0, 0])[0];
}
