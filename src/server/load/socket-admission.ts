/** Decides whether an address may open a socket now, by counts, rates and load. Knows no HTTP beyond status and headers. */
import type { Limits } from '../../limits.js';
import type { Refusal } from '../auth/origins.js';
import { Rate } from '../socket/rate.js';
import type { ConnectionPlaces } from './connection-places.js';
import type { LoadShedder } from './load-shedder.js';

export interface SocketAdmissionParts {
  readonly limits: Pick<Limits, 'newSocketsPerSecond'>;
  readonly guard: Pick<LoadShedder, 'reason'>;
  /** The open sockets. */
  readonly sockets: Pick<ConnectionPlaces, 'full'>;
  /** Milliseconds. */
  readonly now: () => number;
}

export class SocketAdmission {
  private readonly rate: Rate;

  constructor(private readonly parts: SocketAdmissionParts) {
    this.rate = new Rate(parts.limits.newSocketsPerSecond);
  }

  /** Gives the refusal for an address that may not open a socket now, or null if it may; an admission counts toward the rate. */
  refusal(address: string): Refusal | null {
    const { guard, sockets, now } = this.parts;
    if (guard.reason !== null) return refuse('overloaded', 5);
    const full = sockets.full(address);
    if (full === 'all') return refuse('too many sockets', 10);
    if (full === 'address') return refuse('too many sockets from this address', 10);
    return this.rate.tryTake(now()) ? null : refuse('too many new sockets', 1);
  }
}

/** @param seconds until a retry may succeed */
const refuse = (reason: string, seconds: number): Refusal => ({
  status: 503,
  reason,
  headers: { 'Retry-After': String(seconds) },
});
