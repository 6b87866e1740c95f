/**
 * Learning without going back: the influence of each weight on the state, dh_t/dweight, is carried forward with the state.
 * A loss at t then needs that of its own step only, and sees all of the past:
 *
 *   dL_t/dweight = e_t . dh_t/dweight      e_t = dL_t/dh_t from the readout
 *
 * The influence of block upon block is one history. Weights move between blocks and it does not follow them: like the
 * states, it holds what was true when it was made (Williams and Zipser 1989, section 4). A history that it has not seen
 * from its beginning it takes up at the oldest step of the window, whose entering state counts as a constant.
 *
 * Kept, at `kept`:      influences of B batch rows | the step that they have reached, in two numbers
 * Scratch, at `scratch`:  g [P] | e [k1,B,N] | the block's losses | what the influence itself needs
 */
import type { Address, Kernels, LayerGradient, Reals } from '../../kernels/kernels.js';
import type { ParameterLayout } from '../cell/parameters.js';
import type { Readout } from '../io/readout.js';
import { BlockLoss } from './block-loss.js';
import { denseLayer, type Varying } from './layer-gradients.js';
import type { BlockGradient, GradientMethod, TrainingWindow } from './learner.js';
import type { Weights } from './optimizer.js';
import type { Window } from './window.js';

export interface InfluenceShape {
  readonly batch: number;
  readonly learner: { readonly k1: number; readonly reduction: 'mean' | 'sum' };
}

/** Step numbers go beyond what float32 counts, so they are kept as two: those of 2^20 steps, and the rest. */
const HIGH = 2 ** 20;

/** Gives P, the weights of the cell: W and b. */
export const cellSize = ({ features, units }: ParameterLayout): number => (features + units + 1) * units;

export abstract class InfluenceLearner implements GradientMethod {
  /** g [P]: the cell's gradient in the last block, in the order of its weights. */
  readonly cell: Address;
  /** The factors of the readout's gradient, where it has weights. */
  readonly layers: readonly LayerGradient[];
  /** dL/dx is never had: it would need a pass back. */
  readonly dz = null;
  private readonly dense: Varying<LayerGradient> | null;
  private readonly e: Address;
  private readonly losses: BlockLoss;
  /** Where the scratch memory of the influence itself begins. */
  protected readonly spare: Address;

  protected static lengths(
    spec: InfluenceShape,
    layout: ParameterLayout,
    perRow: number,
  ): { kept: number; scratch: number } {
    const { batch, learner } = spec;
    const errors = learner.k1 * batch * layout.units;
    return { kept: batch * perRow + 2, scratch: cellSize(layout) + errors + BlockLoss.length(spec, layout) };
  }

  constructor(
    protected readonly kernels: Kernels,
    private readonly readout: Readout,
    private readonly spec: InfluenceShape,
    protected readonly layout: ParameterLayout,
    protected readonly weights: Weights,
    private readonly kept: Address,
    scratch: Address,
    /** Numbers in the influences of one batch row. */
    private readonly perRow: number,
  ) {
    this.cell = scratch;
    this.e = scratch + cellSize(layout);
    const lossesAt = this.e + spec.learner.k1 * spec.batch * layout.units;
    this.losses = new BlockLoss(readout, spec, layout, lossesAt);
    this.spare = lossesAt + BlockLoss.length(spec, layout);
    this.dense = denseLayer(layout, weights, this.losses.dy);
    this.layers = this.dense ? [this.dense] : [];
  }

  /** Carries the influences of one row over a step, from where they lie now, and gives where they lie then; `home` is theirs. */
  protected abstract carry(m: Reals, home: Address, now: Address, z: Address, h: Address): Address;

  /** Adds to the cell's gradient what an error e = dL/dh [N] says of the weights. */
  protected abstract collect(m: Reals, influences: Address, e: Address): void;

  /**
   * Computes the gradient of the losses of steps first .. last, or null where no target of them has come. The influences go
   * on either way.
   *
   * @param deviation deviations of the outputs now [M], where the loss is in units of them
   */
  backward(
    m: Reals,
    window: Window,
    { first: blockStart, last: to }: TrainingWindow,
    deviation: ArrayLike<number> | null,
  ): BlockGradient | null {
    const { batch: B } = this.spec;
    const block = this.losses.compute(m, window, blockStart, to, deviation);
    if (block) this.beginGradient(m, window.zAt(blockStart + 1), (to - blockStart + 1) * B);
    const from = this.begin(m, window, blockStart);
    for (let row = 0; row < B; row++) this.carryRow(m, window, row, from, block ? blockStart : to + 1, to);
    this.reach(m, to + 1);
    return block && { from: blockStart, to, ...block };
  }

  /** Begins a new history: the state that enters it is a constant. */
  restart(m: Reals): void {
    this.forget(m);
    this.setReached(m, -1);
  }

  /** Puts the cell's gradient to 0, and the readout's factors and errors in place, of rows whose z_{t+1} begin at `next`. */
  private beginGradient(m: Reals, next: Address, rows: number): void {
    m.fill(0, this.cell, this.cell + cellSize(this.layout));
    this.readout.backward(m, this.e, this.losses.dy, this.weights.at, rows);
    if (!this.dense) return;
    this.dense.a = next + this.layout.features;
    this.dense.R = rows;
  }

  /** Gives the step from which the influences have to go on, at which they are. */
  private begin(m: Reals, window: Window, blockStart: number): number {
    const reached = this.reached(m);
    if (reached >= window.first && reached <= blockStart) return reached;
    this.forget(m);
    return window.first;
  }

  /** Carries one batch row over steps from .. to, and collects the errors of those from `losses` on. */
  private carryRow(m: Reals, window: Window, row: number, from: number, losses: number, to: number): void {
    const { batch: B } = this.spec;
    const { features: F, units: N } = this.layout;
    const home = this.kept + row * this.perRow;
    const offset = row * (F + N);
    let now = home;
    for (let step = from; step <= to; step++) {
      now = this.carry(m, home, now, window.zAt(step) + offset, window.zAt(step + 1) + offset + F);
      if (step < losses || !window.countsTarget(step)) continue;
      this.collect(m, now, this.e + ((step - losses) * B + row) * N);
    }
    if (now !== home) m.copyWithin(home, now, now + this.perRow);
  }

  /** Notes how far the influences have come. Those that have grown beyond all numbers begin again at 0. */
  private reach(m: Reals, step: number): void {
    const largest = this.kernels.largest(m, this.kept, this.spec.batch * this.perRow);
    if (!Number.isFinite(largest)) this.forget(m);
    this.setReached(m, step);
  }

  private forget(m: Reals): void {
    m.fill(0, this.kept, this.kept + this.spec.batch * this.perRow);
  }

  private reached(m: Reals): number {
    const at = this.kept + this.spec.batch * this.perRow;
    return m[at]! * HIGH + m[at + 1]!;
  }

  private setReached(m: Reals, step: number): void {
    const at = this.kept + this.spec.batch * this.perRow;
    m[at] = Math.floor(step / HIGH);
    m[at + 1] = step - m[at]! * HIGH;
  }
}
