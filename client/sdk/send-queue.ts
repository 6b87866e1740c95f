/**
 * Everything a handle has to send on its channel, in order: steps, requests that keep their place between them, and late
 * targets.
 */
import { EddyError } from '../../src/errors.js';
import type { Limits } from '../../src/limits.js';
import { joinFloats } from '../../src/protocol/join-floats.js';
import type { ClientMessage, ServerMessageOf } from '../../src/protocol/messages.js';
import type { Overflow, PushedStep } from './api.js';
import type { CodedError } from './coded-error.js';
import { type Numbers, roomOf } from './shape.js';
import { type Block, type Resumed, UnackedStep, UnackedSteps } from './unacked-steps.js';

/** A request that is sent after the steps pushed before it. */
export interface Control {
  send(channel: number): void;
  fail(error: CodedError): void;
}

interface LateTarget {
  readonly seq: number;
  readonly target: Numbers;
}

/** The position to continue from, according to `opened`. */
export type Place = Pick<ServerMessageOf<'opened'>, 'channel' | 'seq' | 'blockSteps'>;

export interface QueueResumed extends Resumed {
  /** Late targets for steps of the lost history. */
  readonly lostTargets: number;
}

export interface SendQueueParts {
  readonly overflow: Overflow;
  /** Gives how many unacknowledged steps may be held. */
  readonly capacity: () => number;
  readonly bytesPerReal: number;
  readonly limits: () => Limits;
  readonly send: (message: ClientMessage) => void;
}

export class SendQueue {
  readonly outbox: UnackedSteps;
  /** The channel on this socket; null while it is not open. */
  private channel: number | null = null;
  private controls: { after: number; readonly control: Control }[] = [];
  private late: LateTarget[] = [];
  /** The most steps in one block, according to `opened`. */
  private blockSteps = Number.POSITIVE_INFINITY;
  private isHalted = false;

  constructor(protected readonly parts: SendQueueParts) {
    this.outbox = new UnackedSteps(parts.capacity, parts.overflow);
  }

  protected get isEmpty(): boolean {
    return this.outbox.size + this.controls.length + this.late.length === 0;
  }

  /** @throws EddyError `outbox-full` */
  protected enqueue(x: Numbers, target: Numbers | null, t: number): UnackedStep {
    const { outbox } = this;
    const step = new UnackedStep(x, target, t);
    const { dropped, everSent } = outbox;
    if (!outbox.push(step)) throw full(outbox.capacity, 'steps');
    if (outbox.dropped > dropped)
      for (const entry of this.controls) if (entry.after > everSent) entry.after--;
    return step;
  }

  /** @throws EddyError `target-duplicate`, `target-expired`, `outbox-full` */
  protected attach(of: PushedStep | number, target: Numbers): void {
    const step = typeof of === 'number' ? this.outbox.find(of) : (of as UnackedStep);
    const seq = step ? step.seq : (of as number);
    if (step?.status === 'dropped')
      throw new EddyError('target-expired', 'the step was dropped, so it takes no target');
    if (step?.target) throw new EddyError('target-duplicate', 'the step already has its target');
    const isGone = !step || step.status === 'acked';
    const waits = !isGone && !this.outbox.isInFlight(step);
    if (!waits) this.sendTarget({ seq: seq!, target });
    if (step) step.target = target;
    if (step && waits) step.isTargetUnsent = true;
  }

  /** Sends a request after the steps pushed so far. @throws EddyError `outbox-full` */
  protected add(control: Control): void {
    if (this.controls.length >= this.outbox.capacity) throw full(this.outbox.capacity, 'requests');
    this.controls.push({ after: this.isHalted ? 0 : this.outbox.pushed, control });
  }

  protected pump(): void {
    if (this.channel === null) return;
    for (;;) {
      const [next] = this.controls;
      const until = next ? next.after - this.outbox.sent : Number.POSITIVE_INFINITY;
      if (next && until <= 0) {
        this.controls.shift();
        next.control.send(this.channel);
        continue;
      }
      const block = this.isHalted ? null : this.take(until);
      if (!block) return;
      this.sendBlock(block, this.channel);
    }
  }

  /** The channel is open; the server has accepted steps up to `seq`. */
  protected resume({ channel, seq, blockSteps }: Place): QueueResumed {
    this.channel = channel;
    this.blockSteps = blockSteps;
    const resumed = this.outbox.resume(seq);
    const lostTargets = resumed.lost ? this.late.length : 0;
    const late = resumed.lost ? [] : this.late;
    this.late = [];
    for (const target of late) this.sendTarget(target);
    // The server ignores steps that it already has, and so it ignores targets given to them since.
    for (const step of resumed.lost ? [] : this.outbox.accepted(seq)) {
      if (step.target && step.isTargetUnsent) this.sendTarget({ seq: step.seq!, target: step.target });
      step.isTargetUnsent = false;
    }
    return { ...resumed, lostTargets };
  }

  interrupt(): void {
    this.channel = null;
    this.outbox.interrupt();
  }

  /** Stops sending steps; requests waiting for steps fail. */
  protected halt(error: CodedError): void {
    this.isHalted = true;
    const failed = this.controls;
    this.controls = [];
    this.late = [];
    for (const { control } of failed) control.fail(error);
  }

  private take(until: number): Block | null {
    const { blockSteps, unackedSteps, ...limits } = this.parts.limits();
    const reals = roomOf(limits.frameBytes, this.parts.bytesPerReal);
    return this.outbox.take({
      steps: Math.min(until, blockSteps, this.blockSteps),
      reals,
      inFlight: unackedSteps,
    });
  }

  private sendBlock({ seq, steps }: Block, channel: number): void {
    const x = joinFloats(steps.map((step) => step.x));
    const targets = steps[0]?.sentTarget ? joinFloats(steps.map((step) => step.sentTarget!)) : null;
    const isTimed = steps.some((step) => !Number.isNaN(step.t));
    const t = isTimed ? Float64Array.from(steps, (step) => step.t) : null;
    const numbers = { x, ...(targets && { targets }), ...(t && { t }) };
    this.parts.send({ type: 'steps', channel, seq, count: steps.length, ...numbers });
  }

  private sendTarget(late: LateTarget): void {
    const { channel } = this;
    if (channel !== null)
      return this.parts.send({ type: 'targets', channel, seq: late.seq, targets: late.target });
    if (this.late.length >= this.outbox.capacity) throw full(this.outbox.capacity, 'late targets');
    this.late.push(late);
  }
}

const full = (capacity: number, what: string) =>
  new EddyError('outbox-full', `${capacity} ${what} are already waiting for the server`);
