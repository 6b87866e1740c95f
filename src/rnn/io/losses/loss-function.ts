/** What a loss is. A file for each; losses.ts is the registry. */
import type { Kernels } from '../../../kernels/kernels.js';

export interface Loss {
  /** Losses in one row of M outputs: what a mean divides by besides steps and rows. */
  perRow(M: number): number;
  /**
   * Gives the loss of T steps of B rows, and writes `factor` times its gradient at the readout's sums to dy [T,B,M]; y is what
   * the readout gave, [T,B,M], and `scale` the deviations that y and target [T,B,M] are in units of, where they are scaled.
   */
  readonly compute: Kernels['squaredError'];
}

export type CreateLoss = (kernels: Kernels) => Loss;
