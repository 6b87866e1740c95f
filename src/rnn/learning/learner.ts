/**
 * The online learner: cuts the stream into training windows, and updates the weights by each.
 *
 * Every k1 steps a window ends, and gradients flow back at most k2 of them. It is due when the targets of its k1 new steps
 * have all come, or, where some stay out, `delay` steps after its last. Windows become due in order. So each loss counts
 * once, and weights change only from targets that have really come.
 */
import { EddyError } from '../../errors.js';
import type { Memory } from '../../kernels/gradient-pieces.js';
import type { Address, Reals } from '../../kernels/kernels.js';
import type { Pieces } from '../../math/pieces.js';
import type { StandardScaler } from '../io/scaler.js';
import {
  checkSizes,
  type GradientMethod,
  type TrainedSteps,
  type TrainingWindow,
  type WindowSizes,
} from './gradient-method.js';
import type { Optimizer, OptimizerResult } from './optimizer.js';
import type { Weights } from './weight-places.js';
import type { Window } from './window.js';

export type { TrainingWindow, WindowSizes };

/** One optimizer step: what was learned from, and what it did. */
export interface Update extends TrainedSteps, OptimizerResult {
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

const NO_UPDATES: readonly Update[] = [];

/** What a weight costs in the step of an optimizer, and in what comes before. */
const STEPPED = 24;

export class Learner {
  /** false: predictions are scored and weights stay; what comes meanwhile is not learned from later either. */
  learning = true;
  private blockStart = 0;
  /** dz [T,B,F+N] of the latest update; null before the first, and for a method that does not go back. */
  dz: Address | null = null;

  constructor(private readonly parts: LearnerParts) {}

  /** First step whose loss has not been counted, and can be: the losses of steps that left the window untrained are lost. */
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
   *
   * @throws EddyError `setting-invalid` for sizes other than 1 <= k1 <= k2 within the learner's
   */
  takeWindow(now: number, sizes?: WindowSizes): TrainingWindow | null {
    const { window, delay } = this.parts;
    if (sizes) checkSizes(sizes, this.parts.sizes);
    const { k1, k2 } = sizes ?? this.parts.sizes;
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
    const { gradientNorm, clipped, applied, learningRate } = optimizer.apply(m, weights, block.gradient);
    const { from, to, losses, loss } = block;
    this.dz = block.dz;
    const duration = now() - began;
    const update = optimizer.updates;
    return { from, to, losses, loss, gradientNorm, clipped, applied, learningRate, update, duration };
  }

  /** Gives nearly what `train` costs, in multiply-adds. */
  cost(part: TrainingWindow): number {
    return this.parts.method.cost(part) + STEPPED * this.parts.weights.count;
  }

  /** Does the same as `train` in pieces; the update lasts as long as they do together. */
  *trainInPieces(memory: Memory, part: TrainingWindow): Pieces<Update | null> {
    const { now } = this.parts;
    const pieces = this.updateInPieces(memory, part);
    let duration = 0;
    for (;;) {
      const began = now();
      const { done, value } = pieces.next();
      duration += now() - began;
      if (done) return value && { ...value, duration };
      yield value;
    }
  }

  private *updateInPieces(memory: Memory, part: TrainingWindow): Pieces<Omit<Update, 'duration'> | null> {
    const { window, method, optimizer, scaler, weights } = this.parts;
    const block = yield* method.backwardInPieces(memory, window, part, scaler?.deviation ?? null);
    if (!block) return null;
    const result = yield* optimizer.applyInPieces(memory, weights, block.gradient);
    const { from, to, losses, loss } = block;
    this.dz = block.dz;
    return { from, to, losses, loss, ...result, update: optimizer.updates };
  }

  /** Trains on all windows that are due at step `now`. */
  trainDue(m: Reals, now: number): readonly Update[] {
    let updates: Update[] | null = null;
    for (let part = this.takeWindow(now); part; part = this.takeWindow(now)) {
      const update = this.train(m, part);
      if (update) {
        updates ??= [];
        updates.push(update);
      }
    }
    return updates ?? NO_UPDATES;
  }

  /** Checks that the target of a step may still come. @throws EddyError `target-early`, `target-expired`, `target-duplicate` */
  checkAwaits(step: number): void {
    const { window } = this.parts;
    const last = window.next - 1;
    if (!Number.isInteger(step) || step > last)
      throw new EddyError('target-early', `step ${step} has not happened; the last is ${last}`);
    if (step < this.firstOpen)
      throw new EddyError(
        'target-expired',
        `the target of step ${step} is too late; ${this.firstOpen} is the first that still counts`,
      );
    if (window.hasTarget(step))
      throw new EddyError('target-duplicate', `step ${step} has its target already`);
  }

  /** Begins a new history at the window's next step. */
  restart(m: Reals): void {
    this.blockStart = this.parts.window.next;
    this.parts.method.restart?.(m);
  }

  /** Forgets what was carried forward by other weights: what is left of the present history counts for no gradient. */
  forget(m: Reals): void {
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
