/**
 * The sentence. Each sequence is one stream of changes; a block of steps goes through the cell run by run, every h_t goes
 * out, and after each run the model trains on the windows that are due:
 *
 *     accept | carry | windows | learn | append
 *
 * Live steps, the replay at start, the catch-up of a subscriber, and `eddy eval` are this same pipe with another source.
 * Delivery is synchronous. A refusal is a value that goes to the asker; an error that ends the stream is a fault inside
 * Eddy.
 */
import { type MonoTypeOperatorFunction, type OperatorFunction, pipe, type Subscriber } from 'rxjs';
import { EddyError } from '../errors.js';
import type { Schema } from '../fields/sequence-schema.js';
import { finish, type Pieces } from '../math/pieces.js';
import { type CopyRoom, type RunTaker, StepCarrier } from '../operators/carry-steps.js';
import { train } from '../operators/learn.js';
import type { LearnedRun, WindowedRun } from '../operators/run.js';
import { Stage, stage } from '../operators/stage.js';
import { windows } from '../operators/windows.js';
import type { Update } from '../rnn/learning/learner.js';
import type { Model } from '../rnn/model.js';
import { modelSize, outputsOf } from '../rnn/spec/spec.js';
import type { LogRecord, SequenceStore } from '../store/store.js';
import { changedHealth } from './alert-events.js';
import { type Change, SequenceRun } from './change.js';
import type { Course } from './course.js';
import { type ChangeCommand, type Intake, refuse } from './intake.js';
import { meetTargets } from './late-targets.js';
import { numberEvents } from './run-events.js';
import type { UnderWay } from './work/under-way.js';

/** What a live sequence does with commands. What takes long is under way when a command has been taken. */
export const live = (
  intake: Intake,
  course: Course,
  room: CopyRoom,
  log: SequenceStore,
  underWay: UnderWay,
): OperatorFunction<ChangeCommand, SequenceRun> =>
  pipe(accept(intake, course), replay(course, room, underWay), append(log));

/** What a change does to a sequence: the same bits, whether it comes from a socket or from a log, at once or in pieces. */
export const replay = (
  course: Course,
  room: CopyRoom,
  underWay: UnderWay,
): OperatorFunction<Change, SequenceRun> =>
  pipe(carry(course, room, underWay), windows<SequenceRun>(), learnInPieces<SequenceRun>(underWay));

/** Lets valid commands pass. A refused one changes nothing, and its asker is told. */
const accept = (intake: Intake, course: Course): OperatorFunction<ChangeCommand, Change> =>
  stage((out) => new Accepting(out, intake, course));

class Accepting extends Stage<ChangeCommand, Change> {
  constructor(
    out: Subscriber<Change>,
    private readonly intake: Intake,
    private readonly course: Course,
  ) {
    super(out);
  }

  protected override _next(command: ChangeCommand): void {
    let change: Change | null;
    try {
      change = this.intake.take(command, this.course);
    } catch (error) {
      if (error instanceof EddyError) refuse(command, error);
      else this.out.error(error);
      return;
    }
    if (change) this.out.next(change);
  }
}

/** Feeds steps through the cell, run by run, and applies all other changes. */
const carry = (course: Course, room: CopyRoom, underWay: UnderWay): OperatorFunction<Change, SequenceRun> =>
  stage((out) => new Carrying(out, course, room, underWay));

class Carrying extends Stage<Change, SequenceRun> {
  private change: Change | null = null;
  private isInPieces = false;

  constructor(
    out: Subscriber<SequenceRun>,
    private readonly course: Course,
    private readonly room: CopyRoom,
    private readonly underWay: UnderWay,
  ) {
    super(out);
  }

  protected override _next(change: Change): void {
    this.change = change;
    const { underWay } = this;
    this.isInPieces = isLong(change.record, this.course.model, underWay.most);
    if (this.isInPieces) underWay.begin(this.carryInPieces(change.record));
    else
      try {
        this.carry(change.record);
      } catch (fault) {
        this.out.error(fault);
      }
  }

  private carry(record: LogRecord | null): void {
    if (record?.kind === 'steps') {
      const carrier = this.carrierOf(record);
      while (!carrier.next());
    } else if (record?.kind === 'targets') finish(meetTargets(this.course, record, this));
    else finish(change(record, this.course, this));
  }

  private *carryInPieces(record: LogRecord | null): Pieces {
    const { model } = this.course;
    try {
      if (record?.kind === 'targets') yield* meetTargets(this.course, record, this);
      else if (record?.kind !== 'steps') yield* change(record, this.course, this);
      else {
        const { stepCost: work } = model;
        const most = Math.max(1, Math.floor(this.underWay.most / work));
        const carrier = this.carrierOf(record);
        for (let before = model.seq; !carrier.next(most); before = model.seq)
          yield (model.seq - before) * work;
      }
    } catch (fault) {
      this.out.error(fault);
    }
  }

