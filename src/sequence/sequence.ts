/**
 * One sequence: its log, its model while it is awake, and its watchers. pipeline.ts says what it does with commands.
 *
 * A refused command changes nothing. Every change is in the log, in order, so the log restores the sequence to the bit.
 */
import { type Observable, Subscription } from 'rxjs';
import { EddyError } from '../errors.js';
import type { Schema, SchemaInput } from '../fields/sequence-schema.js';
import { finish, type Pieces } from '../math/pieces.js';
import { Inlet } from '../operators/inlet.js';
import { Sink } from '../operators/sink.js';
import type { SequenceEvent, View, ViewMessage } from '../protocol/views/index.js';
import type { Model } from '../rnn/model.js';
import { type ModelSpec, outputsOf } from '../rnn/spec/spec.js';
import type { SequenceStore } from '../store/store.js';
import { type Asker, type Change, NOBODY, type SequenceRun } from './change.js';
import type { Course } from './course.js';
import { type ChangeCommand, type Command, refuse, type SleepReason } from './intake.js';
import type { LogEvents } from './log-events.js';
import { orderFor } from './naming.js';
import { live } from './pipeline.js';
import { placeOf, putTogether } from './put-together.js';
import type { Recovered } from './recovery.js';
import type { Reader } from './results/past-results.js';
import type { ViewOptions } from './results/shape-view.js';
import type { After, Begun, From, Rejoined } from './results/watching.js';
import type { SequenceParts } from './sequence-parts.js';
import type { Asleep, Summary } from './summary.js';
import { takeRun } from './take-run.js';
import { CommandLane } from './work/command-lane.js';

/** What is done with a model between two changes. */
type Between =
  | { readonly kind: 'wake' }
  | { readonly kind: 'sleep'; readonly reason: SleepReason }
  | { readonly kind: 'look'; readonly look: (course: Course) => Pieces };

export class Sequence {
  readonly name: string;
  readonly channel: number;
  readonly spec: ModelSpec;
  /** What its numbers mean. */
  schema: Schema;
  /** When its last command came, and its last step since it was loaded, by the monotonic clock. */
  lastActive: number;
  lastStepAt: number | null = null;
  /** How many sockets hold it open. */
  holders = 0;
  /** Its model and epoch; null while it sleeps. */
  course: Course | null = null;
  private readonly commands = new Inlet<ChangeCommand>();
  private readonly own: ReturnType<typeof putTogether>;
  private pipe = Subscription.EMPTY;
  private last: { seq: number; epoch: string; events: number | null };
  private failure: EddyError | null = null;
  private readonly lane: CommandLane;
  /** The last step whose results have gone out, and the change of which more are to come. */
  shown: number;
  unfinished: Change | null = null;
  /** Was the command under way answered? */
  private isAnswered = false;

  /** @param origin where it begins, or goes on from */
  constructor(
    private readonly parts: SequenceParts,
    private readonly log: SequenceStore,
    events: LogEvents,
    origin: Recovered | Asleep,
  ) {
    const place = placeOf(origin);
    const { spec, schema, recovered, seq, epoch } = place;
    this.name = parts.name;
    this.channel = parts.channel;
    this.spec = spec;
    this.schema = schema;
    this.last = { seq, epoch, events: place.events };
    this.shown = seq;
    this.lastActive = parts.clock.monotonic();
    this.lane = new CommandLane({
      turns: parts.turns,
      steps: 2 * parts.limits.unackedSteps,
      commands: parts.limits.pendingAppends,
      begin: (command) => this.carryOut(command),
      done: (command) => this.answered(command),
      costOf: (command) => this.costOf(command),
      onFault: (fault) => this.fail(fault),
    });
    const flush = () => this.submit({ kind: 'flush', asker: NOBODY });
    this.own = putTogether(this, parts, log, place, this.lane.underWay, flush);
    events.durable$.subscribe((end) => this.own.acks.reached(end));
    events.kept$.subscribe(({ position, bytes }) => {
      this.announce('checkpoint', { position, bytes });
      this.own.checkpoints.reached(position);
    });
    if (!recovered) return;
    this.begin(recovered.course);
    if (log.end > 1 || recovered.damage.length > 0) this.cameBack(recovered);
    else this.own.checkpoints.tell(recovered.course);
  }

