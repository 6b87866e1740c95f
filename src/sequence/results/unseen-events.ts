import { EMPTY, mergeMap, type Observable, of } from 'rxjs';
import type { ViewMessage } from '../../protocol/views/index.js';

/** Leaves out the events that a subscriber has seen. Those without a number are of the life of the sequence, or of an older version. */
export const unseen = (
  results$: Observable<ViewMessage>,
  last: number | undefined,
): Observable<ViewMessage> =>
  last === undefined
    ? results$
    : results$.pipe(
        mergeMap((message) => {
          if (message.type !== 'events') return of(message);
          const events = message.events.filter(({ number = Number.POSITIVE_INFINITY }) => number > last);
          return events.length > 0 ? of({ ...message, events }) : EMPTY;
        }),
      );
