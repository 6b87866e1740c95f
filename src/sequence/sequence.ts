/**
 * One live sequence: its model, its step log, and those who watch it.
 *
 * The way of a timestep:
 *
 *   socket -> decode -> push: number, shape, finite? -> log -> model.step: cell -> readout -> target due? -> error,
 *   window, update -> results -> views -> encode -> sockets;   log durable -> ack
 *
 * What is refused changes nothing.
 */
import type { Observable, SchedulerLike } from 'rxjs';
import { EddyError } from '../errors.js';
import type { Limits } from '../protocol/limits.js';
import type { SequenceEvent, View, ViewMessage } from '../protocol/messages.js';
import { checkSteps, checkTarget } from '../rnn/checks.js';
import type { Model, StepResult } from '../rnn/model.js';
import { outputsOf, stepWork } from '../rnn/spec.js';
import type { StepLog, Store } from '../store/store.js';
import { Results } from './results.js';
import { applyView, type ViewOptions } from './views.js';

export interface SequenceParts {
  readonly name: string;
  readonly channel: number;
  readonly model: Model;
  readonly store: Store;
  readonly scheduler: SchedulerLike;
  readonly newEpoch: () => string;
  readonly limits: Pick<Limits, 'blockSteps' | 'unackedSteps'>;
  /** Tells of a fault of Eddy's own. */
  readonly onFault: (error: unknown) => void;
}

/** Multiply-adds that one block may cost: it holds up all other sequences for as long. */
const BLOCK_WORK = 2 ** 30;

/** Learns how far the steps of a channel are durable. */
export type OnAck = (seq: number, channel: number) => void;

export class Sequence {
  readonly name: string;
  readonly channel: number;
  readonly model: Model;
  /** Steps in one block, at most: fewer where a step costs much. */
  readonly blockSteps: number;
  /** Id of this history; changes on every reset. */
  epoch: string;
  /** Numbers in a step, B * F. */
  private readonly stepSize: number;
  private readonly log: StepLog;
  private readonly results: Results;
  /** Pushes that wait for their ack, oldest first. */
  private readonly waiting: { seq: number; onAck: OnAck }[] = [];
  private durable: number;
  private failure: EddyError | null = null;

  constructor(private readonly parts: SequenceParts) {
    const { name, channel, model, store } = parts;
    this.name = name;
    this.channel = channel;
    this.model = model;
    this.epoch = parts.newEpoch();
    this.durable = model.seq;
    const { batch, features, units } = model.spec;
    this.stepSize = batch * features;
    this.results = new Results(channel, batch * units, batch * outputsOf(model.spec));
    const { blockSteps } = parts.limits;
    this.blockSteps = Math.max(1, Math.min(blockSteps, Math.floor(BLOCK_WORK / stepWork(model.spec))));
    this.log = store.openLog(name, this.stepSize, (seq) => this.onDurable(seq));
  }

  /**
   * Takes a block of steps. Those that were accepted before are acked again and have no effect.
   *
   * @param first number of the first step
   * @param x [T,B,F]
   * @param targets [T,B,M], for a supervised task
   * @param onAck called once, when all of them are durable
   * @param said T, where the producer tells it
   * @throws EddyError `step-*`, `block-too-long`, `credit-exceeded`, `target-*`; nothing of the block has been taken
   */
  push(
    first: number,
    x: Float32Array,
    targets: Float32Array | undefined,
    onAck: OnAck,
    said = x.length / this.stepSize,
  ): void {
    this.checkAlive();
    const size = this.stepSize;
    const count = this.checkBlock(first, x, said);
    const targetSize = targets ? this.checkTargets(targets, count) : 0;
    const next = this.model.seq + 1;
    this.checkRepeats(first, x, Math.min(next, first + count));
    const last = first + count - 1;
    const repeats = Math.min(count, next - first);
    if (repeats < count) {
      this.results.begin(next, count - repeats);
      try {
        this.log.append(next, rows(x, size, repeats, count));
        for (let t = repeats; t < count; t++) {
          const result = this.model.stepOf(x, t * size);
          this.results.add(result, count - t - 1);
          this.results.addUpdates(result.updates);
          if (result.isAnomalous || result.drift) this.notice(result);
          if (targets) this.results.addUpdates(this.model.learn(rows(targets, targetSize, t, t + 1)));
        }
      } catch (error) {
        throw this.fail(error);
      }
      this.results.flush(this.model);
    }
    if (last <= this.durable) onAck(this.durable, this.channel);
    else this.waiting.push({ seq: last, onAck });
  }

  /**
   * Takes targets that come after their steps, one for each step from `first` on. Each stands for itself.
   *
   * @param targets [T,B,M]
   * @param onRefused gets the error of each that is refused, and the step it was for
   * @throws EddyError `target-unexpected`, `target-shape`
   */
  learn(first: number, targets: Float32Array, onRefused: (error: EddyError, seq: number) => void): void {
    this.checkAlive();
    const size = this.model.spec.batch * outputsOf(this.model.spec);
    if (this.model.spec.task?.kind !== 'supervised')
      throw new EddyError('target-unexpected', 'only a model with a supervised task takes targets');
    if (targets.length === 0 || targets.length % size !== 0)
      throw new EddyError('target-shape', `${targets.length} numbers are no targets of ${size} each`);
    if (targets.length / size > this.blockSteps)
      throw new EddyError(
        'block-too-long',
        `${targets.length / size} targets; the limit is ${this.blockSteps}`,
      );
    this.checkTargets(targets, targets.length / size);
    for (let t = 0; t * size < targets.length; t++) {
      try {
        this.results.addUpdates(this.model.learn(rows(targets, size, t, t + 1), first + t));
      } catch (error) {
        if (!(error instanceof EddyError)) throw this.fail(error);
        onRefused(error, first + t);
      }
    }
    this.results.flush(this.model);
  }

