/** Does what comes in bursts a little in each turn of the event loop, in its order: in between, others are heard. */
import type { Clock } from '../../clock.js';

/** Milliseconds of a turn. */
export const BUDGET_MS = 4;

export class TurnBudget {
  private waiting: (() => void)[] = [];
  /** Milliseconds that were spent in this turn. */
  private spent = 0;
  private isTurnAwaited = false;

  constructor(private readonly clock: Pick<Clock, 'monotonic' | 'nextTurn'>) {}

  /** Does the work in this turn if there is time left, else in one of the next. */
  run(work: () => void): void {
    if (this.waiting.length === 0 && this.spent < BUDGET_MS) this.do(work);
    else this.waiting.push(work);
    this.awaitTurn();
  }

  private do(work: () => void): void {
    const began = this.clock.monotonic();
    try {
      work();
    } finally {
      this.spent += this.clock.monotonic() - began;
    }
  }

  private awaitTurn(): void {
    if (this.isTurnAwaited) return;
    this.isTurnAwaited = true;
    this.clock.nextTurn(() => this.turn());
  }

  private turn(): void {
    this.isTurnAwaited = false;
    this.spent = 0;
    let done = 0;
    try {
      while (done < this.waiting.length && this.spent < BUDGET_MS) this.do(this.waiting[done++]!);
    } finally {
      this.waiting = this.waiting.slice(done);
      if (done > 0 || this.waiting.length > 0) this.awaitTurn();
    }
  }
}
