import type { OperatorFunction, Subscriber } from 'rxjs';
import { Stage, stage } from './stage.js';

/**
 * Maps each value. An error from `work` is a refusal of that value: it goes to `refuse`, and the stream goes on, unless
 * `refuse` rethrows it. A value that maps to null ends here.
 */
export const mapOrRefuse = <T, R extends object>(
  work: (value: T) => R | null,
  refuse: (error: unknown, value: T) => void,
): OperatorFunction<T, R> => stage((out) => new Refusing(out, work, refuse));

class Refusing<T, R extends object> extends Stage<T, R> {
  constructor(
    out: Subscriber<R>,
    private readonly work: (value: T) => R | null,
    private readonly refuse: (error: unknown, value: T) => void,
  ) {
    super(out);
  }

  protected override _next(value: T): void {
    let result: R | null;
    try {
      result = this.work(value);
    } catch (error) {
      this.pass(error, value);
      return;
    }
    if (result !== null) this.out.next(result);
  }

  private pass(error: unknown, value: T): void {
    try {
      this.refuse(error, value);
    } catch (fault) {
      this.out.error(fault);
    }
  }
}
