import { Observable, type OperatorFunction, Subscriber } from 'rxjs';

/**
 * One stage of a pipe, made as RxJS' own operators are: the subscriber that takes each value and passes on what it makes
 * of it. An observer object would be wrapped in a subscriber of its own, which on the way of a single step costs as much as
 * the stage. A stage says in `_next` what it does with a value.
 */
export abstract class Stage<T, R> extends Subscriber<T> {
  constructor(protected readonly out: Subscriber<R>) {
    super(out);
  }

  protected abstract override _next(value: T): void;
}

/** Makes an operator from a stage. */
export const stage =
  <T, R>(make: (out: Subscriber<R>) => Stage<T, R>): OperatorFunction<T, R> =>
  (source) =>
    new Observable((out) => source.subscribe(make(out)));

/** Passes each value on after `work` has added to it what it found. What `work` throws is an error of the stream. */
export const enrich = <T, R extends T>(work: (value: T) => void): OperatorFunction<T, R> =>
  stage((out) => new Enriching<T, R>(out, work));

class Enriching<T, R extends T> extends Stage<T, R> {
  constructor(
    out: Subscriber<R>,
    private readonly work: (value: T) => void,
  ) {
    super(out);
  }

  protected override _next(value: T): void {
    try {
      this.work(value);
    } catch (error) {
      this.out.error(error);
      return;
    }
    this.out.next(value as R);
  }
}
