import { Observable, type OperatorFunction, type SchedulerLike, type Subscription } from 'rxjs';

/**
 * Passes on only the newest item, at most one per `every` milliseconds, and adds the number of omitted ones to `skipped`.
 * An item that is waiting when the source ends is passed on first. Holds one item and one timer.
 *
 * @param isWhole items that are passed on in any case; none comes after one that is not
 */
export function newest<T extends { readonly skipped: number }>(
  every: number,
  scheduler: SchedulerLike,
  isWhole: (item: T) => boolean = () => false,
): OperatorFunction<readonly T[], T> {
  return (source) =>
    new Observable<T>((subscriber) => {
      let waiting: T | null = null;
      let skipped = 0;
      let timer: Subscription | null = null;
      const pass = () => {
        timer?.unsubscribe();
        timer = null;
        if (!waiting) return;
        const item = { ...waiting, skipped };
        waiting = null;
        skipped = 0;
        // The timer starts before the item is emitted: an item that arrives in response must wait.
        if (every > 0) timer = scheduler.schedule(pass, every);
        subscriber.next(item);
      };
      subscriber.add(() => timer?.unsubscribe());
      subscriber.add(
        source.subscribe({
          next: (items) => {
            for (const item of items) {
              if (isWhole(item)) {
                subscriber.next(item);
                continue;
              }
              skipped += item.skipped + (waiting ? 1 : 0);
              waiting = item;
            }
            if (!timer) pass();
          },
          error: (error) => {
            pass();
            subscriber.error(error);
          },
          complete: () => {
            pass();
            subscriber.complete();
          },
        }),
      );
    });
}
