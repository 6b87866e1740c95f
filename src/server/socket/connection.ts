/**
 * One socket's conversation. It begins with hello; then requests are answered in the order they come, each with its
 * answer or with an error. Nothing that a client sends harms a sequence or another socket.
 */
import { type SchedulerLike, Subscription } from 'rxjs';
import { EddyError } from '../../errors.js';
import type { Limits } from '../../limits.js';
import type { Codec } from '../../protocol/codec.js';
import {
  type ClientMessage,
  type ClientMessageOf,
  PROTOCOL_VERSION,
  type ServerMessage,
  type ServerMessageOf,
} from '../../protocol/messages.js';
import type { Registry } from '../../sequence/registry.js';
import type { Sequence } from '../../sequence/sequence.js';
import { type Access, expired } from '../auth/access.js';
import type { LoadShedder } from '../load/load-shedder.js';
import { countOne, type WireCounters } from '../telemetry/telemetry.js';
import type { AtTurnEnd } from './flush-queue.js';
import { LatencySampler } from './latency-sampler.js';
import { listingOf } from './listing.js';
import { Outbox } from './outbox.js';
import { Rate } from './rate.js';
import type { SocketLike } from './socket-like.js';
import { StepPace } from './step-pace.js';

export interface ConnectionParts {
  readonly socket: SocketLike;
  readonly codec: Codec;
  /** Encodes a message, packed if that is asked for; the same message for many sockets only once. */
  readonly encode: (message: ServerMessage, packed: boolean) => Uint8Array;
  readonly registry: Registry;
  readonly limits: Limits;
  readonly scheduler: SchedulerLike;
  /** Milliseconds, for durations and rates. */
  readonly now: () => number;
  readonly atTurnEnd: AtTurnEnd;
  readonly counters: WireCounters;
  readonly guard: Pick<LoadShedder, 'check'>;
  readonly server: string;
  /** What the upgrade's token permits, or null where it brought none. */
  readonly access: Access | null;
  /** Gives what the token of hello permits; rejects with `unauthorized` or `attempts-limit`. */
  readonly admit: (token: string | undefined) => Promise<Access>;
  /** Tells of a fault of Eddy's own. */
  readonly onFault: (error: unknown) => void;
}

/** What an error answers. */
type About = Pick<ServerMessageOf<'error'>, 're' | 'channel' | 'seq' | 'count'>;

/** Milliseconds beyond a deadline, so that what came in time is read before the timer counts, even after a long block. */
export const GRACE_MS = 100;
/** Milliseconds in which refused messages are counted together. */
const ERRORS_MS = 60_000;
/** Milliseconds between two looks at the clock, which may be set or stand still, for a token that expires later. */
const EXPIRY_MS = 60_000;

export class Connection {
  private greeted = false;
  /** Does the client want packed results? */
  private packed = false;
  private ended = false;
  /** Messages refused since `errorsSince`, a time of the scheduler. */
  private errors = 0;
  private errorsSince = 0;
  private readonly outbox: Outbox;
  private readonly pace: StepPace;
  private readonly requests: Rate;
  private readonly samples: LatencySampler;
  /** Channels opened here, for steps and settings. */
  private readonly channels = new Map<number, Sequence>();
  private readonly views = new Map<string, Subscription>();
  private readonly timers: Subscription[] = [];
  private heard = false;
  private access: Access | null;
  /** What came while the token was being checked, and its bytes. */
  private waiting: (Uint8Array | string)[] | null = null;
  private waitingBytes = 0;

  constructor(private readonly parts: ConnectionParts) {
    const { encode, limits, scheduler } = parts;
    this.access = parts.access;
    this.outbox = new Outbox({
      ...parts,
      encode: (message) => encode(message, this.packed),
      onSlow: (error) => this.farewell(error),
    });
    this.pace = new StepPace({ ...parts, perSecond: limits.stepsPerSecond });
    this.requests = new Rate(limits.requestsPerSecond);
    this.samples = new LatencySampler(parts.counters);
    this.timers.push(
      scheduler.schedule(() => {
        if (!this.greeted)
          this.farewell(new EddyError('hello-timeout', `no hello within ${limits.helloMs} ms`));
      }, limits.helloMs + GRACE_MS),
    );
    this.scheduleHeartbeat();
  }

