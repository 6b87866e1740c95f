/**
 * One sequence: its log, its model while it is awake, and its watchers. pipeline.ts says what it does with commands.
 *
 * A refused command changes nothing. Every change is in the log, in order, so the log restores the sequence to the bit.
 */
import { type Observable, Subscription } from 'rxjs';
import { EddyError } from '../errors.js';
import { checkSchema, parseSchema, type Schema, type SchemaInput } from '../fields/schema.js';
import type { Plain } from '../formats/typed-json.js';
import { Inlet } from '../operators/inlet.js';
import { Sink } from '../operators/sink.js';
import type { SequenceEvent, View, ViewMessage } from '../protocol/views/index.js';
import type { Model } from '../rnn/model.js';
import type { ModelSpec } from '../rnn/spec/spec.js';
import type { SequenceStore } from '../store/store.js';
import { BinClosing } from './bin-closing.js';
import type { Asker, Refused, SequenceRun } from './change.js';
import { Checkpoints } from './checkpoints.js';
import type { Course } from './course.js';
import { type ChangeCommand, type Command, Intake, refuse } from './intake.js';
import { LastTold } from './last-told.js';
import type { LogEvents } from './log-events.js';
import { keepRun } from './past/keep-run.js';
import type { Past } from './past/past.js';
import { PendingAcks } from './pending-acks.js';
import { live } from './pipeline.js';
import { type Recovered, recover } from './recovery.js';
import { Results } from './results/results.js';
import type { ViewOptions } from './results/shape-view.js';
import { type After, type Begun, type From, type Rejoined, Watching } from './results/watching.js';
import { countRun } from './sequence-counters.js';
import type { SequenceParts } from './sequence-parts.js';
import type { Asleep, Summary } from './summary.js';
import { blockStepsOf, replayStepsOf } from './work-bounds.js';

/** Nobody asked. */
const NOBODY: Asker = { durable: () => undefined, refused: () => undefined };

export class Sequence {
  readonly name: string;
  readonly channel: number;
  readonly spec: ModelSpec;
  /** What its numbers mean. */
  schema: Schema;
  /** The most steps of one block: fewer if steps are expensive. */
  readonly blockSteps: number;
  /** When its last command came, and its last step since it was loaded, by the monotonic clock. */
  lastActive: number;
  lastStepAt: number | null = null;
  /** How many sockets hold it open. */
  holders = 0;
  /** Its model and epoch; null while it sleeps. */
  course: Course | null = null;
  private readonly commands = new Inlet<ChangeCommand>();
  private readonly results: Results;
  private readonly past: Past;
  private readonly watching: Watching;
  private readonly intake: Intake;
  private readonly acks: PendingAcks;
  private readonly checkpoints: Checkpoints;
  private pipe = Subscription.EMPTY;
  private readonly closing: BinClosing;
  private last: { seq: number; epoch: string };
  private failure: EddyError | null = null;
  private readonly telling: LastTold;
  /** Is a command under way, and was it answered? Others wait, and the model stays where it is. */
  isBusy = false;
  private isAnswered = false;
  private readonly waiting: Command[] = [];

  /** @param origin where it begins, or goes on from */
  constructor(
    private readonly parts: SequenceParts,
    private readonly log: SequenceStore,
    events: LogEvents,
    origin: Recovered | Asleep,
  ) {
    const { name, channel, limits, clock, models, newEpoch, counters, onFault } = parts;
    const { past } = origin;
    const recovered = 'course' in origin ? origin : null;
    const { seq, epoch, schema } = recovered?.course ?? (origin as Asleep);
    const spec = recovered?.course.model.spec ?? (origin as Asleep).spec;
    const { replayed, isCut } = recovered ?? { replayed: 0, isCut: false };
    this.name = name;
    this.channel = channel;
    this.spec = spec;
    this.schema = schema;
    this.lastActive = clock.monotonic();
    this.blockSteps = blockStepsOf(spec, limits.blockSteps);
    this.last = { seq, epoch };
    this.results = new Results(channel, spec, schema, past);
    this.past = past;
    const { results } = this;
    this.watching = new Watching({
      sequence: this,
      results,
      log,
      past,
      turns: parts.turns,
      models,
      clock,
      onFault,
    });
    this.acks = new PendingAcks(seq, log);
    const { blockSteps, acks } = this;
    const wall = () => clock.wall();
    this.intake = new Intake({ spec, schema, blockSteps, limits, log, acks, newEpoch, wall, counters });
    const everySteps = replayStepsOf(spec, parts.checkpointSteps);
    const isKept = replayed === 0 && !isCut;
    this.telling = new LastTold(parts.store, name, spec);
    this.closing = new BinClosing(clock.scheduler, () => this.submit({ kind: 'flush', asker: NOBODY }));
    this.checkpoints = new Checkpoints({
      log,
      clock,
      everySteps,
      isKept,
      replayed,
      summary: (course) => this.telling.summary(course) as unknown as Plain,
      past,
    });
    events.durable$.subscribe((end) => this.acks.reached(end));
    events.kept$.subscribe(({ position, bytes }) => {
      this.announce('checkpoint', { position, bytes });
      this.checkpoints.reached(position, this.seq);
    });
    if (!recovered) return;
    this.begin(recovered.course);
    if (log.end > 1 || recovered.damage.length > 0) this.cameBack(recovered);
    else this.checkpoints.tell(recovered.course);
  }

