/** An open sequence: its life from the first `open` to its end, over all sockets. */
import { type Observable, ReplaySubject, Subject, takeUntil } from 'rxjs';
import { EddyError } from '../../src/errors.js';
import { type Field, parseFields } from '../../src/fields/field.js';
import type { ServerMessageOf } from '../../src/protocol/messages.js';
import type { View } from '../../src/protocol/views/index.js';
import type {
  AppendOptions,
  Joined,
  Opened,
  OpenOptions,
  PushedStep,
  Report,
  Results,
  SequenceHandle,
  StepInput,
  ViewOptions,
} from './api.js';
import { AppendQueue } from './append-queue.js';
import { type CodedError, codedError } from './coded-error.js';
import { Deferred } from './deferred.js';
import { Opening } from './opening.js';
import { type ChannelRequest, Producer, type ProducerParts } from './producer.js';
import { delays, type Refusal } from './refusal.js';
import type { Retry } from './retry.js';
import type { SequenceViews } from './sequence-views.js';
import { describedIn, partsOf } from './shape.js';
import { StepObserver } from './step-observer.js';

export interface HandleParts extends Pick<ProducerParts, 'bytesPerReal' | 'limits' | 'send' | 'requests'> {
  readonly sequence: string;
  readonly options: OpenOptions;
  readonly views: SequenceViews;
  readonly retry: Retry;
  readonly onChannel: (channel: number) => void;
  /** Takes a report that nobody listens for here. */
  readonly onReport: (report: Report) => void;
  readonly onEnd: () => void;
}

export class Handle extends StepObserver implements SequenceHandle {
  private readonly opening: Opening;
  private readonly producer: Producer;
  private readonly appends: AppendQueue;
  /** The fields in the order in which x is given; null until they are known. */
  private fields: readonly Field[] | null;
  private readonly answer = new Deferred<Opened>();
  private readonly reports = new Subject<Report>();
  /** Ends the views that were taken from this handle. */
  private readonly ended = new ReplaySubject<void>(1);
  private outcome: CodedError | null = null;
  /** The channel on this socket; null while it is not open. */
  private channel: number | null = null;
  private closing: Deferred<void> | null = null;
  private isCloseAsked = false;
  /** The server could not take steps; what it says to those under way is of no interest. */
  private isPaused = false;

  constructor(private readonly parts: HandleParts) {
    const { sequence, options, views, requests, retry } = parts;
    super(sequence, () => views);
    const { spec, fields, targets, resample, mode = 'either', overflow = 'fail', outbox } = options;
    this.fields = fields ? parseFields(fields, 'fields') : null;
    this.producer = new Producer({
      ...parts,
      spec,
      overflow,
      capacity: () => outbox ?? parts.limits().unackedSteps,
      onDrop: (error) => this.report(error, null),
      onSent: () => this.tryClose(),
      onTargetRefused: (error, seq) => this.report(error, seq),
      onTargetDelayed: (error, seq) => this.pause(error, seq),
    });
    this.appends = new AppendQueue({
      requests,
      capacity: () => parts.limits().pendingAppends,
      onSettled: () => this.tryClose(),
    });
    this.opening = new Opening({
      sequence,
      mode,
      asked: { spec, fields, targets, resample },
      requests,
      retry,
      onOpened: (opened) => this.begin(opened),
      onDelayed: (error) => this.report(error, null),
      onRefused: (error) => this.refuseOpen(error),
    });
  }

  get opened(): Promise<Opened> {
    return this.answer.promise;
  }

  get acked$(): Observable<number> {
    return this.producer.acked.asObservable();
  }

  get errors$(): Observable<Report> {
    return this.reports.asObservable();
  }

  get room(): number {
    return this.producer.room;
  }

  get unacked(): number {
    return this.producer.outbox.size;
  }

  get unackedTargets(): number {
    return this.producer.targets.size;
  }

  get dropped(): number {
    return this.producer.outbox.dropped;
  }

  get isOpen(): boolean {
    return this.channel !== null;
  }

  push(step: StepInput, target?: ArrayLike<number>): PushedStep {
    this.checkTakes();
    const parts = partsOf(step, this.fields);
    return this.producer.push(parts.x, parts.target ?? target, parts.t);
  }

  async append(step: StepInput, { key }: AppendOptions = {}): Promise<number> {
    this.checkTakes();
    return this.appends.add(partsOf(step, this.fields), key);
  }

  flush(): Promise<void> {
    return this.request({ type: 'flush' });
  }

  learn(step: PushedStep | number, target: ArrayLike<number>): Promise<void> {
    this.checkTakes();
    return this.producer.learn(step, target);
  }

  configure(settings: { readonly learning?: boolean; readonly learningRate?: number }): Promise<void> {
    return this.request({ type: 'configure', ...settings });
  }

