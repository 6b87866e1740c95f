import { asyncScheduler, type SchedulerLike } from 'rxjs';
import { backgroundScheduler } from './background.js';

/** Time, in one object, so that a test can move it. */
export interface Clock {
  /** Milliseconds of a monotonic clock: for durations, rates and deadlines. */
  monotonic(): number;
  /** Milliseconds since 1970 by the wall clock, which may be set: to store and show times, never for a duration. */
  wall(): number;
  readonly scheduler: SchedulerLike;
  /** For what only watches: it keeps no process alive that has nothing else to do. */
  readonly background: SchedulerLike;
}

export const systemClock: Clock = {
  monotonic: () => performance.now(),
  wall: () => Date.now(),
  scheduler: asyncScheduler,
  background: backgroundScheduler,
};
