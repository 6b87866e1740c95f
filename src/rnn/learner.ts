/**
 * The online learner: meets predictions with their targets, scores them, and updates the weights when a block is due.
 *
 * A block of k1 steps is due when all its targets have come, or, where some stay out, `delay` steps after its last.
 * Blocks become due in order. So weights change only from targets that have really arrived.
 */
import type { Reals } from '../kernels/kernels.js';
import type { Prequential } from './metrics.js';
import type { Optimizer, OptimizerResult, Weights } from './optimizer.js';
import type { StandardScaler } from './scaler.js';
import type { BlockGradient, Tbptt } from './tbptt.js';
import type { Window } from './window.js';

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
  readonly tbptt: Tbptt;
  readonly optimizer: Optimizer;
  readonly prequential: Prequential;
  /** In whose deviations the loss is measured, if in any. */
  readonly targetScaler: StandardScaler | null;
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

  /** Takes the target [B,M] of a step that is in the window, and scores the prediction that was served for it. */
  meet(m: Reals, step: number, target: ArrayLike<number>): void {
    const { window, prequential } = this.parts;
    const at = window.targetAt(step);
    for (let j = 0; j < target.length; j++) m[at + j] = target[j]!;
    window.markTarget(step, this.learning);
    prequential.score(m, window.predictionAt(step), at);
  }

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
    const { window, tbptt, optimizer, targetScaler, weights, now } = this.parts;
    const began = now();
    const block = tbptt.backward(m, window, this.blockStart, targetScaler?.deviation ?? null);
    if (!block) return null;
    const { gradientNorm, clipped, applied, learningRate } = optimizer.apply(m, weights, tbptt.layers);
    const { from, to, losses, loss } = block;
    const duration = now() - began;
    const update = optimizer.updates;
    return { from, to, losses, loss, gradientNorm, clipped, applied, learningRate, update, duration };
  }

  /** Begins a new history at the window's next step. */
  restart(): void {
    this.blockStart = this.parts.window.next;
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
