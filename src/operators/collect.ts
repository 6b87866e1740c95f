import {
  asyncScheduler,
  Observable,
  type OperatorFunction,
  type SchedulerLike,
  type Subscription,
} from 'rxjs';
import { requireCount, requireMs } from './operator-options.js';
import { untilClosed } from './until-closed.js';

export interface CollectOptions<T> {
  /** The most values in one batch; with `weigh`, the most weight. */
  readonly capacity: number;
  /** The weight of a value, 1 by default. A value heavier than `capacity` is a batch of its own. */
  readonly weigh?: ((value: T) => number) | undefined;
  readonly scheduler?: SchedulerLike | undefined;
}

/**
 * Emits every value, in batches: one every `everyMs` milliseconds, or sooner if `capacity` values have come.
 *
 * A batch is emitted `everyMs` after its first value came. Overflow policy: a full batch does not wait, so nothing is
 * lost, and at most `capacity` values are held. When the source ends, by completion or by error, the waiting
 * values are emitted first.
 *
 * There is a timer only while values wait.
 *
 * @throws EddyError `setting-invalid` when called with an `everyMs` that is not in (0, 2^31 - 1], or a capacity that
 *   is not an integer of at least 1
 * @example
 * import { collect } from 'eddy';
 * import { interval } from 'rxjs';
 *
 * interval(10)
 *   .pipe(collect(250, { capacity: 1000 }))
 *   .subscribe((batch) => console.log(batch.length));
 */
export function collect<T>(
  everyMs: number,
  { capacity, weigh = () => 1, scheduler = asyncScheduler }: CollectOptions<T>,
): OperatorFunction<T, T[]> {
  requireMs('everyMs', everyMs);
  requireCount('capacity', capacity);
  return (source) =>
    new Observable<T[]>((subscriber) => {
      let waiting: T[] = [];
      let weight = 0;
      let timer: Subscription | null = null;

      const flush = (): void => {
        timer?.unsubscribe();
        timer = null;
        if (waiting.length === 0) return;
        const batch = waiting;
        waiting = [];
        weight = 0;
        subscriber.next(batch);
      };

      subscriber.add(() => {
        timer?.unsubscribe();
        waiting = [];
      });
      source.pipe(untilClosed(subscriber)).subscribe({
        next: (value) => {
          const added = weigh(value);
          if (weight + added > capacity) flush();
          waiting.push(value);
          weight += added;
          if (weight >= capacity) flush();
          else timer ??= scheduler.schedule(flush, everyMs);
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
