/**
 * Truncated backpropagation through time, TBPTT(k1,k2) (Williams and Peng 1990, BPTT(h;h')).
 *
 * Steps are cut into blocks of k1. When a block is due, its losses, and no others, are injected and carried back
 * through the k2 steps that end with the block's last. The state that enters those steps is a constant. So each loss
 * is counted exactly once, at every k1 and k2, however late the targets come.
 *
 *   dL/dh_t  = e_t + da_{t+1} Wh^T      da_t = dL/dh_t * (1 - h_t^2)
 *   dL/dW    = sum_t z_t^T da_t         dL/db = sum_t da_t        dL/dx_t = da_t Wx^T
 *
 * The gradient itself is not laid down here: its factors are z, da, h and dy, and SGD needs no more.
 * The scratch memory, at `base`:  da [k2,B,N] | dz [k2,B,D] | the block's losses
 */
import type { Address, Kernels, LayerGradient, Reals } from '../../kernels/kernels.js';
import type { ParameterLayout } from '../cell/parameters.js';
import type { Readout } from '../io/readout.js';
import { BlockLoss } from './block-loss.js';
import { cellLayer, denseLayer, type Varying } from './layer-gradients.js';
import type { BlockGradient, GradientMethod, TrainingWindow } from './learner.js';
import type { Weights } from './optimizer.js';
import type { Window } from './window.js';

interface Shape {
  readonly batch: number;
  readonly learner: { readonly k1: number; readonly k2: number; readonly reduction: 'mean' | 'sum' };
}

export class Tbptt implements GradientMethod {
  /** The cell's gradient is not laid down: it is among the layers. */
  readonly cell = null;
  private readonly da: Address;
  /** dz [T,B,D] of the last backward pass; its first F columns are dL/dx. */
  readonly dz: Address;
  private readonly losses: BlockLoss;
  /** The factors of the last block's gradient: of the cell, and of the readout where it has weights. */
  readonly layers: readonly LayerGradient[];
  private readonly cellFactors: Varying<LayerGradient>;
  private readonly dense: Varying<LayerGradient> | null;

  static scratchLength(spec: Shape, layout: ParameterLayout): number {
    return (
      spec.learner.k2 * spec.batch * (layout.features + 2 * layout.units) + BlockLoss.length(spec, layout)
    );
  }

  constructor(
    private readonly kernels: Kernels,
    private readonly readout: Readout,
    private readonly spec: Shape,
    private readonly layout: ParameterLayout,
    private readonly weights: Weights,
    base: Address,
  ) {
    const { batch, learner } = spec;
    const { features: F, units: N } = layout;
    this.da = base;
    this.dz = this.da + learner.k2 * batch * layout.units;
    this.losses = new BlockLoss(readout, spec, layout, this.dz + learner.k2 * batch * (F + N));
    this.cellFactors = cellLayer(layout, weights, this.da);
    this.dense = denseLayer(layout, weights, this.losses.dy);
    this.layers = this.dense ? [this.cellFactors, this.dense] : [this.cellFactors];
  }

  /**
   * Computes the gradient of the losses of steps first .. last, back to step `from`, or null where no target of them has come.
   *
   * @param deviation deviations of the outputs now [M], where the loss is in units of them
   */
  backward(
    m: Reals,
    window: Window,
    { from, first, last: to }: TrainingWindow,
    deviation: ArrayLike<number> | null,
  ): BlockGradient | null {
    const { kernels, readout, layout } = this;
    const { at: parameters } = this.weights;
    const { batch: B } = this.spec;
    const { features: F, units: N } = layout;
    const T = to - from + 1;

    const block = this.losses.compute(m, window, first, to, deviation);
    if (!block) return null;
    m.fill(0, this.da, this.da + T * B * N);
    const e = this.da + (first - from) * B * N;
    const h = window.zAt(first + 1) + F;
    const rows = (to - first + 1) * B;
    readout.backward(m, e, this.losses.dy, parameters, rows);
    const z = window.zAt(from);
    kernels.simpleRnnBackward(m, this.dz, this.da, z, parameters + layout.w, T, B, F, N);
    this.cellFactors.a = z;
    this.cellFactors.R = T * B;
    if (this.dense) {
      this.dense.a = h;
      this.dense.R = rows;
    }
    return { from, to, losses: block.losses, loss: block.loss };
  }
}
