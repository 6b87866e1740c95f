/**
 * One sequence: its model while it is awake, its log, and those who watch it.
 *
 * The way of a timestep:
 *
 *   socket -> decode -> push: number, shape, finite? -> carrier: cell -> readout -> target due? -> error, window, update
 *   -> results -> views -> encode -> sockets;   -> log -> durable -> ack
 *
 * What is refused changes nothing. What changes it is in the log, in order, so the log gives it back to the bit.
 */
import { concat, merge, type Observable, of, type SchedulerLike } from 'rxjs';
import type { SequenceCounters } from '../counters.js';
import { EddyError } from '../errors.js';
import type { Limits } from '../limits.js';
import type { SequenceEvent, View, ViewMessage } from '../protocol/messages.js';
import type { Model } from '../rnn/model.js';
import type { ModelSpec } from '../rnn/spec/spec.js';
import type { SequenceStore, Store } from '../store/store.js';
import { checkBlock, checkLateTargets, checkRepeats, checkTargets } from './block-checks.js';
import { Carrier, type OnRefused, rows } from './carrier.js';
import { Waiting } from './pending-acks.js';
import { RecentSteps } from './recent-steps.js';
import { type MakeModel, recover, type Start, starts, stateOf } from './recovery.js';
import { catchUp } from './results/catch-up.js';
import { latestResult } from './results/latest-result.js';
import { Results, type ResultView } from './results/results.js';
import { applyView, type ViewOptions } from './results/shape-view.js';
import { checkWeights, weightsView } from './results/weights-view.js';
import { blockStepsOf, replayStepsOf } from './work-bounds.js';

export interface SequenceParts {
  readonly name: string;
  readonly channel: number;
  readonly store: Store;
  readonly scheduler: SchedulerLike;
  /** Milliseconds since 1970. */
  readonly wallNow: () => number;
  readonly newEpoch: () => string;
  readonly limits: Pick<Limits, 'blockSteps' | 'unackedSteps'>;
  /** Steps between two checkpoints. */
  readonly checkpointSteps: number;
  readonly counters: SequenceCounters;
  /** Makes the model that is to be carried; others may be put to sleep for it. @throws EddyError `sequence-limit` */
  readonly wakeModel: MakeModel;
  /** Makes a model that only goes over what was. */
  readonly makeModel: MakeModel;
  readonly onAwake: (sequence: Sequence) => void;
  readonly onAsleep: (sequence: Sequence) => void;
  /** Tells of a fault of Eddy's own, or of the store. */
  readonly onFault: (error: unknown) => void;
}

/** Where a sequence begins or goes on from. */
interface Origin extends Pick<Start, 'model' | 'epoch'> {
  readonly replayed: number;
  readonly damage: readonly EddyError[];
  readonly isCut: boolean;
}

/** Views of what only a readout gives. */
const NEED_READOUT: ReadonlySet<View> = new Set(['predictions', 'updates', 'metrics']);

/** Learns how far the steps of a channel are durable. */
export type OnAck = (seq: number, channel: number) => void;

/** Where a subscriber was: it has seen all up to this step. */
export interface After {
  readonly epoch: string;
  readonly seq: number;
}

export interface Rejoined {
  readonly results$: Observable<ViewMessage>;
  /** Does it go on where the subscriber was? */
  readonly recovered: boolean;
}

