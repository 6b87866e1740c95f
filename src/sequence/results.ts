/** The results of one sequence on their way out. What nobody watches is not even made. */
import { Subject } from 'rxjs';
import type { SequenceEvent, UpdateEntry, View, ViewMessage } from '../protocol/messages.js';
import type { Update } from '../rnn/learner.js';
import type { Model, StepResult } from '../rnn/model.js';
import { metricsMessage } from './latest-result.js';

/** Numbers in one message of states or predictions, at most (64 KiB in MessagePack), unless one step has more. */
const MESSAGE_NUMBERS = 16 * 1024;
/** Updates, metrics or events in one message, at most. */
const MESSAGE_ENTRIES = 256;
/** Numbers of the array that the results of small blocks share, since one of their own costs more than what is in it. */
const SLAB_NUMBERS = 2048;

/** Gathers what the steps of one block give, and sends it out. */
export class Results {
  private readonly subjects: Record<View, Subject<ViewMessage>> = {
    states: new Subject(),
    predictions: new Subject(),
    updates: new Subject(),
    metrics: new Subject(),
    events: new Subject(),
  };
  private first = 0;
  private count = 0;
  private h: Float32Array<ArrayBuffer> | null = null;
  private y: Float32Array<ArrayBuffer> | null = null;
  private slab = new Float32Array(0);
  private used = 0;
  private updates: UpdateEntry[] = [];

  /** @param stateSize B * N. @param outputSize B * M. */
  constructor(
    private readonly channel: number,
    private readonly stateSize: number,
    private readonly outputSize: number,
  ) {}

  /** Gives results that nobody will hear of. */
  static unheard(): Results {
    return new Results(0, 1, 1);
  }

  /** Does anybody listen? */
  get isWatched(): boolean {
    return Object.values(this.subjects).some(({ observed }) => observed);
  }

  of(view: View): Subject<ViewMessage> {
    return this.subjects[view];
  }

  /** Results that one message of a view may hold. */
  capacityOf(view: View): number {
    if (view === 'states') return Math.max(1, Math.floor(MESSAGE_NUMBERS / this.stateSize));
    if (view === 'predictions') return Math.max(1, Math.floor(MESSAGE_NUMBERS / this.outputSize));
    return MESSAGE_ENTRIES;
  }

  /** Begins a run of at most `steps` steps, the first numbered `seq`. */
  begin(seq: number, steps: number): void {
    const room = Math.min(steps, this.capacityOf('states'), this.capacityOf('predictions'));
    this.first = seq;
    this.count = 0;
    this.h = this.subjects.states.observed ? this.take(room * this.stateSize) : null;
    this.y =
      this.subjects.predictions.observed && this.outputSize > 0 ? this.take(room * this.outputSize) : null;
  }

  /** Adds one step; `left` more will follow. */
  add({ seq, h, y }: StepResult, left: number): void {
    if (this.h?.length === this.count * this.stateSize || this.y?.length === this.count * this.outputSize) {
      this.flushSteps();
      this.begin(seq, left + 1);
    }
    this.h?.set(h, this.count * this.stateSize);
    if (y) this.y?.set(y, this.count * this.outputSize);
    this.count++;
  }

  /** @param seq number of the step after which they were made */
  addUpdates(updates: readonly Update[], seq: number): void {
    if (!this.subjects.updates.observed) return;
    for (const { loss, gradientNorm, ...rest } of updates)
      this.updates.push({ ...rest, loss: finiteOrNull(loss), gradientNorm: finiteOrNull(gradientNorm) });
    if (this.updates.length >= MESSAGE_ENTRIES) this.flushUpdates(seq);
  }

  /** Sends out what has been gathered: states first, since they wait for nothing. */
  flush(model: Pick<Model, 'seq' | 'updates' | 'metrics' | 'anomaly'>): void {
    this.flushSteps();
    this.flushUpdates(model.seq);
    if (!this.subjects.metrics.observed) return;
    this.subjects.metrics.next(metricsMessage(this.channel, model));
  }

  announce(event: SequenceEvent): void {
    this.subjects.events.next({ type: 'events', channel: this.channel, skipped: 0, events: [event] });
  }

  complete(): void {
    for (const subject of Object.values(this.subjects)) subject.complete();
  }

  /** Gives room for numbers that has never been given before; it is 0. */
  private take(length: number): Float32Array<ArrayBuffer> {
    if (length > SLAB_NUMBERS / 4) return new Float32Array(length);
    if (this.used + length > this.slab.length) {
      this.slab = new Float32Array(SLAB_NUMBERS);
      this.used = 0;
    }
    this.used += length;
    return this.slab.subarray(this.used - length, this.used);
  }

  private flushUpdates(seq: number): void {
    const { channel, updates } = this;
    if (updates.length === 0) return;
    this.updates = [];
    this.subjects.updates.next({ type: 'updates', channel, seq, skipped: 0, updates });
  }

  private flushSteps(): void {
    const { channel, first: seq, count, h, y } = this;
    this.h = null;
    this.y = null;
    this.count = 0;
    if (count === 0) return;
    if (h)
      this.subjects.states.next({
        type: 'states',
        channel,
        seq,
        count,
        skipped: 0,
        h: upTo(h, count * this.stateSize),
      });
    if (y)
      this.subjects.predictions.next({
        type: 'predictions',
        channel,
        seq,
        count,
        skipped: 0,
        y: upTo(y, count * this.outputSize),
      });
  }
}

const upTo = (values: Float32Array<ArrayBuffer>, length: number) =>
  values.length === length ? values : values.subarray(0, length);

const finiteOrNull = (value: number) => (Number.isFinite(value) ? value : null);