  /** Changes what may be changed while it runs. @throws EddyError `setting-invalid`, and nothing has changed */
  configure(settings: { learning?: boolean | undefined; learningRate?: number | undefined }): void {
    this.checkAlive();
    const { learning = this.model.learning, learningRate } = settings;
    const before = this.model.learning;
    this.model.learning = learning;
    try {
      if (learningRate !== undefined) this.model.learningRate = learningRate;
    } catch (error) {
      this.model.learning = before;
      throw error;
    }
    this.announce('configured', { learning: this.model.learning, learningRate: this.model.learningRate });
  }

  /** Begins a new history: a new epoch, h = 0, and new weights if asked. Step numbers go on. */
  reset(what: 'state' | 'weights'): void {
    this.checkAlive();
    this.model.reset(what);
    this.epoch = this.parts.newEpoch();
    this.announce('reset', { what });
  }

  /** Gives a view of the results from now on. @throws EddyError `view-unavailable` */
  watch(view: View, options: ViewOptions): Observable<ViewMessage> {
    this.checkAlive();
    if (this.model.spec.readout.kind === 'none' && view !== 'states' && view !== 'events')
      throw new EddyError('view-unavailable', `a model without a readout has no ${view}`);
    return applyView(this.results.of(view), options, this.results.capacityOf(view), this.parts.scheduler);
  }

  /** Ends it: its watchers complete, its memory is given back. */
  end(): void {
    this.results.complete();
    this.log.close();
    this.model.free();
  }

  private checkBlock(first: number, x: Float32Array, said: number): number {
    const count = x.length / this.stepSize;
    if (count === 0 || !Number.isInteger(count))
      throw new EddyError(
        'step-shape',
        `x has ${x.length} numbers, no multiple of ${this.stepSize} (batch * features)`,
      );
    if (count !== said)
      throw new EddyError('step-shape', `the block has ${count} steps of ${this.stepSize}; it says ${said}`);
    if (count > this.blockSteps)
      throw new EddyError('block-too-long', `the block has ${count} steps; the limit is ${this.blockSteps}`);
    const next = this.model.seq + 1;
    if (first > next) throw new EddyError('step-gap', `step ${first} came; step ${next} is expected`);
    const unacked = first + count - 1 - this.durable;
    if (unacked > this.parts.limits.unackedSteps)
      throw new EddyError(
        'credit-exceeded',
        `${unacked} steps would wait for their ack; the limit is ${this.parts.limits.unackedSteps}`,
      );
    checkSteps(this.model.spec, x);
    return count;
  }

  private checkTargets(targets: Float32Array, count: number): number {
    const size = targets.length / count;
    if (this.model.spec.task?.kind !== 'supervised')
      throw new EddyError('target-unexpected', 'only a model with a supervised task takes targets');
    for (let t = 0; t < count; t++) checkTarget(this.model.spec, rows(targets, size, t, t + 1));
    return size;
  }

  /** Two producers of one sequence must not overwrite each other unseen. */
  private checkRepeats(first: number, x: Float32Array, end: number): void {
    for (let seq = first; seq < end; seq++) {
      const kept = this.log.read(seq);
      const at = (seq - first) * this.stepSize;
      if (kept && !kept.every((value, i) => isSame(value, x[at + i]!)))
        throw new EddyError('step-conflict', `step ${seq} was accepted before, with other numbers`);
    }
  }

  /** What the errors of a step tell of the series is an event. */
  private notice({ isAnomalous, anomaly, drift }: StepResult): void {
    if (isAnomalous) this.announce('anomaly', { score: anomaly });
    if (drift) this.announce('drift', { detector: drift });
  }

  private onDurable(seq: number): void {
    this.durable = seq;
    while (this.waiting[0] && this.waiting[0].seq <= seq) this.waiting.shift()?.onAck(seq, this.channel);
  }

  private announce(event: SequenceEvent['event'], detail: Record<string, unknown>): void {
    this.results.announce({ event, seq: this.model.seq, epoch: this.epoch, detail });
  }

  /** A fault of Eddy's own stops this sequence, so that no wrong state is served, and no other. */
  private fail(cause: unknown): EddyError {
    this.failure = new EddyError(
      'sequence-failed',
      `${this.name} stopped at step ${this.model.seq}: ${cause}`,
      { cause },
    );
    this.parts.onFault(this.failure);
    this.announce('failed', { message: this.failure.message });
    return this.failure;
  }

  /** @throws EddyError `sequence-failed` */
  checkAlive(): void {
    if (this.failure) throw this.failure;
  }
}

/** Gives the rows from `from` to `to` of T rows of `size` numbers each, where they lie. */
function rows(all: Float32Array, size: number, from: number, to: number): Float32Array {
  return to * size - from * size === all.length ? all : all.subarray(from * size, to * size);
}

/** The same number, or both missing. */
const isSame = (a: number, b: number): boolean => a === b || (Number.isNaN(a) && Number.isNaN(b));
