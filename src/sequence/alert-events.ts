import { periodText, seriesOf } from '../fields/told-seasons.js';
import type { Alert } from '../operators/run.js';
import type { SeasonChange } from '../rnn/forecast/seasons.js';
import { oddEvent, overEvent, sensorEvent } from './anomaly-events.js';
import type { PlainEvent } from './change.js';
import type { Course } from './course.js';

type Of = Pick<Course, 'model' | 'schema'>;

/** Gives the events of a step, in order. */
export function eventsOf(alert: Alert, course: Of): PlainEvent[] {
  const { isAnomalous, ended, sensors, drift, seasons, health, restart } = alert;
  const events: PlainEvent[] = [];
  if (restart !== null)
    events.push({ event: 'reset', detail: { what: 'weights', reason: 'diverged', why: restart } });
  if (ended) events.push(overEvent(ended));
  if (isAnomalous) events.push(oddEvent(alert, course));
  for (const notice of sensors) events.push(sensorEvent(notice, course));
  if (drift) events.push({ event: 'drift', detail: { detector: drift } });
  for (const change of seasons) events.push(seasonEvent(change, alert.interval, course));
  if (health) events.push({ event: 'health', detail: { ...health } });
  return events;
}

/** Tells of a season that was found, dropped, or replaced by another one. */
function seasonEvent(
  { series, before, after }: SeasonChange,
  interval: number | null,
  { model, schema }: Of,
): PlainEvent {
  const change = before === 0 ? 'found' : after === 0 ? 'dropped' : 'replaced';
  const steps = after === 0 ? before : after;
  const detail = {
    ...seriesOf(series, model.spec, schema.fields),
    change,
    steps,
    ...(change === 'replaced' && { before }),
    text: periodText(steps, interval),
  };
  return { event: 'season', detail };
}

/** Gives the event of a health that is another than it was; none where it is the same. */
export const changedHealth = (
  from: string,
  { state: to, why }: { state: string; why: string },
): PlainEvent[] => (from === to ? [] : [{ event: 'health', detail: { from, to, why } }]);
