/**
 * One socket, one sentence: frames come in as a stream, are decoded, greeted, permitted and routed to their sequences, and
 * every message leaves through one observer.
 *
 *     frames | decode | admit | route  ->  outbox
 *
 * A refusal is a value: it is sent, and the stream goes on. Nothing that a client sends harms a sequence or another socket.
 */
import type { Clock } from '../../clock.js';
import { EddyError } from '../../errors.js';
import type { Limits } from '../../limits.js';
import { Inlet } from '../../operators/inlet.js';
import { mapOrRefuse } from '../../operators/map-or-refuse.js';
import type { Codec, WireForm } from '../../protocol/codec.js';
import {
  type ClientMessage,
  PROTOCOL_VERSION,
  type ServerMessage,
  type ServerMessageOf,
} from '../../protocol/messages.js';
import type { Directory } from '../../sequence/directory.js';
import type { RefusedPush } from '../../sequence/handle.js';
import type { Access } from '../auth/access.js';
import type { LoadShedder } from '../load/load-shedder.js';
import { countOne, type WireCounters } from '../telemetry/telemetry.js';
import type { AuditTrail } from './audit-trail.js';
import type { AtTurnEnd } from './flush-queue.js';
import { type Frame, Greeter } from './greeter.js';
import { Heartbeat } from './heartbeat.js';
import { LatencySampler } from './latency-sampler.js';
import { Outbox } from './outbox.js';
import { Rate } from './rate.js';
import { RefusalCount } from './refusal-count.js';
import { route } from './route.js';
import { type SlowRequestParts, SlowRequests } from './slow-requests.js';
import type { SocketLike } from './socket-like.js';
import { StepPace } from './step-pace.js';

export interface ConnectionParts {
  readonly socket: SocketLike;
  readonly codec: Codec;
  /** Encodes a message; the same message for many sockets only once per form. */
  readonly encode: (message: ServerMessage, form: WireForm) => Uint8Array | readonly Uint8Array[];
  readonly directory: Directory;
  readonly limits: Limits;
  readonly clock: Clock;
  readonly atTurnEnd: AtTurnEnd;
  readonly counters: WireCounters;
  readonly guard: Pick<LoadShedder, 'check'>;
  readonly server: string;
  /** The access of the upgrade's token, or null without one. */
  readonly access: Access | null;
  /** Gives the access of the token in hello; rejects with `unauthorized` or `attempts-limit`. */
  readonly admit: (token: string | undefined) => Promise<Access>;
  /** When a request is slow, and who is told of it. */
  readonly slow?: Omit<SlowRequestParts, 'now'> | undefined;
  /** Is told of what changes something. */
  readonly audit?: AuditTrail | undefined;
  /** Called when hello is answered. */
  readonly onWelcome?: () => void;
  /** Reports a fault inside Eddy. */
  readonly onFault: (error: unknown) => void;
}

const UNCOUNTED: ReadonlySet<ClientMessage['type']> = new Set(['steps', 'targets', 'append']);

/** The request, channel and steps that an error answers. */
type Answered = Pick<ServerMessageOf<'error'>, 're' | 'channel' | 'seq' | 'count'>;

export class Connection {
  /** The number of active views. */
  viewCount = 0;
  private readonly frames = new Inlet<Frame>();
  private readonly outbox: Outbox;
  private readonly greeter: Greeter;
  private readonly pace: StepPace;
  private readonly requests: Rate;
  private readonly sampler: LatencySampler;
  private readonly refusals: RefusalCount;
  private readonly heartbeat: Heartbeat;
  private readonly slow: SlowRequests | null;

  constructor(private readonly parts: ConnectionParts) {
    const { socket, encode, limits, clock, counters, codec } = parts;
    const { scheduler } = clock;
    const now = () => clock.monotonic();
    const refuse = (error: unknown, message: ClientMessage | null) => this.refuse(error, message);
    const farewell = (error: EddyError) => this.farewell(error);
    this.slow = parts.slow ? new SlowRequests({ now, ...parts.slow }) : null;
    this.outbox = new Outbox({
      ...parts,
      encode: (message) => encode(message, this.greeter.form),
      onSlow: farewell,
      onAnswer: (message) => this.slow?.answer(message),
    });
    this.greeter = new Greeter({
      ...parts,
      countHello: () => this.count('hello'),
      onWelcome: () => this.welcome(),
      refuse,
      farewell,
      receive: (frame) => this.receive(frame),
    });
    this.pace = new StepPace({ socket, scheduler, now, perSecond: limits.stepsPerSecond });
    this.requests = new Rate(limits.requestsPerSecond);
    this.sampler = new LatencySampler(counters);
    this.refusals = new RefusalCount(limits.errors, now);
    this.heartbeat = new Heartbeat({
      limits,
      scheduler,
      ping: () => socket.ping(),
      listens: () => !this.pace.isHolding,
      onSilence: () => {
        this.end();
        socket.terminate();
      },
    });
    this.frames
      .pipe(
        mapOrRefuse<Frame, ClientMessage>(
          (frame) => codec.decodeClient(frame, this.greeter.form),
          (error) => refuse(error, null),
        ),
        mapOrRefuse<ClientMessage, ClientMessage>((message) => this.admit(message), refuse),
        route({
          ...parts,
          now,
          pace: this.pace,
          sampler: this.sampler,
          refusals: this.refusals,
          access: () => this.greeter.access,
          refuse,
          refusePush: (channel, refused, re) => this.refusePush(channel, refused, re),
          onViews: (count) => {
            this.viewCount = count;
          },
          onUnwatch: (channel, view) => this.outbox.forget(channel, view),
          hasRoom: () => this.outbox.hasRoom,
        }),
      )
      .subscribe(this.outbox);
  }

