import { seasonTurn, seriesOf } from '../fields/told-seasons.js';
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

/** Tells of a season that was found, tried, dropped, or replaced by another one. */
const seasonEvent = (change: SeasonChange, interval: number | null, { model, schema }: Of): PlainEvent => ({
  event: 'season',
  detail: { ...seriesOf(change.series, model.spec, schema.fields), ...seasonTurn(change, interval) },
});

/** Gives the event of a health that is another than it was; none where it is the same. */
export const changedHealth = (
  from: string,
  { state: to, why }: { state: string; why: string },
): PlainEvent[] => (from === to ? [] : [{ event: 'health', detail: { from, to, why } }]);
