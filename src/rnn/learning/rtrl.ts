/**
 * Exact real-time recurrent learning (Williams and Zipser 1989): the influence of every weight on every unit,
 *
 *   J_t = dh_t/dweight [P,N]      J_t = (J_{t-1} Wh + dz_t) * (1 - h_t^2)
 *
 * The gradient of full backpropagation, however far back, at a price that does not grow with time: (F + N + 1) N^3
 * multiply-adds a step, and (F + N + 1) N^2 numbers, for each batch row.
 */
import type { Address, Kernels, Reals } from '../../kernels/kernels.js';
import type { ParameterLayout } from '../cell/parameters.js';
import type { Readout } from '../io/readout.js';
import { cellSize, InfluenceLearner, type InfluenceShape } from './influence-learner.js';
import type { Weights } from './optimizer.js';

const perRow = (layout: ParameterLayout) => cellSize(layout) * layout.units;

export class Rtrl extends InfluenceLearner {
  /** Numbers that a snapshot keeps. */
  static keptLength(spec: InfluenceShape, layout: ParameterLayout): number {
    return InfluenceLearner.lengths(spec, layout, perRow(layout)).kept;
  }

  static scratchLength(spec: InfluenceShape, layout: ParameterLayout): number {
    return InfluenceLearner.lengths(spec, layout, perRow(layout)).scratch + perRow(layout);
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
    super(kernels, readout, spec, layout, weights, kept, scratch, perRow(layout));
  }

  protected carry(m: Reals, home: Address, now: Address, z: Address, h: Address): Address {
    const { features: F, units: N, w } = this.layout;
    const out = now === home ? this.spare : home;
    this.kernels.influence(m, out, now, z, h, this.weights.at + w, F, N);
    return out;
  }

  protected collect(m: Reals, influences: Address, e: Address): void {
    this.kernels.influenceGradient(m, this.cell, influences, e, cellSize(this.layout), this.layout.units);
  }
}
