/** Does one thing at a time: what comes from within another waits until that is done. */
export class OneAtATime<T> {
  /** Is something under way? */
  isBusy = false;
  private readonly waiting: T[] = [];

  constructor(private readonly act: (one: T) => void) {}

  add(one: T): void {
    if (this.isBusy) {
      this.waiting.push(one);
      return;
    }
    this.isBusy = true;
    try {
      this.act(one);
      while (this.waiting.length > 0) this.act(this.waiting.shift()!);
    } finally {
      this.isBusy = false;
    }
  }
}
