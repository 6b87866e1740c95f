import { type SchedulerLike, Subscription } from 'rxjs';

/**
 * Long work in slices, for everybody who has some: each turn of the event loop does one slice of one of them, so that
 * however many ask for it, nobody else waits for longer than a slice takes.
 */
export class Turns {
  private readonly waiting: Subscription[] = [];
  private readonly slices = new WeakMap<Subscription, () => boolean>();
  private timer: Subscription | null = null;

  constructor(private readonly scheduler: SchedulerLike) {}

  /** Does work from the next turn on. @param slice does a slice of it; true when there is no more to do */
  add(slice: () => boolean): Subscription {
    const work = new Subscription();
    this.slices.set(work, slice);
    this.waiting.push(work);
    this.goOn();
    return work;
  }

  private goOn(): void {
    if (this.waiting.length === 0) return;
    this.timer ??= this.scheduler.schedule(() => {
      this.timer = null;
      this.turn();
      this.goOn();
    }, 0);
  }

  private turn(): void {
    let work = this.waiting.shift();
    while (work?.closed) work = this.waiting.shift();
    if (work && !this.slices.get(work)!()) this.waiting.push(work);
  }
}
