import { Subscriber } from 'rxjs';

/** The end of a pipe. RxJS would throw a plain observer's own errors asynchronously; here they go where the stream's do. */
export class Sink<T> extends Subscriber<T> {
  constructor(
    private readonly take: (value: T) => void,
    private readonly fail: (fault: unknown) => void,
  ) {
    super();
  }

  protected override _next(value: T): void {
    try {
      this.take(value);
    } catch (fault) {
      this.fail(fault);
    }
  }

  protected override _error(fault: unknown): void {
    this.unsubscribe();
    this.fail(fault);
  }
}
