import { type SchedulerLike, Subscription } from 'rxjs';

/** Slices of one turn: each takes a few milliseconds at most, and a timer one at least. */
const SLICES = 4;

/**
 * Long work in slices, for everybody who has some: each turn of the event loop does a few, in turn, so that however many ask
 * for it, nobody else waits for longer than these take.
 */
export class Turns {
  private readonly waiting: { readonly work: Subscription; readonly slice: () => boolean }[] = [];
  private timer: Subscription | null = null;

  constructor(private readonly scheduler: SchedulerLike) {}

  /** Does work from the next turn on. @param slice does a slice of it; true when there is no more to do */
  add(slice: () => boolean): Subscription {
    const work = new Subscription();
    this.waiting.push({ work, slice });
    this.goOn();
    return work;
  }

  private goOn(): void {
    if (this.waiting.length === 0) return;
    this.timer ??= this.scheduler.schedule(() => {
      this.timer = null;
      for (let i = 0; i < SLICES; i++) this.turn();
      this.goOn();
    }, 0);
  }

  private turn(): void {
    let next = this.waiting.shift();
    while (next?.work.closed) next = this.waiting.shift();
    if (next && !next.slice()) this.waiting.push(next);
  }
}