  /** Takes one frame. */
  receive(data: Uint8Array | string): void {
    if (this.ended) return;
    this.heard = true;
    if (this.waiting) return this.hold(data, this.waiting);
    let message: ClientMessage | null = null;
    try {
      message = this.parts.codec.decodeClient(data);
      this.handle(message);
    } catch (error) {
      this.refuse(error, message);
    }
  }

  /** A pong came. */
  alive(): void {
    this.heard = true;
  }

  /** How many views are watched here. */
  get viewCount(): number {
    return this.views.size;
  }

  /**
   * Closes the socket with the error's close code; the error goes before it, if it still can.
   *
   * @param retryMs when the client should come back
   */
  farewell(error: EddyError, retryMs?: number): void {
    const { code, message, temporary } = error;
    this.outbox.send({ type: 'error', code, message, temporary, ...(retryMs !== undefined && { retryMs }) });
    this.end();
    this.parts.socket.close(error.close ?? 3501, code);
  }

  /** Asks again what the token permits, after tokens and keys were read anew. */
  async renew(): Promise<void> {
    const { access } = this;
    if (!access) return;
    try {
      const now = await access.renew();
      if (!now.equals(access) && !this.ended)
        this.farewell(new EddyError('access-changed', 'the token gives other rights now: connect again'));
    } catch (error) {
      if (!this.ended) this.refuse(error, null);
    }
  }

  /** Frees what the socket held; sequences live on. */
  end(): void {
    this.ended = true;
    this.outbox.end();
    this.pace.end();
    for (const timer of this.timers) timer.unsubscribe();
    for (const view of this.views.values()) view.unsubscribe();
    this.views.clear();
    for (const sequence of this.channels.values()) this.parts.registry.release(sequence);
    this.channels.clear();
  }

  private handle(message: ClientMessage): void {
    if (!this.greeted && message.type !== 'hello')
      throw new EddyError('hello-expected', `${message.type} came before hello`);
    this.access?.check(message, this.now);
    this.parts.counters.received[message.type]++;
    if (message.type !== 'steps' && message.type !== 'targets') this.countRequest();
    switch (message.type) {
      case 'hello':
        return this.hello(message);
      case 'open':
        return this.open(message);
      case 'steps':
        return this.steps(message);
      case 'targets':
        return this.targets(message);
      case 'subscribe':
        return this.subscribe(message);
      case 'unsubscribe':
        return this.unsubscribe(message);
      case 'configure':
        return this.channel(message.channel).configure(message, () => this.done(message.id));
      case 'reset':
        return this.channel(message.channel).reset(message.what, () => this.done(message.id));
      case 'checkpoint':
        return this.channel(message.channel).checkpoint(() => this.done(message.id));
      case 'close':
        this.parts.registry.release(this.channel(message.channel));
        this.channels.delete(message.channel);
        return this.done(message.id);
      case 'list':
        return this.list(message);
      case 'remove':
        return this.remove(message);
    }
  }

  private done(re: number): void {
    this.outbox.send({ type: 'done', re });
  }

  private readonly now = (): number => this.parts.scheduler.now();

  private hello(message: ClientMessageOf<'hello'>): void {
    const { version, token } = message;
    if (this.greeted) throw new EddyError('hello-repeated', 'hello was sent before');
    if (version !== PROTOCOL_VERSION)
      throw new EddyError(
        'version-unsupported',
        `version ${version} came; ${PROTOCOL_VERSION} is spoken here`,
      );
    if (this.access && token === undefined) return this.welcome(message, this.access);
    this.waiting = [];
    this.parts.admit(token).then(
      (access) => this.resume(() => this.welcome(message, access)),
      (error) => this.resume(() => this.refuse(error, message)),
    );
  }

