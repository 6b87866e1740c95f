/**
 * One socket's conversation. It begins with hello; then requests are answered in the order they come, each with its
 * answer or with an error. Nothing that a client sends harms a sequence or another socket.
 */
import type { SchedulerLike, Subscription } from 'rxjs';
import { EddyError } from '../errors.js';
import type { Codec } from '../protocol/codec.js';
import type { Limits } from '../protocol/limits.js';
import {
  type ClientMessage,
  type ClientMessageOf,
  PROTOCOL_VERSION,
  type ServerMessage,
  type ServerMessageOf,
} from '../protocol/messages.js';
import type { Registry } from '../sequence/registry.js';
import type { Sequence } from '../sequence/sequence.js';
import { Outbox } from './outbox.js';
import type { SocketLike } from './socket.js';
import type { AtTurnEnd } from './turn.js';

export interface ConnectionParts {
  readonly socket: SocketLike;
  readonly codec: Codec;
  /** Encodes a message, packed if that is asked for; the same message for many sockets only once. */
  readonly encode: (message: ServerMessage, packed: boolean) => Uint8Array;
  readonly registry: Registry;
  readonly limits: Limits;
  readonly scheduler: SchedulerLike;
  readonly atTurnEnd: AtTurnEnd;
  readonly server: string;
  /** Tells of a fault of Eddy's own. */
  readonly onFault: (error: unknown) => void;
}

/** What an error answers. */
type About = Pick<ServerMessageOf<'error'>, 're' | 'channel' | 'seq' | 'count'>;

/** Milliseconds beyond a deadline, so that what came in time is read before the timer counts, even after a long block. */
export const GRACE_MS = 100;
/** Milliseconds in which refused messages are counted together. */
const ERRORS_MS = 60_000;

export class Connection {
  private greeted = false;
  /** Does the client want packed results? */
  private packed = false;
  private ended = false;
  /** Messages refused since `errorsSince`, a time of the scheduler. */
  private errors = 0;
  private errorsSince = 0;
  private readonly outbox: Outbox;
  /** Channels opened here, for steps and settings. */
  private readonly channels = new Map<number, Sequence>();
  private readonly views = new Map<string, Subscription>();
  private readonly timers: Subscription[] = [];
  private heard = false;

  constructor(private readonly parts: ConnectionParts) {
    const { encode, limits, scheduler } = parts;
    this.outbox = new Outbox({
      ...parts,
      encode: (message) => encode(message, this.packed),
      onSlow: (error) => this.farewell(error),
    });
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

  /** Closes the socket with the error's close code; the error goes before it, if it still can. */
  farewell(error: EddyError): void {
    this.outbox.send({ type: 'error', code: error.code, message: error.message, temporary: error.temporary });
    this.end();
    this.parts.socket.close(error.close ?? 3501, error.code);
  }

  /** Frees what the socket held; sequences live on. */
  end(): void {
    this.ended = true;
    this.outbox.end();
    for (const timer of this.timers) timer.unsubscribe();
    for (const view of this.views.values()) view.unsubscribe();
    this.views.clear();
    this.channels.clear();
  }

  private handle(message: ClientMessage): void {
    if (!this.greeted && message.type !== 'hello')
      throw new EddyError('hello-expected', `${message.type} came before hello`);
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
        this.channel(message.channel).configure(message);
        return this.outbox.send({ type: 'done', re: message.id });
      case 'reset':
        this.channel(message.channel).reset(message.what);
        return this.outbox.send({ type: 'done', re: message.id });
      case 'close':
        this.channel(message.channel);
        this.channels.delete(message.channel);
        return this.outbox.send({ type: 'done', re: message.id });
    }
  }

