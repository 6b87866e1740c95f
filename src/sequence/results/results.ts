/** The results of one sequence on their way out. Results that nobody watches are not made. */

import { Subject } from 'rxjs';
import { type OutputLabel, outputLabels } from '../../fields/output-labels.js';
import type { Schema } from '../../fields/sequence-schema.js';
import type { CopyRoom } from '../../operators/carry-steps.js';
import type { SequenceEvent, UpdateEntry, ViewMessage } from '../../protocol/views/index.js';
import type { Update } from '../../rnn/learning/learner.js';
import { type ModelSpec, outputsOf } from '../../rnn/spec/spec.js';
import type { LogRecord } from '../../store/store.js';
import type { SequenceRun } from '../change.js';
import type { Course } from '../course.js';
import type { Past } from '../past/past.js';
import { metricsMessage, timeOf } from './latest-result.js';
import type { ResultView } from './result-view.js';
import { StepGatherer } from './step-gatherer.js';
import { StepTeller } from './told-steps.js';

/** The most numbers in one message of states or predictions (64 KiB in MessagePack), unless one step has more. */
const MESSAGE_NUMBERS = 16 * 1024;
/** The most updates, metrics or events in one message. */
const MESSAGE_ENTRIES = 256;

type Steps = Extract<LogRecord, { kind: 'steps' }>;

export type { ResultView };

/** Where results leave: predictions with their ranges do beside those without, for whom asked. */
type Outlet = ResultView | 'ranged';

/** Gathers the results of a block's runs, and sends them out. It has room for copies of their h, y and ranges, as far as somebody watches them. */
export class Results implements CopyRoom {
  /** Tells all of each step to who judges them. */
  readonly teller = new StepTeller();
  private readonly gatherer: StepGatherer;
  /** Created on first use: nobody watches most sequences. */
  private readonly subjects: Partial<Record<Outlet, Subject<ViewMessage>>> = {};
  /** The most results of a view in one message. */
  private readonly capacities: { readonly [V in 'states' | 'predictions' | 'inputs']: number };
  /** Numbers in a step, B * F. */
  private readonly stepSize: number;
  private readonly hasOutputs: boolean;
  /** Probabilities have none. */
  private readonly hasRanges: boolean;
  /** The steps with waiting states and predictions: how many, and the number of the first. */
  private count = 0;
  private first = 0;
  private ownLabels: readonly OutputLabel[] | null = null;
  private updates: UpdateEntry[] = [];
  /** The record of steps that is under way, and the milliseconds between steps where they come regularly. */
  private steps: Steps | null = null;
  private interval: number | null = null;

  constructor(
    private readonly channel: number,
    private readonly spec: ModelSpec,
    /** What the numbers mean. */
    private schema: Schema,
    /** What keeps the results; null where they are of a replay that is kept already. */
    private readonly past: Past | null = null,
  ) {
    const [state, output] = [spec.batch * spec.units, spec.batch * outputsOf(spec)];
    this.stepSize = spec.batch * spec.features;
    this.hasOutputs = output > 0;
    this.hasRanges = spec.readout.kind === 'linear';
    this.capacities = {
      states: atMost(MESSAGE_NUMBERS, state),
      predictions: atMost(MESSAGE_NUMBERS, output),
      inputs: atMost(MESSAGE_NUMBERS, this.stepSize),
    };
    this.gatherer = new StepGatherer({ state, output });
  }

  /** Does anybody watch? */
  get isWatched(): boolean {
    return this.teller.isHeard || Object.values(this.subjects).some(({ observed }) => observed);
  }

  /** @param ranges of predictions: with their ranges? */
  of(view: ResultView, ranges = false): Subject<ViewMessage> {
    const outlet = view === 'predictions' && ranges && this.hasRanges ? 'ranged' : view;
    this.subjects[outlet] ??= new Subject();
    return this.subjects[outlet];
  }

  /** Gives the most results that one message of a view may hold. */
  capacityOf(view: ResultView): number {
    const { capacities } = this;
    return view in capacities ? capacities[view as keyof typeof capacities] : MESSAGE_ENTRIES;
  }

  /** Takes the names of fields that had none. */
  rename(schema: Schema): void {
    this.schema = schema;
    this.ownLabels = null;
  }

  /** Starts to gather, up to one message of steps; waiting ones leave first. */
  begin(steps: number): number {
    this.flushSteps();
    const { states, predictions, ranged } = this.subjects;
    const [h, ranges] = [states?.observed ?? false, ranged?.observed ?? false];
    const y = ranges || (this.hasOutputs && (predictions?.observed ?? false));
    const kept = this.past?.begin(steps) ?? steps;
    const most = h || y ? Math.min(kept, this.capacities.states, this.capacities.predictions) : kept;
    this.gatherer.begin(most, h, y, ranges);
    return most;
  }

  h(length: number): Float32Array | null {
    return this.gatherer.h(length) ?? this.past?.h(length) ?? null;
  }

  y(length: number): Float32Array | null {
    return this.gatherer.y(length) ?? this.past?.y(length) ?? null;
  }

  ranges(length: number): Float32Array | null {
    return this.teller.notedRanges(this.gatherer.ranges(length), this.hasRanges ? length : 0);
  }

  anomalies(steps: number): Float32Array | null {
    return this.teller.notedAnomalies(this.past?.anomalies(steps) ?? null);
  }

