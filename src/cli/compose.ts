/** The composition root of the server: every interface gets its implementation here. */
import { randomUUID } from 'node:crypto';
import { type DestinationStream, type Logger, pino } from 'pino';
import { asyncScheduler } from 'rxjs';
import { EddyError } from '../errors.js';
import { createKernels } from '../kernels/shared.js';
import { Registry, type RegistryParts } from '../sequence/registry.js';
import { Credentials } from '../server/auth/credentials.js';
import { type Config, type ConfigInput, configSchema, securityOf } from '../server/config/config-schema.js';
import { watchLag } from '../server/load/lag.js';
import { LoadShedder } from '../server/load/load-shedder.js';
import { createProbes } from '../server/load/probes.js';
import { EddyServer, type ServerParts } from '../server/server.js';
import { createTelemetry, type Telemetry } from '../server/telemetry/telemetry.js';
import { openLmdbStore } from '../store/lmdb/lmdb.js';
import { createMemoryStore } from '../store/memory.js';
import type { Store } from '../store/store.js';
import { VERSION } from '../version.js';

export { checkExposure } from '../server/auth/exposure.js';
export { createTelemetry } from '../server/telemetry/telemetry.js';

export interface ServerOptions extends ConfigInput {
  readonly logger: Logger;
  /** Where sequences are kept; in memory, if left out. The server closes it at its end. */
  readonly store?: Store;
  readonly telemetry?: Telemetry;
  /** Should metrics of the process be among those of the server? Only one server of a process can have them. */
  readonly metricsOfProcess?: boolean;
}

/** Fields that never reach the log, wherever they are in what is logged. */
const SECRETS = ['token', 'tokens', 'authorization', 'cookie', 'key', 'secret', 'password'];

/** Logs JSON lines, to stderr unless told otherwise. */
export const createLogger = (
  level: string,
  to: DestinationStream = pino.destination({ fd: 2, sync: true }),
): Logger => pino({ level, redact: SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]) }, to);

/** Opens the store that the settings name. @throws EddyError `store-*` */
export async function openStore(
  { ephemeral, data, groupMs }: Pick<Config, 'ephemeral' | 'data' | 'groupMs'>,
  telemetry: Telemetry,
): Promise<Store> {
  return ephemeral ? createMemoryStore() : openLmdbStore(data, { groupMs, counters: telemetry.store });
}

/**
 * Puts a server together: float32 kernels, the clock of the machine.
 *
 * @throws EddyError `config-invalid`, `credentials-invalid`, `setting-invalid`
 */
export const composeServer = (options: ServerOptions): EddyServer => new EddyServer(composeParts(options));

/** Makes the parts of a server. */
export function composeParts(options: ServerOptions): ServerParts {
  const { logger, metricsOfProcess = false, store = createMemoryStore(), ...others } = options;
  const { telemetry = createTelemetry(), ...settings } = others;
  const config = settled(settings);
  const { limits, guard: guardLimits, shutdown, checkpoint, idleMs } = config;
  const scheduler = asyncScheduler;
  const now = () => performance.now();
  const security = securityOf(config);
  const registry = makeRegistry({ logger, store, telemetry, limits, keeping: { ...checkpoint, idleMs } });
  const credentials = new Credentials(security, {
    now: () => scheduler.now(),
    warn: (text) => logger.warn(text),
  });
  const lag = watchLag({ scheduler, now });
  const guard = new LoadShedder({
    scheduler,
    probes: createProbes(lag, guardLimits),
    onChange: (reason) =>
      reason === null
        ? logger.info('new work is taken again')
        : logger.warn({ reason }, 'new sockets, sequences and views are refused'),
  });
  return {
    registry,
    limits,
    scheduler,
    now,
    random: Math.random,
    logger,
    telemetry,
    guard,
    checks: { store: () => store.failure?.message ?? null },
    metricsOfProcess,
    spreadMs: shutdown.spreadMs,
    onStop: [() => lag.end()],
    onReload: {},
    server: `eddy/${VERSION}`,
    credentials,
    origins: security.origins ?? [],
  };
}

/** @throws EddyError `config-invalid` */
function settled(settings: ConfigInput): Config {
  const result = configSchema.safeParse(settings);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new EddyError('config-invalid', problems.join('\n'));
}

/** Opens the sequences of a folder that no server has. @throws EddyError `store-*` */
export async function openRegistry(data: string): Promise<Registry> {
  const telemetry = createTelemetry();
  const { limits, checkpoint, idleMs, groupMs } = configSchema.parse({});
  const store = await openStore({ ephemeral: false, data, groupMs }, telemetry);
  const logger = createLogger('warn');
  return makeRegistry({ logger, store, telemetry, limits, keeping: { ...checkpoint, idleMs } });
}

interface RegistrySettings extends Pick<RegistryParts, 'store' | 'limits' | 'keeping'> {
  readonly logger: Logger;
  readonly telemetry: Telemetry;
}

function makeRegistry({ logger, store, telemetry, limits, keeping }: RegistrySettings): Registry {
  return new Registry({
    kernels: createKernels((why) => logger.warn(why)),
    store,
    scheduler: asyncScheduler,
    now: () => performance.now(),
    newEpoch: randomUUID,
    limits,
    keeping,
    counters: telemetry.sequences,
    onFault: (error) => logger.error({ err: error }, 'a sequence failed'),
  });
}
