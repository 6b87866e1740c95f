/** A virtual clock that a test moves. */
import { VirtualTimeScheduler } from 'rxjs';

export function createClock() {
  const scheduler = new VirtualTimeScheduler();
  const now = () => scheduler.now();
  /** Lets so many milliseconds go by, and all that is due in them happen. */
  const run = (ms: number) => {
    scheduler.maxFrames = scheduler.now() + ms;
    scheduler.flush();
    scheduler.frame = scheduler.maxFrames;
  };
  return { scheduler, now, run };
}

/** Lets all promises that are ready go on. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
