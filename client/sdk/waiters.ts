interface Waiter {
  isMet(): boolean;
  resolve(): void;
  reject(error: Error): void;
}

/** Promises that resolve as soon as a condition is met. */
export class Waiters {
  private waiting: Waiter[] = [];

  until(isMet: () => boolean): Promise<void> {
    if (isMet()) return Promise.resolve();
    return new Promise((resolve, reject) => this.waiting.push({ isMet, resolve, reject }));
  }

  check(): void {
    if (this.waiting.length === 0) return;
    this.waiting = this.waiting.filter((waiter) => {
      const isMet = waiter.isMet();
      if (isMet) waiter.resolve();
      return !isMet;
    });
  }

  fail(error: Error): void {
    const failed = this.waiting;
    this.waiting = [];
    for (const waiter of failed) waiter.reject(error);
  }
}
