/**
 * Targets that come after their steps, oldest first, until they are durable. After a broken connection all of them are sent
 * again, which has no effect where the server has them: so each counts exactly once.
 */
import { EddyError } from '../../src/errors.js';
import type { CodedError } from './coded-error.js';
import type { Deferred } from './deferred.js';
import type { Numbers } from './shape.js';
import type { UnackedStep } from './unacked-steps.js';

export class LateTarget {
  /** Is it under way? */
  isSent = false;
  /** How often it was sent. */
  times = 0;

  constructor(
    private readonly number: number,
    readonly target: Numbers,
    /** Its step, as far as it is known here. */
    readonly step: UnackedStep | null,
    /** How many steps are sent before it: as many as were when it came, so that it does not come later the next time. */
    readonly after: number,
    /** Resolves when it is durable. */
    readonly outcome: Deferred<void>,
  ) {}

  /** A step gets another number where the server has lost history. */
  get seq(): number {
    return this.step?.seq ?? this.number;
  }
}

export class UnackedTargets {
  private readonly waiting = new Set<LateTarget>();

  get size(): number {
    return this.waiting.size;
  }

  /** Does one wait for a step of this number? */
  has(seq: number): boolean {
    for (const late of this.waiting) if (late.seq === seq) return true;
    return false;
  }

  add(late: LateTarget): void {
    this.waiting.add(late);
  }

  /** Takes those whose turn it is after so many steps, in order. */
  take(sent: number): LateTarget[] {
    const ready = this.unsent.filter(({ after }) => after <= sent);
    for (const late of ready) {
      late.isSent = true;
      late.times++;
    }
    return ready;
  }

  /** After how many steps the next one is to be sent. */
  get next(): number {
    return this.unsent[0]?.after ?? Number.POSITIVE_INFINITY;
  }

  private get unsent(): LateTarget[] {
    return [...this.waiting].filter(({ isSent }) => !isSent);
  }

  /** It is durable, or refused. False if it does not wait any more. */
  settle(late: LateTarget, error: CodedError | null): boolean {
    if (!this.waiting.delete(late)) return false;
    if (error) late.outcome.reject(error);
    else late.outcome.resolve();
    return true;
  }

  /** The socket broke, or the server cannot take steps: all that wait must be sent again. */
  interrupt(): void {
    for (const late of this.waiting) late.isSent = false;
  }

  /** The server has lost history, and has steps up to `seq`: targets of steps that it had acked are given up. Gives how many. */
  giveUp(seq: number): number {
    const before = this.waiting.size;
    for (const late of this.waiting) {
      if (late.step && late.step.status !== 'acked') continue;
      const message = `the server has steps only up to ${seq}, so the target of step ${late.seq} is given up`;
      this.settle(late, new EddyError('history-lost', message));
    }
    return before - this.waiting.size;
  }

  stop(error: CodedError): void {
    for (const late of this.waiting) this.settle(late, error);
  }
}
