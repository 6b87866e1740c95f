/**
 * A model on its way along a log: what is live goes through here, and so does what is read back, so both give the same
 * bits.
 *
 *   steps -> cell -> readout -> target due? -> error, window, update -> results
 */
import type { SequenceCounters } from '../counters.js';
import { EddyError } from '../errors.js';
import type { SequenceEvent } from '../protocol/messages.js';
import type { Update } from '../rnn/learning/learner.js';
import type { Model, StepResult } from '../rnn/model.js';
import { outputsOf } from '../rnn/spec/spec.js';
import type { LogRecord } from '../store/store.js';
import type { RecentSteps } from './recent-steps.js';
import type { Results } from './results/results.js';

type RecordOf<K extends LogRecord['kind']> = Extract<LogRecord, { kind: K }>;

/** Hears which late target was refused, and why. */
export type OnRefused = (error: EddyError, seq: number) => void;

export class Carrier {
  /** The last update since it is in memory. */
  lastUpdate: Update | null = null;

  constructor(
    readonly model: Model,
    readonly results: Results,
    private readonly recent: RecentSteps | null,
    /** Id of this history; changes on every reset. */
    public epoch: string,
    private readonly counters: SequenceCounters = uncounted(),
  ) {}

  /** Number of the last step, -1 before the first. */
  get seq(): number {
    return this.model.seq;
  }

  /** Does again what a record says. */
  apply(record: LogRecord): void {
    switch (record.kind) {
      case 'created':
        return;
      case 'steps':
        return this.steps(record);
      case 'targets':
        this.targets(record, () => undefined);
        return;
      case 'configured':
        return this.configure(record);
      case 'reset':
        return this.reset(record);
    }
  }

  /** Takes steps that were checked, each with its target where there are any. */
  steps({ first, x, targets }: Omit<RecordOf<'steps'>, 'kind'>): void {
    const { model, results } = this;
    const { batch, features } = model.spec;
    const size = batch * features;
    const count = x.length / size;
    const targetSize = (targets?.length ?? 0) / count;
    results.begin(first, count);
    results.accepted(first, x);
    this.recent?.add(first, x);
    for (let t = 0; t < count; t++) {
      const result = model.stepOf(x, t * size);
      results.add(result, count - t - 1);
      this.tell(result.updates, result.seq);
      if (result.isAnomalous || result.drift) this.notice(result);
      if (targets) this.tell(model.learn(rows(targets, targetSize, t, t + 1)), result.seq);
    }
    this.counters.steps += count;
    results.flush(model);
  }

  /** Takes late targets, and gives how many were not refused. */
  targets({ first, targets }: Omit<RecordOf<'targets'>, 'kind'>, onRefused: OnRefused): number {
    const { model, results } = this;
    const size = model.spec.batch * outputsOf(model.spec);
    let taken = 0;
    for (let t = 0; t * size < targets.length; t++) {
      try {
        this.tell(model.learn(rows(targets, size, t, t + 1), first + t), this.seq);
        taken++;
      } catch (error) {
        if (!(error instanceof EddyError)) throw error;
        onRefused(error, first + t);
      }
    }
    results.flush(model);
    return taken;
  }

  /** Changes settings. @throws EddyError `setting-invalid`, and nothing has changed */
  configure({ learning, learningRate }: Omit<RecordOf<'configured'>, 'kind'>): void {
    const { model } = this;
    const before = model.learning;
    model.learning = learning;
    try {
      if (learningRate !== null) model.learningRate = learningRate;
    } catch (error) {
      model.learning = before;
      throw error;
    }
    this.announce('configured', { learning, learningRate: model.learningRate });
    if (learning !== before) this.announce(learning ? 'learning-resumed' : 'learning-paused', {});
  }

  /** Begins a new history: h = 0, and new weights if asked. Step numbers go on. */
  reset({ what, epoch }: Omit<RecordOf<'reset'>, 'kind'>): void {
    this.model.reset(what);
    this.lastUpdate = null;
    this.epoch = epoch;
    this.announce('reset', { what });
  }

  announce(event: SequenceEvent['event'], detail: Record<string, unknown>): void {
    this.results.announce({ event, seq: this.seq, epoch: this.epoch, detail });
  }

  private tell(updates: readonly Update[], seq: number): void {
    if (updates.length === 0) return;
    for (const { applied } of updates) {
      if (applied) this.counters.updatesApplied++;
      else this.counters.updatesSkipped++;
    }
    this.lastUpdate = updates.at(-1) ?? null;
    this.results.addUpdates(updates, seq);
  }

  /** What the errors of a step tell of the series is an event. */
  private notice({ isAnomalous, anomaly, drift }: StepResult): void {
    if (isAnomalous) this.announce('anomaly', { score: anomaly });
    if (drift) this.announce('drift', { detector: drift });
  }
}

/** Gives the rows from `from` to `to` of T rows of `size` numbers each, where they lie. */
export function rows(all: Float32Array, size: number, from: number, to: number): Float32Array {
  return to * size - from * size === all.length ? all : all.subarray(from * size, to * size);
}

/** What is gone over again is not counted. */
const uncounted = (): SequenceCounters => ({
  steps: 0,
  stepsRepeated: 0,
  updatesApplied: 0,
  updatesSkipped: 0,
});
