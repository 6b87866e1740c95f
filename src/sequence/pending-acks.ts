import type { Subscription } from 'rxjs';
import type { EddyError } from '../errors.js';
import type { Asker, SequenceRun } from './change.js';
import { type DurableTime, notDurable } from './not-durable.js';

interface Pending {
  /** The log must be durable up to here. */
  readonly end: number;
  /** Number of the last step before it, or -1. */
  readonly seq: number;
  readonly asker: Asker;
  /** When it began to wait, by the monotonic clock, for a request; acks of steps wait for as long as it takes. */
  readonly since: number | null;
}

export interface PendingAcksParts extends DurableTime {
  readonly log: { readonly end: number; readonly durableEnd: number };
}

/** The askers that wait for durability, oldest first; and the last durable step. */
export class PendingAcks {
  private pending: Pending[] = [];
  private requests = 0;
  private timer: Subscription | null = null;

  constructor(
    /** Number of the last durable step. */
    public durableSeq: number,
    private readonly parts: PendingAcksParts,
  ) {}

  get isEmpty(): boolean {
    return this.pending.length === 0;
  }

  /** How many requests wait. */
  get waiting(): number {
    return this.requests;
  }

  /** Tells the asker when the whole log so far is durable. @param seq number of its last step, or -1 */
  add(seq: number, asker: Asker): void {
    const { log } = this.parts;
    const wasDurable = seq >= 0 && seq <= this.durableSeq;
    if (!wasDurable && log.durableEnd < log.end) return this.wait(log.end, seq, asker);
    this.durableSeq = Math.max(this.durableSeq, seq);
    asker.durable(this.durableSeq);
  }

  /** Tells who asked for a change that was made: refusals at once, the rest when it is durable. */
  answer({ change: { last, asker }, refused, isRefused }: SequenceRun): void {
    if (!asker) return;
    if (isRefused) return asker.refused(refused);
    if (refused.length > 0) asker.partly?.(refused);
    this.add(last, asker);
  }

  /** Refuses all who wait, for what is after a position of the log if one is given: what they wait for will not come. */
  refuse(error: EddyError, after = -1): void {
    this.refuseThose(({ end }) => end > after, error);
  }

  /** The log is durable up to `end`. Of several acks for one asker only the last is sent, which covers them all. */
  reached(end: number): void {
    const { pending } = this;
    const still = pending.findIndex((one) => one.end > end);
    const reached = pending.splice(0, still < 0 ? pending.length : still);
    this.forget(reached);
    for (const [i, { seq, asker }] of reached.entries()) {
      this.durableSeq = Math.max(this.durableSeq, seq);
      if (reached[i + 1]?.asker !== asker) asker.durable(this.durableSeq);
    }
  }

  /** Tells the asker when the log is durable up to a position. */
  wait(end: number, seq: number, asker: Asker): void {
    const since = asker.isRequest ? this.parts.clock.monotonic() : null;
    this.pending.push({ end, seq, asker, since });
    if (since === null) return;
    this.requests++;
    this.look();
  }

  /** Looks again when the oldest request has waited for as long as it may. */
  private look(): void {
    if (this.timer || this.requests === 0) return;
    const { clock, limits } = this.parts;
    const { durableMs } = limits;
    const oldest = this.pending.find(({ since }) => since !== null)!;
    const left = Math.max(0, oldest.since! + durableMs - clock.monotonic());
    this.timer = clock.scheduler.schedule(() => {
      this.timer = null;
      const now = clock.monotonic();
      this.refuseThose(({ since }) => since !== null && now - since >= durableMs, notDurable(this.parts));
      this.look();
    }, left);
  }

  private refuseThose(isOne: (one: Pending) => boolean, error: EddyError): void {
    const those = this.pending.filter(isOne);
    if (those.length === 0) return;
    this.pending = this.pending.filter((one) => !isOne(one));
    this.forget(those);
    const askers = new Set(those.map(({ asker }) => asker));
    for (const asker of askers) asker.refused([{ error, seq: null, count: null }]);
  }

  /** Those wait no more. */
  private forget(those: readonly Pending[]): void {
    if (this.requests === 0) return;
    for (const { since } of those) if (since !== null) this.requests--;
    if (this.requests > 0) return;
    this.timer?.unsubscribe();
    this.timer = null;
  }
}