  /** Is a command under way? Others wait, and the model stays where it is. */
  get isBusy(): boolean {
    return this.lane.isBusy;
  }

  get isAwake(): boolean {
    return this.course !== null;
  }

  /** Does anybody have it open, or watch it? A failed one is held, so that it does not silently restart. */
  get isHeld(): boolean {
    return (
      this.holders > 0 || this.own.results.isWatched || this.own.watching.isRead || this.failure !== null
    );
  }

  /** Can it be dropped from memory? */
  get isForgettable(): boolean {
    const { acks, checkpoints, intake } = this.own;
    const { log } = this;
    const isQuiet = acks.isEmpty && checkpoints.isQuiet && log.durableEnd === log.end;
    return !this.isAwake && !this.isHeld && !this.isBusy && isQuiet && intake.pending === 0;
  }

  /** When it was last saved, by the monotonic clock. */
  get lastKept(): number {
    return this.own.checkpoints.madeAt;
  }

  /** The most steps of one block: fewer if steps are expensive. */
  get blockSteps(): number {
    return this.own.blockSteps;
  }

  /** Number of the last accepted step, -1 before the first. */
  get seq(): number {
    return this.course?.seq ?? this.last.seq;
  }

  /** Number of the last durable step. */
  get durable(): number {
    return this.own.acks.durableSeq;
  }

  /** Id of this history; changes on every reset. */
  get epoch(): string {
    return this.course?.epoch ?? this.last.epoch;
  }

  /** How many events its history had so far; null where that is not known. */
  get events(): number | null {
    return this.course?.events ?? this.last.events;
  }

  /**
   * Carries out a command, or refuses it; the asker hears of either. Wakes if necessary. What takes long goes on in later
   * turns of the event loop; commands that come meanwhile wait, as do those that come from within another, as from a
   * subscriber to its results.
   */
  submit(command: Command): void {
    this.lane.add(command);
  }

  private carryOut(command: Command): void {
    this.isAnswered = false;
    const isLeftAlone =
      command.kind === 'sleep' || command.kind === 'keep' || (command.kind === 'look' && command.isIdle);
    if (this.course || isLeftAlone) this.perform(command);
    else this.lane.underWay.begin(this.wakeFor(command));
  }

  private *wakeFor(command: Command): Pieces {
    try {
      if (command.kind === 'look' || command.kind === 'wake') this.checkAlive();
      else this.checkReady();
      yield* this.wake();
    } catch (error) {
      if (!(error instanceof EddyError)) throw error;
      this.isAnswered = true;
      return refuse(command, error);
    }
    this.perform(command);
  }

  private perform(command: Command): void {
    const { course, own } = this;
    try {
      switch (command.kind) {
        case 'sleep':
          return course ? this.lane.underWay.begin(this.fallAsleep(command.reason)) : undefined;
        case 'keep':
          return course && !this.failure ? own.checkpoints.make(course) : undefined;
        case 'look':
          this.checkAlive();
          return course ? this.lane.beside(command.look(course)) : undefined;
        case 'wake':
          return this.checkAlive();
        case 'checkpoint':
          this.checkReady();
          return own.checkpoints.ask(course!, command.asker);
      }
      this.checkReady();
    } catch (error) {
      if (!(error instanceof EddyError)) throw error;
      this.isAnswered = true;
      return refuse(command, error);
    }
    this.commands.next(command);
  }

