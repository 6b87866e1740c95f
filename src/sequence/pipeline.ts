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
import { type CopyRoom, carrySteps } from '../operators/carry-steps.js';
import { learn } from '../operators/learn.js';
import { Stage, stage } from '../operators/stage.js';
import { windows } from '../operators/windows.js';
import type { LogRecord, SequenceStore } from '../store/store.js';
import { changedHealth } from './alert-events.js';
import { type Change, SequenceRun } from './change.js';
import type { Course } from './course.js';
import { type ChangeCommand, type Intake, refuse } from './intake.js';
import { meetTargets } from './late-targets.js';
import { numberEvents } from './run-events.js';

/** What a live sequence does with commands. */
export const live = (
  intake: Intake,
  course: Course,
  room: CopyRoom,
  log: SequenceStore,
): OperatorFunction<ChangeCommand, SequenceRun> =>
  pipe(accept(intake, course), replay(course, room), append(log));

/** What a change does to a sequence: the same bits, whether it comes from a socket or from a log. */
export const replay = (course: Course, room: CopyRoom): OperatorFunction<Change, SequenceRun> =>
  pipe(carry(course, room), windows<SequenceRun>(), learn<SequenceRun>());

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
const carry = (course: Course, room: CopyRoom): OperatorFunction<Change, SequenceRun> =>
  stage((out) => new Carrying(out, course, room));

class Carrying extends Stage<Change, SequenceRun> {
  private change: Change | null = null;

  constructor(
    out: Subscriber<SequenceRun>,
    private readonly course: Course,
    private readonly room: CopyRoom,
  ) {
    super(out);
  }

  protected override _next(change: Change): void {
    this.change = change;
    try {
      this.carry(change.record);
    } catch (fault) {
      this.out.error(fault);
    }
  }

  private carry(record: LogRecord | null): void {
    const { course, room } = this;
    if (record?.kind === 'steps') {
      course.note(record);
      return carrySteps(SequenceRun, course.model, record, room, this);
    }
    if (record?.kind === 'targets') return meetTargets(course, record, this);
    const run = SequenceRun.stepless(course.model);
    if (record?.kind === 'configured') configure(run, record);
    else if (record?.kind === 'reset') reset(run, record, course);
    else if (record?.kind === 'named') name(record, course);
    this.emit(run);
  }

  emit(run: SequenceRun): boolean {
    run.change = this.change!;
    run.numbered = numberEvents(run, this.course);
    this.out.next(run);
    return this.out.closed;
  }
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
function reset(run: SequenceRun, { what, epoch }: RecordOf<'reset'>, course: Course): void {
  const { state } = run.model.health;
  run.model.reset(what);
  course.lastUpdate = null;
  course.epoch = epoch;
  run.events = [{ event: 'reset', detail: { what } }, ...changedHealth(state, run.model.health)];
}

/** Names the fields of a sequence of version 0.1. */
function name({ schema }: RecordOf<'named'>, course: Course): void {
  course.schema = schema as unknown as Schema;
  course.isNamed = true;
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
