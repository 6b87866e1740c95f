import type { Alert } from '../operators/run.js';
import type { PlainEvent } from './change.js';

/** Gives the events of a step, in order. */
export function eventsOf({ anomaly, isAnomalous, drift, health, restart }: Alert): PlainEvent[] {
  const events: PlainEvent[] = [];
  if (restart !== null)
    events.push({ event: 'reset', detail: { what: 'weights', reason: 'diverged', why: restart } });
  if (isAnomalous) events.push({ event: 'anomaly', detail: { score: anomaly } });
  if (drift) events.push({ event: 'drift', detail: { detector: drift } });
  if (health) events.push({ event: 'health', detail: { ...health } });
  return events;
}

/** Gives the event of a health that is another than it was; none where it is the same. */
export const changedHealth = (
  from: string,
  { state: to, why }: { state: string; why: string },
): PlainEvent[] => (from === to ? [] : [{ event: 'health', detail: { from, to, why } }]);
