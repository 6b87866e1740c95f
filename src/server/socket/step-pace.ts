/**
 * The pace of one socket's steps. If they come too fast, the socket is paused until the rate is met: TCP slows the
 * producer down, and nothing is refused or dropped.
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
  /** Steps not yet counted against the rate, and the number from which they are: reading the clock costs more than a step. */
  private uncounted = 0;
  private readonly share: number;
  /** Ends the current pause. */
  private timer: Subscription | null = null;

  constructor(private readonly parts: StepPaceParts) {
    this.rate = new Rate(parts.perSecond);
    this.share = parts.perSecond / SHARES;
  }

  /** Is the socket paused? */
  get isHolding(): boolean {
    return this.timer !== null;
  }

  /** Counts accepted steps. Data read before a pause still arrives, and prolongs it. */
  take(steps: number): void {
    this.uncounted += steps;
    if (this.uncounted >= this.share) this.settle();
  }

  /** Counts steps of the past that were read: each costs a part of what a new one does. */
  takePast(steps: number): void {
    this.take(steps * PAST_STEP);
  }

  /** Resumes reading for good. */
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

/** What a step of the past counts. */
const PAST_STEP = 1 / 8;

/** Steps are counted in this many shares of a second's steps. */
const SHARES = 64;
