/** The composition root of the server: every interface gets its implementation here. */
import { randomUUID } from 'node:crypto';
import { type Logger, pino } from 'pino';
import { asyncScheduler } from 'rxjs';
import { createKernels } from '../kernels/shared.js';
import { DEFAULT_LIMITS, type Limits } from '../protocol/limits.js';
import { Registry } from '../sequence/registry.js';
import { EddyServer } from '../server/server.js';
import { createMemoryStore } from '../store/memory.js';
import { VERSION } from './version.js';

export interface ServerOptions {
  readonly logger: Logger;
  readonly limits?: Partial<Limits>;
}

/** Logs JSON lines to stderr. */
export const createLogger = (level: string): Logger =>
  pino({ level }, pino.destination({ fd: 2, sync: true }));

/** Puts a server together: float32 kernels, state in memory, the clock of the machine. */
export function composeServer({ logger, limits: changed = {} }: ServerOptions): EddyServer {
  const limits = { ...DEFAULT_LIMITS, ...changed };
  const registry = new Registry({
    kernels: createKernels((why) => logger.warn(why)),
    store: createMemoryStore(limits.unackedSteps),
    scheduler: asyncScheduler,
    now: () => performance.now(),
    newEpoch: randomUUID,
    limits,
    onFault: (error) => logger.error({ err: error }, 'a sequence failed'),
  });
  return new EddyServer({ registry, limits, scheduler: asyncScheduler, logger, server: `eddy/${VERSION}` });
}
