import type { VirtualTimeScheduler } from 'rxjs';
import type { Clock } from '../../src/clock.js';

/** Clocks that stand still until the test moves the scheduler. */
export const virtualClock = (scheduler: VirtualTimeScheduler): Clock => ({
  monotonic: () => scheduler.now(),
  wall: () => scheduler.now(),
  scheduler,
  nextTurn: (work) => scheduler.schedule(work),
  background: scheduler,
});
