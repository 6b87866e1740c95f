import { Observable, type Subscriber } from 'rxjs';

/** The entry of a pipe: a source for one subscriber at a time, cheaper than a Subject for many. */
export class Inlet<T> extends Observable<T> {
  private out: Subscriber<T> | null = null;

  constructor() {
    super((out) => {
      this.out = out;
      return () => {
        if (this.out === out) this.out = null;
      };
    });
  }

  next(value: T): void {
    this.out?.next(value);
  }

  complete(): void {
    this.out?.complete();
  }
}
