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
 * Tries again, later and later: exponential back-off with full jitter. The n-th wait, from n = 1, is drawn evenly
 * from [min, min * 2^n], cut at max.
 */
export class Retry {
  private failures = 0;
  private timer: Subscription | null = null;

  constructor(private readonly parts: RetryParts) {}

  /**
   * Runs `task` after the next wait, and gives the wait. Only one may wait at a time.
   *
   * @param told the wait, where the server has told it
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

  /** Begins with the shortest wait again. */
  succeed(): void {
    this.failures = 0;
  }

  cancel(): void {
    this.timer?.unsubscribe();
    this.timer = null;
  }
}