  private hello({ version, packed = false }: ClientMessageOf<'hello'>): void {
    if (this.greeted) throw new EddyError('hello-repeated', 'hello was sent before');
    if (version !== PROTOCOL_VERSION)
      throw new EddyError(
        'version-unsupported',
        `version ${version} came; ${PROTOCOL_VERSION} is spoken here`,
      );
    this.greeted = true;
    this.packed = packed;
    const { server, limits } = this.parts;
    this.outbox.send({ type: 'welcome', version: PROTOCOL_VERSION, server, limits: { ...limits } });
  }

  private open({ id, sequence: name, mode, spec }: ClientMessageOf<'open'>): void {
    const { registry, limits } = this.parts;
    const isOpen = [...this.channels.values()].some((sequence) => sequence.name === name);
    if (!isOpen && this.channels.size >= limits.channels)
      throw new EddyError('channel-limit', `${limits.channels} channels are open on this socket`);
    const { sequence, created } = registry.open(name, mode, spec);
    this.channels.set(sequence.channel, sequence);
    const { blockSteps, model } = sequence;
    const { learning, learningRate } = model;
    this.outbox.send({
      type: 'opened',
      ...placeOf(id, sequence),
      created,
      blockSteps,
      learning,
      learningRate,
    });
  }

  private steps({ channel, seq, x, targets, count }: ClientMessageOf<'steps'>): void {
    this.channel(channel).push(seq, x, targets, this.onAck, count);
  }

  private readonly onAck = (seq: number, channel: number): void => this.outbox.ack(channel, seq);

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
    const { registry, limits } = this.parts;
    const { id, sequence: name, view, every = 0, delivery = 'every' } = message;
    const sequence = registry.get(name);
    const key = `${sequence.channel}/${view}`;
    if (!this.views.has(key) && this.views.size >= limits.views)
      throw new EddyError('view-limit', `${limits.views} views are watched on this socket`);
    const results$ = sequence.watch(view, { every, delivery });
    this.views.get(key)?.unsubscribe();
    this.views.set(
      key,
      results$.subscribe((result) => this.outbox.sendResult(result)),
    );
    this.outbox.send({ type: 'subscribed', ...placeOf(id, sequence), view });
  }

  private unsubscribe({ id, channel, view }: ClientMessageOf<'unsubscribe'>): void {
    const key = `${channel}/${view}`;
    const subscription = this.views.get(key);
    if (!subscription)
      throw new EddyError('channel-unknown', `${view} of channel ${channel} is not watched here`);
    subscription.unsubscribe();
    this.views.delete(key);
    this.outbox.forget(channel, view);
    this.outbox.send({ type: 'done', re: id });
  }

  private channel(channel: number): Sequence {
    const sequence = this.channels.get(channel);
    if (sequence) return sequence;
    throw new EddyError('channel-unknown', `channel ${channel} is not open on this socket`);
  }

  private refuse(cause: unknown, message: ClientMessage | null): void {
    if (!(cause instanceof EddyError)) this.parts.onFault(cause);
    const error =
      cause instanceof EddyError ? cause : new EddyError('sequence-failed', 'a fault inside Eddy', { cause });
    const about: About = { ...error.about };
    if (message && 'id' in message) about.re = message.id;
    if (message && 'channel' in message) about.channel = message.channel;
    if (message && 'seq' in message) about.seq = message.seq;
    this.sendError(error, about);
    this.countError();
  }

  private sendError({ code, message, temporary }: EddyError, about: About): void {
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

  private scheduleHeartbeat(): void {
    const { socket, limits, scheduler } = this.parts;
    this.timers[1] = scheduler.schedule(() => {
      this.heard = false;
      socket.ping();
      this.timers[1] = scheduler.schedule(() => {
        if (this.heard) return this.scheduleHeartbeat();
        this.end();
        socket.terminate();
      }, limits.pongMs + GRACE_MS);
    }, limits.pingMs);
  }
}

function placeOf(re: number, { channel, name, epoch, model }: Sequence) {
  return { re, channel, sequence: name, epoch, seq: model.seq, spec: { ...model.spec } };
}
