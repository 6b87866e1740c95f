import { type SchedulerLike, Subscription } from 'rxjs';
import type { Schema } from '../fields/sequence-schema.js';

/** Closes the open bins when no reading has come for as long as one takes: a sensor that falls silent ends its last bin. */
export class BinClosing {
  private timer = Subscription.EMPTY;

  constructor(
    private readonly scheduler: SchedulerLike,
    private readonly close: () => void,
  ) {}

  /** A reading came, or something else happened. @param pending readings in open bins */
  put({ resample }: Schema, pending: number): void {
    if (!resample) return;
    this.end();
    if (pending > 0) this.timer = this.scheduler.schedule(this.close, resample.every + resample.lateness);
  }

  end(): void {
    this.timer.unsubscribe();
  }
}