  /** Takes a run; sends out the gathered results if it ends its block. */
  add(run: SequenceRun, course: Course): void {
    const { record } = run.change;
    if (record?.kind === 'steps' && run.count > 0) this.takeInputs(record, run);
    if (this.teller.isHeard) {
      const { epoch } = course;
      this.teller.run(
        run,
        epoch,
        run.numbered.map((event) => ({ ...event, epoch })),
      );
    }
    this.interval = course.times.interval;
    if (this.count === 0) this.first = run.seq;
    this.count += run.count;
    if (run.updates.length > 0) this.addUpdates(run.updates, run.now, course);
    for (const { event, detail, seq, t, number } of run.numbered)
      this.announce(course, event, detail, t ?? Number.NaN, seq, number);
    if (run.isLast && (record?.kind === 'steps' || record?.kind === 'targets')) this.flush(course);
    else if (run.leavesAtOnce) {
      this.flushSteps();
      this.flushUpdates(run.now);
    }
  }

  /** Tells of an event. @param number its number, if it belongs to the history */
  announce(
    { seq: last, epoch }: { readonly seq: number; readonly epoch: string },
    event: SequenceEvent['event'],
    detail: Record<string, unknown>,
    t: number,
    seq = last,
    number?: number,
  ): void {
    const told = { event, seq, t: timeOf(t), epoch, detail, ...(number !== undefined && { number }) };
    if (number === undefined) this.teller.event(told);
    this.subjects.events?.next({ type: 'events', channel: this.channel, skipped: 0, events: [told] });
  }

  /** Takes the steps of a record, which leave with its first run; or with each run its own, where runs leave at once. */
  private takeInputs(steps: Steps, { seq, count, leavesAtOnce }: SequenceRun): void {
    this.steps = steps;
    const size = this.stepSize;
    const at = seq - steps.first;
    if (leavesAtOnce) this.sendInputs(seq, steps.x.subarray(at * size, (at + count) * size));
    else if (at === 0) this.sendInputs(seq, steps.x);
  }

  /** The times of steps of the record that is under way. */
  private timesFrom(seq: number, count: number): Float64Array<ArrayBuffer> {
    const { t = null, first = 0 } = this.steps ?? {};
    if (!t) return new Float64Array(count).fill(Number.NaN);
    return (count === t.length ? t : t.slice(seq - first, seq - first + count)) as Float64Array<ArrayBuffer>;
  }

  private timeAt(seq: number, { times }: Course): number {
    const { t, first } = this.steps ?? { t: null, first: 0 };
    return t?.[seq - first] ?? times.last;
  }

  private get labels(): readonly OutputLabel[] {
    const { fields, targets } = this.schema;
    this.ownLabels ??= outputLabels(this.spec, fields, targets);
    return this.ownLabels;
  }

  complete(): void {
    this.teller.complete();
    for (const subject of Object.values(this.subjects)) subject.complete();
  }

  /** Sends out the gathered results: states first, since they wait for nothing. */
  private flush({ model, times }: Course): void {
    this.flushSteps();
    this.flushUpdates(model.seq);
    const { metrics } = this.subjects;
    if (metrics?.observed) metrics.next(metricsMessage(this.channel, model, timeOf(times.last), this.labels));
  }

  private flushSteps(): void {
    const { channel, count, first: seq, subjects, gatherer, interval } = this;
    if (count === 0) return;
    this.count = 0;
    const { gatheredH: h, gatheredY: y, gatheredRanges: range } = gatherer;
    if (!h && !y) return;
    const t = this.timesFrom(seq, count);
    if (h) subjects.states?.next({ type: 'states', channel, seq, count, skipped: 0, t, h });
    if (!y) return;
    const message = { type: 'predictions' as const, channel, seq, count, skipped: 0, t, interval, y };
    subjects.predictions?.next(message);
    subjects.ranged?.next(range ? { ...message, range } : message);
  }

  /** Sends out accepted steps x [T,B,F], the first numbered `seq`. */
  private sendInputs(seq: number, x: Float64Array): void {
    const { inputs } = this.subjects;
    if (!inputs?.observed) return;
    const { channel, stepSize } = this;
    const most = this.capacityOf('inputs') * stepSize;
    for (let at = 0; at < x.length; at += most) {
      const part = x.slice(at, at + most) as Float64Array<ArrayBuffer>;
      const [first, count] = [seq + at / stepSize, part.length / stepSize];
      inputs.next({
        type: 'inputs',
        channel,
        seq: first,
        count,
        skipped: 0,
        t: this.timesFrom(first, count),
        x: part,
      });
    }
  }

  /** @param seq number of the step after which the updates were made */
  private addUpdates(updates: readonly Update[], seq: number, course: Course): void {
    if (!this.subjects.updates?.observed) return;
    const t = timeOf(this.timeAt(seq, course));
    for (const { loss, gradientNorm, ...rest } of updates)
      this.updates.push({ ...rest, t, loss: finiteOrNull(loss), gradientNorm: finiteOrNull(gradientNorm) });
    if (this.updates.length >= MESSAGE_ENTRIES) this.flushUpdates(seq);
  }

  private flushUpdates(seq: number): void {
    const { channel, updates } = this;
    if (updates.length === 0) return;
    this.updates = [];
    this.subjects.updates?.next({ type: 'updates', channel, seq, skipped: 0, updates });
  }
}

const atMost = (numbers: number, size: number) => Math.max(1, Math.floor(numbers / size));

const finiteOrNull = (value: number) => (Number.isFinite(value) ? value : null);
