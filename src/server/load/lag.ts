/** Measures the event loop's lag with a timer that should fire every few milliseconds. */
import type { SchedulerLike, Subscription } from 'rxjs';

export interface LagParts {
  readonly scheduler: SchedulerLike;
  /** Milliseconds. */
  readonly now: () => number;
  /** Told of each sample, in milliseconds. */
  readonly onDelay?: (ms: number) => void;
}

export interface Lag {
  /** Gives the longest delay since the last reading, in milliseconds, including one in progress. */
  read(): number;
  end(): void;
}

/** Milliseconds between samples. */
export const SAMPLE_MS = 20;

/**
 * Watches the event loop. Node's own delay histogram misses a delay that begins right after its reset, which is
 * where a constantly late loop spends its time.
 */
export function watchLag({ scheduler, now, onDelay }: LagParts): Lag {
  let last = now();
  let longest = 0;
  const schedule = (): Subscription =>
    scheduler.schedule(() => {
      const time = now();
      const delay = Math.max(0, time - last - SAMPLE_MS);
      longest = Math.max(longest, delay);
      onDelay?.(delay);
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
