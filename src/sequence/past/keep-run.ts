import type { Plain } from '../../formats/typed-json.js';
import type { SequenceRun } from '../change.js';
import type { Course } from '../course.js';
import { scoresOf, timeOf } from '../results/latest-result.js';
import type { Past } from './past.js';

/**
 * Keeps what a run did: its steps, what was served for them, its events, and from time to time the scores. Of steps that are
 * kept already, as in a replay, it keeps nothing.
 */
export function keepRun(past: Past, run: SequenceRun, course: Course): void {
  const { record } = run.change;
  const { epoch } = course;
  const steps = record?.kind === 'steps' && run.count > 0 ? record : null;
  const at = steps ? run.seq - steps.first : 0;
  if (steps && past.take(run.seq, run.count, epoch, steps.t, steps.x, at, run.h, run.y) === 0) return;
  for (const event of run.numbered) past.event({ epoch, ...event });
  if (run.isLast && steps && past.isMetricsDue(course.seq)) keepMetrics(past, course);
}

/** Keeps the scores as they are. */
export function keepMetrics(past: Past, { model, epoch, times }: Course): void {
  const scores = scoresOf(model);
  past.metrics({
    seq: model.seq,
    t: timeOf(times.last),
    epoch,
    metrics: { ...scores, health: { ...scores.health } } satisfies Plain,
  });
}
