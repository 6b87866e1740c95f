/** A view: results in the form that one subscriber asked for. */
import { map, type Observable, type SchedulerLike } from 'rxjs';
import { collect } from '../../operators/collect.js';
import { conflate } from '../../operators/conflate.js';
import type { ViewMessage } from '../../protocol/views/index.js';
import { countOf, joinMessages, latestOf } from '../../protocol/views/index.js';

export interface ViewOptions {
  /** At most one message per this many milliseconds; 0 sends each at once. */
  readonly every: number;
  /** Every result, or only the latest, with the number of skipped ones. */
  readonly delivery: 'every' | 'latest';
  /** Do predictions come with their ranges? Live ones do. */
  readonly ranges?: boolean | undefined;
}

/** Shapes a sequence's results for one subscriber. @param capacity the most results in one message */
export function applyView(
  results$: Observable<ViewMessage>,
  { every, delivery }: ViewOptions,
  capacity: number,
  scheduler: SchedulerLike,
): Observable<ViewMessage> {
  if (delivery === 'latest') return latest(results$, every, scheduler);
  if (every === 0) return results$;
  return results$.pipe(
    collect(every, { capacity, weigh: countOf, scheduler }),
    map((messages) => joinMessages(messages as [ViewMessage, ...ViewMessage[]])),
  );
}

function latest(
  results$: Observable<ViewMessage>,
  every: number,
  scheduler: SchedulerLike,
): Observable<ViewMessage> {
  let seen = 0;
  let sent = 0;
  const counted$ = results$.pipe(
    map((message) => {
      seen += countOf(message);
      return { message, seen };
    }),
  );
  const conflated$ =
    every > 0
      ? counted$.pipe(
          conflate(every, scheduler),
          map(({ value }) => value),
        )
      : counted$;
  return conflated$.pipe(
    map(({ message, seen }) => {
      const skipped = seen - sent - 1;
      sent = seen;
      return latestOf(message, skipped);
    }),
  );
}
