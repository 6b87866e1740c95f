/**
 * Panels: how the WebAssembly kernels keep a matrix. Its columns are cut into runs of 32, then of 16, 8, 4, and the rest
 * (1 to 3 columns); each run lies by itself, row after row. A product then reads memory from front to end. Nothing is
 * padded: a matrix in panels is a permutation of the same numbers.
 *
 * Both ways go row by row, so that the numbers in rows, and those in each panel, are read and written from front to end.
 */
import type { Address, Reals } from './arena.js';

/** Turns [rows,columns], row after row, into panels: what is there itself, or what `plain` has from `from` on. */
export function pack(
  m: Reals,
  at: Address,
  rows: number,
  columns: number,
  plain: Reals = m.slice(at, at + rows * columns),
  from: Address = 0,
  [first, end]: readonly [number, number] = [0, rows],
): void {
  const widths = panelWidths(columns);
  let next = from + first * columns;
  for (let row = first; row < end; row++) {
    let panel = at;
    for (const width of widths) {
      const to = panel + row * width;
      copy(plain, next, m, to, width);
      next += width;
      panel += rows * width;
    }
  }
}

/** Turns panels back. */
export function unpack(
  m: Reals,
  at: Address,
  rows: number,
  columns: number,
  packed: Reals = m.slice(at, at + rows * columns),
  from: Address = 0,
  [first, end]: readonly [number, number] = [0, rows],
): void {
  const widths = panelWidths(columns);
  let to = at + first * columns;
  for (let row = first; row < end; row++) {
    let panel = from;
    for (const width of widths) {
      copy(packed, panel + row * width, m, to, width);
      to += width;
      panel += rows * width;
    }
  }
}

/** Copies a row of a panel; a wide one as bytes, which is fast from the first time on. */
function copy(from: Reals, first: number, to: Reals, at: Address, width: number): void {
  if (width === 32) to.set(from.subarray(first, first + width), at);
  else for (let j = 0; j < width; j++) to[at + j] = from[first + j]!;
}

function panelWidths(columns: number): number[] {
  const widths: number[] = [];
  for (let left = columns; left > 0; ) {
    const width = [32, 16, 8, 4].find((size) => left >= size) ?? left;
    widths.push(width);
    left -= width;
  }
  return widths;
}
