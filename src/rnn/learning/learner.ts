/**
 * The online learner: updates the weights when a block of steps is due.
 *
 * A block of k1 steps is due when all its targets have come, or, where some stay out, `delay` steps after its last.
 * Blocks become due in order. So weights change only from targets that have really arrived.
 */
import type { Address, LayerGradient, Reals } from '../../kernels/kernels.js';
import type { StandardScaler } from '../io/scaler.js';
import type { Optimizer, OptimizerResult, Weights } from './optimizer.js';
import type { Window } from './window.js';

/** The gradient of one block, and which steps it is of. */
export interface BlockGradient {
  /** First and last step of the backward pass. */
  readonly from: number;
  readonly to: number;
  /** Losses that were counted: steps of the block whose target had come. */
  readonly losses: number;
  /** Their mean or sum, as the spec says. */
  readonly loss: number;
}

/** How gradients are had: truncated backpropagation, or influences that are carried forward. */
export interface GradientMethod {
  /** The factors of the last block's gradient: of the cell, where they are had, and of the readout's weights. */
  readonly layers: readonly LayerGradient[];
  /** Where the gradient of W and b lies, where it is laid down. */
  readonly cell: Address | null;
  /** dz [T,B,D] of the last block, the gradient at the cell's inputs, where it is had. */
  readonly dz: Address | null;
  /** Computes the gradient of the block that begins with blockStart, or gives null where no target of it has come. */
  backward(
    m: Reals,
    window: Window,
    blockStart: number,
    deviation: ArrayLike<number> | null,
  ): BlockGradient | null;
  /** Begins a new history. */
  restart?(m: Reals): void;
}

/** One optimizer step: what was learned from, and what it did. */
export interface Update extends BlockGradient, OptimizerResult {
  /** Updates applied so far, this one included. */
  readonly update: number;
  /** Milliseconds it took, by the model's clock. */
  readonly duration: number;
}

export interface LearnerState {
  readonly learning: boolean;
  readonly blockStart: number;
  readonly updates: number;
  readonly skipped: number;
  readonly baseRate: number;
}

/** What the learner works on. */
export interface LearnerParts {
  readonly window: Window;
  readonly method: GradientMethod;
  readonly optimizer: Optimizer;
  /** In whose deviations the loss is measured, if in any. */
  readonly scaler: StandardScaler | null;
  readonly weights: Weights;
  readonly k1: number;
  readonly delay: number;
  readonly now: () => number;
}

const NO_UPDATES: readonly Update[] = [];

export class Learner {
  /** false: predictions are scored and weights stay; what comes meanwhile is not learned from later either. */
  learning = true;
  /** First step whose loss has not been counted. */
  blockStart = 0;

  constructor(private readonly parts: LearnerParts) {}

  /** Makes the updates that are due when no target can come any more that is late at step `now`. */
  update(m: Reals, now: number): readonly Update[] {
    const { window, k1, delay } = this.parts;
    let updates: Update[] | null = null;
    for (;;) {
      const last = this.blockStart + k1 - 1;
      if (last >= window.next) break;
      if (now <= last + delay && !this.isComplete(last)) break;
      const update = this.learning ? this.updateBlock(m) : null;
      if (update) {
        updates ??= [];
        updates.push(update);
      }
      this.blockStart += k1;
    }
    return updates ?? NO_UPDATES;
  }

  private isComplete(last: number): boolean {
    for (let step = last; step >= this.blockStart; step--)
      if (!this.parts.window.hasTarget(step)) return false;
    return true;
  }

  private updateBlock(m: Reals): Update | null {
    const { window, method, optimizer, scaler, weights, now } = this.parts;
    const began = now();
    const block = method.backward(m, window, this.blockStart, scaler?.deviation ?? null);
    if (!block) return null;
    const { gradientNorm, clipped, applied, learningRate } = optimizer.apply(m, weights, method);
    const { from, to, losses, loss } = block;
    const duration = now() - began;
    const update = optimizer.updates;
    return { from, to, losses, loss, gradientNorm, clipped, applied, learningRate, update, duration };
  }

  /** Begins a new history at the window's next step. */
  restart(m: Reals): void {
    this.blockStart = this.parts.window.next;
    this.parts.method.restart?.(m);
  }

  state(): LearnerState {
    const { updates, skipped, baseRate } = this.parts.optimizer;
    return { learning: this.learning, blockStart: this.blockStart, updates, skipped, baseRate };
  }

  restore({ learning, blockStart, updates, skipped, baseRate }: LearnerState): void {
    this.learning = learning;
    this.blockStart = blockStart;
    Object.assign(this.parts.optimizer, { updates, skipped, baseRate });
    this.parts.optimizer.forgetBounds();
  }
}
