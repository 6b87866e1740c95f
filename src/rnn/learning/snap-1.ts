/**
 * SnAp-1 (Menick et al. 2021, section 3): of the influences of real-time recurrent learning only those that a weight has
 * within one step, on its own unit,
 *
 *   S_t = dh_t,j/dweight_ij [P]      S_t = (1 - h_t,j^2) (z_t,i + Wh_jj S_{t-1})
 *
 * Exact where Wh is diagonal; else it leaves out what goes round through other units. (F + N + 1) N multiply-adds a step,
 * and as many numbers, for each batch row: what a step of the cell itself costs.
 */
import type { Address, Kernels, Reals } from '../../kernels/kernels.js';
import type { ParameterLayout } from '../cell/parameters.js';
import type { Readout } from '../io/readout.js';
import { cellSize, InfluenceLearner, type InfluenceShape } from './influence-learner.js';
import type { Weights } from './optimizer.js';

export class Snap1 extends InfluenceLearner {
  /** Numbers that a snapshot keeps. */
  static keptLength(spec: InfluenceShape, layout: ParameterLayout): number {
    return InfluenceLearner.lengths(spec, layout, cellSize(layout)).kept;
  }

  static scratchLength(spec: InfluenceShape, layout: ParameterLayout): number {
    return InfluenceLearner.lengths(spec, layout, cellSize(layout)).scratch;
  }

  /** Works in the places that begin at `kept`, of which 0 is the beginning, and at `scratch`. */
  constructor(
    kernels: Kernels,
    readout: Readout,
    spec: InfluenceShape,
    layout: ParameterLayout,
    weights: Weights,
    kept: Address,
    scratch: Address,
  ) {
    super(kernels, readout, spec, layout, weights, kept, scratch, cellSize(layout));
  }

  protected carry(m: Reals, home: Address, _now: Address, z: Address, h: Address): Address {
    const { features: F, units: N, w } = this.layout;
    this.kernels.influenceDiagonal(m, home, z, h, this.weights.at + w, F, N);
    return home;
  }

  protected collect(m: Reals, influences: Address, e: Address): void {
    const { features: F, units: N } = this.layout;
    this.kernels.influenceDiagonalGradient(m, this.cell, influences, e, F, N);
  }
}
