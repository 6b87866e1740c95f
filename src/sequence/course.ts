import type { Update } from '../rnn/learning/learner.js';
import type { Model } from '../rnn/model.js';

/** The current state of a sequence: its model, and the epoch of its history. */
export class Course {
  /** The last update since the model was loaded. */
  lastUpdate: Update | null = null;

  constructor(
    readonly model: Model,
    /** Id of this history; it changes on every reset. */
    public epoch: string,
  ) {}

  /** Number of the last step, -1 before the first. */
  get seq(): number {
    return this.model.seq;
  }
}
