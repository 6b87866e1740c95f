/** Does one thing at a time, in order: what comes from within another waits until that is done. */
export class OneAtATime<T> {
  isBusy = false;
  private readonly waiting: T[] = [];

  constructor(private readonly work: (value: T) => void) {}

  do(value: T): void {
    if (this.isBusy) {
      this.waiting.push(value);
      return;
    }
    this.isBusy = true;
    try {
      this.work(value);
      while (this.waiting.length > 0) this.work(this.waiting.shift()!);
    } finally {
      this.isBusy = false;
    }
  }
}
