/** Who may open a socket now: counts, rates, load. It knows no HTTP but the status and what comes with it. */
import type { Limits } from '../../limits.js';
import type { Refusal } from '../auth/origins.js';
import { Rate } from '../socket/rate.js';
import type { ConnectionCounts } from './connection-counts.js';
import type { LoadShedder } from './load-shedder.js';

export interface SocketAdmissionParts {
  readonly limits: Pick<Limits, 'sockets' | 'socketsPerAddress' | 'newSocketsPerSecond'>;
  readonly guard: Pick<LoadShedder, 'reason'>;
  /** The sockets that there are. */
  readonly sockets: Pick<ConnectionCounts, 'size' | 'of'>;
  /** Milliseconds. */
  readonly now: () => number;
}

export class SocketAdmission {
  private readonly rate: Rate;

  constructor(private readonly parts: SocketAdmissionParts) {
    this.rate = new Rate(parts.limits.newSocketsPerSecond);
  }

  /** Tells why an address may not open a socket now, or null where it may; that counts for the rate. */
  refusal(address: string): Refusal | null {
    const { limits, guard, sockets, now } = this.parts;
    if (guard.reason !== null) return refuse('overloaded', 5);
    if (sockets.size >= limits.sockets) return refuse('too many sockets', 10);
    if (sockets.of(address) >= limits.socketsPerAddress)
      return refuse('too many sockets of this address', 10);
    return this.rate.tryTake(now()) ? null : refuse('too many new sockets', 1);
  }
}

/** @param seconds until it may be worth to try again */
const refuse = (reason: string, seconds: number): Refusal => ({
  status: 503,
  reason,
  headers: { 'Retry-After': String(seconds) },
});