  get isAwake(): boolean {
    return this.course !== null;
  }

  /** Does anybody have it open, or watch it? A failed one is held, so that it does not silently restart. */
  get isHeld(): boolean {
    return this.holders > 0 || this.results.isWatched || this.watching.isRead || this.failure !== null;
  }

  /** Can it be dropped from memory? */
  get isForgettable(): boolean {
    const { acks, checkpoints, log } = this;
    const isQuiet = acks.isEmpty && checkpoints.isQuiet && log.durableEnd === log.end;
    return !this.isAwake && !this.isHeld && isQuiet && this.intake.pending === 0;
  }

  /** When it was last saved, by the monotonic clock. */
  get lastKept(): number {
    return this.checkpoints.madeAt;
  }

  /** Number of the last accepted step, -1 before the first. */
  get seq(): number {
    return this.course?.seq ?? this.last.seq;
  }

  /** Number of the last durable step. */
  get durable(): number {
    return this.acks.durableSeq;
  }

  /** Id of this history; changes on every reset. */
  get epoch(): string {
    return this.course?.epoch ?? this.last.epoch;
  }

  /**
   * Carries out a command, or refuses it; the asker hears of either. Wakes if necessary. A command that comes from within
   * another, as from a subscriber to its results, waits until that is done.
   */
  submit(command: Command): void {
    if (this.isBusy) {
      this.waiting.push(command);
      return;
    }
    this.isBusy = true;
    try {
      this.run(command);
      while (this.waiting.length > 0) this.run(this.waiting.shift()!);
    } finally {
      this.isBusy = false;
    }
  }

  private run(command: Command): void {
    try {
      const course = this.ready();
      if (command.kind === 'checkpoint') return this.checkpoints.ask(course, command.asker);
    } catch (error) {
      if (!(error instanceof EddyError)) throw error;
      return refuse(command, error);
    }
    this.isAnswered = false;
    this.commands.next(command);
    if (!this.failure) this.closing.put(this.schema, this.intake.pending);
    // it failed, or was ended from within, before it was answered
    if (this.failure && !this.isAnswered) refuse(command, this.failure);
  }

  /**
   * Checks that it is what is asked for, and gives the order of the fields as `orderOf` does. Fields that have no names yet
   * get them.
   *
   * @throws EddyError `spec-conflict`, `fields-conflict`, `store-unavailable`
   */
  fit(asked: SchemaInput): Int32Array | null {
    const course = asked.fields ? this.awake() : this.course;
    if (!course || course.isNamed || !asked.fields) return checkSchema(this.name, this, asked);
    const { resample, ...named } = asked;
    checkSchema(this.name, this, { resample });
    const { schema } = parseSchema({ ...named, spec: asked.spec ?? this.spec });
    checkSchema(this.name, { spec: this.spec, schema }, named);
    const refusals: Refused[] = [];
    const asker: Asker = { durable: () => undefined, refused: (refused) => refusals.push(...refused) };
    this.submit({ kind: 'name', schema, asker });
    if (refusals[0]) throw refusals[0].error;
    this.schema = schema;
    this.results.rename(schema);
    this.checkpoints.tell(course);
    return null;
  }

  /** Gives a view of the results from now on. @throws EddyError `view-unavailable` */
  watch(view: View, options: ViewOptions): Observable<ViewMessage> {
    this.checkAlive();
    return this.watching.watch(view, options);
  }

