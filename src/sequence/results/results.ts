/** The results of one sequence on their way out. What nobody watches is not even made. */
import { Subject } from 'rxjs';
import type { SequenceEvent, UpdateEntry, View, ViewMessage } from '../../protocol/messages.js';
import type { Update } from '../../rnn/learning/learner.js';
import type { Model, StepResult } from '../../rnn/model.js';
import { type ModelSpec, outputsOf } from '../../rnn/spec/spec.js';
import { metricsMessage } from './latest-result.js';

/** Numbers in one message of states or predictions, at most (64 KiB in MessagePack), unless one step has more. */
const MESSAGE_NUMBERS = 16 * 1024;
/** Updates, metrics or events in one message, at most. */
const MESSAGE_ENTRIES = 256;
/** Numbers of the array that the results of small blocks share, since one of their own costs more than what is in it. */
const SLAB_NUMBERS = 2048;

/** All views but the weights, which are no result of a step. */
export type ResultView = Exclude<View, 'weights'>;

export interface ResultSizes {
  /** B * F */
  readonly step: number;
  /** B * N */
  readonly state: number;
  /** B * M */
  readonly output: number;
}

/** Gathers what the steps of one block give, and sends it out. */
export class Results {
  /** Made when they are first asked for: most sequences are watched by nobody. */
  private readonly subjects: Partial<Record<ResultView, Subject<ViewMessage>>> = {};
  private first = 0;
  private count = 0;
  private h: Float32Array<ArrayBuffer> | null = null;
  private y: Float32Array<ArrayBuffer> | null = null;
  private slab = new Float32Array(0);
  private used = 0;
  private updates: UpdateEntry[] = [];

  constructor(
    private readonly channel: number,
    private readonly sizes: ResultSizes,
  ) {}

  /** Gives the results of a model. */
  static of(channel: number, spec: ModelSpec): Results {
    const { batch, features, units } = spec;
    return new Results(channel, {
      step: batch * features,
      state: batch * units,
      output: batch * outputsOf(spec),
    });
  }

  /** Gives results that nobody will hear of. */
  static unheard(): Results {
    return new Results(0, { step: 1, state: 1, output: 1 });
  }

  /** Does anybody listen? */
  get isWatched(): boolean {
    return Object.values(this.subjects).some(({ observed }) => observed);
  }

  of(view: ResultView): Subject<ViewMessage> {
    this.subjects[view] ??= new Subject();
    return this.subjects[view];
  }

  /** Results that one message of a view may hold. */
  capacityOf(view: ResultView): number {
    const { step, state, output } = this.sizes;
    if (view === 'states') return atMost(MESSAGE_NUMBERS, state);
    if (view === 'predictions') return atMost(MESSAGE_NUMBERS, output);
    if (view === 'inputs') return atMost(MESSAGE_NUMBERS, step);
    return MESSAGE_ENTRIES;
  }

  /** Sends out steps x [T,B,F] that were accepted, the first numbered `seq`. */
  accepted(seq: number, x: Float32Array): void {
    const { inputs } = this.subjects;
    if (!inputs?.observed) return;
    const { channel, sizes } = this;
    const most = this.capacityOf('inputs') * sizes.step;
    for (let at = 0; at < x.length; at += most) {
      const part = x.slice(at, at + most) as Float32Array<ArrayBuffer>;
      const [first, count] = [seq + at / sizes.step, part.length / sizes.step];
      inputs.next({ type: 'inputs', channel, seq: first, count, skipped: 0, x: part });
    }
  }

  /** Begins a run of at most `steps` steps, the first numbered `seq`. */
  begin(seq: number, steps: number): void {
    const { states, predictions } = this.subjects;
    const { state, output } = this.sizes;
    this.first = seq;
    this.count = 0;
    this.h = null;
    this.y = null;
    if (!states?.observed && !predictions?.observed) return;
    const room = Math.min(steps, this.capacityOf('states'), this.capacityOf('predictions'));
    if (states?.observed) this.h = this.take(room * state);
    if (predictions?.observed && output > 0) this.y = this.take(room * output);
  }

  /** Adds one step; `left` more will follow. */
  add({ seq, h, y }: StepResult, left: number): void {
    const { state, output } = this.sizes;
    if (this.h?.length === this.count * state || this.y?.length === this.count * output) {
      this.flushSteps();
      this.begin(seq, left + 1);
    }
    this.h?.set(h, this.count * state);
    if (y) this.y?.set(y, this.count * output);
    this.count++;
  }

  /** @param seq number of the step after which they were made */
  addUpdates(updates: readonly Update[], seq: number): void {
    if (!this.subjects.updates?.observed) return;
    for (const { loss, gradientNorm, ...rest } of updates)
      this.updates.push({ ...rest, loss: finiteOrNull(loss), gradientNorm: finiteOrNull(gradientNorm) });
    if (this.updates.length >= MESSAGE_ENTRIES) this.flushUpdates(seq);
  }

  /** Sends out what has been gathered: states first, since they wait for nothing. */
  flush(model: Pick<Model, 'seq' | 'updates' | 'metrics' | 'anomaly'>): void {
    this.flushSteps();
    this.flushUpdates(model.seq);
    const { metrics } = this.subjects;
    if (metrics?.observed) metrics.next(metricsMessage(this.channel, model));
  }

  announce(event: SequenceEvent): void {
    this.subjects.events?.next({ type: 'events', channel: this.channel, skipped: 0, events: [event] });
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
    this.subjects.updates?.next({ type: 'updates', channel, seq, skipped: 0, updates });
  }

  private flushSteps(): void {
    const { channel, first: seq, count, h, y } = this;
    this.h = null;
    this.y = null;
    this.count = 0;
    if (count === 0) return;
    if (h)
      this.subjects.states?.next({
        type: 'states',
        channel,
        seq,
        count,
        skipped: 0,
        h: upTo(h, count * this.sizes.state),
      });
    if (y)
      this.subjects.predictions?.next({
        type: 'predictions',
        channel,
        seq,
        count,
        skipped: 0,
        y: upTo(y, count * this.sizes.output),
      });
  }
}

const atMost = (numbers: number, size: number) => Math.max(1, Math.floor(numbers / size));

const upTo = (values: Float32Array<ArrayBuffer>, length: number) =>
  values.length === length ? values : values.subarray(0, length);

const finiteOrNull = (value: number) => (Number.isFinite(value) ? value : null);
