/**
 * Panels: how the WebAssembly kernels keep a matrix. Its columns are cut into runs of 32, then of 16, 8, 4, and the rest
 * (1 to 3 columns); each run lies by itself, row after row. A product then reads memory from front to end. Nothing is
 * padded: a matrix in panels is a permutation of the same numbers.
 */
import type { Address, Reals } from './arena.js';

/** Turns [rows,columns], row after row, into panels, in place. */
export function pack(m: Reals, at: Address, rows: number, columns: number): void {
  const plain = m.slice(at, at + rows * columns);
  walk(rows, columns, (packed, index) => {
    m[at + packed] = plain[index];
  });
}

/** Turns panels back, in place. */
export function unpack(m: Reals, at: Address, rows: number, columns: number): void {
  const packed = m.slice(at, at + rows * columns);
  walk(rows, columns, (from, index) => {
    m[at + index] = packed[from];
  });
}

/** Calls back with the place of each number in panels and in rows. */
function walk(rows: number, columns: number, visit: (packed: number, plain: number) => void): void {
  let packed = 0;
  for (let first = 0; first < columns; ) {
    const width = panelWidth(columns - first);
    for (let row = 0; row < rows; row++)
      for (let j = 0; j < width; j++) visit(packed++, row * columns + first + j);
    first += width;
  }
}

function panelWidth(left: number): number {
  for (const width of [32, 16, 8, 4]) if (left >= width) return width;
  return left;
}
