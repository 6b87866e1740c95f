/** What waits for the store is answered in a bounded time. */
import { firstValueFrom, from, timeout } from 'rxjs';
import type { Clock } from '../clock.js';
import { EddyError } from '../errors.js';
import type { Limits } from '../limits.js';
import type { Store } from '../store/store.js';

export interface DurableTime {
  readonly clock: Pick<Clock, 'monotonic' | 'scheduler'>;
  readonly limits: Pick<Limits, 'durableMs'>;
  readonly store: Pick<Store, 'failure'>;
}

/** The answer to a request that waited too long. What it did may yet become durable, so it is not said to be refused. */
export function notDurable({ limits: { durableMs }, store }: DurableTime): EddyError {
  const why = store.failure?.message ?? 'the store has not answered';
  const message = `not durable after ${durableMs / 1000} s, and it may yet become so: ${why}`;
  return new EddyError('store-unavailable', message);
}

/** Resolves with the work, or rejects when that takes too long. @throws EddyError `store-unavailable` */
export function inTime<T>(work: Promise<T>, time: DurableTime): Promise<T> {
  const { clock, limits } = time;
  const late = () => {
    throw notDurable(time);
  };
  return firstValueFrom(
    from(work).pipe(timeout({ first: limits.durableMs, scheduler: clock.scheduler, with: late })),
  );
}