  /** Takes one frame. */
  receive(frame: Frame): void {
    if (this.greeter.hasEnded) return;
    this.heartbeat.hear();
    if (!this.greeter.hold(frame)) this.frames.next(frame);
  }

  /** A pong came. */
  alive(): void {
    this.heartbeat.hear();
  }

  /**
   * Closes the socket with the error's close code, after sending the error if that is still possible.
   *
   * @param retryMs when the client should come back
   */
  farewell(error: EddyError, retryMs?: number): void {
    const { code, message, temporary } = error;
    this.outbox.next({ type: 'error', code, message, temporary, ...(retryMs !== undefined && { retryMs }) });
    this.end();
    this.parts.socket.close(error.close ?? 3501, code);
  }

  /** Renews the access of the token, after tokens and keys were reloaded. */
  renew(): Promise<void> {
    return this.greeter.renew();
  }

  /** Frees everything the socket held; sequences live on. */
  end(): void {
    this.greeter.end();
    this.outbox.end();
    this.outbox.unsubscribe();
    this.pace.end();
    this.heartbeat.end();
    this.viewCount = 0;
  }

  private welcome(): void {
    const { server, limits, onWelcome } = this.parts;
    onWelcome?.();
    this.outbox.next({ type: 'welcome', version: PROTOCOL_VERSION, server, limits: { ...limits } });
  }

  /** Lets hello open the conversation, and then passes what the token permits. @throws EddyError for what it refuses */
  private admit(message: ClientMessage): ClientMessage | null {
    const greeted = this.greeter.greet(message);
    if (!greeted) return null;
    this.greeter.access.check(greeted, this.wall);
    this.count(greeted.type);
    this.slow?.ask(greeted);
    return greeted;
  }

  private readonly wall = () => this.parts.clock.wall();

  /** Counts a message. Steps, targets and appends do not count as requests: steps have a rate of their own. */
  private count(type: ClientMessage['type']): void {
    const { counters, limits, clock } = this.parts;
    counters.received[type]++;
    if (UNCOUNTED.has(type) || this.requests.tryTake(clock.monotonic())) return;
    throw new EddyError('rate-limit', `more than ${limits.requestsPerSecond} requests per second`);
  }

  private refuse(cause: unknown, message: ClientMessage | null): void {
    const answered: Answered = cause instanceof EddyError ? { ...cause.about } : {};
    if (message && 'id' in message) answered.re = message.id;
    if (message && 'channel' in message) answered.channel = message.channel;
    if (message && 'seq' in message) answered.seq = message.seq;
    if (this.tell(cause, answered)) this.countRefusal();
  }

  /** Reports the refused parts of one message of steps or targets, which counts once. @param re the request that the last answers */
  private refusePush(channel: number, refused: readonly RefusedPush[], re?: number): void {
    for (const [i, { error, seq, count }] of refused.entries()) {
      const answered = { channel, seq, ...(count !== null && { count }) };
      this.tell(error, re !== undefined && i === refused.length - 1 ? { ...answered, re } : answered);
    }
    this.countRefusal();
  }

  /** Sends an error, or closes with it; true if the socket stays open. */
  private tell(cause: unknown, answered: Answered): boolean {
    const { onFault, counters } = this.parts;
    this.sampler.forget();
    if (!(cause instanceof EddyError)) onFault(cause);
    const error =
      cause instanceof EddyError ? cause : new EddyError('sequence-failed', 'a fault inside Eddy', { cause });
    const { code, message, temporary } = error;
    if (error.close !== undefined) {
      this.farewell(error);
      return false;
    }
    countOne(counters.refused, code);
    this.outbox.next({ type: 'error', code, message, temporary, ...answered });
    return true;
  }

  private countRefusal(): void {
    const tooMany = this.refusals.add();
    if (tooMany) this.farewell(tooMany);
  }
}