export class Sequence {
  readonly name: string;
  readonly channel: number;
  readonly spec: ModelSpec;
  /** Steps in one block, at most: fewer where a step costs much. */
  readonly blockSteps: number;
  /** When it was last asked for something, and last kept, by the wall clock. */
  lastActive: number;
  lastKept: number;
  /** When the last step came; null where none came since it is in memory. */
  lastStepAt: number | null = null;
  /** How often sockets have it open. */
  holders = 0;
  /** Numbers in a step, B * F. */
  private readonly stepSize: number;
  private readonly checkpointSteps: number;
  private readonly results: Results;
  private readonly recent: RecentSteps;
  /** Does `recent` hold all that the log has of the last steps? */
  private knowsRecent: boolean;
  private readonly waiting = new Waiting();
  private readonly awaitingKept: { readonly position: number; readonly then: () => void }[] = [];
  /** The model, while it is awake. */
  private carrier: Carrier | null;
  private last: { seq: number; epoch: string };
  private durableSeq: number;
  /** Steps since the last checkpoint, and the log's end when it was made; -1 before the first. */
  private stepsSince = 0;
  private keptEnd: number;
  /** The log's end when the last durable checkpoint was made. */
  private keptDurable = -1;
  private failure: EddyError | null = null;

  /** Makes a new sequence. @throws EddyError `sequence-limit` */
  static create(parts: SequenceParts, spec: ModelSpec): Sequence {
    const model = parts.wakeModel({ ...spec });
    const epoch = parts.newEpoch();
    return Sequence.open(parts, (log) => {
      log.append({ kind: 'created', epoch, spec: { ...model.spec } });
      return { model, epoch, replayed: 0, damage: [], isCut: false };
    });
  }

  /** Brings a sequence back that the store knows. @throws EddyError `store-damaged`, `sequence-limit` */
  static bringBack(parts: SequenceParts): Sequence {
    return Sequence.open(parts, (log) => recover(parts.name, log, parts.wakeModel));
  }

  private static open(parts: SequenceParts, begin: (log: SequenceStore) => Origin): Sequence {
    let sequence: Sequence | null = null;
    const log = parts.store.open(parts.name, {
      onDurable: (end) => sequence?.onDurable(end),
      onCheckpoint: ({ position, bytes }) => sequence?.onKept(position, bytes),
    });
    try {
      sequence = new Sequence(parts, log, begin(log));
      return sequence;
    } catch (error) {
      log.close();
      throw error;
    }
  }

  private constructor(
    private readonly parts: SequenceParts,
    private readonly log: SequenceStore,
    origin: Origin,
  ) {
    const { name, channel, limits, wallNow } = parts;
    const { model, epoch } = origin;
    const { batch, features } = model.spec;
    this.name = name;
    this.channel = channel;
    this.spec = model.spec;
    this.lastActive = wallNow();
    this.lastKept = this.lastActive;
    this.stepSize = batch * features;
    this.blockSteps = blockStepsOf(model.spec, limits.blockSteps);
    this.checkpointSteps = replayStepsOf(model.spec, parts.checkpointSteps);
    this.results = Results.of(channel, model.spec);
    this.recent = new RecentSteps(this.stepSize, limits.unackedSteps);
    this.knowsRecent = model.seq < 0;
    this.carrier = new Carrier(model, this.results, this.recent, epoch, parts.counters);
    this.last = { seq: model.seq, epoch };
    this.durableSeq = model.seq;
    this.stepsSince = origin.replayed;
    this.keptEnd = origin.replayed > 0 || origin.isCut ? -1 : log.end;
    parts.onAwake(this);
    if (log.end > 1 || origin.damage.length > 0) this.cameBack(origin);
  }

  get isAwake(): boolean {
    return this.carrier !== null;
  }

  /** Does anybody have it open, or watch it? One that failed is held, so that it does not come back unseen. */
  get isHeld(): boolean {
    return this.holders > 0 || this.results.isWatched || this.failure !== null;
  }

  /** Is it of no use to keep it in memory? */
  get isForgettable(): boolean {
    const { waiting, log } = this;
    const isQuiet = waiting.isEmpty && this.awaitingKept.length === 0 && log.durableEnd === log.end;
    return !this.isAwake && !this.isHeld && isQuiet;
  }

  /** Number of the last step that was accepted, -1 before the first. */
  get seq(): number {
    return this.carrier?.seq ?? this.last.seq;
  }

  /** Number of the last step that is durable. */
  get durable(): number {
    return this.durableSeq;
  }

  /** Id of this history; changes on every reset. */
  get epoch(): string {
    return this.carrier?.epoch ?? this.last.epoch;
  }

