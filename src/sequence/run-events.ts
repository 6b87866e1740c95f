/**
 * The events of a run that belong to the history: of its series, and of changes of its settings. They are numbered from 0
 * in the order in which they happen, whatever the blocks, so that a replay gives each the same number, and a subscriber
 * can say which it has seen.
 */
import { eventsOf } from './alert-events.js';
import type { RunEvent, SequenceRun } from './change.js';
import type { Course } from './course.js';
import { timeOf } from './results/latest-result.js';
import { silencesOf } from './silences.js';

const NONE: readonly RunEvent[] = [];

/** Numbers the events of a run that was just carried. */
export function numberEvents(run: SequenceRun, course: Course): readonly RunEvent[] {
  const { record } = run.change;
  const steps = record?.kind === 'steps' && run.count > 0 ? record : null;
  const { resample } = course.schema;
  if (run.alerts.length === 0 && run.events.length === 0 && !(steps && resample)) return NONE;
  const { last, before } = course.times;
  const events: Omit<RunEvent, 'number'>[] = [];
  if (steps && resample)
    for (const { seq, ...detail } of silencesOf(steps, before, resample, run.seq, run.seq + run.count))
      events.push({ event: 'silence', detail, seq, t: detail.to });
  for (const alert of run.alerts) {
    const { seq } = alert;
    const t = timeOf(steps?.t?.[seq - steps.first] ?? last);
    for (const event of eventsOf(alert, course)) events.push({ ...event, seq, t });
  }
  // by step, so that it makes no difference which steps are in one run
  events.sort((one, other) => one.seq - other.seq);
  for (const event of run.events) events.push({ ...event, seq: course.seq, t: timeOf(last) });
  return events.map((event) => ({ ...event, number: course.events++ }));
}
