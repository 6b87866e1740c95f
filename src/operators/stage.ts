import { Observable, type OperatorFunction, Subscriber } from 'rxjs';

/**
 * One stage of a pipe, built like RxJS' own operators: a subscriber that takes each value and passes on its result.
 * An observer object would be wrapped in another subscriber, which for a single step costs as much as the stage.
 *
 * An error from `take` is an error of the stream.
 */
export abstract class Stage<T, R> extends Subscriber<T> {
  constructor(protected readonly out: Subscriber<R>) {
    super(out);
  }

  protected abstract take(value: T): void;

  protected override _next(value: T): void {
    try {
      this.take(value);
    } catch (error) {
      this.out.error(error);
    }
  }
}

/** Makes an operator from a stage. */
export const stage =
  <T, R>(make: (out: Subscriber<R>) => Stage<T, R>): OperatorFunction<T, R> =>
  (source) =>
    new Observable((out) => source.subscribe(make(out)));
