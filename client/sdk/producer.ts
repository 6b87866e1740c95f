/** The producing side of a handle: takes steps, targets and requests, sends them once per turn, tells what is acked. */
import { ReplaySubject } from 'rxjs';
import { EddyError } from '../../src/errors.js';
import type { NamedSpec, PushedStep, StepValues } from './api.js';
import type { CodedError } from './coded-error.js';
import { refusesSteps } from './refusal.js';
import type { RequestBody } from './requests.js';
import { type Place, type QueueResumed, SendQueue, type SendQueueParts } from './send-queue.js';
import { checkRoom, copyStep, copyTarget, type Shape, shapeOf } from './shape.js';
import { Waiters } from './waiters.js';

export interface ProducerParts extends SendQueueParts {
  readonly spec: NamedSpec | undefined;
  /** Tells that steps begin to be given up. */
  readonly onDrop: (error: CodedError) => void;
  /** What could be sent has been sent. */
  readonly onSent: () => void;
}

type WithoutChannel<T> = T extends unknown ? Omit<T, 'channel'> : never;
/** A request on the channel, before it is known. */
export type ChannelRequest = WithoutChannel<
  Extract<RequestBody, { type: 'configure' | 'reset' | 'checkpoint' | 'flush' }>
>;

export class Producer extends SendQueue {
  readonly acked = new ReplaySubject<number>(1);
  private readonly waiters = new Waiters();
  private shape: Shape | null;
  /** Why nothing more can be pushed. */
  private failure: CodedError | null = null;
  private isScheduled = false;
  private isDropping = false;

  constructor(protected override readonly parts: ProducerParts) {
    super(parts);
    this.shape = parts.spec && isWhole(parts.spec) ? shapeOf(parts.spec) : null;
  }

  get isStopped(): boolean {
    return this.failure !== null;
  }

  get room(): number {
    const { room, capacity } = this.outbox;
    return this.failure ? 0 : Math.max(0, Math.min(room, capacity - this.targets.size));
  }

  /** Is nothing left to be sent or acked? */
  get isDone(): boolean {
    return this.failure !== null || this.isEmpty;
  }

  push(x: StepValues, target: ArrayLike<number> | undefined, t: number): PushedStep {
    if (this.failure) throw this.failure;
    const copy = copyStep(x, this.shape);
    const targetCopy = target ? copyTarget(target, this.shape) : null;
    checkRoom(copy, targetCopy, this.parts.limits(), this.parts.bytesPerReal);
    const { dropped } = this.outbox;
    const step = this.enqueue(copy, targetCopy, t);
    this.noteDrop(this.outbox.dropped > dropped);
    this.schedule();
    return step;
  }

  /** Resolves when the target is durable. */
  learn(step: PushedStep | number, target: ArrayLike<number>): Promise<void> {
    if (this.failure) throw this.failure;
    const copy = copyTarget(target, this.shape);
    checkRoom(null, copy, this.parts.limits(), this.parts.bytesPerReal);
    const kept = this.attach(step, copy);
    this.schedule();
    return kept;
  }

  /** Sends a request after the steps pushed so far. */
  request(body: ChannelRequest): Promise<void> {
    return new Promise((resolve, reject) => {
      this.add({
        send: (channel) => this.parts.requests.ask({ ...body, channel }, () => resolve(), reject),
        fail: reject,
      });
      this.schedule();
    });
  }

  ready(): Promise<void> {
    return this.failure ? Promise.reject(this.failure) : this.waiters.until(() => this.room > 0);
  }

  drained(): Promise<void> {
    const { outbox, targets } = this;
    if (this.failure && outbox.size > 0) return Promise.reject(this.failure);
    return this.waiters.until(() => outbox.size + targets.size === 0);
  }

  /** The channel is open on this socket, for a model of `spec`. */
  begin(place: Place, spec: NamedSpec): QueueResumed {
    this.shape = shapeOf(spec);
    if (!this.outbox.fits(this.shape.step)) {
      const error = new EddyError('step-shape', 'steps wait that are none of the model that was opened');
      this.stop(error);
      this.parts.onDrop(error);
    }
    const resumed = this.resume(place);
    this.schedule();
    return resumed;
  }

  ack(seq: number): void {
    this.outbox.ack(seq);
    this.acked.next(seq);
    this.schedule();
  }

  protected override targetSettled(): void {
    this.schedule();
  }

  /** Takes an error of the channel. A refused step stops it, since those after it must not be taken for it. */
  refuse(error: CodedError, seq: number | null): void {
    const step = seq === null ? undefined : this.outbox.find(seq);
    if (refusesSteps(error.code, step)) this.stop(error);
  }

  /** Takes and sends no step any more. */
  stop(error: CodedError): void {
    this.failure ??= error;
    this.halt(error);
    this.waiters.fail(error);
  }

  /** Reports the first of each run of drops. */
  private noteDrop(isDropping: boolean): void {
    if (isDropping && !this.isDropping)
      this.parts.onDrop(
        new EddyError('outbox-full', 'the outbox is full: the oldest unsent steps are given up'),
      );
    this.isDropping = isDropping;
  }

  private schedule(): void {
    if (this.isScheduled) return;
    this.isScheduled = true;
    queueMicrotask(() => {
      this.isScheduled = false;
      this.pump();
      this.waiters.check();
      this.parts.onSent();
    });
  }
}

/** Does a spec say how many numbers there are? Otherwise that is known when the sequence is open. */
const isWhole = ({ features, task }: NamedSpec): boolean =>
  features !== undefined && (task?.kind !== 'supervised' || task.outputs !== undefined);
