/** What a loss is. A file for each; losses.ts is the registry. */
import type { Address, Kernels, LossScale, Reals } from '../../../kernels/kernels.js';

export interface Loss {
  /** Losses in one row of M outputs: what a mean divides by besides steps and rows. */
  perRow(M: number): number;
  /**
   * Gives the loss of T steps of B rows, and writes `factor` times its gradient at the readout's sums to dy [T,B,M].
   *
   * @param y what the readout gave, [T,B,M]
   * @param scale the deviations that y and target [T,B,M] are in units of, where they are scaled
   */
  compute(
    m: Reals,
    dy: Address,
    y: Address,
    target: Address,
    scale: LossScale | null,
    factor: number,
    T: number,
    B: number,
    M: number,
  ): number;
}

export type CreateLoss = (kernels: Kernels) => Loss;
