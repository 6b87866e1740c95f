/** The end of all sockets: each is told when to come back, and none can hold the end up. */
import type { SchedulerLike } from 'rxjs';
import { EddyError } from '../errors.js';
import { MAX_RETRY_MS } from '../protocol/messages.js';

/** A socket that can be told to go. */
export interface Leaver {
  readonly closed: Promise<void>;
  /** Says why, and when to come back. */
  farewell(error: EddyError, retryMs: number): void;
  /** Breaks the connection without a farewell. */
  terminate(): void;
}

export interface GoodbyeParts {
  readonly scheduler: SchedulerLike;
  /** Random numbers in [0, 1). */
  readonly random: () => number;
  /** Milliseconds over which clients come back, so that they do not come all at once. */
  readonly spreadMs: number;
  /** Sockets that a server takes in a second. */
  readonly newSocketsPerSecond: number;
}

/** Milliseconds that sockets get to say goodbye. */
export const GOODBYE_MS = 5000;

/** Sends all sockets away; resolves when the last one is closed. */
export async function sayGoodbye(leavers: readonly Leaver[], parts: GoodbyeParts): Promise<void> {
  const { scheduler, random, spreadMs, newSocketsPerSecond } = parts;
  const spread = Math.max(spreadMs, (1000 * leavers.length) / newSocketsPerSecond);
  const error = new EddyError('server-shutdown', 'the server is shutting down; come back later');
  for (const leaver of leavers) leaver.farewell(error, Math.min(MAX_RETRY_MS, Math.floor(random() * spread)));
  const impatient = scheduler.schedule(() => {
    for (const leaver of leavers) leaver.terminate();
  }, GOODBYE_MS);
  await Promise.all(leavers.map(({ closed }) => closed));
  impatient.unsubscribe();
}