  /** A command is done. One that was not answered, because the sequence failed or ended meanwhile, is refused. */
  private answered(command: Command): void {
    const { failure, own } = this;
    if (
      command.kind === 'sleep' ||
      command.kind === 'keep' ||
      command.kind === 'look' ||
      command.kind === 'wake'
    ) {
      if (this.isAnswered) return;
      if (failure) refuse(command, failure);
      else command.asker.durable(this.seq);
    } else if (failure) {
      if (!this.isAnswered) refuse(command, failure);
    } else if (command.kind !== 'checkpoint') own.closing.put(this.schema, own.intake.pending);
  }

  /** Gives nearly how many multiply-adds a command costs; of one that does not learn, nothing. */
  private costOf(command: Command): number {
    const { course } = this;
    if (!course) return 0;
    const { stepCost, spec } = course.model;
    if (command.kind === 'steps') return stepCost * command.count;
    if (command.kind === 'targets')
      return (stepCost * command.targets.length) / (spec.batch * outputsOf(spec));
    return command.kind === 'append' ? stepCost : 0;
  }

  /** Checks that it is what is asked for, and gives the order of its fields, as `orderFor` does. */
  fit(asked: SchemaInput): Int32Array | null {
    return orderFor(this, asked);
  }

  /** Its fields, which had no names, got some. */
  rename(schema: Schema, course: Course): void {
    this.schema = schema;
    this.own.results.rename(schema);
    this.own.checkpoints.tell(course);
  }

  /** Gives a view of the results from now on. @throws EddyError `view-unavailable` */
  watch(view: View, options: ViewOptions): Observable<ViewMessage> {
    return this.own.watching.watch(view, options);
  }

  /** Gives a view from a place in the past on. @throws EddyError `view-unavailable` */
  since(view: View, options: ViewOptions, from: From, reader?: Reader): Begun {
    return this.own.watching.since(view, options, from, reader);
  }

  /** Gives a view from the subscriber's position. @throws EddyError `view-unavailable` */
  rejoin(view: View, options: ViewOptions, after: After, reader?: Reader): Rejoined {
    return this.own.watching.rejoin(view, options, after, reader);
  }

  /** What a list tells of it; it does not wake for it. */
  summary(): Partial<Summary> {
    return this.own.lastTold.summary(this.course);
  }

  /** Saves it and frees its memory, once what is under way is done; the next step wakes it. */
  sleep(reason: SleepReason): void {
    this.submit({ kind: 'sleep', reason, asker: NOBODY });
  }

  /** Makes a checkpoint if anything has changed since the last. */
  keep(): void {
    this.submit({ kind: 'keep', asker: NOBODY });
  }

  /** Makes room for another, in pieces. */
  *makeRoom(): Pieces {
    yield* this.through({ kind: 'sleep', reason: 'room' });
  }

  /** Wakes it, in pieces. @throws EddyError why it cannot be woken */
  *awaken(): Pieces {
    this.checkAlive();
    if (!this.course) yield* this.through({ kind: 'wake' });
  }

  /** Carries a command out in the pieces of whoever asks for it. @throws EddyError if it is refused */
  *through(command: Between): Pieces {
    let refusal: EddyError | null = null;
    let isOver = false;
    const asker: Asker = {
      durable: () => {
        isOver = true;
      },
      refused: ([refused]) => {
        isOver = true;
        refusal = refused?.error ?? null;
      },
    };
    this.submit({ ...command, asker });
    while (!isOver) yield this.lane.piece() ?? 0;
    if (refusal) throw refusal;
  }

  /** Looks at its model between two changes, in pieces. @param isIdle a sleeping one is left alone */
  look(look: (course: Course) => Pieces | void, asker: Asker, isIdle = false): void {
    this.submit({ kind: 'look', look, isIdle, asker });
  }

  /** Ends it in order: what is under way is done, it is saved, and all that comes later is refused. */
  shutDown(reason: EddyError): void {
    this.lane.finishCurrent();
    if (this.course) finish(this.fallAsleep('shutdown'));
    this.end(reason);
  }

