/**
 * The online learner: cuts the stream into training windows, and updates the weights by each.
 *
 * Every k1 steps a window ends, and gradients flow back at most k2 of them. It is due when the targets of its k1 new steps
 * have all come, or, where some stay out, `delay` steps after its last. Windows become due in order. So each loss counts
 * once, and weights change only from targets that have really come.
 */
import type { Address, LayerGradient, Reals } from '../../kernels/kernels.js';
import type { StandardScaler } from '../io/scaler.js';
import type { Optimizer, OptimizerResult, Weights } from './optimizer.js';
import type { Window } from './window.js';

/** Steps to train on: the losses of `first` .. `last`, whose gradient flows back to `from` at the furthest. */
export interface TrainingWindow {
  readonly from: number;
  readonly first: number;
  readonly last: number;
}

/** Sizes of truncated BPTT: an update every k1 steps, over at most k2 of them. */
export interface WindowSizes {
  readonly k1: number;
  readonly k2: number;
}

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
  /** Computes the gradient of a training window, or gives null where no target of it has come. */
  backward(
    m: Reals,
    window: Window,
    part: TrainingWindow,
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
  readonly sizes: WindowSizes;
  readonly delay: number;
  readonly now: () => number;
}

export class Learner {
  /** false: predictions are scored and weights stay; what comes meanwhile is not learned from later either. */
  learning = true;
  private blockStart = 0;

  constructor(private readonly parts: LearnerParts) {}

  /** First step whose loss has not been counted, and can be: what nobody trained on while it was in the window is lost. */
  get firstOpen(): number {
    const { window, sizes } = this.parts;
    while (this.blockStart < window.first) this.blockStart += sizes.k1;
    return this.blockStart;
  }

  /** The last step whose coming leaves the next window's targets in time. */
  get dueAt(): number {
    const { sizes, delay } = this.parts;
    return this.firstOpen + sizes.k1 - 1 + delay;
  }

  /**
   * Takes the next window of which no target can come any more that is late at step `now`, or gives null where none is
   * due. A window is given once; those that end while nothing is learned are passed over.
   */
  takeWindow(now: number, { k1, k2 }: WindowSizes = this.parts.sizes): TrainingWindow | null {
    const { window, delay } = this.parts;
    for (;;) {
      const first = this.firstOpen;
      const last = first + k1 - 1;
      if (last >= window.next) return null;
      if (now <= last + delay && !this.isComplete(last)) return null;
      this.blockStart += k1;
      if (this.learning) return { from: Math.max(window.first, last - k2 + 1), first, last };
    }
  }

  private isComplete(last: number): boolean {
    for (let step = last; step >= this.blockStart; step--)
      if (!this.parts.window.hasTarget(step)) return false;
    return true;
  }

  /** Updates the weights by the losses of a window, or gives null where none of its targets has come. */
  train(m: Reals, part: TrainingWindow): Update | null {
    const { window, method, optimizer, scaler, weights, now } = this.parts;
    const began = now();
    const block = method.backward(m, window, part, scaler?.deviation ?? null);
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
