import { map, type OperatorFunction } from 'rxjs';
import type { Reals } from '../kernels/kernels.js';
import type { Update } from '../rnn/learning/learner.js';
import type { Model } from '../rnn/model.js';
import type { Metrics } from '../rnn/scoring/prequential.js';

/** A timestep that may bring its target along. */
export interface LabelledStep {
  /** [B,F] in the user's units. */
  readonly x: ArrayLike<number>;
  /** [B,M] in the user's units; for a supervised model only. */
  readonly target?: ArrayLike<number> | undefined;
}

/** What one step gave and what was learned from it. The arrays are copies: the subscriber's to keep. */
export interface LearnedStep {
  /** Number of the step. */
  readonly seq: number;
  /** h_t [B,N]. */
  readonly h: Reals;
  /** y_t [B,M] in the user's units, predicted before this step's target was seen; null without a readout. */
  readonly y: Reals | null;
  /** The updates that this step and its target led to, in order. */
  readonly updates: readonly Update[];
  /** The scores so far, this step's included. */
  readonly metrics: Metrics;
}

/**
 * Carries the model over each timestep and learns from it: first the prediction, then its score, then the update.
 *
 * A value is x [B,F], or x with its target [B,M]. A supervised model is given the target right after the step; a
 * forecast model finds its target in x by itself and takes none. Whether weights change is up to the model's
 * `learning`, which the operator does not touch.
 *
 * Each value gives one, synchronously; nothing waits, so nothing can overflow. The model is the caller's: it is
 * shared by all subscriptions, keeps its state when they end, and the next one goes on from there.
 *
 * Errors: what `Model.step` throws (EddyError `step-*`; the model is as it was before that step), and what
 * `Model.learn` throws (EddyError `target-*`; the step itself has been carried, and `model.seq` counts it).
 *
 * @example
 * import { learnOnline, Model } from 'eddy';
 * import { of } from 'rxjs';
 *
 * const model = new Model({ features: 2, units: 16, task: { kind: 'supervised', outputs: 1 } });
 * of({ x: [20.5, 0.4], target: [1.2] }, [20.7, 0.5])
 *   .pipe(learnOnline(model))
 *   .subscribe(({ seq, y, updates, metrics }) => console.log(seq, y, updates.length, metrics.mae));
 */
export const learnOnline = (model: Model): OperatorFunction<ArrayLike<number> | LabelledStep, LearnedStep> =>
  map((value) => {
    const { x, target }: LabelledStep = 'x' in value ? value : { x: value };
    const { seq, h, y, updates } = model.step(x);
    const result = { seq, h: h.slice(), y: y ? y.slice() : null };
    const learned = target ? model.learn(target) : [];
    return { ...result, updates: [...updates, ...learned], metrics: model.metrics };
  });
