/** What flows through a sequence's pipe: changes on their way in, runs of steps on their way out. */
import type { EddyError } from '../errors.js';
import { OwnRun } from '../operators/run.js';
import type { SequenceEvent } from '../protocol/views/index.js';
import type { LogRecord } from '../store/store.js';

/** Something that was asked for is refused, and changed nothing. */
export interface Refused {
  readonly error: EddyError;
  /** Number of the first step that it is about; null where it is about none. */
  readonly seq: number | null;
  /** How many steps, where that is told. */
  readonly count: number | null;
}

/** Whoever asked for a change, and is told what became of it. */
export interface Asker {
  /** All steps up to this one are durable, and the change that was asked for with them. */
  durable(seq: number): void;
  refused(refused: readonly Refused[]): void;
}

/** A change that was accepted, or one out of the log, which nobody waits for. */
export interface Change {
  /** What the log keeps of it; null where all its steps were accepted before, and only their ack is wanted again. */
  readonly record: LogRecord | null;
  /** Number of the last step that has to be durable for its ack; -1 for a change that has no step. */
  readonly last: number;
  readonly asker: Asker | null;
}

/** A change as the log has it. */
export const replayed = (record: LogRecord): Change => ({ record, last: -1, asker: null });

export type PlainEvent = Pick<SequenceEvent, 'event' | 'detail'>;

const NO_EVENTS: readonly PlainEvent[] = [];
const NO_REFUSED: readonly Refused[] = [];

/** A run of a sequence, and the change that it is part of. */
export class SequenceRun extends OwnRun {
  change!: Change;
  /** What became of the sequence by the change. */
  events = NO_EVENTS;
  refused = NO_REFUSED;
  /** Did the change have any effect? */
  isEffective = true;
}
