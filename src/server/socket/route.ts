/**
 * Handles each message of a socket. Steps go straight to their sequence; requests about one sequence are answered in the
 * order they came. All answers, acks, refusals and results leave as one stream.
 */
import {
  catchError,
  defer,
  EMPTY,
  map,
  mergeMap,
  type Observable,
  type OperatorFunction,
  of,
  type Subscriber,
  Subscription,
  tap,
} from 'rxjs';
import { EddyError } from '../../errors.js';
import type { Limits } from '../../limits.js';
import { Sink } from '../../operators/sink.js';
import { Stage, stage } from '../../operators/stage.js';
import type { ClientMessage, ClientMessageOf, ServerMessage } from '../../protocol/messages.js';
import type { View } from '../../protocol/views/index.js';
import type { Directory } from '../../sequence/directory.js';
import type { RefusedPush, SequenceHandle } from '../../sequence/handle.js';
import type { Begun } from '../../sequence/results/watched.js';
import type { Access } from '../auth/access.js';
import type { LoadShedder } from '../load/load-shedder.js';
import { learn } from './answer-targets.js';
import type { AuditTrail } from './audit-trail.js';
import { Channels } from './channels.js';
import { Lanes } from './lanes.js';
import type { LatencySampler } from './latency-sampler.js';
import type { StepPace } from './step-pace.js';
import { done, entryOf, eventOf, placeOf } from './told-sequence.js';
import { Watches } from './watches.js';

export interface RouteParts {
  readonly directory: Directory;
  readonly limits: Pick<Limits, 'channels' | 'views'>;
  readonly guard: Pick<LoadShedder, 'check'>;
  readonly pace: StepPace;
  readonly sampler: LatencySampler;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** The access of the socket's token. */
  readonly access: () => Access;
  /** Tells the client why a message was refused, and counts it. */
  readonly refuse: (error: unknown, message: ClientMessage | null) => void;
  /** Tells the client which of its steps or targets were refused. */
  readonly refusePush: (channel: number, refused: readonly RefusedPush[], re?: number) => void;
  /** Tells of a fault of Eddy's own. */
  readonly onFault: (error: unknown) => void;
  /** How many messages were refused so far. */
  readonly refusals: { readonly total: number };
  /** Called with the number of active views, and with each view that ends. */
  readonly onViews: (count: number) => void;
  readonly onUnwatch: (channel: number, view: View) => void;
  /** Is told of what changes something, before it is answered. */
  readonly audit?: AuditTrail | undefined;
  /** Has the socket room for more of the past? */
  readonly hasRoom: () => boolean;
}

/** Handles messages until their stream is unsubscribed from; then it releases everything that is open. */
export const route = (parts: RouteParts): OperatorFunction<ClientMessage, ServerMessage> =>
  stage((out) => new Router(out, parts));

type Answer = Observable<ServerMessage>;
type Watched = Pick<Begun, 'results$'> & Partial<Begun>;

class Router extends Stage<ClientMessage, ServerMessage> {
  private readonly channels: Channels;
  private readonly watches: Watches;
  private readonly lanes = new Lanes<string>();
  private readonly answers = new Subscription();

  constructor(
    out: Subscriber<ServerMessage>,
    private readonly parts: RouteParts,
  ) {
    super(out);
    this.channels = new Channels(parts.limits.channels);
    this.watches = new Watches(parts.limits.views);
    this.add(() => this.end());
  }

  protected override _next(message: ClientMessage): void {
    try {
      this.handle(message);
    } catch (error) {
      this.parts.refuse(error, message);
    }
  }

  private end(): void {
    this.lanes.end();
    this.answers.unsubscribe();
    this.watches.end();
    this.channels.end();
  }

  private handle(message: ClientMessage): void {
    switch (message.type) {
      case 'steps':
        return this.steps(message);
      case 'targets':
        return this.answer(message, () => learn(this.channels.get(message.channel), message, this.parts));
      case 'append':
        return this.answer(message, () => this.append(message));
      case 'flush':
        return this.answer(message, () => done(message.id, this.channels.get(message.channel).flush()));
      case 'open':
        return this.inOrder(message, () => this.open(message));
      case 'subscribe':
        return this.inOrder(message, () => this.join(message));
      case 'remove':
        return this.inOrder(message, () =>
          done(message.id, this.parts.directory.remove(message.sequence, this)),
        );
      case 'configure':
      case 'reset':
      case 'checkpoint':
        return this.answer(message, () => done(message.id, this.change(message)));
      case 'list':
        return this.answer(message, () => this.list(message));
      case 'unsubscribe':
        return this.unwatch(message);
      case 'close':
        this.channels.close(message.channel);
        return this.out.next({ type: 'done', re: message.id });
      case 'hello':
        return;
    }
  }

  /** Answers once all earlier requests about the same sequence are answered. */
  private inOrder(message: ClientMessageOf<'open' | 'subscribe' | 'remove'>, answer: () => Answer): void {
    this.lanes.add(message.sequence, () => this.told(message, answer));
  }

  private answer(message: ClientMessage, answer: () => Answer): void {
    this.answers.add(this.told(message, answer).subscribe());
  }

  /** Sends an answer, or the error instead of it. */
  private told(message: ClientMessage, answer: () => Answer): Observable<unknown> {
    const { audit, access } = this.parts;
    return defer(answer).pipe(
      tap(audit?.begin(message, access(), this.channels.find(message))),
      tap((reply) => this.out.next(reply)),
      catchError((error: unknown) => {
        this.parts.refuse(error, message);
        return EMPTY;
      }),
    );
  }

