/** A line of CSV to its cells, and cells to a line. */

/** Cuts a line at its delimiters. A cell in quotes may hold any character, a quote doubled. */
export function cellsOf(text: string, delimiter: string, hasQuotes = text.includes('"')): string[] {
  if (delimiter === ' ') return cellsOf(text.trim().replace(/[ \t]+/g, '\t'), '\t', hasQuotes);
  if (!hasQuotes) return text.split(delimiter);
  const cells: string[] = [];
  for (let i = 0; ; ) {
    let from = i;
    while (text[from] === ' ') from++;
    if (text[from] !== '"') {
      const end = ending(text, delimiter, i);
      cells.push(text.slice(i, end));
      i = end;
    } else {
      let cell = '';
      let close = text.indexOf('"', from + 1);
      while (close >= 0 && text[close + 1] === '"') {
        cell += text.slice(from + 1, close + 1);
        from = close + 1;
        close = text.indexOf('"', from + 1);
      }
      if (close < 0) close = text.length;
      const end = ending(text, delimiter, close + 1);
      cells.push(cell + text.slice(from + 1, close) + text.slice(close + 1, end).trim());
      i = end;
    }
    if (i >= text.length) return cells;
    i += delimiter.length;
  }
}

function ending(text: string, delimiter: string, from: number): number {
  const at = text.indexOf(delimiter, from);
  return at < 0 ? text.length : at;
}

/** Reads a list of names as an option gives it: `temp,"Hum, %"`. */
export const namesOf = (text: string): string[] => cellsOf(text, ',').map((name) => name.trim());

/** Writes cells as a line of CSV, without its end. */
export const lineOf = (cells: readonly string[]): string => cells.map(quoted).join(',');

/** Puts a cell in quotes if it holds a sign of CSV. */
export const quoted = (cell: string): string =>
  /[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
