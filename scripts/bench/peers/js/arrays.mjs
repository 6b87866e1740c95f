/** Small helpers of the peers' data. */
import { WINDOW, WINDOWS } from '../protocol.mjs';

/** Rows of x before it begins anew. */
export const ROWS = WINDOW * WINDOWS;

/** [rows,columns] to [columns,rows]. @param {Float32Array} m @param {number} rows @param {number} columns */
export const transpose = (m, rows, columns) =>
  Float32Array.from(m, (_, i) => m[(i % rows) * columns + Math.floor(i / rows)]);

/** x of each step, and after the last the first again. @param {import('../protocol.mjs').Job} job */
export const rowsOf = ({ features: F, x }) =>
  Array.from({ length: ROWS + 1 }, (_, t) => x.slice(t * F, (t + 1) * F));
