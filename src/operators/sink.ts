import { Subscriber } from 'rxjs';

/** The end of a pipe. A plain observer's own faults would be thrown out of reach; here they go where the stream's do. */
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
