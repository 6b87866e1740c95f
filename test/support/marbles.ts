import { catchError, defer, type MonoTypeOperatorFunction, Observable, throwError } from 'rxjs';
import { type RunHelpers, TestScheduler } from 'rxjs/testing';
import { expect } from 'vitest';
import { EddyError } from '../../src/errors.js';

/** Runs a marble test in virtual time: one column is one millisecond, and no timer is real. */
export const marbles = (check: (helpers: RunHelpers) => void): void =>
  new TestScheduler((actual, expected) => expect(actual).toEqual(expected)).run(check);

/** Puts an EddyError's code in its place, so that a marble test names the code and not the message. */
export const errorCode = <T>(): MonoTypeOperatorFunction<T> =>
  catchError((error: unknown) => throwError(() => (error instanceof EddyError ? error.code : error)));

/** A source that emits 0, 1, 2 ... inside `subscribe` until it is unsubscribed from, and tells how far it got. */
export function firehose(limit = 1000): { source$: Observable<number>; emitted: () => number } {
  let emitted = 0;
  const source$ = defer(() => {
    emitted = 0;
    return new Observable<number>((subscriber) => {
      while (!subscriber.closed && emitted < limit) subscriber.next(emitted++);
      subscriber.complete();
    });
  });
  return { source$, emitted: () => emitted };
}

/** A callback that fails. */
export const throws = (): never => {
  throw 'thrown';
};

/** Gives the code of the EddyError that `act` throws. */
export function codeThrownBy(act: () => unknown): string | null {
  try {
    act();
    return null;
  } catch (error) {
    if (error instanceof EddyError) return error.code;
    throw error;
  }
}
