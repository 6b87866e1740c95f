/**
 * One connection over many sockets: it says hello, and when a socket breaks it waits and opens the next, until it is
 * closed or the server refuses it for good (close codes 3500-3999).
 */
import { asyncScheduler, BehaviorSubject, type SchedulerLike, type Subscription } from 'rxjs';
import { ERRORS } from '../../src/errors.js';
import { DEFAULT_LIMITS, type Limits } from '../../src/limits.js';
import type { Codec, WireForm } from '../../src/protocol/codec.js';
import {
  type ClientMessage,
  PROTOCOL_VERSION,
  type ServerMessage,
  type ServerMessageOf,
} from '../../src/protocol/messages.js';
import { PartsReader } from '../../src/protocol/parts.js';
import type { ConnectionState, TokenSource } from './api.js';
import { type CodedError, closeError, codedError, isFarewell, isFinalClose } from './coded-error.js';
import type { Retry } from './retry.js';
import { checkToken, type SocketLike } from './web-socket.js';

export interface ConnectionParts {
  readonly dial: (token: string | undefined) => SocketLike;
  readonly token: TokenSource | undefined;
  /** Does the token travel in hello? */
  readonly saysToken: boolean;
  readonly codec: Codec;
  /** Do steps and results travel packed? */
  readonly packed: boolean;
  /** Do readings travel as float64, and times with packed results? */
  readonly float64: boolean;
  readonly agent: string | undefined;
  readonly scheduler: SchedulerLike;
  readonly retry: Retry;
  readonly welcomeMs: number;
  /** A connection that lasted this many milliseconds is a success: it resets the back-off. */
  readonly stableMs: number;
  /** `welcome` has come: messages may be sent. */
  readonly onOpen: () => void;
  readonly onMessage: (message: ServerMessage) => void;
  /** The socket is gone; another one follows, unless the loss is final. */
  readonly onLost: (reason: CodedError, isFinal: boolean) => void;
  /** Bytes came that are not a message. */
  readonly onFault: (error: CodedError) => void;
}

export class Connection {
  readonly state = new BehaviorSubject<ConnectionState>({ status: 'connecting' });
  limits: Limits = DEFAULT_LIMITS;
  private socket: SocketLike | null = null;
  /** When it was opened, by the monotonic clock; null where it is not open. */
  private openSince: number | null = null;
  private deadline: Subscription | null = null;
  /** Why the socket is about to close, if the server said so. */
  private farewell: CodedError | null = null;
  /** Milliseconds after which the server asked the client to reconnect, if it did. */
  private retryMs: number | undefined;
  private failure = '';
  private isClosed = false;
  /** Counts connections, so that a token that came too late is not used. */
  private dials = 0;

  /** How numbers travel on its sockets. */
  private readonly pieces = new PartsReader();
  private readonly form: WireForm;

  constructor(private readonly parts: ConnectionParts) {
    const { packed, float64 } = parts;
    this.form = { packed, float64 };
  }

  /** Milliseconds on a clock that only goes forward, where the scheduler is not a test's. */
  private now(): number {
    const { scheduler } = this.parts;
    return scheduler === asyncScheduler ? performance.now() : scheduler.now();
  }

  get isOpen(): boolean {
    return this.openSince !== null;
  }

  /** Connects, with a token if there is one. Throws whatever the WebSocket class throws for an impossible address. */
  dial(): void {
    const { token, scheduler, welcomeMs } = this.parts;
    const dial = ++this.dials;
    const isCurrent = () => dial === this.dials && !this.isClosed;
    this.farewell = null;
    this.retryMs = undefined;
    this.failure = '';
    if (typeof token === 'function')
      Promise.resolve()
        .then(token)
        .then((value) => isCurrent() && this.dialWith(value))
        .catch((error) => isCurrent() && this.lose(1006, `no token: ${messageOf(error)}`));
    else this.dialWith(token);
    this.deadline = scheduler.schedule(() => {
      this.drop(1000);
      this.lose(1006, `no welcome within ${welcomeMs} ms`);
    }, welcomeMs);
    this.state.next({ status: 'connecting' });
  }