  private steps({ channel, seq, x, targets, t, count }: ClientMessageOf<'steps'>): void {
    const { sampler, pace, now, refusals } = this.parts;
    const handle = this.channels.get(channel);
    const { batch, features } = handle.spec;
    const T = count ?? x.length / (batch * features);
    const before = refusals.total;
    sampler.begin(channel, seq + T - 1, now);
    handle.push({ first: seq, x, targets: targets ?? null, t: t ?? null, count: T });
    if (refusals.total > before) return;
    sampler.end(T, now);
    pace.take(T);
  }

  /** Answers with the number of the step, when it is durable. */
  private append({ id: re, channel, sequence, ...reading }: ClientMessageOf<'append'>): Answer {
    const { directory, pace } = this.parts;
    if ((channel === undefined) === (sequence === undefined))
      throw new EddyError('message-invalid', 'append: either channel or sequence says where to');
    pace.take(1);
    const handle$ = channel === undefined ? directory.get(sequence!, this) : of(this.channels.get(channel));
    return handle$.pipe(
      mergeMap((handle) =>
        handle
          .append(reading)
          .pipe(map((seq): ServerMessage => ({ type: 'appended', re, channel: handle.channel, seq }))),
      ),
    );
  }

  private open({ id, sequence, mode, ...asked }: ClientMessageOf<'open'>): Answer {
    const { directory, guard } = this.parts;
    this.channels.checkRoom(sequence);
    return directory
      .open(sequence, mode, asked, () => guard.check('sequences'), this)
      .pipe(
        map(({ handle: opened, created }): ServerMessage => {
          // opening it may have ended a socket that does not keep up
          if (this.closed) opened.release();
          const handle = this.closed ? opened : this.channels.enter(opened, (heard) => this.listen(heard));
          const { durable, blockSteps, learning, learningRate } = handle;
          const place = placeOf(id, handle);
          return { type: 'opened', ...place, durable, created, blockSteps, learning, learningRate };
        }),
      );
  }

  /** Passes on a handle's acks and refusals. */
  private listen(handle: SequenceHandle): Subscription {
    const { channel } = handle;
    const { sampler, now, refusePush, onFault } = this.parts;
    const heard = new Subscription();
    heard.add(
      handle.acks$.subscribe(
        new Sink((seq) => {
          sampler.acked(channel, seq, now);
          this.out.next({ type: 'ack', channel, seq });
        }, onFault),
      ),
    );
    heard.add(handle.refusals$.subscribe(new Sink((refused) => refusePush(channel, refused), onFault)));
    return heard;
  }

  private change(message: ClientMessageOf<'configure' | 'reset' | 'checkpoint'>): Observable<never> {
    const handle = this.channels.get(message.channel);
    if (message.type === 'configure') return handle.configure(message);
    return message.type === 'reset' ? handle.reset(message.what) : handle.checkpoint();
  }

  private join(message: ClientMessageOf<'subscribe'>): Answer {
    return this.parts.directory.get(message.sequence, this).pipe(
      mergeMap((handle) => {
        this.watch(handle, message);
        return EMPTY;
      }),
    );
  }

  /** @throws EddyError `view-*`, `overloaded` */
  private watch(handle: SequenceHandle, message: ClientMessageOf<'subscribe'>): void {
    const { id, view, every = 0, delivery = 'every', ranges, after, last, from } = message;
    const { channel } = handle;
    const { watches, parts, out } = this;
    if (!watches.has(channel, view)) {
      watches.checkRoom();
      parts.guard.check('views');
    }
    const options = { every, delivery, ranges };
    const { pace, hasRoom } = parts;
    const reader = { owner: this, hasRoom, read: (steps: number) => pace.takePast(steps) };
    const { results$, ...begun }: Watched =
      last !== undefined || from !== undefined
        ? handle.since(view, options, { after, last, from }, reader)
        : after
          ? handle.rejoin(view, options, after, reader)
          : { results$: handle.watch(view, options) };
    watches.drop(channel, view);
    out.next({ type: 'subscribed', ...placeOf(id, handle), view, ...begun, ...eventOf(view, handle) });
    // a socket that cannot take even that has ended meanwhile
    if (this.closed) return;
    const subscription = new Subscription();
    watches.enter(channel, view, subscription);
    parts.onViews(watches.size);
    subscription.add(
      results$.subscribe(
        new Sink(
          (result) => out.next(result),
          (error) => parts.refuse(error, message),
        ),
      ),
    );
  }

  private unwatch({ id, channel, view }: ClientMessageOf<'unsubscribe'>): void {
    const { watches, parts, out } = this;
    if (!watches.has(channel, view))
      throw new EddyError('channel-unknown', `${view} of channel ${channel} is not watched here`);
    watches.drop(channel, view);
    parts.onViews(watches.size);
    parts.onUnwatch(channel, view);
    out.next({ type: 'done', re: id });
  }

  private list({ id: re, after = '', limit = LISTED, sequence: only }: ClientMessageOf<'list'>): Answer {
    const access = this.parts.access();
    const covers = access.coversAll ? null : (name: string) => access.covers(name);
    return this.parts.directory.list({ after, limit, covers, only, asker: this }).pipe(
      map(
        ({ sequences, ...list }): ServerMessage => ({
          type: 'listing',
          re,
          ...list,
          sequences: sequences.map(entryOf),
        }),
      ),
    );
  }
}

/** The default number of sequences in one answer. */
const LISTED = 100;
