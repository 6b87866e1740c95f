/** The way to one receiver: its notices leave in order, one at a time, each until it is taken or given up. */
import { Subscription } from 'rxjs';
import type { Clock } from '../../clock.js';
import { type Answer, type Attempt, type Parcel, type PostParts, post } from './post.js';
import { verdictOf, waitAfter } from './retry-times.js';

export interface Queued extends Parcel {
  /** When it was queued, in milliseconds since 1970. */
  readonly at: number;
}

/** What became of a notice, or of one attempt at it. */
export type Outcome = 'delivered' | 'failed' | 'too-old' | 'too-many' | 'refused' | 'gone';

/** How much waits for one receiver. */
export interface QueueLimits {
  readonly notices: number;
  readonly bytes: number;
  readonly ageMs: number;
}

export interface DeliveryParts {
  readonly url: URL;
  readonly post: PostParts;
  readonly limits: QueueLimits;
  readonly clock: Pick<Clock, 'wall' | 'scheduler'>;
  readonly random: () => number;
  /** Tells of an outcome; all but `failed` end the notice. */
  readonly onOutcome: (
    outcome: Outcome,
    parcel: Queued,
    answer: Answer | null,
    retryMs: number | null,
  ) => void;
}

export class Delivery {
  /** Was it told that nobody is there any more? Then nothing is sent. */
  isOff = false;
  private readonly queue: Queued[] = [];
  private bytes = 0;
  /** Attempts at the first notice. */
  private attempts = 0;
  private attempt: Attempt | null = null;
  private timer = Subscription.EMPTY;
  private isEnded = false;

  constructor(private readonly parts: DeliveryParts) {}

  get length(): number {
    return this.queue.length;
  }

  /** When the oldest notice was queued; null if none waits. */
  get oldestAt(): number | null {
    return this.queue[0]?.at ?? null;
  }

  get waiting(): readonly Queued[] {
    return this.queue;
  }

  /** Queues a notice; the oldest ones make room. */
  add(parcel: Queued): void {
    if (this.isEnded) return;
    if (this.isOff) return this.parts.onOutcome('gone', parcel, null, null);
    this.queue.push(parcel);
    this.bytes += sizeOf(parcel);
    const { notices, bytes } = this.parts.limits;
    while (this.queue.length > 1 && (this.queue.length > notices || this.bytes > bytes))
      this.drop('too-many', this.attempt ? 1 : 0);
    if (!this.attempt && this.timer.closed) this.next();
  }

  /** Nobody is there any more: what waits is given up. */
  turnOff(): void {
    this.isOff = true;
    this.timer.unsubscribe();
    while (this.queue.length > 0) this.drop('gone', 0);
  }

  /** Tries at once, and a receiver that was turned off again. */
  wake(): void {
    this.isOff = false;
    this.timer.unsubscribe();
    if (!this.attempt) this.next();
  }

  /** Sends no more. What waits is kept elsewhere. */
  end(): void {
    this.isEnded = true;
    this.timer.unsubscribe();
    this.attempt?.abort();
  }

  private next(): void {
    const { clock, limits, url, post: parts } = this.parts;
    while (this.queue[0] && clock.wall() - this.queue[0].at > limits.ageMs) this.drop('too-old', 0);
    const [parcel] = this.queue;
    if (!parcel || this.isEnded || this.isOff) return;
    const attempt = post(url, parcel, parts);
    this.attempt = attempt;
    void attempt.answer.then((answer) => {
      this.attempt = null;
      if (!this.isEnded) this.hear(answer, parcel);
    });
  }

  private hear(answer: Answer, parcel: Queued): void {
    const { clock, random, onOutcome } = this.parts;
    const verdict = verdictOf(answer.status, ++this.attempts);
    if (verdict === 'again') {
      const asked = answer.status === null ? null : answer.retryAfter;
      const ms = waitAfter(this.attempts, asked, random(), clock.wall());
      onOutcome('failed', parcel, answer, ms);
      // a notice that is too old is given up then
      this.timer = clock.scheduler.schedule(() => {
        this.timer = Subscription.EMPTY;
        this.next();
      }, ms);
      return;
    }
    this.attempts = 0;
    this.take(0);
    onOutcome(verdict, parcel, answer, null);
    if (verdict === 'gone') this.turnOff();
    else this.next();
  }

  private drop(why: Outcome, at: number): void {
    if (at === 0) this.attempts = 0;
    const parcel = this.take(at);
    if (parcel) this.parts.onOutcome(why, parcel, null, null);
  }

  private take(at: number): Queued | undefined {
    const [parcel] = this.queue.splice(at, 1);
    if (parcel) this.bytes -= sizeOf(parcel);
    return parcel;
  }
}

const sizeOf = ({ id, body }: Parcel) => id.length + body.length;
