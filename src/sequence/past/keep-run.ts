import type { Resampling } from '../../features/resampling.js';
import type { Plain } from '../../formats/typed-json.js';
import type { LogRecord } from '../../store/store.js';
import { eventsOf } from '../alert-events.js';
import type { SequenceRun } from '../change.js';
import type { Course } from '../course.js';
import { scoresOf, timeOf } from '../results/latest-result.js';
import { silencesOf } from '../silences.js';
import type { Past } from './past.js';

type Steps = Extract<LogRecord, { kind: 'steps' }>;

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
  const { resample } = course.schema;
  if (steps && resample) keepSilences(past, steps, run, course, resample);
  for (const alert of run.alerts) {
    const { seq } = alert;
    const place = { seq, t: timeOf(steps?.t?.[seq - steps.first] ?? course.times.last), epoch };
    for (const event of eventsOf(alert, course)) past.event({ ...place, ...event });
  }
  for (const { event, detail } of run.events)
    past.event({ seq: course.seq, t: timeOf(course.times.last), epoch, event, detail });
  if (run.isLast && steps && past.isMetricsDue(course.seq)) keepMetrics(past, course);
}

function keepSilences(
  past: Past,
  steps: Steps,
  run: SequenceRun,
  course: Course,
  resample: Resampling,
): void {
  const end = run.seq + run.count;
  for (const { seq, ...detail } of silencesOf(steps, course.times.before, resample, run.seq, end))
    past.event({ seq, t: detail.to, epoch: course.epoch, event: 'silence', detail });
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
