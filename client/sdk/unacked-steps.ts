/**
 * The unacknowledged steps, oldest first:
 *
 *   in flight: sent on this socket | sent on an earlier socket | waiting: never sent, without a number
 *   <------------------ numbered, one after the other ------->
 *
 * A step gets its number when it is first sent, and keeps it: a server that accepted it before recognizes the
 * number, and only acknowledges it. So every step has its effect exactly once, whatever is resent.
 */
import { EddyError } from '../../src/errors.js';
import type { Overflow, PushedStep } from './api.js';
import type { CodedError } from './coded-error.js';
import type { Deferred } from './deferred.js';

export class UnackedStep implements PushedStep {
  seq: number | null = null;
  status: PushedStep['status'] = 'waiting';
  /** The target that travels in the same message, since it was sent first. */
  sentTarget: Float64Array<ArrayBuffer> | null = null;
  /** Resolves when its target is durable, if that was given after the step and goes with it. */
  outcome: Deferred<void> | null = null;

  constructor(
    readonly x: Float64Array<ArrayBuffer>,
    public target: Float64Array<ArrayBuffer> | null,
    /** Milliseconds since 1970; NaN to be stamped on arrival. */
    readonly t: number,
  ) {}

  /** The target to travel in the same message: a step that was sent has to be sent again as it was. */
  get targetToSend(): Float64Array<ArrayBuffer> | null {
    return this.seq === null ? this.target : this.sentTarget;
  }
}

/** Consecutive steps for one message: all of them with a target, or none. */
export interface Block {
  readonly seq: number;
  readonly steps: readonly UnackedStep[];
}

/** The limits of one block. */
export interface BlockLimits {
  readonly steps: number;
  /** Numbers in x and targets together. */
  readonly reals: number;
  /** Steps in flight, this block included. */
  readonly inFlight: number;
}

/** The outcome of a re-open. `lost`: the server no longer has steps it had acknowledged, so the rest was renumbered. */
export interface Resumed {
  readonly lost: boolean;
  /** Steps that got another number. */
  readonly renumbered: number;
}

export class UnackedSteps {
  private readonly steps: UnackedStep[] = [];
  private inFlight = 0;
  private numbered = 0;
  /** The next step number to assign; null until the server has told its position. */
  private next: number | null = null;
  /** Steps acknowledged so far. */
  private acked = 0;
  dropped = 0;

  constructor(
    /** Gives how many steps it may hold. */
    private readonly capacityNow: () => number,
    private readonly overflow: Overflow,
  ) {}

  get capacity(): number {
    return this.capacityNow();
  }

  get size(): number {
    return this.steps.length;
  }

  get room(): number {
    return Math.max(0, this.capacity - this.steps.length);
  }

  /** How many steps, dropped ones excluded, have been sent on this socket or are acknowledged. */
  get sent(): number {
    return this.acked + this.inFlight;
  }

  /** How many steps have ever been sent. */
  get everSent(): number {
    return this.acked + this.numbered;
  }

  /** How many steps were pushed, dropped ones excluded. */
  get pushed(): number {
    return this.acked + this.steps.length;
  }

  /** Does every waiting step have `size` numbers? */
  fits(size: number): boolean {
    return this.steps.every(({ x }) => x.length === size);
  }

  /** Takes a step. False if it is full and may drop nothing; otherwise it may drop another step, or this one. */
  push(step: UnackedStep): boolean {
    if (this.room === 0) {
      if (this.overflow === 'fail') return false;
      const [oldest = step] = this.steps.splice(this.numbered, 1);
      oldest.status = 'dropped';
      oldest.outcome?.reject(
        new EddyError('target-expired', 'the step was given up, and its target with it'),
      );
      this.dropped++;
      if (oldest === step) return true;
    }
    this.steps.push(step);
    return true;
  }

  /** Finds a numbered, unacknowledged step. */
  find(seq: number): UnackedStep | undefined {
    return this.steps.slice(0, this.numbered).find((step) => step.seq === seq);
  }

  /** Takes the next block to send, or null if there is nothing to send or no credit left. */
  take({ steps: most, reals, inFlight }: BlockLimits): Block | null {
    const first = this.steps[this.inFlight];
    const end = Math.min(this.steps.length, this.inFlight + most, inFlight);
    if (!first || this.inFlight >= end) return null;
    const block: UnackedStep[] = [];
    let size = 0;
    for (const step of this.steps.slice(this.inFlight, end)) {
      size += step.x.length + (step.targetToSend?.length ?? 0) + 1;
      const seq = step.seq ?? this.next!;
      const fits = size <= reals && (step.targetToSend === null) === (first.targetToSend === null);
      if (block.length > 0 && !(fits && seq === block[0]!.seq! + block.length)) break;
      if (step.seq === null) {
        step.sentTarget = step.target;
        step.seq = this.next!++;
        this.numbered++;
      }
      step.status = 'sent';
      block.push(step);
    }
    this.inFlight += block.length;
    return { seq: first.seq!, steps: block };
  }

  /** Everything up to `seq` is durable: gives the number of steps this acknowledges. */
  ack(seq: number): number {
    let count = 0;
    while (count < this.inFlight && this.steps[count]!.seq! <= seq) count++;
    for (const step of this.steps.splice(0, count)) {
      step.status = 'acked';
      step.outcome?.resolve();
    }
    this.inFlight -= count;
    this.numbered -= count;
    this.acked += count;
    return count;
  }

  /** Nothing more is sent: targets that wait with their steps are given up. */
  stop(error: CodedError): void {
    for (const { outcome } of this.steps) outcome?.reject(error);
  }

  /** The socket broke: all unacknowledged steps must be sent again. */
  interrupt(): void {
    this.inFlight = 0;
  }

  /**
   * The server has accepted the steps up to `seq`. If it was further once, it has lost history: the remaining steps
   * continue from its current position.
   */
  resume(seq: number): Resumed {
    const firstUnacked = this.steps[0]?.seq ?? this.next;
    const lost = this.next !== null && firstUnacked !== null && seq < firstUnacked - 1;
    if (!lost) {
      this.next = Math.max(this.next ?? 0, seq + 1);
      return { lost: false, renumbered: 0 };
    }
    this.steps.slice(0, this.numbered).forEach((step, i) => {
      step.seq = seq + 1 + i;
    });
    this.next = seq + 1 + this.numbered;
    return { lost: true, renumbered: this.numbered };
  }
}