  /** Keeps a frame until it is known who sends. */
  private hold(data: Uint8Array | string, waiting: (Uint8Array | string)[]): void {
    const { messageBytes } = this.parts.limits;
    this.waitingBytes += data.length;
    if (this.waitingBytes <= messageBytes) waiting.push(data);
    else
      this.refuse(
        new EddyError('hello-expected', `over ${messageBytes} bytes came before hello was answered`),
        null,
      );
  }

  /** Answers hello, and then what came meanwhile. */
  private resume(answer: () => void): void {
    const waiting = this.waiting ?? [];
    this.waiting = null;
    this.waitingBytes = 0;
    if (this.ended) return;
    answer();
    for (const data of waiting) this.receive(data);
  }

  private welcome({ packed = false }: ClientMessageOf<'hello'>, access: Access): void {
    this.greeted = true;
    this.packed = packed;
    this.access = access;
    this.watchExpiry(access);
    if (this.ended) return;
    const { server, limits } = this.parts;
    this.outbox.send({ type: 'welcome', version: PROTOCOL_VERSION, server, limits: { ...limits } });
  }

  private open({ id, sequence: name, mode, spec }: ClientMessageOf<'open'>): void {
    const { registry, limits, guard } = this.parts;
    const isOpen = [...this.channels.values()].some((sequence) => sequence.name === name);
    if (!isOpen && this.channels.size >= limits.channels)
      throw new EddyError('channel-limit', `${limits.channels} channels are open on this socket`);
    if (mode !== 'resume' && !registry.has(name)) guard.check('sequences');
    const { sequence, created } = registry.open(name, mode, spec);
    if (!this.channels.has(sequence.channel)) registry.hold(sequence);
    this.channels.set(sequence.channel, sequence);
    const { blockSteps, durable } = sequence;
    const { learning, learningRate } = sequence.model;
    this.outbox.send({
      type: 'opened',
      ...placeOf(id, sequence),
      durable,
      created,
      blockSteps,
      learning,
      learningRate,
    });
  }

  private steps({ channel, seq, x, targets, count }: ClientMessageOf<'steps'>): void {
    const sequence = this.channel(channel);
    const { batch, features } = sequence.model.spec;
    const T = count ?? x.length / (batch * features);
    this.samples.begin(channel, seq + T - 1, this.parts.now);
    sequence.push(seq, x, targets, this.onAck, count);
    this.samples.end(T, this.parts.now);
    this.pace.take(T);
  }

  private readonly onAck = (seq: number, channel: number): void => {
    this.samples.acked(channel, seq, this.parts.now);
    this.outbox.ack(channel, seq);
  };

  private targets({ channel, seq, targets }: ClientMessageOf<'targets'>): void {
    const runs: { error: EddyError; seq: number; count: number }[] = [];
    this.channel(channel).learn(seq, targets, (error, step) => {
      const run = runs.at(-1);
      if (run?.error.code === error.code && run.seq + run.count === step) run.count++;
      else runs.push({ error, seq: step, count: 1 });
    });
    for (const { error, seq, count } of runs) this.sendError(error, { channel, seq, count });
    if (runs.length > 0) this.countError();
  }

  private subscribe(message: ClientMessageOf<'subscribe'>): void {
    const { registry, limits, guard } = this.parts;
    const { id, sequence: name, view, every = 0, delivery = 'every', after } = message;
    const sequence = registry.get(name);
    const key = `${sequence.channel}/${view}`;
    if (!this.views.has(key)) {
      if (this.views.size >= limits.views)
        throw new EddyError('view-limit', `${limits.views} views are watched on this socket`);
      guard.check('views');
    }
    const options = { every, delivery };
    const rejoined = after && sequence.rejoin(view, options, after);
    const results$ = rejoined?.results$ ?? sequence.watch(view, options);
    this.views.get(key)?.unsubscribe();
    const place = placeOf(id, sequence);
    this.outbox.send({
      type: 'subscribed',
      ...place,
      view,
      ...(rejoined && { recovered: rejoined.recovered }),
    });
    const subscription = new Subscription();
    this.views.set(key, subscription);
    subscription.add(
      results$.subscribe({
        next: (result) => this.outbox.sendResult(result),
        error: (error) => this.refuse(error, message),
      }),
    );
  }

