import type { Schema } from '../fields/sequence-schema.js';
import type { Update } from '../rnn/learning/learner.js';
import type { Model } from '../rnn/model.js';
import type { LogRecord } from '../store/store.js';
import { AppendKeys } from './append-keys.js';
import { RecentSteps, targetReach } from './recent-steps.js';
import { StepTimes } from './step-times.js';

/** The current state of a sequence: its model, the epoch of its history, its times, its last steps, and the keys of its appends. */
export class Course {
  /** The last update since the model was loaded. */
  lastUpdate: Update | null = null;
  readonly times = new StepTimes();
  readonly keys = new AppendKeys();
  readonly recent: RecentSteps;
  /** Of a resampled sequence: the time of the last step that is not all gaps; NaN before the first. */
  filled = Number.NaN;
  /** How many events its history had so far: the number of the next one. */
  events = 0;

  constructor(
    readonly model: Model,
    /** Id of this history; it changes on every reset. */
    public epoch: string,
    public schema: Schema,
    /** Were its fields ever named? Those of a sequence of version 0.1 were not. */
    public isNamed = true,
  ) {
    this.recent = new RecentSteps(
      model.spec.batch * model.spec.features,
      Number.POSITIVE_INFINITY,
      targetReach(model.spec),
    );
  }

  /** Number of the last step, -1 before the first. */
  get seq(): number {
    return this.model.seq;
  }

  /** Notes steps that are about to be carried: what tells them from others, their times, and their keys. */
  note({ first, x, targets, t, keys }: Extract<LogRecord, { kind: 'steps' }>): void {
    this.recent.add(first, x, targets, t);
    if (t) this.times.take(t);
    if (keys) this.keys.add(keys, first);
    if (t && this.schema.resample) this.noteFilled(x, t);
  }

  private noteFilled(x: Float64Array, t: Float64Array): void {
    const at = x.findLastIndex((value) => !Number.isNaN(value));
    if (at >= 0) this.filled = t[Math.floor((at * t.length) / x.length)]!;
  }
}