  /** The model; it wakes the sequence. */
  get model(): Model {
    return this.awake().model;
  }

  /**
   * Takes a block of steps. Those that were accepted before are acked again and have no effect.
   *
   * @param first number of the first step
   * @param x [T,B,F]
   * @param targets [T,B,M], for a supervised task
   * @param onAck called once, when all of them are durable
   * @param said T, where the producer tells it
   * @throws EddyError `step-*`, `block-too-long`, `credit-exceeded`, `target-*`, `store-unavailable`; nothing of the block
   *   has been taken
   */
  push(
    first: number,
    x: Float32Array,
    targets: Float32Array | undefined,
    onAck: OnAck,
    said = x.length / this.stepSize,
  ): void {
    const carrier = this.ready();
    const next = carrier.seq + 1;
    const { blockSteps } = this;
    const count = checkBlock(this.spec, { first, x, said }, next, blockSteps);
    const last = first + count - 1;
    this.checkCredit(last);
    const targetSize = targets ? checkTargets(this.spec, targets, count) : 0;
    const repeats = Math.min(count, next - first);
    if (repeats > 0) this.checkRepeats(first, x, repeats);
    this.parts.counters.stepsRepeated += repeats;
    if (repeats < count) {
      const fresh = {
        first: next,
        x: rows(x, this.stepSize, repeats, count),
        targets: targets ? rows(targets, targetSize, repeats, count) : null,
      };
      this.change(() => carrier.steps(fresh));
      this.log.append({ kind: 'steps', ...fresh });
      this.stepsSince += count - repeats;
      this.lastStepAt = this.lastActive;
    }
    this.whenDurable(last, () => onAck(this.durableSeq, this.channel));
    if (this.stepsSince >= this.checkpointSteps) this.keep();
  }

  /**
   * Takes targets that come after their steps, one for each step from `first` on. Each stands for itself.
   *
   * @param targets [T,B,M]
   * @param onRefused gets the error of each that is refused, and the step it was for
   * @throws EddyError `target-*`, `block-too-long`, `store-unavailable`
   */
  learn(first: number, targets: Float32Array, onRefused: OnRefused): void {
    const carrier = this.ready();
    checkLateTargets(this.spec, targets, this.blockSteps);
    const taken = this.change(() => carrier.targets({ first, targets }, onRefused));
    if (taken > 0) this.log.append({ kind: 'targets', first, targets });
  }

  /**
   * Changes what may be changed while it runs.
   *
   * @param then called when the change is durable
   * @throws EddyError `setting-invalid`, and nothing has changed
   */
  configure(
    settings: { learning?: boolean | undefined; learningRate?: number | undefined },
    then: () => void = () => undefined,
  ): void {
    const carrier = this.ready();
    const { learning = carrier.model.learning, learningRate = null } = settings;
    carrier.configure({ learning, learningRate });
    this.log.append({ kind: 'configured', learning, learningRate });
    this.whenDurable(-1, then);
  }

  /** Begins a new history: a new epoch, h = 0, and new weights if asked. Step numbers go on. */
  reset(what: 'state' | 'weights', then: () => void = () => undefined): void {
    const carrier = this.ready();
    const epoch = this.parts.newEpoch();
    this.change(() => carrier.reset({ what, epoch }));
    this.log.append({ kind: 'reset', what, epoch });
    this.whenDurable(-1, then);
  }

  /** Makes a checkpoint now. @param then called when it is durable */
  checkpoint(then: () => void): void {
    this.ready();
    if (this.keptDurable === this.log.end) return then();
    this.awaitingKept.push({ position: this.log.end, then });
    this.keep();
  }

  /** Gives a view of the results from now on. @throws EddyError `view-unavailable` */
  watch(view: View, options: ViewOptions): Observable<ViewMessage> {
    this.checkView(view);
    return view === 'weights' ? this.watchWeights(options) : this.shape(view, this.results.of(view), options);
  }

