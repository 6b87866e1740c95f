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
import { Deferred } from './deferred.js';
import { delays } from './refusal.js';
import type { Requests } from './requests.js';
import { type Numbers, roomOf } from './shape.js';
import { type Block, type Resumed, UnackedStep, UnackedSteps } from './unacked-steps.js';
import { LateTarget, UnackedTargets } from './unacked-targets.js';

/** A request that is sent after the steps pushed before it. */
export interface Control {
  send(channel: number): void;
  fail(error: CodedError): void;
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
  readonly requests: Requests;
  /** The target of a step was refused. */
  readonly onTargetRefused: (error: CodedError, seq: number) => void;
  /** The server cannot take targets now: what waits is sent again later. */
  readonly onTargetDelayed: (error: CodedError, seq: number) => void;
}

export abstract class SendQueue {
  readonly outbox: UnackedSteps;
  readonly targets = new UnackedTargets();
  /** The channel on this socket; null while it is not open. */
  private channel: number | null = null;
  private controls: { after: number; readonly control: Control }[] = [];
  /** The most steps in one block, according to `opened`. */
  private blockSteps = Number.POSITIVE_INFINITY;
  private isHalted = false;

  constructor(protected readonly parts: SendQueueParts) {
    this.outbox = new UnackedSteps(parts.capacity, parts.overflow);
  }

  protected get isEmpty(): boolean {
    return this.outbox.size + this.controls.length + this.targets.size === 0;
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

  /** Resolves when the target is durable. @throws EddyError `target-duplicate`, `target-expired`, `outbox-full` */
  protected attach(of: PushedStep | number, target: Numbers): Promise<void> {
    const step = typeof of === 'number' ? this.outbox.find(of) : (of as UnackedStep);
    const seq = step ? step.seq : (of as number);
    if (step?.status === 'dropped')
      throw new EddyError('target-expired', 'the step was dropped, so it takes no target');
    if (step?.target || (!step && this.targets.has(seq!)))
      throw new EddyError('target-duplicate', 'the step already has its target');
    const outcome = new Deferred<void>();
    if (step?.seq === null) step.outcome = outcome;
    else {
      const { capacity } = this.outbox;
      if (this.targets.size >= capacity) throw full(capacity, 'late targets');
      this.targets.add(new LateTarget(seq!, target, step ?? null, this.outbox.everSent, outcome));
    }
    if (step) step.target = target;
    return outcome.promise;
  }

  /** Sends a request after the steps pushed so far. @throws EddyError `outbox-full` */
  protected add(control: Control): void {
    if (this.controls.length >= this.outbox.capacity) throw full(this.outbox.capacity, 'requests');
    this.controls.push({ after: this.isHalted ? 0 : this.outbox.pushed, control });
  }

  protected pump(): void {
    if (this.channel === null) return;
    for (;;) {
      for (const late of this.targets.take(this.outbox.sent)) this.sendTarget(late, this.channel);
      const [next] = this.controls;
      const { sent } = this.outbox;
      const until = Math.min(next?.after ?? Number.POSITIVE_INFINITY, this.targets.next) - sent;
      if (next && next.after <= sent) {
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
    const lostTargets = resumed.lost ? this.targets.giveUp(seq) : 0;
    return { ...resumed, lostTargets };
  }

  interrupt(): void {
    this.channel = null;
    this.outbox.interrupt();
    this.targets.interrupt();
  }

  /** Stops sending steps; requests waiting for steps fail. */
  protected halt(error: CodedError): void {
    this.isHalted = true;
    const failed = this.controls;
    this.controls = [];
    this.targets.stop(error);
    this.outbox.stop(error);
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

  /** There is room for another target. */
  protected abstract targetSettled(): void;

  private sendTarget(late: LateTarget, channel: number): void {
    const { requests, onTargetDelayed, onTargetRefused } = this.parts;
    const { seq, target, times } = late;
    requests.ask(
      { type: 'targets', channel, seq, targets: target },
      () => this.targets.settle(late, null) && this.targetSettled(),
      (error) => {
        // it is sent again, or was; what refused it may be that its step was not taken
        if (error.code === 'connection-lost' || !late.isSent || late.times !== times) return;
        if (delays(error.code) || error.code === 'credit-exceeded') return onTargetDelayed(error, seq);
        if (!this.targets.settle(late, error)) return;
        onTargetRefused(error, seq);
        this.targetSettled();
      },
    );
  }
}

const full = (capacity: number, what: string) =>
  new EddyError('outbox-full', `${capacity} ${what} are already waiting for the server`);
