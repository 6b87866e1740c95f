/** A scheduler for what only watches: it keeps no process alive that has nothing else to do. */
import { type SchedulerAction, type SchedulerLike, Subscription } from 'rxjs';

/** One piece of work, which may schedule itself again. */
class Task<T> extends Subscription implements SchedulerAction<T> {
  constructor(private readonly work: (this: SchedulerAction<T>, state?: T) => void) {
    super();
  }

  schedule(state?: T, delay = 0): Subscription {
    if (this.closed) return this;
    const timer = setTimeout(() => {
      this.remove(stop);
      this.work.call(this, state);
    }, delay);
    const stop = new Subscription(() => clearTimeout(timer));
    // a browser's timers are numbers
    (timer as { unref?: () => void }).unref?.();
    this.add(stop);
    return this;
  }
}

export const backgroundScheduler: SchedulerLike = {
  now: () => performance.now(),
  schedule<T>(work: (this: SchedulerAction<T>, state?: T) => void, delay?: number, state?: T) {
    return new Task(work).schedule(state as T, delay);
  },
};