  /** Gives a view from a place in the past on. @throws EddyError `view-unavailable` */
  since(view: View, options: ViewOptions, from: From, hasRoom?: () => boolean): Begun {
    this.checkAlive();
    return this.watching.since(view, options, from, hasRoom);
  }

  /** Gives a view from the subscriber's position. @throws EddyError `view-unavailable` */
  rejoin(view: View, options: ViewOptions, after: After, hasRoom?: () => boolean): Rejoined {
    this.checkAlive();
    return this.watching.rejoin(view, options, after, hasRoom);
  }

  /** What a list tells of it; it does not wake for it. */
  summary(): Partial<Summary> {
    return this.telling.summary(this.course);
  }

  /** Saves it and frees its memory; the next step wakes it. */
  sleep(reason: 'idle' | 'room' | 'shutdown'): void {
    if (!this.course) return;
    this.keep();
    this.announce('evicted', { reason, last: this.seq });
    this.giveUpModel();
  }

  /** Makes a checkpoint if anything has changed since the last. */
  keep(): void {
    if (this.course && !this.failure) this.checkpoints.make(this.course);
  }

  announce(event: SequenceEvent['event'], detail: Record<string, unknown>): void {
    this.results.announce(this, event, detail, this.course?.times.last ?? Number.NaN);
  }

  /** Ends it: its watchers complete, and every later command is refused with the reason. */
  end(reason: EddyError): void {
    this.giveUpModel();
    this.closing.end();
    this.intake.end(reason);
    this.failure = reason;
    this.acks.refuse(reason);
    this.results.complete();
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
    if (this.course) return this.course;
    const origin = recover(
      this.name,
      this.log,
      (spec) => this.parts.models.wake(spec),
      () => this.past,
    );
    this.begin(origin.course);
    this.cameBack(origin);
    return origin.course;
  }

  /** @throws EddyError `store-unavailable` */
  private ready(): Course {
    this.checkAlive();
    const { store, clock } = this.parts;
    if (store.failure) throw store.failure;
    this.lastActive = clock.monotonic();
    return this.awake();
  }

  /** Sets up the pipe for all commands while it is awake. */
  private begin(course: Course): void {
    const { commands, intake, results, log } = this;
    this.course = course;
    course.recent.limit(this.parts.limits.unackedSteps);
    this.parts.models.enter(this);
    const sink = new Sink<SequenceRun>(
      (run) => this.take(run, course),
      (fault) => this.fail(fault),
    );
    this.pipe = commands.pipe(live(intake, course, results, log)).subscribe(sink);
  }

  /** Takes the result of a change, or of a part of it. */
  private take(run: SequenceRun, course: Course): void {
    const { count, updates, change } = run;
    const { record } = change;
    countRun(this.parts.counters, run);
    course.lastUpdate = updates.at(-1) ?? course.lastUpdate;
    if (count > 0) this.lastStepAt = this.lastActive;
    this.checkpoints.count(count);
    keepRun(this.past, run, course);
    this.results.add(run, course);
    if (run.isLast && record?.kind === 'steps') this.telling.take(record.x);
    // a subscriber may have ended the sequence
    if (!run.isLast || this.course !== course) return;
    this.answer(run);
    this.checkpoints.makeInTime(course);
  }

  /** Tells the asker: refusals at once, the rest when it is durable. */
  private answer({ change: { record, last, asker }, refused }: SequenceRun): void {
    this.isAnswered = true;
    if (!asker) return;
    if (record?.kind !== 'targets') this.acks.add(last, asker);
    else if (refused.length > 0) asker.refused(refused);
  }

  private giveUpModel(): void {
    const { course } = this;
    if (!course) return;
    this.pipe.unsubscribe();
    this.last = { seq: course.seq, epoch: course.epoch };
    this.course = null;
    course.model.free();
    this.past.free();
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
    this.acks.durableSeq = course.seq;
    this.checkpoints.remake(course);
  }

  /** A fault inside Eddy stops this sequence and no other, so that no wrong state is served. */
  private fail(cause: unknown): void {
    const message = `${this.name} stopped at step ${this.seq}: ${cause}`;
    this.failure = new EddyError('sequence-failed', message, { cause });
    this.pipe.unsubscribe();
    this.parts.onFault(this.failure);
    this.announce('failed', { message });
  }
}
