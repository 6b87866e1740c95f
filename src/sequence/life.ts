/** The model of a sequence while it is awake: how it comes out of the log, takes part, and goes back. */
import { Subscription } from 'rxjs';
import type { Pieces } from '../math/pieces.js';
import { Inlet } from '../operators/inlet.js';
import { Sink } from '../operators/sink.js';
import type { SequenceEvent } from '../protocol/views/index.js';
import type { SequenceStore } from '../store/store.js';
import type { Change, SequenceRun } from './change.js';
import type { Course } from './course.js';
import type { ChangeCommand, SleepReason } from './intake.js';
import { live } from './pipeline.js';
import type { Place, putTogether } from './put-together.js';
import type { Recovered } from './recovery.js';
import type { SequenceParts } from './sequence-parts.js';
import type { CommandLane } from './work/command-lane.js';

export interface LifeParts {
  readonly parts: SequenceParts;
  readonly own: ReturnType<typeof putTogether>;
  readonly log: SequenceStore;
  readonly lane: CommandLane;
  readonly sleeper: Parameters<SequenceParts['models']['enter']>[0];
  /** Takes the result of a change, or of a part of it. */
  readonly take: (run: SequenceRun, course: Course) => void;
  readonly fail: (fault: unknown) => void;
  readonly announce: (event: SequenceEvent['event'], detail: Record<string, unknown>) => void;
  /** Saves it again, in any case. */
  readonly keep: () => void;
}

export class Life {
  /** Its model and epoch; null while it sleeps. */
  course: Course | null = null;
  /** The last step whose results have gone out, and the change of which more are to come. */
  shown: number;
  unfinished: Change | null = null;
  private readonly commands = new Inlet<ChangeCommand>();
  private pipe = Subscription.EMPTY;
  private last: Pick<Place, 'seq' | 'epoch' | 'events'>;

  constructor(
    private readonly parts: LifeParts,
    { seq, epoch, events }: Place,
  ) {
    this.last = { seq, epoch, events };
    this.shown = seq;
  }

  /** Number of the last accepted step, its history, and how many events that had; as it fell asleep. */
  get seq(): number {
    return this.course?.seq ?? this.last.seq;
  }

  get epoch(): string {
    return this.course?.epoch ?? this.last.epoch;
  }

  get events(): number | null {
    return this.course?.events ?? this.last.events;
  }

  /** Carries out a change. */
  change(command: ChangeCommand): void {
    this.commands.next(command);
  }

  /** Sets up the pipe for all changes while it is awake. */
  begin(course: Course): void {
    const { commands, parts } = this;
    const { own, log, lane, sleeper, fail } = parts;
    this.course = course;
    this.shown = course.seq;
    course.recent.limit(parts.parts.limits.unackedSteps);
    parts.parts.models.enter(sleeper);
    const sink = new Sink<SequenceRun>((run) => this.take(run, course), fail);
    this.pipe = commands.pipe(live(own.intake, course, own.results, log, lane.underWay)).subscribe(sink);
  }

  /** Comes out of the log. @throws EddyError why it cannot */
  *wake(): Pieces<Course> {
    const { own, lane } = this.parts;
    lane.kind = 'beside';
    try {
      const origin = yield* own.recover();
      this.begin(origin.course);
      this.cameBack(origin);
      return origin.course;
    } finally {
      lane.kind = 'steps';
    }
  }

  /** Tells that it came back, and what is damaged. */
  cameBack({ course, replayed, damage, isCut }: Recovered): void {
    const { parts, own, log, announce, keep } = this.parts;
    announce('resumed', { replayed });
    for (const error of damage) {
      parts.onFault(error);
      announce('damaged', { message: error.message });
    }
    if (!isCut) return;
    // part of the history is lost, so old positions must not be trusted
    course.epoch = parts.newEpoch();
    own.lose(damage[0]!, log.end, course.seq);
    own.checkpoints.forget();
    keep();
  }

  /** Is saved, unless it has failed, and gives its memory back. */
  *fallAsleep(reason: SleepReason, isSaved: boolean): Pieces {
    const { course, parts } = this;
    if (!course) return;
    if (isSaved) yield* parts.own.checkpoints.pieces(course);
    parts.own.past.keep();
    parts.announce('evicted', { reason, last: this.seq });
    this.giveUp();
  }

  /** Gives its memory back. */
  giveUp(): void {
    const { course, parts } = this;
    if (!course) return;
    this.stop();
    this.last = { seq: course.seq, epoch: course.epoch, events: course.events };
    this.unfinished = null;
    this.course = null;
    course.model.free();
    parts.own.past.free();
    parts.parts.models.leave(parts.sleeper);
  }

  /** Takes no more changes. */
  stop(): void {
    this.pipe.unsubscribe();
  }

  private take(run: SequenceRun, course: Course): void {
    this.shown = course.seq;
    this.unfinished = run.isLast ? null : run.change;
    this.parts.take(run, course);
  }
}
