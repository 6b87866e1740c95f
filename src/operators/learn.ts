import type { OperatorFunction } from 'rxjs';
import type { Update } from '../rnn/learning/learner.js';
import type { Filled, LearnedRun, WindowedRun } from './run.js';
import { enrich } from './stage.js';

/**
 * Trains on the windows of each run: truncated backpropagation through time, then a step of the model's optimizer.
 *
 * Every run passes on, with the updates made behind it. The next run is carried with the new weights, so learning is
 * prequential: each prediction is made, and scored, before its target is learned from.
 *
 * @example
 * import { learn, Model, runCell, windows } from 'eddy';
 * import { interval, map } from 'rxjs';
 *
 * const model = new Model({ features: 1, units: 8 });
 * interval(10)
 *   .pipe(map((t) => [Math.sin(t / 5)]), runCell(model), windows(), learn())
 *   .subscribe(({ updates }) => updates.forEach(({ loss }) => console.log(loss, model.metrics.recentMae)));
 */
export const learn = <R extends WindowedRun>(): OperatorFunction<R, R & LearnedRun> => enrich(train);

/** Trains on the windows of a run, and puts the updates into it. */
export function train(run: WindowedRun): void {
  if (run.windows.length === 0) return;
  const updates: Update[] = [];
  for (const part of run.windows) {
    const update = run.model.train(part);
    if (update) updates.push(update);
  }
  (run as WindowedRun & Filled<LearnedRun>).updates = updates;
}
