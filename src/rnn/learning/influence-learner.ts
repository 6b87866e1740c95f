/**
 * Learning without going back: the influence of each weight on the state, dh_t/dweight, is carried forward with the state.
 * A loss at t then needs only the influence at its own step, and sees all of the past:
 *
 *   dL_t/dweight = e_t . dh_t/dweight      e_t = dL_t/dh_t from the readout
 *
 * The influence of block upon block is one history. Weights move between blocks and it does not follow them: like the
 * states, it holds what was true when it was made (Williams and Zipser 1989, section 4). A history that it has not seen
 * from its beginning it takes up at the oldest step of the window, whose entering state counts as a constant.
 *
 * Kept, at `kept`:      influences of B batch rows | the step that they have reached, in two numbers
 * Scratch, at `scratch`:  g [P] | e [k1,B,N] | the block's losses | another place for the influences of one row, where the rule needs it
 */
import type { RowsPart } from '../../kernels/arena.js';
import type { Memory } from '../../kernels/gradient-pieces.js';
import type { Address, Reals } from '../../kernels/kernels.js';
import { BYTE, inRanges, type Pieces } from '../../math/pieces.js';
import type { CellInfluence } from '../cell/cell.js';
import type { ParameterLayout } from '../cell/parameters.js';
import { BlockLoss } from './block-loss.js';
import type { BlockGradient, GradientMethod, TrainingWindow } from './gradient-method.js';
import { cellSize, type LearnerKind, type MethodParts } from './learner-kind.js';
import { readoutGradient } from './weight-places.js';
import type { Window } from './window.js';

export interface InfluenceSettings {
  readonly k1: number;
  readonly reduction: 'mean' | 'sum';
}

/** Step numbers go beyond what float32 counts, so they are kept as two: those of 2^20 steps, and the rest. */
const HIGH = 2 ** 20;

/** Which influences are carried, and how. */
export interface InfluenceRule {
  /** Numbers in the influences of one batch row. */
  perRow(layout: ParameterLayout): number;
  /** Are they carried from one place to another, and not in place? */
  readonly needsSpare: boolean;
  /** Gives the multiply-adds of carrying them over a step, and of the gradient. */
  work(layout: ParameterLayout): number;
  /** Carries those at `from` over a step, to `out`; the same place where no other is needed. */
  carry(
    cell: CellInfluence,
    m: Reals,
    out: Address,
    from: Address,
    z: Address,
    h: Address,
    rows?: RowsPart,
  ): void;
  /** Where the weights' influences can be carried one part after the other, what those of a weight cost; else null. */
  perWeight(layout: ParameterLayout): number | null;
  /** Adds to the cell's gradient g [P] its part by an error e = dL/dh [N]. */
  collect(cell: CellInfluence, m: Reals, g: Address, influences: Address, e: Address): void;
}

export const influenceLearner = (rule: InfluenceRule): LearnerKind<InfluenceSettings> => ({
  needsInfluence: true,
  windowSizes: ({ k1 }) => ({ k1, k2: k1 }),
  size(learner, layout, batch) {
    const perRow = rule.perRow(layout);
    const errors = learner.k1 * batch * layout.units;
    const losses = BlockLoss.length({ batch, learner }, layout);
    const spare = rule.needsSpare ? perRow : 0;
    return { kept: batch * perRow + 2, scratch: cellSize(layout) + errors + losses + spare };
  },
  work: (_learner, { layout }) => rule.work(layout),
  create: (learner, parts) => new InfluenceLearner(rule, learner, parts),
});

class InfluenceLearner implements GradientMethod {
  private readonly influence: CellInfluence;
  private readonly perRow: number;
  private readonly e: Address;
  private readonly losses: BlockLoss;
  /** Another place for the influences of one row. */
  private readonly spare: Address;

  constructor(
    private readonly rule: InfluenceRule,
    learner: InfluenceSettings,
    private readonly parts: MethodParts,
  ) {
    const { cell, readout, layout, batch, scratch } = parts;
    if (!cell.influence) throw new TypeError('the influences of this cell cannot be carried forward');
    this.influence = cell.influence;
    this.perRow = rule.perRow(layout);
    this.e = scratch + cellSize(layout);
    const lossesAt = this.e + learner.k1 * batch * layout.units;
    this.losses = new BlockLoss(readout, { batch, learner }, layout, lossesAt);
    this.spare = lossesAt + BlockLoss.length({ batch, learner }, layout);
  }

  /** Computes the gradient of the losses of steps first .. last. The influences go on even where no target has come. */
  backward(
    m: Reals,
    window: Window,
    part: TrainingWindow,
    deviation: ArrayLike<number> | null,
  ): BlockGradient | null {
    const { first, last: to } = part;
    const { batch: B } = this.parts;
    const block = this.losses.compute(m, window, first, to, deviation);
    const rows = (to - first + 1) * B;
    if (block) this.beginGradient(m, rows);
    const from = this.begin(m, window, first);
    for (let row = 0; row < B; row++) this.carryRow(m, window, row, from, block ? first : to + 1, to);
    this.reach(m, to + 1);
    return block && this.gradientOf(window, part, block);
  }

