import type { SchedulerLike, Subscription } from 'rxjs';
import type { Limits } from '../../limits.js';

/** Milliseconds of grace after a deadline, so that messages that came in time are read before the timer fires, even after a long block. */
export const GRACE_MS = 100;

export interface HeartbeatParts {
  readonly limits: Pick<Limits, 'pingMs' | 'pongMs'>;
  readonly scheduler: SchedulerLike;
  readonly ping: () => void;
  /** Does silence count? Not while the socket is paused. */
  readonly listens: () => boolean;
  /** The peer is gone. */
  readonly onSilence: () => void;
}

/** Pings a quiet peer. Any frame is a sign of life. */
export class Heartbeat {
  private heard = false;
  private timer: Subscription;

  constructor(private readonly parts: HeartbeatParts) {
    this.timer = this.rest();
  }

  /** A frame or a pong came. */
  hear(): void {
    this.heard = true;
  }

  end(): void {
    this.timer.unsubscribe();
  }

  private rest(): Subscription {
    const { scheduler, limits } = this.parts;
    return scheduler.schedule(() => this.ask(), limits.pingMs);
  }

  private ask(): void {
    const { scheduler, limits, ping, listens, onSilence } = this.parts;
    this.heard = false;
    ping();
    this.timer = scheduler.schedule(() => {
      if (this.heard || !listens()) this.timer = this.rest();
      else onSilence();
    }, limits.pongMs + GRACE_MS);
  }
}
