/**
 * Exact real-time recurrent learning (Williams and Zipser 1989): the influence of every weight on every unit,
 *
 *   J_t = dh_t/dweight [P,N]      J_t = (J_{t-1} Wh + dz_t) * (1 - h_t^2)
 *
 * The gradient of full backpropagation, however far back, at a price that does not grow with time: (F + N + 1) N^3
 * multiply-adds a step, and (F + N + 1) N^2 numbers, for each batch row.
 */
import { z } from 'zod';
import { influenceLearner } from './influence-learner.js';
import { cellSize, k1, reduction } from './learner-kind.js';

export const rtrlSettings = z.strictObject({ kind: z.literal('rtrl'), k1, reduction });

export const rtrl = influenceLearner({
  perRow: (layout) => cellSize(layout) * layout.units,
  needsSpare: true,
  work: (layout) => cellSize(layout) * layout.units * (layout.units + 1),
  perWeight: ({ units }) => units * units,
  carry: (cell, m, out, from, z, h, rows) => cell.carry(m, out, from, z, h, rows),
  collect: (cell, m, g, influences, e) => cell.gradient(m, g, influences, e),
});
