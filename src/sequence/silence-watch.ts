import { Subscription } from 'rxjs';
import type { Clock } from '../clock.js';
import { silentAfter } from './sequence-health.js';

/** Notices when no steps come any more, and when they come again. */
export class SilenceWatch {
  isSilent = false;
  private lastAt = 0;
  private usual: number | null = null;
  private timer = Subscription.EMPTY;

  /** @param tell is called when a silence begins, with what it has lasted, and when it ends, with null */
  constructor(
    private readonly clock: Pick<Clock, 'monotonic' | 'scheduler'>,
    private readonly tell: (quietMs: number | null) => void,
  ) {}

  /** Steps came. @param usual the milliseconds between two of them; null where they are not known */
  stepsCame(usual: number | null): void {
    this.lastAt = this.clock.monotonic();
    this.usual = usual;
    if (this.isSilent) {
      this.isSilent = false;
      this.tell(null);
    }
    // one timer, that looks again when it was too early, costs less than one for each step
    if (this.timer.closed && usual !== null) this.wait(silentAfter(usual));
  }

  private wait(ms: number): void {
    this.timer = this.clock.scheduler.schedule(() => this.look(), ms);
  }

  private look(): void {
    const quiet = this.clock.monotonic() - this.lastAt;
    const left = silentAfter(this.usual) - quiet;
    if (left > 0) {
      // the next step waits again
      if (left < Number.POSITIVE_INFINITY) this.wait(left);
      return;
    }
    this.isSilent = true;
    this.tell(quiet);
  }

  end(): void {
    this.timer.unsubscribe();
  }
}
