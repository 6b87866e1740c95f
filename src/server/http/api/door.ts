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

export interface DoorParts {
  readonly authenticator: Authenticator;
  readonly peers: Peers;
  readonly limits: Pick<Limits, 'requestsPerSecond' | 'stepsPerSecond'>;
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

export class Door {
  private readonly requests: AddressRates;
  private readonly steps: AddressRates;

  constructor(private readonly parts: DoorParts) {
    const { limits } = parts;
    this.requests = new AddressRates(limits.requestsPerSecond);
    this.steps = new AddressRates(limits.stepsPerSecond);
  }

  /**
   * Lets somebody in who has a role, on a sequence where one is named.
   *
   * @throws EddyError `unauthorized`, `permission-denied`, `token-expired`, `attempts-limit`, `rate-limit`
   */
  async admit(request: IncomingMessage, role: Role, name: string | null): Promise<Guest> {
    const { authenticator, peers, clock, limits } = this.parts;
    const { address } = peers.peerOf(request);
    const wait = this.requests.take(address, 1, clock.monotonic());
    if (wait > 0)
      throw new EddyError(
        'rate-limit',
        `more than ${limits.requestsPerSecond} requests per second; ${secondsOf(wait)}`,
      );
    const access = await authenticator.admit(tokenOf(request), address, request);
    access.require(role, name, () => clock.wall());
    return { access, address };
  }

  /** The time, for the rights of whoever was let in. */
  readonly wall = () => this.parts.clock.wall();

  /** Counts rows before they are taken. @throws EddyError `rate-limit` if those before were too many */
  countRows(address: string, rows: number): void {
    const { clock, limits } = this.parts;
    const wait = this.steps.take(address, rows, clock.monotonic());
    if (wait > 0)
      throw new EddyError(
        'rate-limit',
        `more than ${limits.stepsPerSecond} rows per second; ${secondsOf(wait)}`,
      );
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
    sendJson(response, status, toldOf(cause), retryOf(status));
  }
}

export const statusOf = ({ code }: EddyError): number => STATUS[code] ?? 400;
export const toldOf = ({ code, message, temporary }: EddyError) => ({ code, message, temporary });
export const retryOf = (status: number): Record<string, string> =>
  status === 429 || status === 503 ? { 'retry-after': String(RETRY_S) } : {};

const secondsOf = (ms: number) => `try again in ${Math.max(1, Math.ceil(ms / 1000))} s`;

/** The token of `Authorization: Bearer`, or as InfluxDB's agents send it: `Token`, or the password of `Basic`. */
function tokenOf({ headers: { authorization = '' } }: IncomingMessage): string | undefined {
  const [, basic] = /^Basic +([\w+/]+=*)$/i.exec(authorization) ?? [];
  if (basic === undefined) return bearerOf(authorization.replace(/^Token +/i, 'Bearer '));
  const [, password] = /^[^:]*:(.+)$/.exec(Buffer.from(basic, 'base64').toString()) ?? [];
  return password;
}