  /** Does the same in pieces: step by step, and in each weight by weight where that is possible. */
  *backwardInPieces(
    memory: Memory,
    window: Window,
    part: TrainingWindow,
    deviation: ArrayLike<number> | null,
  ): Pieces<BlockGradient | null> {
    const { first, last: to } = part;
    const { layout, batch: B } = this.parts;
    const block = yield* this.losses.computeInPieces(memory, window, first, to, deviation);
    const rows = (to - first + 1) * B;
    if (block) this.beginGradient(memory.data, rows);
    yield rows * layout.units * layout.outputs;
    const from = this.begin(memory.data, window, first);
    for (let row = 0; row < B; row++)
      yield* this.carryInPieces(memory, window, row, from, block ? first : to + 1, to);
    this.reach(memory.data, to + 1);
    return block && this.gradientOf(window, part, block);
  }

  cost({ first, last }: TrainingWindow): number {
    const { layout, batch } = this.parts;
    return (last - first + 1) * batch * this.rule.work(layout);
  }

  private gradientOf(
    window: Window,
    { first, last: to }: TrainingWindow,
    { losses, loss }: { losses: number; loss: number },
  ): BlockGradient {
    const { layout, weights, batch: B, scratch } = this.parts;
    const h = window.zAt(first + 1) + layout.features;
    const ofReadout = readoutGradient(layout, weights, h, this.losses.dy, (to - first + 1) * B);
    const gradient = { layers: ofReadout ? [ofReadout] : [], cell: scratch };
    return { from: first, to, losses, loss, gradient, dz: null };
  }

  /** Begins a new history: the state that enters it is a constant. */
  restart(m: Reals): void {
    this.forget(m);
    this.setReached(m, -1);
  }

  /** Puts the cell's gradient to 0, and the errors of the losses in place. */
  private beginGradient(m: Reals, rows: number): void {
    const { readout, layout, weights, scratch } = this.parts;
    m.fill(0, scratch, scratch + cellSize(layout));
    readout.backward(m, this.e, this.losses.dy, weights.at, rows);
  }

  /** Gives the step that the influences have reached, or forgets them and gives the window's oldest. */
  private begin(m: Reals, window: Window, blockStart: number): number {
    const reached = this.reached(m);
    if (reached >= window.first && reached <= blockStart) return reached;
    this.forget(m);
    return window.first;
  }

  /** Carries one batch row over steps from .. to, and collects the errors of those from `losses` on. */
  private carryRow(m: Reals, window: Window, row: number, from: number, losses: number, to: number): void {
    const home = this.homeOf(row);
    let now = home;
    for (let step = from; step <= to; step++) {
      const out = this.outOf(now, home);
      this.carry(m, window, row, step, out, now);
      now = out;
      this.collect(m, window, row, step, losses, now);
    }
    if (now !== home) m.copyWithin(home, now, now + this.perRow);
  }

  private *carryInPieces(
    memory: Memory,
    window: Window,
    row: number,
    from: number,
    losses: number,
    to: number,
  ): Pieces<void> {
    const { rule } = this;
    const { layout } = this.parts;
    const home = this.homeOf(row);
    const weights = cellSize(layout);
    const each = rule.perWeight(layout);
    let now = home;
    for (let step = from; step <= to; step++) {
      const out = this.outOf(now, home);
      if (each === null) {
        this.carry(memory.data, window, row, step, out, now);
        yield rule.work(layout);
      } else
        yield* inRanges(Math.ceil(weights / 4), 4 * each, (first, end) => {
          const part: RowsPart = [4 * first, Math.min(weights, 4 * end)];
          this.carry(memory.data, window, row, step, out, now, part);
        });
      now = out;
      this.collect(memory.data, window, row, step, losses, now);
    }
    if (now === home) return;
    const move = (first: number, end: number) => memory.data.copyWithin(home + first, now + first, now + end);
    yield* inRanges(this.perRow, BYTE * memory.data.BYTES_PER_ELEMENT, move);
  }

  private homeOf(row: number): Address {
    return this.parts.kept + row * this.perRow;
  }

  private outOf(now: Address, home: Address): Address {
    return this.rule.needsSpare && now === home ? this.spare : home;
  }

  private carry(
    m: Reals,
    window: Window,
    row: number,
    step: number,
    out: Address,
    now: Address,
    part?: RowsPart,
  ): void {
    const { features: F, units: N } = this.parts.layout;
    const offset = row * (F + N);
    const [z, h] = [window.zAt(step) + offset, window.zAt(step + 1) + offset + F];
    this.rule.carry(this.influence, m, out, now, z, h, part);
  }

  private collect(m: Reals, window: Window, row: number, step: number, losses: number, now: Address): void {
    if (step < losses || !window.countsTarget(step)) return;
    const { batch: B, layout, scratch } = this.parts;
    this.rule.collect(this.influence, m, scratch, now, this.e + ((step - losses) * B + row) * layout.units);
  }

  /** Notes how far the influences have come. Influences that have grown beyond all numbers begin again at 0. */
  private reach(m: Reals, step: number): void {
    const { kernels, kept } = this.parts;
    const largest = kernels.largest(m, kept, this.reachedAt - kept);
    if (!Number.isFinite(largest)) this.forget(m);
    this.setReached(m, step);
  }

  private forget(m: Reals): void {
    m.fill(0, this.parts.kept, this.reachedAt);
  }

  /** Where the step lies that the influences have reached. */
  private get reachedAt(): Address {
    const { kept, batch } = this.parts;
    return kept + batch * this.perRow;
  }

  private reached(m: Reals): number {
    const at = this.reachedAt;
    return m[at]! * HIGH + m[at + 1]!;
  }

  private setReached(m: Reals, step: number): void {
    const at = this.reachedAt;
    m[at] = Math.floor(step / HIGH);
    m[at + 1] = step - m[at]! * HIGH;
  }
}
