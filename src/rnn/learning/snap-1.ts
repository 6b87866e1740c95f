/**
 * SnAp-1 (Menick et al. 2021, section 3): of the influences of real-time recurrent learning only those that a weight has
 * within one step, on its own unit,
 *
 *   S_t = dh_t,j/dweight_ij [P]      S_t = (1 - h_t,j^2) (z_t,i + Wh_jj S_{t-1})
 *
 * Exact where Wh is diagonal; else it leaves out the influence that goes round through other units. (F + N + 1) N multiply-adds a step,
 * and as many numbers, for each batch row: what a step of the cell itself costs.
 */
import { z } from 'zod';
import { influenceLearner } from './influence-learner.js';
import { cellSize, k1, reduction } from './learner-kind.js';

export const snap1Settings = z.strictObject({ kind: z.literal('snap-1'), k1, reduction });

export const snap1 = influenceLearner({
  perRow: cellSize,
  needsSpare: false,
  work: (layout) => 3 * cellSize(layout),
  perWeight: () => null,
  carry: (cell, m, out, _from, z, h) => cell.carryOwn(m, out, z, h),
  collect: (cell, m, g, influences, e) => cell.ownGradient(m, g, influences, e),
});
