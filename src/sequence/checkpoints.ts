import type { Clock } from '../clock.js';
import type { EddyError } from '../errors.js';
import type { Plain } from '../formats/typed-json.js';
import { finish, type Pieces } from '../math/pieces.js';
import { modelSize } from '../rnn/spec/spec.js';
import type { SequenceStore } from '../store/store.js';
import type { Asker } from './change.js';
import type { Course } from './course.js';
import type { DurableTime } from './not-durable.js';
import { keepMetrics } from './past/keep-run.js';
import type { Past } from './past/past.js';
import { PendingAcks } from './pending-acks.js';
import { stateOf } from './recovery.js';
import type { UnderWay } from './work/under-way.js';

export interface CheckpointParts extends DurableTime {
  readonly log: SequenceStore;
  readonly clock: Clock;
  /** Steps between two checkpoints. */
  readonly everySteps: number;
  /** Does the store's newest checkpoint (or its creation) cover the whole log? */
  readonly isKept: boolean;
  /** Steps since it. */
  readonly replayed: number;
  readonly past: Past;
  /** Gives what the store shall tell of the sequence while it sleeps. */
  readonly summary: (course: Course) => Plain;
  /** Takes what is not quick: the sequence stays as it is meanwhile. */
  readonly underWay: UnderWay;
}

/** The most numbers of a model that is saved at once. */
const QUICK_NUMBERS = 2 ** 16;

/**
 * Bytes of checkpoints that a sequence writes in a second, beside those that are asked for. All that is acknowledged waits for the disk to take
 * them, and disks wear.
 */
const BYTES_PER_SECOND = 2 ** 20;

/** Makes a sequence's checkpoints in time, and tells the askers that wait for one. */
export class Checkpoints {
  /** When the last was made, by the monotonic clock. */
  madeAt: number;
  /** Steps since the last one. */
  private steps = 0;
  /** The log's end at the last checkpoint, and at the last durable one; -1 before the first. */
  private end: number;
  private durableEnd = -1;
  /** Position of the last one that was handed to the store; -1 before the first. */
  private handedEnd = -1;
  /** Who wait for one. */
  private readonly asked: PendingAcks;

  constructor(private readonly parts: CheckpointParts) {
    const { log, clock, isKept, replayed } = parts;
    this.asked = new PendingAcks(-1, { ...parts, log: { end: 0, durableEnd: 0 } });
    this.madeAt = clock.monotonic();
    this.end = isKept ? log.end : -1;
    this.steps = replayed;
  }

  /** Is nobody waiting for one? */
  get isQuiet(): boolean {
    return this.asked.isEmpty;
  }

  /** Has anything changed since the last checkpoint? */
  get isDue(): boolean {
    return this.parts.log.end !== this.end;
  }

  /** Counts accepted steps. */
  count(steps: number): void {
    this.steps += steps;
  }

  /** Makes one if there were enough steps since the last. */
  makeInTime(course: Course): void {
    if (this.steps >= this.parts.everySteps && this.mayWrite(course)) this.make(course);
  }

  /** Is the last one of a large model long enough ago? */
  private mayWrite({ model }: Course): boolean {
    const size = modelSize(model.spec);
    if (size <= QUICK_NUMBERS) return true;
    const bytes = size * Float32Array.BYTES_PER_ELEMENT;
    return this.parts.clock.monotonic() - this.madeAt >= (1000 * bytes) / BYTES_PER_SECOND;
  }

  /** Makes one if anything has changed since the last: at once if that is quick, else it is under way. */
  make(course: Course): void {
    const pieces = this.pieces(course);
    if (modelSize(course.model.spec) <= QUICK_NUMBERS) finish(pieces);
    else this.parts.underWay.begin(pieces);
  }

  /** Makes one if anything has changed since the last. The sequence must stay as it is meanwhile. */
  *pieces(course: Course): Pieces {
    const { log, clock, past } = this.parts;
    if (!this.isDue) return;
    const state = yield* stateOf(course);
    yield* log.checkpointInPieces({ position: log.end, savedAt: clock.wall(), state });
    this.end = this.handedEnd = log.end;
    this.madeAt = clock.monotonic();
    this.steps = 0;
    this.tell(course);
    keepMetrics(past, course);
    past.keep(false);
  }

  /** Has the store tell how the sequence is now. */
  tell(course: Course): void {
    const { log, clock, summary } = this.parts;
    log.setSummary({ position: log.end, savedAt: clock.wall(), state: summary(course) });
  }

  /** Another is due in any case. */
  forget(): void {
    this.end = -1;
  }

  /** Refuses all who wait, for one after a position of the log if that is given: it will not come. */
  refuse(error: EddyError, after?: number): void {
    this.asked.refuse(error, after);
  }

  /** Makes one now, unless this very one is made already, and tells the asker when it is durable. */
  ask(course: Course, asker: Asker): void {
    const { log } = this.parts;
    if (this.durableEnd === log.end) return asker.durable(course.seq);
    this.asked.wait(log.end, course.seq, asker);
    if (this.handedEnd === log.end) return;
    this.forget();
    this.make(course);
  }

  /** The one at a position is durable. */
  reached(position: number): void {
    this.durableEnd = position;
    this.asked.reached(position);
  }
}
