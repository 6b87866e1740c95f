import { type MonoTypeOperatorFunction, Observable, type Subscriber, takeUntil } from 'rxjs';

/**
 * Ends the source when `subscriber` is torn down, even while the source is still emitting inside its `subscribe` call.
 * For operators that subscribe by hand; it leaves nothing behind with the subscriber when the source ends first.
 */
export const untilClosed = <T>(subscriber: Subscriber<unknown>): MonoTypeOperatorFunction<T> =>
  takeUntil(
    new Observable<void>((closing) => {
      const close = () => closing.next();
      subscriber.add(close);
      return () => subscriber.remove(close);
    }),
  );
