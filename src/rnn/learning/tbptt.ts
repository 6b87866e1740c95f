/**
 * Truncated backpropagation through time, TBPTT(k1,k2) (Williams and Peng 1990, BPTT(h;h')).
 *
 * Steps are cut into blocks of k1. When a block is due, its losses, and no others, are injected and carried back
 * through the k2 steps that end with the block's last. The state that enters those steps is a constant. So each loss
 * is counted exactly once, at every k1 and k2, however late the targets come. How a step is gone back through is the
 * cell's to say: see ../cell/.
 *
 * The gradient itself is not written to memory here: its factors are z, the cell's, h and dy, and SGD needs no more.
 * The scratch memory, at `scratch`:  the cell's [k2,B,backwardScratch] | dz [k2,B,F+N] | the block's losses
 */
import { z } from 'zod';
import { farther, type Memory } from '../../kernels/gradient-pieces.js';
import type { Address, LayerGradient, Reals } from '../../kernels/kernels.js';
import { inRanges, type Pieces } from '../../math/pieces.js';
import type { ParameterLayout } from '../cell/parameters.js';
import { BlockLoss } from './block-loss.js';
import type { BlockGradient, GradientMethod, TrainingWindow } from './gradient-method.js';
import { type Blocked, k1, k2, type LearnerKind, type MethodParts, reduction } from './learner-kind.js';
import { readoutGradient } from './weight-places.js';
import type { Window } from './window.js';

export const tbpttSettings = z.strictObject({ kind: z.literal('tbptt'), k1, k2, reduction });

export type TbpttSettings = Blocked<z.output<typeof tbpttSettings>>;

export class Tbptt implements GradientMethod {
  private readonly dz: Address;
  private readonly losses: BlockLoss;

  static scratchLength(learner: TbpttSettings, layout: ParameterLayout, batch: number): number {
    const { features, units, cell } = layout;
    const perRow = learner.k2 * (cell.backwardScratch + features + units);
    return batch * perRow + BlockLoss.length({ batch, learner }, layout);
  }

  constructor(
    learner: TbpttSettings,
    private readonly parts: MethodParts,
  ) {
    const { readout, layout, batch, scratch } = parts;
    const { features, units, cell } = layout;
    this.dz = scratch + learner.k2 * batch * cell.backwardScratch;
    const lossesAt = this.dz + learner.k2 * batch * (features + units);
    this.losses = new BlockLoss(readout, { batch, learner }, layout, lossesAt);
  }

  /** Computes the gradient of the losses of steps first .. last, back to step `from`. */
  backward(
    m: Reals,
    window: Window,
    part: TrainingWindow,
    deviation: ArrayLike<number> | null,
  ): (BlockGradient & { readonly dz: Address }) | null {
    const { from, first, last: to } = part;
    const { cell, readout, layout, weights, batch: B, scratch } = this.parts;
    const { units: N } = layout;
    const { dz, losses } = this;
    const T = to - from + 1;
    const block = losses.compute(m, window, first, to, deviation);
    if (!block) return null;
    m.fill(0, scratch, scratch + T * B * N);
    const rows = (to - first + 1) * B;
    readout.backward(m, scratch + (first - from) * B * N, losses.dy, weights.at, rows);
    const steps = { z: window.zAt(from), activations: window.activationsAt(from), T, B };
    const layers = cell.backward(m, dz, scratch, steps);
    return this.gradientOf(window, part, block, layers);
  }

  /** Does the same in pieces: rows of the losses one after the other, then those of the steps, last to first. */
  *backwardInPieces(
    memory: Memory,
    window: Window,
    part: TrainingWindow,
    deviation: ArrayLike<number> | null,
  ): Pieces<BlockGradient | null> {
    const { from, first, last: to } = part;
    const { cell, readout, layout, weights, batch: B, scratch } = this.parts;
    const { units: N, outputs: M } = layout;
    const { dz, losses } = this;
    const rows = (to - from + 1) * B;
    const block = yield* losses.computeInPieces(memory, window, first, to, deviation);
    if (!block) return null;
    const clear = (begin: number, end: number) => memory.data.fill(0, scratch + begin, scratch + end);
    yield* inRanges(rows * N, memory.data.BYTES_PER_ELEMENT, clear);
    const e = scratch + (first - from) * B * N;
    yield* inRanges((to - first + 1) * B, N * M, (begin, end) =>
      readout.backward(memory.data, e + begin * N, losses.dy + begin * M, weights.at, end - begin),
    );
    const steps = { z: window.zAt(from), activations: window.activationsAt(from), T: to - from + 1, B };
    let layers: LayerGradient[] = [];
    yield* inRanges(rows, layout.cell.weights, (begin, end) => {
      layers = cell.backward(memory.data, dz, scratch, steps, [rows - end, rows - begin]);
    });
    return this.gradientOf(window, part, block, layers);
  }

  cost({ from, last }: TrainingWindow): number {
    const { layout, batch: B } = this.parts;
    const rows = (last - from + 1) * B;
    return (rows + farther(rows)) * layout.length;
  }

  private gradientOf(
    window: Window,
    { from, first, last: to }: TrainingWindow,
    { losses, loss }: { losses: number; loss: number },
    layers: LayerGradient[],
  ): BlockGradient & { readonly dz: Address } {
    const { layout, weights, batch: B } = this.parts;
    const h = window.zAt(first + 1) + layout.features;
    const ofReadout = readoutGradient(layout, weights, h, this.losses.dy, (to - first + 1) * B);
    if (ofReadout) layers.push(ofReadout);
    return { from, to, losses, loss, gradient: { layers, cell: null }, dz: this.dz };
  }
}

export const tbptt: LearnerKind<TbpttSettings> = {
  needsInfluence: false,
  windowSizes: ({ k1, k2 }) => ({ k1, k2 }),
  size: (learner, layout, batch) => ({ kept: 0, scratch: Tbptt.scratchLength(learner, layout, batch) }),
  // back through k2 steps, the gradient of the weights, and that of its norm where it stays in factors
  work: ({ k1, k2 }, { layout, isFactored }) => ((isFactored ? 3 : 2) * k2 * layout.cell.weights) / k1,
  create: (learner, parts) => new Tbptt(learner, parts),
};
