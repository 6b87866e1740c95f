interface Waiter {
  /** The log has to be durable up to here. */
  readonly end: number;
  /** Number of the last step before it. */
  readonly seq: number;
  readonly then: () => void;
}

/** Those who wait until something is durable, oldest first. */
export class Waiting {
  private waiters: Waiter[] = [];

  get isEmpty(): boolean {
    return this.waiters.length === 0;
  }

  add(waiter: Waiter): void {
    this.waiters.push(waiter);
  }

  /** The log is durable up to `end`: takes out those who waited for it. */
  reached(end: number): readonly Waiter[] {
    const still = this.waiters.findIndex((waiter) => waiter.end > end);
    return this.waiters.splice(0, still < 0 ? this.waiters.length : still);
  }
}
