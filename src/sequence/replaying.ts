import type { Subscription } from 'rxjs';
import type { Pieces } from '../math/pieces.js';
import type { CopyRoom } from '../operators/carry-steps.js';
import { Inlet } from '../operators/inlet.js';
import { Sink } from '../operators/sink.js';
import type { LogRecord } from '../store/store.js';
import { type Change, replayed, type SequenceRun } from './change.js';
import type { Course } from './course.js';
import { replay } from './pipeline.js';
import { UnderWay } from './work/under-way.js';

/** A replay of records over a course, in pieces: what a live sequence did, to the bit. */
export class Replaying {
  private readonly changes = new Inlet<Change>();
  private readonly underWay = new UnderWay();
  private readonly pipe: Subscription;

  /** @param taker takes the runs, and the fault that ends it */
  constructor(
    private readonly course: Course,
    room: CopyRoom,
    taker: { next(run: SequenceRun): void; error(fault: unknown): void },
  ) {
    const sink = new Sink<SequenceRun>(
      (run) => taker.next(run),
      (fault) => taker.error(fault),
    );
    this.pipe = this.changes.pipe(replay(course, room, this.underWay)).subscribe(sink);
  }

  /** Applies a record. */
  *apply(record: LogRecord): Pieces {
    const { model } = this.course;
    const before = model.seq;
    this.changes.next(replayed(record));
    if (this.underWay.isEmpty) yield (model.seq - before + 1) * model.stepCost;
    while (!this.underWay.isEmpty && !this.pipe.closed) yield this.underWay.next();
  }

  end(): void {
    this.pipe.unsubscribe();
    this.underWay.drop();
  }
}
