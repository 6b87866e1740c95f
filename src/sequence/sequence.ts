/**
 * One sequence: its log, its model while it is awake, and its watchers. pipeline.ts says what it does with commands.
 *
 * A refused command changes nothing. Every change is in the log, in order, so the log restores the sequence to the bit.
 */
import type { Observable } from 'rxjs';
import { EddyError } from '../errors.js';
import type { Schema, SchemaInput } from '../fields/sequence-schema.js';
import { finish, type Pieces } from '../math/pieces.js';
import type { SequenceEvent, View, ViewMessage } from '../protocol/views/index.js';
import type { Model } from '../rnn/model.js';
import type { ModelSpec } from '../rnn/spec/spec.js';
import type { SequenceStore } from '../store/store.js';
import { type Asker, type Change, NOBODY, type SequenceRun } from './change.js';
import { CommandDesk } from './command-desk.js';
import type { Course } from './course.js';
import type { Command, SleepReason } from './intake.js';
import { Life } from './life.js';
import type { LogEvents } from './log-events.js';
import { orderFor } from './naming.js';
import { placeOf, putTogether } from './put-together.js';
import type { Recovered } from './recovery.js';
import type { Reader } from './results/past-results.js';
import type { ViewOptions } from './results/shape-view.js';
import type { After, Begun, From, Rejoined } from './results/watched.js';
import type { SequenceParts } from './sequence-parts.js';
import type { Asleep, Summary } from './summary.js';
import { takeRun } from './take-run.js';
import { type Between, carriedOut } from './work/carried-out.js';
import { CommandLane } from './work/command-lane.js';

type Own = ReturnType<typeof putTogether>;
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
  private readonly own: Own;
  private readonly life: Life;
  private readonly lane: CommandLane;
  private readonly desk: CommandDesk;
  private failure: EddyError | null = null;

  /** @param origin where it begins, or goes on from */
  constructor(
    private readonly parts: SequenceParts,
    private readonly log: SequenceStore,
    events: LogEvents,
    origin: Recovered | Asleep,
  ) {
    const place = placeOf(origin);
    const { spec, schema, recovered } = place;
    this.name = parts.name;
    this.channel = parts.channel;
    this.spec = spec;
    this.schema = schema;
    this.lastActive = parts.clock.monotonic();
    const fail = (fault: unknown) => this.fail(fault);
    const lane = new CommandLane({
      turns: parts.turns,
      steps: 2 * parts.limits.unackedSteps,
      commands: parts.limits.pendingAppends,
      begin: (command) => this.desk.begin(command),
      done: (command) => this.desk.done(command),
      costOf: (command) => this.desk.costOf(command),
      onFault: fail,
    });
    const flush = () => this.submit({ kind: 'flush', asker: NOBODY });
    const own = putTogether(this, parts, log, place, lane.underWay, flush);
    const take = (run: SequenceRun, course: Course) => this.take(run, course);
    const announce: Sequence['announce'] = (event, detail) => this.announce(event, detail);
    const keep = () => this.keep();
    this.life = new Life({ parts, own, log, lane, sleeper: this, take, fail, announce, keep }, place);
    const { onFault } = parts;
    const checkReady = () => this.checkReady();
    this.desk = new CommandDesk({
      life: this.life,
      own,
      lane,
      failure: () => this.failure,
      checkReady,
      onFault,
    });
    this.lane = lane;
    this.own = own;
    events.durable$.subscribe((end) => this.own.acks.reached(end));
    events.kept$.subscribe(({ position, bytes }) => {
      this.announce('checkpoint', { position, bytes });
      this.own.checkpoints.reached(position);
    });
    if (!recovered) return;
    this.life.begin(recovered.course);
    if (log.end > 1 || recovered.damage.length > 0) this.life.cameBack(recovered);
    else this.own.checkpoints.tell(recovered.course);
  }

  /** Is a command under way? Others wait, and the model stays where it is. */
  get isBusy(): boolean {
    return this.lane.isBusy;
  }

  /** Its model and epoch; null while it sleeps. */
  get course(): Course | null {
    return this.life.course;
  }

  get isAwake(): boolean {
    return this.course !== null;
  }

  /** The last step whose results have gone out, and the change of which more are to come. */
  get shown(): number {
    return this.life.shown;
  }

  get unfinished(): Change | null {
    return this.life.unfinished;
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
    return this.life.seq;
  }

  /** Number of the last durable step. */
  get durable(): number {
    return this.own.acks.durableSeq;
  }

  /** Id of this history; changes on every reset. */
  get epoch(): string {
    return this.life.epoch;
  }

  /** How many events its history had so far; null where that is not known. */
  get events(): number | null {
    return this.life.events;
  }

  /**
   * Carries out a command, or refuses it; the asker hears of either. Wakes if necessary. What takes long goes on in later
   * turns of the event loop; commands that come meanwhile wait, as do those that come from within another, as from a
   * subscriber to its results.
   */
  submit(command: Command): void {
    this.lane.add(command);
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

  /** Gives all that is told of each step after a position. @throws EddyError why it ended */
  told: Own['watching']['told'] = (...asked) => this.own.watching.told(...asked);

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

  /** Carries a command out in the pieces of whoever asks for it. @throws EddyError if it is refused */
  through(command: Between): Pieces {
    return carriedOut(this.lane, command);
  }

  /** Looks at its model between two changes, in pieces. @param isIdle a sleeping one is left alone */
  look(look: (course: Course) => Pieces | null, asker: Asker, isIdle = false): void {
    this.submit({ kind: 'look', look, isIdle, asker });
  }

  /** Ends it in order: what is under way is done, it is saved, and all that comes later is refused. */
  shutDown(reason: EddyError): void {
    this.lane.finishCurrent();
    finish(this.life.fallAsleep('shutdown', this.failure === null));
    this.end(reason);
  }

  announce(event: SequenceEvent['event'], detail: Record<string, unknown>): void {
    this.own.results.announce(this, event, detail, this.course?.times.last ?? Number.NaN);
  }

  /** Ends it: its watchers complete, and every later command is refused with the reason. */
  end(reason: EddyError): void {
    this.life.giveUp();
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
    return this.course ?? finish(this.life.wake());
  }

  /** @throws EddyError why it cannot change, `store-unavailable` among them */
  private checkReady(): void {
    this.checkAlive();
    const { store, clock } = this.parts;
    if (store.failure) throw store.failure;
    this.lastActive = clock.monotonic();
  }

  /** Takes the result of a change, or of a part of it. */
  private take(run: SequenceRun, course: Course): void {
    if (run.count > 0) this.lastStepAt = this.lastActive;
    takeRun(run, course, this.own);
    // a subscriber may have ended the sequence
    if (!run.isLast || this.course !== course) return;
    this.desk.isAnswered = true;
    this.own.acks.answer(run);
    this.own.checkpoints.makeInTime(course);
  }

  /** A fault inside Eddy stops this sequence and no other, so that no wrong state is served. */
  private fail(cause: unknown): void {
    const message = `${this.name} stopped at step ${this.seq}: ${cause}`;
    this.failure = new EddyError('sequence-failed', message, { cause });
    this.life.stop();
    this.own.intake.end(this.failure);
    this.parts.onFault(this.failure);
    this.announce('failed', { message });
  }
}