  private carrierOf(record: RecordOf<'steps'>): StepCarrier<SequenceRun> {
    const { course, room } = this;
    course.note(record);
    return new StepCarrier(SequenceRun, course.model, record, room, this);
  }

  emit(run: SequenceRun): boolean {
    run.change = this.change!;
    run.leavesAtOnce = this.isInPieces;
    run.numbered = numberEvents(run, this.course);
    this.out.next(run);
    return this.out.closed;
  }
}

/** Does a change, or an update behind it, take long? */
function isLong(record: LogRecord | null, model: Model, most: number): boolean {
  const { spec } = model;
  if (record?.kind === 'reset') return modelSize(spec) > most;
  const numbers = record?.kind === 'steps' ? record.x : record?.kind === 'targets' ? record.targets : null;
  if (!numbers) return false;
  const size = record?.kind === 'steps' ? spec.batch * spec.features : spec.batch * outputsOf(spec);
  return model.updateCost > most || (numbers.length / size) * model.stepCost > 2 * most;
}

/** A change other than steps or targets; or none, of steps that were accepted before. */
function* change(record: LogRecord | null, course: Course, taker: RunTaker<SequenceRun>): Pieces {
  const run = SequenceRun.stepless(course.model);
  if (record?.kind === 'configured') configure(run, record);
  else if (record?.kind === 'reset') yield* reset(run, record, course);
  else if (record?.kind === 'named') name(record, course);
  taker.emit(run);
}

type RecordOf<K extends LogRecord['kind']> = Extract<LogRecord, { kind: K }>;

function configure(run: SequenceRun, { learning, learningRate }: RecordOf<'configured'>): void {
  const { model } = run;
  const before = model.learning;
  const { state } = model.health;
  model.learning = learning;
  if (learningRate !== null) model.learningRate = learningRate;
  const detail = { learning, learningRate: model.learningRate };
  run.events = [{ event: 'configured', detail }];
  if (learning !== before)
    run.events = [...run.events, { event: learning ? 'learning-resumed' : 'learning-paused', detail: {} }];
  run.events = [...run.events, ...changedHealth(state, model.health)];
}

/** Starts a new history: h = 0, and new weights if asked. Step numbers continue. */
function* reset(run: SequenceRun, { what, epoch }: RecordOf<'reset'>, course: Course): Pieces {
  const { state } = run.model.health;
  yield* run.model.resetInPieces(what);
  course.lastUpdate = null;
  course.epoch = epoch;
  run.events = [{ event: 'reset', detail: { what } }, ...changedHealth(state, run.model.health)];
}

/** Names the fields of a sequence of version 0.1. */
function name({ schema }: RecordOf<'named'>, course: Course): void {
  course.schema = schema as unknown as Schema;
  course.isNamed = true;
}

/** Trains on the windows of each run, at once where that is quick. The run passes on when it is done. */
const learnInPieces = <R extends WindowedRun>(underWay: UnderWay): OperatorFunction<R, R & LearnedRun> =>
  stage((out) => new Learning<R>(out, underWay));

class Learning<R extends WindowedRun> extends Stage<R, R & LearnedRun> {
  constructor(
    out: Subscriber<R & LearnedRun>,
    private readonly underWay: UnderWay,
  ) {
    super(out);
  }

  protected override _next(run: R): void {
    if (run.windows.length > 0 && run.model.updateCost > this.underWay.most)
      return this.underWay.begin(this.train(run));
    try {
      train(run);
    } catch (fault) {
      this.out.error(fault);
      return;
    }
    this.out.next(run as R & LearnedRun);
  }

  private *train(run: R): Pieces {
    const updates: Update[] = [];
    try {
      for (const part of run.windows) {
        const update = yield* run.model.trainInPieces(part);
        if (update) updates.push(update);
      }
    } catch (fault) {
      this.out.error(fault);
      return;
    }
    this.out.next(Object.assign(run, { updates }));
  }
}

/** Appends a change to the log after it took effect: a change on which Eddy fails is not replayed at the next start. */
const append = (log: SequenceStore): MonoTypeOperatorFunction<SequenceRun> =>
  stage((out) => new Appending(out, log));

class Appending extends Stage<SequenceRun, SequenceRun> {
  constructor(
    out: Subscriber<SequenceRun>,
    private readonly log: SequenceStore,
  ) {
    super(out);
  }

  protected override _next(run: SequenceRun): void {
    const { record } = run.change;
    try {
      if (run.isLast && record && run.isEffective) this.log.append(record);
    } catch (fault) {
      this.out.error(fault);
      return;
    }
    this.out.next(run);
  }
}
