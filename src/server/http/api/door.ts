/** The door of the HTTP interface: who asks, what they may, how often; and how an error is told. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Clock } from '../../../clock.js';
import { EddyError, type ErrorCode } from '../../../errors.js';
import type { Limits } from '../../../limits.js';
import type { Access, Role } from '../../auth/access.js';
import { type Authenticator, bearerOf } from '../../auth/authenticator.js';
import { countOne, type WireCounters } from '../../telemetry/telemetry.js';
import type { Exchange, Handler } from '../http.js';
import { sendJson } from '../http.js';
import type { Peers } from '../peers.js';
import { AddressRates } from './address-rates.js';
import { BodyRoom, type Held } from './body-room.js';
import { unpackedBody } from './unpacked-body.js';

export interface DoorParts {
  readonly authenticator: Authenticator;
  readonly peers: Peers;
  readonly limits: Pick<Limits, 'requestsPerSecond' | 'stepsPerSecond' | 'bodyBytes' | 'bodiesBytes'>;
  readonly clock: Pick<Clock, 'monotonic' | 'wall'>;
  readonly counters: Pick<WireCounters, 'refused'>;
  /** Reports a fault inside Eddy. */
  readonly onFault: (error: unknown) => void;
}

/** Somebody who was let in. */
export interface Guest {
  readonly access: Access;
  readonly address: string;
}

const STATUS: Partial<Record<ErrorCode, number>> = {
  unauthorized: 401,
  'token-expired': 401,
  'permission-denied': 403,
  'sequence-unknown': 404,
  'sequence-exists': 409,
  'fields-conflict': 409,
  'key-conflict': 409,
  'view-unavailable': 404,
  'message-too-large': 413,
  'attempts-limit': 429,
  'rate-limit': 429,
  'credit-exceeded': 429,
  overloaded: 503,
  'sequence-limit': 503,
  'store-unavailable': 503,
  'server-shutdown': 503,
  'authorize-failed': 503,
  'store-damaged': 500,
  'sequence-failed': 500,
};
/** Seconds after which one may ask again, where nothing tells better. */
const RETRY_S = 1;

/** Too much was asked for; it tells when one may ask again. */
class OverRate extends EddyError {
  readonly seconds: number;

  constructor(what: string, waitMs: number) {
    const seconds = Math.max(1, Math.ceil(waitMs / 1000));
    super('rate-limit', `more than ${what} per second; try again in ${seconds} s`);
    this.seconds = seconds;
  }
}

export class Door {
  private readonly requests: AddressRates;
  private readonly steps: AddressRates;
  private readonly room: BodyRoom;

  constructor(private readonly parts: DoorParts) {
    const { limits } = parts;
    this.requests = new AddressRates(limits.requestsPerSecond);
    this.steps = new AddressRates(limits.stepsPerSecond);
    this.room = new BodyRoom(limits.bodiesBytes);
  }

  /**
   * Lets somebody in who has a role, on a sequence where one is named.
   *
   * @param token as it is in the headers, unless it came otherwise
   * @throws EddyError `unauthorized`, `permission-denied`, `token-expired`, `attempts-limit`, `rate-limit`
   */
  async admit(
    request: IncomingMessage,
    role: Role,
    name: string | null,
    token = tokenOf(request),
  ): Promise<Guest> {
    const { authenticator, peers, clock, limits } = this.parts;
    const { address } = peers.peerOf(request);
    const wait = this.requests.take(address, 1, clock.monotonic());
    if (wait > 0) throw new OverRate(`${limits.requestsPerSecond} requests`, wait);
    const access = await authenticator.admit(token, address, request);
    access.require(role, name, () => clock.wall());
    return { access, address };
  }

  /** The time, for the rights of whoever was let in. */
  readonly wall = () => this.parts.clock.wall();

  /** Counts rows before they are taken. @throws EddyError `rate-limit` if those before were too many */
  countRows(address: string, rows: number): void {
    const { clock, limits } = this.parts;
    const wait = this.steps.take(address, rows, clock.monotonic());
    if (wait > 0) throw new OverRate(`${limits.stepsPerSecond} rows`, wait);
  }

  /** Counts rows that are taken, for those that come after them. */
  spendRows(address: string, rows: number): void {
    this.steps.spend(address, rows, this.parts.clock.monotonic());
  }

  /** Reads the body of a request with rows, and unpacks it. @throws EddyError `message-too-large`, `input-invalid`, `overloaded` */
  bodyOf(exchange: Pick<Exchange, 'request' | 'response'>): Promise<Uint8Array> {
    return unpackedBody(exchange, this.parts.limits.bodyBytes, this.room);
  }

  /** Counts memory of a request with those of all others, until it is answered. */
  hold(response: ServerResponse): Held {
    return this.room.hold(response);
  }

  /** Answers with the error of a handler. */
  coded(handle: (exchange: Exchange) => Promise<void>): Handler {
    return async (exchange) => {
      try {
        await handle(exchange);
      } catch (error) {
        this.tell(exchange.response, error);
      }
    };
  }

  /** Answers with an error, or breaks off an answer that has begun. */
  tell(response: ServerResponse, cause: unknown): void {
    const { onFault, counters } = this.parts;
    if (!(cause instanceof EddyError)) onFault(cause);
    if (response.headersSent || response.destroyed) return void response.destroy();
    if (!(cause instanceof EddyError))
      return sendJson(response, 500, { code: 'internal', message: 'a fault inside Eddy', temporary: false });
    countOne(counters.refused, cause.code);
    const status = statusOf(cause);
    sendJson(response, status, toldOf(cause), retryOf(status, cause));
  }
}

export const statusOf = ({ code }: EddyError): number => STATUS[code] ?? 400;
export const toldOf = ({ code, message, temporary }: EddyError) => ({ code, message, temporary });
/** The header that says when to ask again, with a status that says to. @param error why it was refused */
export const retryOf = (status: number, error?: EddyError): Record<string, string> =>
  status === 429 || status === 503
    ? { 'retry-after': String(error instanceof OverRate ? error.seconds : RETRY_S) }
    : {};

/** The token of `Authorization: Bearer`, or as InfluxDB's agents send it: `Token`, or the password of `Basic`. */
export function tokenOf({ headers: { authorization = '' } }: IncomingMessage): string | undefined {
  const [, basic] = /^Basic +([\w+/]+=*)$/i.exec(authorization) ?? [];
  if (basic === undefined) return bearerOf(authorization.replace(/^Token +/i, 'Bearer '));
  const [, password] = /^[^:]*:(.+)$/.exec(Buffer.from(basic, 'base64').toString()) ?? [];
  return password;
}
