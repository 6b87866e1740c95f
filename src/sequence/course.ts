import type { Schema } from '../fields/schema.js';
import type { Update } from '../rnn/learning/learner.js';
import type { Model } from '../rnn/model.js';
import type { StepKey } from '../store/store.js';
import { AppendKeys } from './append-keys.js';
import { StepTimes } from './step-times.js';

/** The current state of a sequence: its model, the epoch of its history, its times, and the keys of its appends. */
export class Course {
  /** The last update since the model was loaded. */
  lastUpdate: Update | null = null;
  readonly times = new StepTimes();
  readonly keys = new AppendKeys();

  constructor(
    readonly model: Model,
    /** Id of this history; it changes on every reset. */
    public epoch: string,
    public schema: Schema,
    /** Were its fields ever named? Those of a sequence of version 0.1 were not. */
    public isNamed = true,
  ) {}

  /** Number of the last step, -1 before the first. */
  get seq(): number {
    return this.model.seq;
  }

  /** Notes steps that are about to be carried, the first numbered `first`: their times [T], and their keys. */
  note(first: number, t: Float64Array | null, keys: readonly StepKey[] | null | undefined): void {
    if (t) this.times.take(t);
    if (keys) this.keys.add(keys, first);
  }
}
