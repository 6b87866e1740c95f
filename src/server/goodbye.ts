/** Closes all sockets: tells each when to come back, and lets none delay the shutdown. */
import type { SchedulerLike, Subscription } from 'rxjs';
import { EddyError } from '../errors.js';
import { MAX_RETRY_MS } from '../protocol/messages.js';

/** A socket to be closed. */
export interface Leaver {
  readonly closed: Promise<void>;
  /** Sends the reason, and when to come back. */
  farewell(error: EddyError, retryMs: number): void;
  /** Terminates the connection without a farewell. */
  terminate(): void;
}

export interface GoodbyeParts {
  readonly scheduler: SchedulerLike;
  /** Random numbers in [0, 1). */
  readonly random: () => number;
  /** Milliseconds over which the return of the clients is spread. */
  readonly spreadMs: number;
  /** New sockets that a server accepts per second. */
  readonly newSocketsPerSecond: number;
}

/** Milliseconds that sockets have to close. */
export const GOODBYE_MS = 5000;

/** Closes all sockets; resolves when the last one is closed, or the time is up. */
export async function sayGoodbye(leavers: readonly Leaver[], parts: GoodbyeParts): Promise<void> {
  const { scheduler, random, spreadMs, newSocketsPerSecond } = parts;
  const spread = Math.max(spreadMs, (1000 * leavers.length) / newSocketsPerSecond);
  const error = new EddyError('server-shutdown', 'the server is shutting down; reconnect later');
  for (const leaver of leavers) {
    const retryMs = Math.min(MAX_RETRY_MS, Math.floor(random() * spread));
    attempt(() => leaver.farewell(error, retryMs));
  }
  let impatient: Subscription | undefined;
  const timeIsUp = new Promise<void>((resolve) => {
    impatient = scheduler.schedule(() => {
      for (const leaver of leavers) attempt(() => leaver.terminate());
      resolve();
    }, GOODBYE_MS);
  });
  await Promise.race([Promise.all(leavers.map(({ closed }) => closed)), timeIsUp]);
  impatient?.unsubscribe();
}

/** A socket that cannot even be closed holds up nothing else. */
function attempt(act: () => void): void {
  try {
    act();
  } catch {
    // it is let go of either way
  }
}
