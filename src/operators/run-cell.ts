import { map, type OperatorFunction } from 'rxjs';
import type { Reals } from '../kernels/kernels.js';
import type { Model } from '../rnn/model.js';

/** The state after one step. */
export interface HiddenState {
  /** Number of the step. */
  readonly seq: number;
  /** h_t [B,N], a copy: the subscriber's to keep. */
  readonly h: Reals;
}

/**
 * Carries the model's state over each timestep x [B,F] and emits every hidden state h [B,N].
 *
 * The operator sets nothing on the model. A forecast model finds its targets in the steps themselves, so it goes on
 * learning here as long as its `learning` is true: set that to false beforehand to carry a model whose weights stay
 * as they are. A supervised model gets no target here, so what it has not been given elsewhere it does not learn.
 *
 * Each value gives one, synchronously; nothing waits, so nothing can overflow. The model is the caller's: it is
 * shared by all subscriptions, keeps its state when they end, and the next one goes on from there.
 *
 * Errors: what `Model.step` throws (EddyError `step-shape`, `step-non-finite`); the model is as it was before that step.
 *
 * @example
 * import { Model, runCell } from 'eddy';
 * import { of } from 'rxjs';
 *
 * const model = new Model({ features: 2, units: 16, readout: { kind: 'none' } });
 * of([20.5, 0.4], [20.7, 0.5])
 *   .pipe(runCell(model))
 *   .subscribe(({ seq, h }) => console.log(seq, h));
 */
export const runCell = (model: Model): OperatorFunction<ArrayLike<number>, HiddenState> =>
  map((x) => {
    const { seq, h } = model.step(x);
    return { seq, h: h.slice() };
  });
