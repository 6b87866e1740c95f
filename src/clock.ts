import { asyncScheduler, type SchedulerLike, Subscription } from 'rxjs';
import { backgroundScheduler } from './background.js';

/** Time, in one object, so that a test can move it. */
export interface Clock {
  /** Milliseconds of a monotonic clock: for durations, rates and deadlines. */
  monotonic(): number;
  /** Milliseconds since 1970 by the wall clock, which may be set: to store and show times, never for a duration. */
  wall(): number;
  readonly scheduler: SchedulerLike;
  /** Does work in the next turn of the event loop, once what has arrived meanwhile was heard. */
  nextTurn(work: () => void): Subscription;
  /** For what only watches: it keeps no process alive that has nothing else to do. */
  readonly background: SchedulerLike;
}

export const systemClock: Clock = {
  monotonic: () => performance.now(),
  wall: () => Date.now(),
  scheduler: asyncScheduler,
  nextTurn(work) {
    const turn = setImmediate(work);
    return new Subscription(() => clearImmediate(turn));
  },
  background: backgroundScheduler,
};