  private dialWith(token: string | undefined): void {
    const socket = this.parts.dial(token === undefined ? token : checkToken(token));
    this.socket = socket;
    const whileCurrent =
      <E>(handler: (event: E) => void) =>
      (event: E) => {
        if (socket === this.socket) handler(event);
      };
    socket.binaryType = 'arraybuffer';
    socket.onopen = whileCurrent(() => this.hello(token));
    socket.onmessage = whileCurrent(({ data }: { data: unknown }) => this.receive(data));
    socket.onerror = whileCurrent(({ message }: { message?: string }) => {
      this.failure = message ?? '';
    });
    socket.onclose = whileCurrent(({ code, reason }: { code: number; reason: string }) =>
      this.lose(code, reason || this.failure),
    );
  }

  /** Sends a message; only while it is open. */
  send(message: ClientMessage): void {
    this.socket?.send(this.parts.codec.encode(message, this.form) as string | Uint8Array<ArrayBuffer>);
  }

  close(reason: CodedError): void {
    this.drop(1000);
    this.end(reason, true);
  }

  private hello(token: string | undefined): void {
    const { agent, packed, saysToken } = this.parts;
    this.send({
      type: 'hello',
      version: PROTOCOL_VERSION,
      ...(agent !== undefined && { agent }),
      ...(packed && { packed }),
      ...(this.form.float64 && { float64: true }),
      ...(saysToken && token !== undefined && { token }),
    });
  }

  private receive(data: unknown): void {
    let message: ServerMessage;
    try {
      const frame = typeof data === 'string' ? data : new Uint8Array(data as ArrayBuffer);
      message = this.parts.codec.decodeServer(frame, this.form);
      if (message.type === 'part') {
        const whole = this.pieces.take(message);
        if (whole === null) return;
        message = this.parts.codec.decodeServer(whole, this.form);
      } else this.pieces.forget();
    } catch (error) {
      this.parts.onFault(error as CodedError);
      return;
    }
    if (message.type === 'welcome' && !this.isOpen) return this.welcome(message);
    if (message.type === 'error' && message.re === undefined) {
      const error = codedError(message.code, message.message, message.temporary);
      if (isFarewell(error)) {
        this.farewell = error;
        this.retryMs = message.retryMs;
        return;
      }
      if (!this.isOpen && !error.temporary) return this.close(error);
    }
    this.parts.onMessage(message);
  }

  private welcome({ server, limits }: ServerMessageOf<'welcome'>): void {
    this.deadline?.unsubscribe();
    this.openSince = this.now();
    this.limits = { ...DEFAULT_LIMITS, ...limits };
    this.parts.onOpen();
    this.state.next({ status: 'open', server, limits: this.limits });
  }

  private lose(code: number, why: string): void {
    const isRenewable = code === ERRORS['token-expired'].close && typeof this.parts.token === 'function';
    this.end(this.farewell ?? closeError(code, why), isFinalClose(code) && !isRenewable);
  }

  private end(reason: CodedError, isFinal: boolean): void {
    const { retry, stableMs, onLost } = this.parts;
    if (this.isClosed) return;
    this.isClosed = isFinal;
    if (this.openSince !== null && this.now() - this.openSince >= stableMs) retry.succeed();
    this.socket = null;
    this.dials++;
    this.openSince = null;
    this.deadline?.unsubscribe();
    retry.cancel();
    const delay = isFinal ? 0 : retry.later(() => this.dial(), this.retryMs);
    onLost(reason, isFinal);
    this.state.next(isFinal ? { status: 'closed', reason } : { status: 'waiting', reason, delay });
    if (isFinal) this.state.complete();
  }

  /** Closes the socket without waiting for its close event. */
  private drop(code: number): void {
    const { socket } = this;
    this.socket = null;
    socket?.close(code);
  }
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
