import { defer, finalize, Observable, type ObservableInput, type OperatorFunction, tap } from 'rxjs';
import { EddyError } from '../errors.js';
import { requireCount } from './operator-options.js';
import { untilClosed } from './until-closed.js';

/** What happens to a value that arrives while `capacity` values wait. */
export type OverflowPolicy = 'fail' | 'drop-oldest' | 'drop-newest';

export interface BoundedBufferOptions<T> {
  /** How many values may wait, not counting the one in progress. */
  readonly capacity: number;
  readonly overflow: OverflowPolicy;
  /** Called at once with each dropped value. */
  readonly onDrop?: ((value: T) => void) | undefined;
}

/**
 * Maps each value to an inner Observable and runs these one after another, like `concatMap`, with a bounded queue.
 *
 * When `capacity` values wait and another arrives, `overflow` decides: `fail` errors, `drop-oldest` drops the value
 * that has waited longest, `drop-newest` the one that arrived. A drop never interrupts the running inner
 * Observable. Values wait until the inner Observable before theirs has completed and been torn down;
 * however many complete synchronously, the stack stays flat.
 *
 * Errors: EddyError `buffer-overflow` with the policy `fail`; whatever the source, an inner Observable, `project`
 * or `onDrop` throws. Any error stops the running inner Observable and drops the waiting values.
 *
 * @throws EddyError `setting-invalid` when called with a capacity that is not an integer of at least 1
 * @example
 * import { boundedBuffer } from 'eddy';
 * import { interval } from 'rxjs';
 *
 * const save = async (n: number) => `saved ${n}`;
 * interval(10)
 *   .pipe(boundedBuffer(save, { capacity: 100, overflow: 'drop-oldest', onDrop: (n) => console.warn('lost', n) }))
 *   .subscribe(console.log);
 */
export function boundedBuffer<T, R>(
  project: (value: T) => ObservableInput<R>,
  { capacity, overflow, onDrop }: BoundedBufferOptions<T>,
): OperatorFunction<T, R> {
  requireCount('capacity', capacity);
  return (source) =>
    new Observable<R>((subscriber) => {
      const waiting: T[] = [];
      let busy = false;
      let ended = false;
      let looping = false;

      const admit = (value: T): void => {
        if (waiting.length < capacity) {
          waiting.push(value);
          return;
        }
        switch (overflow) {
          case 'fail':
            throw new EddyError('buffer-overflow', `${capacity} values are already waiting`);
          case 'drop-oldest': {
            const oldest = waiting.shift()!;
            waiting.push(value);
            onDrop?.(oldest);
            return;
          }
          case 'drop-newest':
            onDrop?.(value);
        }
      };

      const run = (value: T): void => {
        busy = true;
        const done = () => {
          busy = false;
          work();
        };
        defer(() => project(value))
          .pipe(untilClosed(subscriber), finalize(done))
          .subscribe({
            next: (result) => subscriber.next(result),
            error: (error) => subscriber.error(error),
          });
      };

      // A loop, because an inner Observable that completes synchronously would otherwise start the next from inside.
      const work = (): void => {
        if (looping) return;
        looping = true;
        while (!busy && waiting.length > 0) run(waiting.shift()!);
        looping = false;
        if (ended && !busy) subscriber.complete();
      };

      subscriber.add(() => {
        waiting.length = 0;
      });
      source.pipe(untilClosed(subscriber), tap(admit)).subscribe({
        next: work,
        error: (error) => subscriber.error(error),
        complete: () => {
          ended = true;
          work();
        },
      });
    });
}
