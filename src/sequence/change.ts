/** The values in a sequence's pipe: changes on their way in, runs of steps on their way out. */
import type { EddyError } from '../errors.js';
import { OwnRun } from '../operators/run.js';
import type { SequenceEvent } from '../protocol/views/index.js';
import type { Model } from '../rnn/model.js';
import type { LogRecord } from '../store/store.js';

/** A refusal: the command, or part of it, changed nothing. */
export interface Refused {
  readonly error: EddyError;
  /** Number of the first step concerned; null if none is. */
  readonly seq: number | null;
  /** How many steps are concerned, if known. */
  readonly count: number | null;
}

/** The one who asked for a change, and is told its outcome. */
export interface Asker {
  /** Who shares the processor with others: a socket, of all its handles. */
  readonly owner?: object;
  /** Is it answered in a bounded time, whatever the store does? Acks of steps wait for as long as it takes. */
  readonly isRequest?: boolean;
  /** All steps up to this one are durable, and so is the change. */
  durable(seq: number): void;
  /** The command changed nothing, or it is not known whether what it changed will be durable. */
  refused(refused: readonly Refused[]): void;
  /** Parts of it changed nothing; `durable` tells of the others. */
  partly?(refused: readonly Refused[]): void;
}

/** Nobody asked. */
export const NOBODY: Asker = { durable: () => undefined, refused: () => undefined };

/** A step without a number. */
export interface Appended {
  /** [B,F]; NaN is a gap. */
  readonly x: Float64Array;
  /** [B,M], for a supervised task. */
  readonly targets: Float64Array | null;
  /** Milliseconds since 1970; null to be stamped on arrival. */
  readonly t: number | null;
  /** Makes it idempotent: a key that came before has no effect. */
  readonly key: string | null;
}

/** The one who appended: it is told which step that became, as soon as the step is durable. */
export interface Appender extends Asker {
  /** The number of its step; it is set before `durable` is called. */
  seq: number;
}

/** An accepted change, or one from the log, for which nobody waits. */
export interface Change {
  /** Its record for the log; null if all its steps were accepted before and only need their ack again. */
  readonly record: LogRecord | null;
  /** Number of the last step that must be durable for its ack; -1 for a change without steps. */
  readonly last: number;
  readonly asker: Asker | null;
}

/** A change from the log. */
export const replayed = (record: LogRecord): Change => ({ record, last: -1, asker: null });

export type PlainEvent = Pick<SequenceEvent, 'event' | 'detail'>;

/** An event of a history, with its number in it. */
export interface RunEvent extends PlainEvent {
  readonly number: number;
  /** The step it is about, or the last one before it. */
  readonly seq: number;
  readonly t: number | null;
}

const NO_EVENTS: readonly PlainEvent[] = [];
const NO_NUMBERED: readonly RunEvent[] = [];
const NO_REFUSED: readonly Refused[] = [];

/** A run of a sequence, with the change that it belongs to. */
export class SequenceRun extends OwnRun {
  change!: Change;
  /** The events that the change caused. */
  events = NO_EVENTS;
  /** All events of the run, numbered. */
  numbered: readonly RunEvent[] = NO_NUMBERED;
  refused = NO_REFUSED;
  /** Do its results leave at once? Else those of a block leave together. */
  leavesAtOnce = false;
  /** Did the change have any effect? */
  isEffective = true;
  /** Was all of it refused? */
  isRefused = false;

  /** A run of no steps, at the model's last step. */
  static stepless(model: Model, isLast = true): SequenceRun {
    return new SequenceRun(model, model.seq + 1, 0, model.seq, null, null, [], isLast);
  }
}
