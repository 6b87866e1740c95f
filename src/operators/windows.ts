import type { OperatorFunction } from 'rxjs';
import type { TrainingWindow, WindowSizes } from '../rnn/learning/learner.js';
import type { Filled, Run, WindowedRun } from './run.js';
import { enrich } from './stage.js';

export type { WindowSizes } from '../rnn/learning/learner.js';

/**
 * Cuts the stream of runs into windows for truncated BPTT(k1,k2): every k1 steps the last k2, so that each loss counts once.
 *
 * Every run passes on, with the windows that are due with it. A window is due when the targets of its k1 new steps have all
 * come (for a forecast, the next steps themselves), or can no longer come. The buffer holds the activations that were
 * really served: the last k2 steps, in the model, so memory is constant on an endless stream. Each window is given
 * once, to the subscription with whose run it is due.
 *
 * The sizes default to the spec's. Smaller ones take effect if steps come one by one; within a block, runs end where the
 * spec's own windows may be due.
 *
 * Errors: EddyError `setting-invalid` at the first run for sizes other than 1 <= k1 <= k2 within those of the model's spec.
 *
 * @example
 * import { Model, runCell, windows } from 'eddy';
 * import { from } from 'rxjs';
 *
 * const model = new Model({ features: 1, units: 4, learner: { kind: 'tbptt', k1: 2, k2: 4 } });
 * from([[0.1], [0.2], [0.3], [0.4], [0.5]])
 *   .pipe(runCell(model), windows({ k1: 2, k2: 4 }))
 *   .subscribe(({ seq, windows }) => console.log(seq, windows)); // at step 2 the window 0 .. 1, at step 4 the window 0 .. 3
 */
export const windows = <R extends Run>(sizes?: WindowSizes): OperatorFunction<R, R & WindowedRun> =>
  enrich(sizes ? (run: R) => cut(run, sizes) : cut);

function cut(run: Run, sizes?: WindowSizes): void {
  let due: TrainingWindow[] | null = null;
  for (let part = run.model.takeWindow(run.now, sizes); part; part = run.model.takeWindow(run.now, sizes)) {
    due ??= [];
    due.push(part);
  }
  if (due) (run as Run & Filled<WindowedRun>).windows = due;
}
