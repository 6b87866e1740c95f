import type { SequenceRun } from './change.js';
import type { Course } from './course.js';
import { keepRun } from './past/keep-run.js';
import type { putTogether } from './put-together.js';

/** Takes the result of a change, or of a part of it: it is counted, kept, and sent to those who watch. */
export function takeRun(run: SequenceRun, course: Course, own: ReturnType<typeof putTogether>): void {
  const { count, updates, change, isLast } = run;
  own.count(run);
  const hasRestarted = run.alerts.some(({ restart }) => restart !== null);
  course.lastUpdate = updates.at(-1) ?? (hasRestarted ? null : course.lastUpdate);
  if (count > 0) own.silence.stepsCame(course.times.usual);
  own.checkpoints.count(count);
  keepRun(own.past, run, course);
  own.results.add(run, course);
  if (isLast && change.record?.kind === 'steps') own.lastTold.take(change.record.x);
}