  reset(what: 'state' | 'weights'): Promise<void> {
    return this.request({ type: 'reset', what });
  }

  checkpoint(): Promise<void> {
    return this.request({ type: 'checkpoint' });
  }

  ready(): Promise<void> {
    return this.producer.ready();
  }

  drained(): Promise<void> {
    return this.producer.drained();
  }

  override get joined$(): Observable<Joined> {
    return super.joined$.pipe(takeUntil(this.ended));
  }

  override view<K extends View>(kind: K, options?: ViewOptions): Observable<Results[K]> {
    return super.view(kind, options).pipe(takeUntil(this.ended));
  }

  close(): Promise<void> {
    if (this.outcome) return Promise.resolve();
    this.closing ??= new Deferred();
    this.tryClose();
    return this.closing.promise;
  }

  /** There is a new socket. */
  connect(): void {
    this.opening.begin();
  }

  ack(seq: number): void {
    this.producer.ack(seq);
  }

  /** Takes an error of the channel that answers no request. */
  refuse({ code, message, temporary, seq = null }: Refusal): void {
    if (this.isPaused) return;
    const error = codedError(code, message, temporary);
    if (this.isOpen && delays(code)) return this.pause(error, seq);
    if (this.isOpen) this.producer.refuse(error, seq);
    this.report(error, seq);
    this.tryClose();
  }

  /** Stops sending until the sequence has been reopened, which tells where to continue. */
  private pause(error: CodedError, seq: number | null): void {
    if (this.isPaused || !this.isOpen) return;
    this.isPaused = true;
    this.channel = null;
    this.producer.interrupt();
    this.appends.interrupt();
    this.opening.beginLater();
    this.report(error, seq);
    this.tryClose();
  }

  interrupt(): void {
    this.isPaused = false;
    this.channel = null;
    this.isCloseAsked = false;
    this.opening.interrupt();
    this.producer.interrupt();
    this.appends.interrupt();
    this.tryClose();
  }

  end(error: CodedError): void {
    if (this.outcome) return;
    this.outcome = error;
    this.channel = null;
    this.opening.interrupt();
    this.producer.stop(error);
    this.appends.stop(error);
    this.producer.acked.complete();
    this.answer.reject(error);
    this.closing?.reject(error);
    if (error.code === 'client-closed') this.ended.next();
    else this.ended.error(error);
    this.reports.complete();
    this.parts.onEnd();
  }

  private begin(opened: ServerMessageOf<'opened'>): void {
    const { channel, sequence, epoch, seq, durable, created, learning, learningRate } = opened;
    const described = describedIn(opened);
    this.fields ??= described.fields;
    this.isPaused = false;
    this.channel = channel;
    this.parts.onChannel(channel);
    this.answer.resolve({ sequence, epoch, seq, durable, ...described, created, learning, learningRate });
    // Asked for before the steps that wait are sent, so that their results are seen.
    this.parts.views.expectFrom(seq);
    this.parts.views.begin();
    this.appends.begin(channel);
    const { lost, renumbered, lostTargets } = this.producer.begin(opened, described.spec);
    if (lost) {
      const what = `${renumbered} un-acked steps go on from ${seq + 1}, ${lostTargets} late targets are given up`;
      this.report(codedError('history-lost', `the server has steps only up to ${seq}: ${what}`, false), seq);
    }
  }

  private refuseOpen(error: CodedError): void {
    if (this.opening.wasOpened) this.report(error, null);
    this.end(error);
  }

  private async request(body: ChannelRequest): Promise<void> {
    this.checkTakes();
    await this.producer.request(body);
  }

  private checkTakes(): void {
    if (this.outcome) throw this.outcome;
    if (this.closing) throw new EddyError('client-closed', `the handle of ${this.sequence} is being closed`);
  }

  /** Gives the channel back as soon as nothing is left to do on it. */
  private tryClose(): void {
    const isBusy = !this.producer.isDone || this.appends.size > 0 || this.opening.isPending;
    if (!this.closing || isBusy || this.isCloseAsked) return;
    if (this.channel === null) return this.finish();
    this.isCloseAsked = true;
    this.parts.requests.ask(
      { type: 'close', channel: this.channel },
      () => this.finish(),
      (error) => {
        if (error.code !== 'connection-lost') this.finish();
      },
    );
  }

  private finish(): void {
    this.closing?.resolve();
    this.end(new EddyError('client-closed', `the handle of ${this.sequence} was closed`));
  }

  protected get isStopped(): boolean {
    return this.producer.isStopped || this.closing !== null || this.outcome !== null;
  }

  protected report(error: CodedError, seq: number | null): void {
    const report = { error, sequence: this.sequence, seq };
    if (this.reports.observed) this.reports.next(report);
    else this.parts.onReport(report);
  }
}
