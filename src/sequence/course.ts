import type { Update } from '../rnn/learning/learner.js';
import type { Model } from '../rnn/model.js';

/** What a sequence has become: its model, and which of its histories that is in. */
export class Course {
  /** The last update since the model is in memory. */
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
