/**
 * Targets that come after their steps. Each has its effect once: one that came before with the same numbers is taken
 * again without effect, so that whoever did not hear of it may send it once more.
 */
import { EddyError } from '../errors.js';
import type { Pieces } from '../math/pieces.js';
import type { RunTaker } from '../operators/carry-steps.js';
import { outputsOf } from '../rnn/spec/spec.js';
import type { LogRecord } from '../store/store.js';
import { type Refused, SequenceRun } from './change.js';
import type { Course } from './course.js';

/** Takes late targets. Each is learned from before the next is met, so each has a run of its own. */
export function* meetTargets(
  course: Course,
  { first, targets }: Extract<LogRecord, { kind: 'targets' }>,
  taker: RunTaker<SequenceRun>,
): Pieces {
  const { model } = course;
  const size = model.spec.batch * outputsOf(model.spec);
  const count = targets.length / size;
  const refused: (Refused & { readonly seq: number; count: number })[] = [];
  let [effects, refusals] = [0, 0];
  for (let t = 0; t < count; t++) {
    const seq = first + t;
    const error = meetOne(course, seq, targets.subarray(t * size, (t + 1) * size));
    if (error === null) effects++;
    if (error instanceof EddyError) {
      const before = refused.at(-1);
      if (before?.error.code === error.code && before.seq + before.count === seq) before.count++;
      else refused.push({ error, seq, count: 1 });
      refusals++;
    }
    const run = SequenceRun.stepless(model, t === count - 1);
    run.refused = refused;
    run.isEffective = effects > 0;
    run.isRefused = refusals === count;
    if (taker.emit(run)) return;
    yield model.stepCost;
  }
}

/**
 * Gives why a target is refused, `repeated` where it came before, or null where it is taken. What the model awaits decides
 * alone whether it has an effect, so that a replay does the same.
 */
function meetOne(
  { model, recent }: Course,
  seq: number,
  target: Float64Array,
): EddyError | 'repeated' | null {
  try {
    model.meet(target, seq);
  } catch (error) {
    if (!(error instanceof EddyError)) throw error;
    if (error.code !== 'target-duplicate' && error.code !== 'target-expired') return error;
    const before = recent.targetOf(seq);
    if (Number.isNaN(before)) return error;
    if (before === recent.sumOf(target, 1, 0)) return 'repeated';
    return new EddyError('target-duplicate', `step ${seq} has another target already`);
  }
  recent.addTarget(seq, target);
  return null;
}