  /**
   * Gives a view from where the subscriber was: the results that it missed come first, out of the log. Where the log does
   * not reach back so far, the latest result comes first.
   *
   * @throws EddyError `view-unavailable`
   */
  rejoin(view: View, options: ViewOptions, after: After): Rejoined {
    if (view === 'weights') return { results$: this.watch(view, options), recovered: false };
    this.checkView(view);
    const { results$, recovered } = this.resultsAfter(view, after);
    return { results$: this.shape(view, results$, options), recovered };
  }

  /** Keeps it in the store and gives its memory back; the next step wakes it. */
  sleep(reason: 'idle' | 'room' | 'shutdown'): void {
    const { carrier } = this;
    if (!carrier) return;
    this.keep();
    this.announce('evicted', { reason, last: carrier.seq });
    this.giveUpModel();
  }

  /** Is there anything that the last checkpoint has not? */
  get isDirty(): boolean {
    return this.log.end !== this.keptEnd;
  }

  /** Makes a checkpoint, where anything has changed since the last. */
  keep(): void {
    const { carrier, log } = this;
    if (!carrier || this.failure || !this.isDirty) return;
    const savedAt = this.parts.wallNow();
    this.keptEnd = log.end;
    this.lastKept = savedAt;
    this.stepsSince = 0;
    log.checkpoint({ position: log.end, savedAt, state: stateOf(carrier) });
  }

  announce(event: SequenceEvent['event'], detail: Record<string, unknown>): void {
    const { seq, epoch } = this;
    this.results.announce({ event, seq, epoch, detail });
  }

  /** Ends it: its watchers complete, and whoever asks is told why. */
  end(reason: EddyError): void {
    this.giveUpModel();
    this.failure = reason;
    this.results.complete();
    this.log.close();
  }

  /** @throws EddyError `sequence-failed`, or why it ended */
  checkAlive(): void {
    if (this.failure) throw this.failure;
  }

  private giveUpModel(): void {
    const { carrier } = this;
    if (!carrier) return;
    this.last = { seq: carrier.seq, epoch: carrier.epoch };
    this.carrier = null;
    this.recent.clear();
    this.knowsRecent = false;
    carrier.model.free();
    this.parts.onAsleep(this);
  }

  /** @throws EddyError `store-unavailable` */
  private ready(): Carrier {
    this.checkAlive();
    const { failure } = this.parts.store;
    if (failure) throw failure;
    this.lastActive = this.parts.wallNow();
    return this.awake();
  }

  private awake(): Carrier {
    this.checkAlive();
    if (this.carrier) return this.carrier;
    const origin = recover(this.name, this.log, this.parts.wakeModel);
    this.carrier = new Carrier(origin.model, this.results, this.recent, origin.epoch, this.parts.counters);
    this.parts.onAwake(this);
    this.cameBack(origin);
    return this.carrier;
  }

  private cameBack({ replayed, damage, isCut }: Origin): void {
    this.announce('resumed', { replayed });
    for (const error of damage) {
      this.parts.onFault(error);
      this.announce('damaged', { message: error.message });
    }
    const { carrier } = this;
    if (!isCut || !carrier) return;
    // a part of the history is lost, so that old positions are not to be trusted
    carrier.epoch = this.parts.newEpoch();
    this.durableSeq = carrier.seq;
    this.keptEnd = -1;
    this.keep();
  }

  private checkView(view: View): void {
    this.checkAlive();
    if (this.spec.readout.kind === 'none' && NEED_READOUT.has(view))
      throw new EddyError('view-unavailable', `a model without a readout has no ${view}`);
    if (view === 'weights') checkWeights(this.spec);
  }

  /** Gives the weights of now, and again where an update or an event may have changed them. */
  private watchWeights({ every }: ViewOptions): Observable<ViewMessage> {
    const { channel, results, parts } = this;
    this.awake();
    const changes$ = merge(results.of('updates'), results.of('events'));
    return weightsView(changes$, channel, () => this.carrier, every, parts.scheduler);
  }

