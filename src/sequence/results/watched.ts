/** What a subscriber asks of a sequence and is given, and what its views need of it. */
import type { Observable } from 'rxjs';
import type { Schema } from '../../fields/sequence-schema.js';
import type { ViewMessage } from '../../protocol/views/index.js';
import type { ModelSpec } from '../../rnn/spec/spec.js';
import type { Asker, Change } from '../change.js';
import type { Course } from '../course.js';
import type { Since } from '../past/past.js';

/** A subscriber's position: it has seen everything up to this step. */
export interface After {
  readonly epoch: string;
  readonly seq: number;
  /** Number of the last event it has seen, -1 for none; without it, those of that step come again. */
  readonly event?: number | undefined;
}

export interface Rejoined {
  readonly results$: Observable<ViewMessage>;
  /** Does it resume at the subscriber's position? */
  readonly recovered: boolean;
}

export interface Begun extends Partial<Rejoined> {
  readonly results$: Observable<ViewMessage>;
  /** Number of the step that the results begin with. */
  readonly begins: number;
}

/** Where a view begins: at the earliest of these. */
export interface From extends Since {
  readonly after?: After | undefined;
  /** Does the view end with what was, so that no live results follow? */
  readonly isOver?: boolean | undefined;
}

/** The watched sequence. */
export interface Watched {
  readonly name: string;
  readonly channel: number;
  readonly spec: ModelSpec;
  readonly schema: Schema;
  readonly seq: number;
  readonly epoch: string;
  /** How far its results have gone out, and the change of which more are to come. */
  readonly shown: number;
  readonly unfinished: Change | null;
  /** How many events its history had so far; null where that is not known. */
  readonly events: number | null;
  /** @throws EddyError why it ended, if it did */
  checkAlive(): void;
  /** Looks at its model between two changes; wakes it, unless a sleeping one is to be left alone. */
  look(look: (course: Course) => null, asker: Asker, isIdle?: boolean): void;
  /** Its model and epoch; null while it sleeps. */
  readonly course: Course | null;
}
