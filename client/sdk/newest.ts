import { Observable, type OperatorFunction, type SchedulerLike } from 'rxjs';

/**
 * Passes on the newest item only, at most one every `every` milliseconds, and adds those it leaves out to `skipped`.
 * One that waits when the source ends is passed on first. Holds one item and one timer.
 */
export function newest<T extends { readonly skipped: number }>(
  every: number,
  scheduler: SchedulerLike,
): OperatorFunction<readonly T[], T> {
  return (source) =>
    new Observable<T>((subscriber) => {
      let waiting: T | null = null;
      let skipped = 0;
      let isResting = false;
      const pass = () => {
        if (!waiting) return;
        const item = { ...waiting, skipped };
        waiting = null;
        skipped = 0;
        isResting = every > 0;
        if (isResting) subscriber.add(scheduler.schedule(wake, every));
        subscriber.next(item);
      };
      const wake = () => {
        isResting = false;
        pass();
      };
      const subscription = source.subscribe({
        next: (items) => {
          for (const item of items) {
            skipped += item.skipped + (waiting ? 1 : 0);
            waiting = item;
          }
          if (!isResting) pass();
        },
        error: (error) => {
          pass();
          subscriber.error(error);
        },
        complete: () => {
          pass();
          subscriber.complete();
        },
      });
      subscriber.add(subscription);
    });
}