  private shape(
    view: ResultView,
    results$: Observable<ViewMessage>,
    options: ViewOptions,
  ): Observable<ViewMessage> {
    return applyView(results$, options, this.results.capacityOf(view), this.parts.scheduler);
  }

  private resultsAfter(view: ResultView, after: After): Rejoined {
    const live$ = this.results.of(view);
    const isOf = after.epoch === this.epoch && after.seq <= this.seq;
    // a change of settings or a late target may have come after the step, and have no number of its own
    const isPerStep = view === 'states' || view === 'predictions' || view === 'inputs';
    if (isOf && isPerStep && after.seq === this.seq) return { results$: live$, recovered: true };
    const start = isOf ? this.startBefore(isPerStep ? after.seq : after.seq - 1) : null;
    if (!start) {
      const latest = latestResult(view, this.channel, this.awake().model);
      return { results$: latest ? concat(of(latest), live$) : live$, recovered: false };
    }
    const replayed = Results.of(this.channel, this.spec);
    const { log, parts, results: live } = this;
    const { scheduler } = parts;
    const latest = () => latestResult(view, this.channel, this.awake().model);
    const now = { latest, seq: () => this.seq };
    const results$ = catchUp(view, { start, after: after.seq, log, replayed, live, scheduler, ...now });
    return { results$, recovered: true };
  }

  /** Gives where a replay may begin that is to go over all that came after a step; null where that is not kept. */
  private startBefore(seq: number): Start | null {
    const { name, log, parts } = this;
    for (const start of starts(name, log, parts.makeModel, parts.onFault)) {
      if (start.model.seq <= seq || start.model.seq < 0) return start;
      start.model.free();
    }
    return null;
  }

  private checkCredit(last: number): void {
    const unacked = last - this.durableSeq;
    const { unackedSteps } = this.parts.limits;
    if (unacked > unackedSteps)
      throw new EddyError(
        'credit-exceeded',
        `${unacked} steps would wait for their ack; the limit is ${unackedSteps}`,
      );
  }

  private checkRepeats(first: number, x: Float32Array, repeats: number): void {
    if (!this.knowsRecent && !this.recent.read(first)) this.recallRecent();
    checkRepeats(this.recent, first, x, this.stepSize, repeats);
  }

  /** Reads the last steps back from the log, once after it woke. */
  private recallRecent(): void {
    this.knowsRecent = true;
    for (const { record } of this.log.records(this.log.oldest))
      if (record.kind === 'steps') this.recent.add(record.first, record.x);
  }

  /** @param seq number of the last step that has to be durable, or -1 for all that the log has */
  private whenDurable(seq: number, then: () => void): void {
    const { log } = this;
    const wasDurable = seq >= 0 && seq <= this.durableSeq;
    if (!wasDurable && log.durableEnd < log.end) {
      this.waiting.add({ end: log.end, seq, then });
      return;
    }
    this.durableSeq = Math.max(this.durableSeq, seq);
    then();
  }

  private onDurable(end: number): void {
    for (const { seq, then } of this.waiting.reached(end)) {
      this.durableSeq = Math.max(this.durableSeq, seq);
      then();
    }
  }

  private onKept(position: number, bytes: number): void {
    this.keptDurable = position;
    this.announce('checkpoint', { position, bytes });
    while (this.awaitingKept[0] && this.awaitingKept[0].position <= position)
      this.awaitingKept.shift()?.then();
  }

  /** Does what nothing but a fault of Eddy's own can hinder. Such a fault stops this sequence, so that no wrong state is
   * served, and no other. */
  private change<T>(act: () => T): T {
    try {
      return act();
    } catch (cause) {
      const message = `${this.name} stopped at step ${this.seq}: ${cause}`;
      this.failure = new EddyError('sequence-failed', message, { cause });
      this.parts.onFault(this.failure);
      this.announce('failed', { message });
      throw this.failure;
    }
  }
}