  private list(message: ClientMessageOf<'list'>): void {
    const { registry, scheduler } = this.parts;
    if (this.access) this.outbox.send(listingOf(registry, message, this.access, scheduler.now()));
  }

  private remove({ id, sequence }: ClientMessageOf<'remove'>): void {
    this.parts.registry.remove(sequence).then(
      () => this.done(id),
      (error) => this.refuse(error, { type: 'remove', id, sequence }),
    );
  }

  private unsubscribe({ id, channel, view }: ClientMessageOf<'unsubscribe'>): void {
    const key = `${channel}/${view}`;
    const subscription = this.views.get(key);
    if (!subscription)
      throw new EddyError('channel-unknown', `${view} of channel ${channel} is not watched here`);
    subscription.unsubscribe();
    this.views.delete(key);
    this.outbox.forget(channel, view);
    this.done(id);
  }

  private channel(channel: number): Sequence {
    const sequence = this.channels.get(channel);
    if (sequence) return sequence;
    throw new EddyError('channel-unknown', `channel ${channel} is not open on this socket`);
  }

  /** Steps and targets have a pace of their own, since their steps are what costs. */
  private countRequest(): void {
    const { limits, now } = this.parts;
    if (this.requests.tryTake(now())) return;
    throw new EddyError('rate-limit', `more than ${limits.requestsPerSecond} requests in a second`);
  }

  private refuse(cause: unknown, message: ClientMessage | null): void {
    this.samples.forget();
    if (!(cause instanceof EddyError)) this.parts.onFault(cause);
    const error =
      cause instanceof EddyError ? cause : new EddyError('sequence-failed', 'a fault inside Eddy', { cause });
    if (error.close !== undefined) return this.farewell(error);
    const about: About = { ...error.about };
    if (message && 'id' in message) about.re = message.id;
    if (message && 'channel' in message) about.channel = message.channel;
    if (message && 'seq' in message) about.seq = message.seq;
    this.sendError(error, about);
    this.countError();
  }

  private sendError({ code, message, temporary }: EddyError, about: About): void {
    countOne(this.parts.counters.refused, code);
    this.outbox.send({ type: 'error', code, message, temporary, ...about });
  }

  /** Each refused message counts once; after a minute the count begins anew. */
  private countError(): void {
    const { limits, scheduler } = this.parts;
    if (scheduler.now() - this.errorsSince > ERRORS_MS) {
      this.errorsSince = scheduler.now();
      this.errors = 0;
    }
    if (++this.errors > limits.errors)
      this.farewell(
        new EddyError('error-limit', `${this.errors} messages of this socket were refused in a minute`),
      );
  }

  /** Ends the socket when its token does, also where nothing more comes from it. */
  private watchExpiry(access: Access): void {
    if (access.expires === Number.POSITIVE_INFINITY) return;
    const left = access.expires - this.now();
    if (left <= 0) return this.farewell(expired());
    this.timers[2] = this.parts.scheduler.schedule(() => this.watchExpiry(access), Math.min(left, EXPIRY_MS));
  }

  private scheduleHeartbeat(): void {
    const { socket, limits, scheduler } = this.parts;
    this.timers[1] = scheduler.schedule(() => {
      this.heard = false;
      socket.ping();
      this.timers[1] = scheduler.schedule(() => {
        if (this.heard || this.pace.isHolding) return this.scheduleHeartbeat();
        this.end();
        socket.terminate();
      }, limits.pongMs + GRACE_MS);
    }, limits.pingMs);
  }
}

function placeOf(re: number, { channel, name, epoch, seq, spec }: Sequence) {
  return { re, channel, sequence: name, epoch, seq, spec: { ...spec } };
}
