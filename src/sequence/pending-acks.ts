import type { EddyError } from '../errors.js';
import type { Asker, SequenceRun } from './change.js';

interface Pending {
  /** The log must be durable up to here. */
  readonly end: number;
  /** Number of the last step before it, or -1. */
  readonly seq: number;
  readonly asker: Asker;
}

/** The askers that wait for durability, oldest first; and the last durable step. */
export class PendingAcks {
  private pending: Pending[] = [];

  constructor(
    /** Number of the last durable step. */
    public durableSeq: number,
    private readonly log: { readonly end: number; readonly durableEnd: number },
  ) {}

  get isEmpty(): boolean {
    return this.pending.length === 0;
  }

  /** Tells the asker when the whole log so far is durable. @param seq number of its last step, or -1 */
  add(seq: number, asker: Asker): void {
    const { log } = this;
    const wasDurable = seq >= 0 && seq <= this.durableSeq;
    if (!wasDurable && log.durableEnd < log.end) {
      this.pending.push({ end: log.end, seq, asker });
      return;
    }
    this.durableSeq = Math.max(this.durableSeq, seq);
    asker.durable(this.durableSeq);
  }

  /** Tells who asked for a change that was made: refusals at once, the rest when it is durable. */
  answer({ change: { record, last, asker }, refused }: SequenceRun): void {
    if (!asker) return;
    if (record?.kind !== 'targets') this.add(last, asker);
    else if (refused.length > 0) asker.refused(refused);
  }

  /** Refuses all who wait: what they wait for will not come. */
  refuse(error: EddyError): void {
    const askers = new Set(this.pending.map(({ asker }) => asker));
    this.pending = [];
    for (const asker of askers) asker.refused([{ error, seq: null, count: null }]);
  }

  /** The log is durable up to `end`. Of several acks for one asker only the last is sent, which covers them all. */
  reached(end: number): void {
    const { pending } = this;
    const still = pending.findIndex((one) => one.end > end);
    const reached = pending.splice(0, still < 0 ? pending.length : still);
    for (const [i, { seq, asker }] of reached.entries()) {
      this.durableSeq = Math.max(this.durableSeq, seq);
      if (reached[i + 1]?.asker !== asker) asker.durable(this.durableSeq);
    }
  }
}
