import type { SchedulerLike, Subscription } from 'rxjs';

/** Milliseconds. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

export interface RetryParts {
  readonly scheduler: SchedulerLike;
  /** Random numbers in [0, 1). */
  readonly random: () => number;
  readonly backOff: Range;
}

/**
 * Retries with exponential back-off and full jitter: the n-th wait, from n = 1, is drawn evenly
 * from [min, min * 2^n], at most max.
 */
export class Retry {
  private failures = 0;
  private timer: Subscription | null = null;

  constructor(private readonly parts: RetryParts) {}

  /**
   * Runs `task` after the next wait, and gives the wait. Only one may wait at a time.
   *
   * @param told the wait that the server asked for, if it did
   */
  later(task: () => void, told?: number): number {
    const { scheduler, random, backOff } = this.parts;
    const { min, max } = backOff;
    const longest = Math.min(max, min * 2 ** ++this.failures);
    const delay = told ?? min + random() * (longest - min);
    this.timer = scheduler.schedule(() => {
      this.timer = null;
      task();
    }, delay);
    return delay;
  }

  get isWaiting(): boolean {
    return this.timer !== null;
  }

  /** Starts again from the shortest wait. */
  succeed(): void {
    this.failures = 0;
  }

  cancel(): void {
    this.timer?.unsubscribe();
    this.timer = null;
  }
}
