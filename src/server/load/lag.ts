/** How late the event loop is: a timer that should fire every few milliseconds, and when it really does. */
import type { SchedulerLike, Subscription } from 'rxjs';

export interface LagParts {
  readonly scheduler: SchedulerLike;
  /** Milliseconds. */
  readonly now: () => number;
}

export interface Lag {
  /** Gives the longest delay since the last reading, in milliseconds, one that is going on included. */
  read(): number;
  end(): void;
}

/** Milliseconds between samples. */
export const SAMPLE_MS = 20;

/**
 * Watches the event loop. Node's own histogram of delays forgets one that begins right after it was reset, which is
 * where a loop that is always late spends its time.
 */
export function watchLag({ scheduler, now }: LagParts): Lag {
  let last = now();
  let longest = 0;
  const schedule = (): Subscription =>
    scheduler.schedule(() => {
      const time = now();
      longest = Math.max(longest, time - last - SAMPLE_MS);
      last = time;
      timer = schedule();
    }, SAMPLE_MS);
  let timer = schedule();
  return {
    read() {
      const reading = Math.max(longest, now() - last - SAMPLE_MS, 0);
      longest = 0;
      return reading;
    },
    end: () => timer.unsubscribe(),
  };
}
