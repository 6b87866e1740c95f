/** Paces `rate` steps per second, evenly however coarse the timers are; 0 does not pace. */
export class StepTimer {
  private readonly began = performance.now();
  private passed = 0;

  constructor(private readonly rate: number) {}

  /** Waits until the next step may go; gives null if it may go at once. */
  next(): Promise<void> | null {
    if (this.rate === 0) return null;
    const due = this.began + (1000 * this.passed++) / this.rate;
    const wait = due - performance.now();
    return wait > 0 ? new Promise((resolve) => setTimeout(resolve, wait)) : null;
  }
}
