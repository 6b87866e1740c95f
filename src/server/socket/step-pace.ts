/**
 * The pace of one socket's steps. Where they come faster than they may, the socket is not read for as long as that
 * takes: TCP slows the producer down, and nothing is refused or dropped.
 */
import type { SchedulerLike, Subscription } from 'rxjs';
import { Rate } from './rate.js';
import type { SocketLike } from './socket-like.js';

export interface StepPaceParts {
  readonly socket: Pick<SocketLike, 'pause' | 'resume'>;
  readonly scheduler: SchedulerLike;
  /** Milliseconds. */
  readonly now: () => number;
  readonly perSecond: number;
}

export class StepPace {
  private readonly rate: Rate;
  /** Steps that were not yet held against the rate, and from how many on they are: the clock costs more than a step. */
  private uncounted = 0;
  private readonly share: number;
  /** Ends the present pause. */
  private timer: Subscription | null = null;

  constructor(private readonly parts: StepPaceParts) {
    this.rate = new Rate(parts.perSecond);
    this.share = parts.perSecond / SHARES;
  }

  /** Is the socket not read now? */
  get isHolding(): boolean {
    return this.timer !== null;
  }

  /** Counts steps that were taken. What had been read before a pause still comes, and makes it longer. */
  take(steps: number): void {
    this.uncounted += steps;
    if (this.uncounted >= this.share) this.settle();
  }

  /** Lets the socket be read again, to its end. */
  end(): void {
    if (this.timer === null) return;
    this.timer.unsubscribe();
    this.timer = null;
    this.parts.socket.resume();
  }

  private settle(): void {
    const { socket, scheduler, now } = this.parts;
    const wait = this.rate.take(this.uncounted, now());
    this.uncounted = 0;
    if (wait <= 0 || this.timer !== null) return;
    socket.pause();
    this.timer = scheduler.schedule(() => {
      this.timer = null;
      this.settle();
      if (this.timer === null) socket.resume();
    }, wait);
  }
}

/** Shares of a second's steps in which they are counted. */
const SHARES = 64;
