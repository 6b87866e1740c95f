import {
  asyncScheduler,
  Observable,
  type OperatorFunction,
  type SchedulerLike,
  type Subscription,
} from 'rxjs';
import { requireMs } from './operator-options.js';
import { untilClosed } from './until-closed.js';

/** The newest value, and the number of values skipped since the one emitted before. */
export interface Conflated<T> {
  readonly value: T;
  readonly skipped: number;
}

/**
 * Emits only the newest value, at most one every `everyMs` milliseconds, and counts what it skipped.
 *
 * The first value after a pause is emitted at once. Overflow policy: a newer value replaces the waiting one,
 * which then counts as skipped; so emitted and skipped values add up to the values that came. When the
 * source ends, by completion or by error, the waiting value is emitted first, at once.
 *
 * Holds one value and one timer, which stops `everyMs` after the last emission.
 *
 * @throws EddyError `setting-invalid` when called with an `everyMs` that is not in (0, 2^31 - 1]
 * @example
 * import { conflate } from 'eddy';
 * import { interval } from 'rxjs';
 *
 * interval(10)
 *   .pipe(conflate(250))
 *   .subscribe(({ value, skipped }) => console.log(value, `${skipped} skipped`));
 */
export function conflate<T>(
  everyMs: number,
  scheduler: SchedulerLike = asyncScheduler,
): OperatorFunction<T, Conflated<T>> {
  requireMs('everyMs', everyMs);
  return (source) =>
    new Observable<Conflated<T>>((subscriber) => {
      let newest: { readonly value: T } | null = null;
      let skipped = 0;
      let timer: Subscription | null = null;

      const flush = (): void => {
        if (!newest) return;
        const result = { value: newest.value, skipped };
        newest = null;
        skipped = 0;
        subscriber.next(result);
      };
      const tick = (): void => {
        // The timer starts before the value is emitted: a value that arrives in response must wait.
        timer = newest ? scheduler.schedule(tick, everyMs) : null;
        flush();
      };

      subscriber.add(() => {
        newest = null;
        timer?.unsubscribe();
      });
      source.pipe(untilClosed(subscriber)).subscribe({
        next: (value) => {
          if (newest) skipped++;
          newest = { value };
          if (!timer) tick();
        },
        error: (error) => {
          flush();
          subscriber.error(error);
        },
        complete: () => {
          flush();
          subscriber.complete();
        },
      });
    });
}
