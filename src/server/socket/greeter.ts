/** The peer of a socket, from its hello to the expiry of its token. */
import { Subscription } from 'rxjs';
import type { Clock } from '../../clock.js';
import { EddyError } from '../../errors.js';
import type { Limits } from '../../limits.js';
import { PLAIN_FORM, type WireForm } from '../../protocol/codec.js';
import { type ClientMessage, type ClientMessageOf, PROTOCOL_VERSION } from '../../protocol/messages.js';
import { type Access, expired } from '../auth/access.js';
import { GRACE_MS } from './heartbeat.js';

/** One raw frame: bytes of MessagePack, or text of JSON. */
export type Frame = Uint8Array | string;

type Session =
  /** No hello has come yet. */
  | { readonly status: 'greeting'; readonly deadline: Subscription }
  /** The token of hello is being checked; frames that arrive meanwhile wait. */
  | {
      readonly status: 'admitting';
      readonly deadline: Subscription;
      readonly held: Frame[];
      heldBytes: number;
    }
  /** Requests are answered. `expiry` closes the socket when its token expires. */
  | { readonly status: 'open'; readonly access: Access; readonly form: WireForm; expiry: Subscription }
  | { readonly status: 'ended' };

export interface GreeterParts {
  readonly limits: Pick<Limits, 'helloMs' | 'messageBytes'>;
  readonly clock: Clock;
  /** The access of the upgrade's token, or null without one. */
  readonly access: Access | null;
  /** Gives the access of the token in hello; rejects with `unauthorized` or `attempts-limit`. */
  readonly admit: (token: string | undefined) => Promise<Access>;
  /** Counts a request. @throws EddyError `rate-limit` */
  readonly countHello: () => void;
  readonly onWelcome: () => void;
  readonly refuse: (error: unknown, message: ClientMessage | null) => void;
  readonly farewell: (error: EddyError) => void;
  /** Takes a frame that has waited. */
  readonly receive: (frame: Frame) => void;
}

/**
 * Milliseconds between two checks of a token's expiry, since the wall clock may be set or stopped; and how much longer a
 * conversation may last, by the monotonic clock, than its token had left at hello.
 */
const EXPIRY_MS = 60_000;

export class Greeter {
  private session: Session;

  constructor(private readonly parts: GreeterParts) {
    const { limits, clock, farewell } = parts;
    const late = new EddyError('hello-timeout', `no hello within ${limits.helloMs} ms`);
    const deadline = clock.scheduler.schedule(() => farewell(late), limits.helloMs + GRACE_MS);
    this.session = { status: 'greeting', deadline };
  }

  get hasEnded(): boolean {
    return this.session.status === 'ended';
  }

  /** How numbers travel, as the client said. */
  get form(): WireForm {
    return this.session.status === 'open' ? this.session.form : PLAIN_FORM;
  }

  /** The access of the socket. @throws EddyError `hello-expected` before hello */
  get access(): Access {
    if (this.session.status === 'open') return this.session.access;
    throw new EddyError('hello-expected', 'this comes after hello');
  }

  /** Holds a frame while the token is being checked; true if it did. */
  hold(frame: Frame): boolean {
    const { session } = this;
    if (session.status !== 'admitting') return false;
    const { limits, refuse } = this.parts;
    session.heldBytes += frame.length;
    if (session.heldBytes <= limits.messageBytes) session.held.push(frame);
    else
      refuse(
        new EddyError(
          'hello-expected',
          `more than ${limits.messageBytes} bytes arrived before hello was answered`,
        ),
        null,
      );
    return true;
  }

  /** Lets hello open the conversation, and passes the messages after it. @throws EddyError `hello-*` */
  greet(message: ClientMessage): ClientMessage | null {
    const { session } = this;
    if (message.type === 'hello') {
      this.parts.countHello();
      if (session.status !== 'greeting') throw new EddyError('hello-repeated', 'hello was sent before');
      this.hello(message, session.deadline);
      return null;
    }
    if (session.status === 'greeting')
      throw new EddyError('hello-expected', `${message.type} came before hello`);
    return message;
  }

  /** Renews the access of the token, after tokens and keys were reloaded. */
  async renew(): Promise<void> {
    const { parts, session } = this;
    const access = session.status === 'open' ? session.access : parts.access;
    if (!access) return;
    try {
      const now = await access.renew();
      if (!now.equals(access) && !this.hasEnded)
        parts.farewell(new EddyError('access-changed', 'the rights of the token have changed: reconnect'));
    } catch (error) {
      if (!this.hasEnded) parts.refuse(error, null);
    }
  }

  end(): void {
    const { session } = this;
    this.session = { status: 'ended' };
    if (session.status === 'open') session.expiry.unsubscribe();
    else if (session.status !== 'ended') session.deadline.unsubscribe();
  }

  /** @throws EddyError `version-unsupported`, `token-expired` */
  private hello(message: ClientMessageOf<'hello'>, deadline: Subscription): void {
    const { access, admit, clock, refuse } = this.parts;
    const { version, token } = message;
    access?.check(message, () => clock.wall());
    if (version !== PROTOCOL_VERSION)
      throw new EddyError(
        'version-unsupported',
        `version ${version} is not supported; this server speaks ${PROTOCOL_VERSION}`,
      );
    if (access && token === undefined) return this.welcome(message, access);
    this.session = { status: 'admitting', deadline, held: [], heldBytes: 0 };
    admit(token).then(
      (admitted) => this.resume(() => this.welcome(message, admitted)),
      (error) => this.resume(() => refuse(error, message)),
    );
  }

  /** Answers hello, and then the frames that have waited. */
  private resume(answer: () => void): void {
    const { session } = this;
    if (session.status !== 'admitting') return;
    const { held, deadline } = session;
    this.session = { status: 'greeting', deadline };
    answer();
    for (const frame of held) this.parts.receive(frame);
  }

  private welcome({ packed = false, float64 = false }: ClientMessageOf<'hello'>, access: Access): void {
    if (this.session.status === 'greeting') this.session.deadline.unsubscribe();
    this.session = { status: 'open', access, form: { packed, float64 }, expiry: Subscription.EMPTY };
    const { clock } = this.parts;
    this.watchExpiry(access, clock.monotonic() + access.expires - clock.wall());
    if (!this.hasEnded) this.parts.onWelcome();
  }

  /**
   * Closes the socket when its token expires, even if no message arrives. If the wall clock was set back meanwhile, the
   * client is sent to ask again: its token is judged as that of any newcomer.
   *
   * @param end when it expires by the monotonic clock
   */
  private watchExpiry(access: Access, end: number): void {
    const { clock, farewell } = this.parts;
    if (access.expires === Number.POSITIVE_INFINITY || this.session.status !== 'open') return;
    const left = access.expires - clock.wall();
    if (left <= 0) return farewell(expired());
    if (clock.monotonic() >= end + EXPIRY_MS)
      return farewell(
        new EddyError('access-changed', "the server's clock was set back since hello: reconnect"),
      );
    const wait = Math.min(left, EXPIRY_MS);
    this.session.expiry = clock.scheduler.schedule(() => this.watchExpiry(access, end), wait);
  }
}