  private *fallAsleep(reason: SleepReason): Pieces {
    const { course, own } = this;
    if (!course) return;
    if (!this.failure) yield* own.checkpoints.pieces(course);
    own.past.keep();
    this.announce('evicted', { reason, last: this.seq });
    this.giveUpModel();
  }

  announce(event: SequenceEvent['event'], detail: Record<string, unknown>): void {
    this.own.results.announce(this, event, detail, this.course?.times.last ?? Number.NaN);
  }

  /** Ends it: its watchers complete, and every later command is refused with the reason. */
  end(reason: EddyError): void {
    this.giveUpModel();
    this.failure = reason;
    this.lane.end(reason);
    this.own.end(reason);
    this.log.close();
  }

  /** @throws EddyError `sequence-failed`, or why it ended */
  checkAlive(): void {
    if (this.failure) throw this.failure;
  }

  /** The model; it wakes the sequence. */
  get model(): Model {
    return this.awake().model;
  }

  /** Gives its model and epoch. Wakes if necessary. */
  awake(): Course {
    this.checkAlive();
    if (!this.course) this.lane.finishCurrent();
    return this.course ?? finish(this.wake());
  }

  private *wake(): Pieces<Course> {
    const { lane } = this;
    lane.kind = 'beside';
    try {
      const origin = yield* this.own.recover();
      this.begin(origin.course);
      this.cameBack(origin);
      return origin.course;
    } finally {
      lane.kind = 'steps';
    }
  }

  /** @throws EddyError why it cannot change, `store-unavailable` among them */
  private checkReady(): void {
    this.checkAlive();
    const { store, clock } = this.parts;
    if (store.failure) throw store.failure;
    this.lastActive = clock.monotonic();
  }

  /** Sets up the pipe for all commands while it is awake. */
  private begin(course: Course): void {
    const { commands, log, own } = this;
    this.course = course;
    course.recent.limit(this.parts.limits.unackedSteps);
    this.parts.models.enter(this);
    const sink = new Sink<SequenceRun>(
      (run) => this.take(run, course),
      (fault) => this.fail(fault),
    );
    const { underWay } = this.lane;
    this.pipe = commands.pipe(live(own.intake, course, own.results, log, underWay)).subscribe(sink);
  }

  /** Takes the result of a change, or of a part of it. */
  private take(run: SequenceRun, course: Course): void {
    if (run.count > 0) this.lastStepAt = this.lastActive;
    this.shown = course.seq;
    this.unfinished = run.isLast ? null : run.change;
    takeRun(run, course, this.own);
    // a subscriber may have ended the sequence
    if (!run.isLast || this.course !== course) return;
    this.isAnswered = true;
    this.own.acks.answer(run);
    this.own.checkpoints.makeInTime(course);
  }

  private giveUpModel(): void {
    const { course } = this;
    if (!course) return;
    this.pipe.unsubscribe();
    this.last = { seq: course.seq, epoch: course.epoch, events: course.events };
    this.unfinished = null;
    this.course = null;
    course.model.free();
    this.own.past.free();
    this.parts.models.leave(this);
  }

  private cameBack({ course, replayed, damage, isCut }: Recovered): void {
    const { onFault, newEpoch } = this.parts;
    this.announce('resumed', { replayed });
    for (const error of damage) {
      onFault(error);
      this.announce('damaged', { message: error.message });
    }
    if (!isCut) return;
    // part of the history is lost, so old positions must not be trusted
    course.epoch = newEpoch();
    this.own.lose(damage[0]!, this.log.end, course.seq);
    this.own.checkpoints.forget();
    this.keep();
  }

  /** A fault inside Eddy stops this sequence and no other, so that no wrong state is served. */
  private fail(cause: unknown): void {
    const message = `${this.name} stopped at step ${this.seq}: ${cause}`;
    this.failure = new EddyError('sequence-failed', message, { cause });
    this.pipe.unsubscribe();
    this.own.intake.end(this.failure);
    this.parts.onFault(this.failure);
    this.announce('failed', { message });
  }
}
