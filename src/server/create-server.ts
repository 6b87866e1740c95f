/** The composition root of the server: every interface gets its implementation here. */
import { randomUUID } from 'node:crypto';
import { type DestinationStream, type Logger, pino } from 'pino';
import { systemClock } from '../clock.js';
import { EddyError } from '../errors.js';
import { createKernels } from '../kernels/shared.js';
import { Registry, type RegistryParts } from '../sequence/registry.js';
import { createMemoryStore } from '../store/memory.js';
import type { Store } from '../store/store.js';
import { VERSION } from '../version.js';
import type { Authorize } from './auth/authenticator.js';
import { Credentials } from './auth/credentials.js';
import { type Config, type ConfigInput, configSchema, securityOf } from './config/config-schema.js';
import { EddyServer } from './eddy-server.js';
import { watchLag } from './load/lag.js';
import { LoadShedder } from './load/load-shedder.js';
import { createProbes } from './load/probes.js';
import { watchStore } from './load/store-watch.js';
import type { ServerParts } from './server-parts.js';
import { createAudit } from './telemetry/audit.js';
import { AuditFile } from './telemetry/audit-file.js';
import { createTelemetry, type Telemetry } from './telemetry/telemetry.js';
import { createWebhooks } from './webhooks/create-webhooks.js';

/** The options of a server: the settings that `eddy config env` lists, and those that only a program can give. */
export interface ServerOptions extends ConfigInput {
  /** Receives log lines; by default stderr, from `logLevel` on. */
  readonly logger?: Logger;
  /** Stores the sequences; by default in memory. The server closes it when it stops. */
  readonly store?: Store;
  /** Decides who may connect, and for what; by default `tokens` and `jwt` do. */
  readonly authorize?: Authorize;
  readonly telemetry?: Telemetry;
  /** Include the metrics of the process? Only one server per process may. */
  readonly metricsOfProcess?: boolean;
}

/**
 * Creates a server: float32 kernels, the clocks of this machine. Nothing listens yet.
 *
 * @throws EddyError `config-invalid`, `credentials-invalid`, `setting-invalid`
 * @example
 * import { createServer } from 'eddy/server';
 *
 * const server = createServer({ logLevel: 'warn' });
 * const { port } = await server.listen({ port: 0 });
 * console.log(`ws://127.0.0.1:${port}`);
 * await server.stop();
 */
export const createServer = (options: ServerOptions = {}): EddyServer => new EddyServer(serverParts(options));

/** Creates the parts of a server. */
export function serverParts(options: ServerOptions = {}): ServerParts {
  const { logger: given, metricsOfProcess = false, store: givenStore, authorize, ...others } = options;
  const { telemetry = createTelemetry(), ...settings } = others;
  const config = settled(settings);
  const { limits, guard: guardLimits, shutdown, checkpoint, history: past, idleMs, logLevel } = config;
  const store = givenStore ?? createMemoryStore(pageBytesOf(past));
  const logger = given ?? createLogger(logLevel);
  const clock = systemClock;
  const { background } = clock;
  const security = securityOf(config);
  const keeping = { ...checkpoint, idleMs };
  const registry = createRegistry({ logger, store, telemetry, limits, keeping, past });
  const credentials = new Credentials(security, {
    now: () => clock.wall(),
    warn: (text) => logger.warn(text),
  });
  const auditFile = config.auditLog === undefined ? null : new AuditFile({ path: config.auditLog, logger });
  const lag = watchLag({
    scheduler: background,
    now: () => clock.monotonic(),
    onDelay: (ms) => telemetry.loopDelaySeconds.observe(ms / 1000),
  });
  const guard = new LoadShedder({
    scheduler: background,
    probes: createProbes(lag, guardLimits),
    onChange: (reason) =>
      reason === null
        ? logger.info('new work is accepted again')
        : logger.warn({ reason }, 'new sockets, sequences and views are refused'),
  });
  const storeWatch = watchStore({
    store,
    clock,
    onFailure: ({ message }) =>
      logger.error({ reason: message }, 'the store fails: nothing is acknowledged until it can write again'),
    onMended: (ms) => logger.info({ seconds: Math.round(ms / 100) / 10 }, 'the store writes again'),
  });
  const audit = createAudit({ logger, file: auditFile, now: () => clock.wall() });
  const folder = givenStore && !config.ephemeral ? config.data : null;
  const webhooks = createWebhooks({ config, folder, clock, random: Math.random, logger, audit });
  return {
    registry,
    limits,
    clock,
    random: Math.random,
    logger,
    telemetry,
    guard,
    checks: { store: () => store.failure?.message ?? null },
    metricsOfProcess,
    spreadMs: shutdown.spreadMs,
    onStop: [
      () => lag.end(),
      () => storeWatch.end(),
      () => webhooks?.end(),
      ...(auditFile ? [() => auditFile.close()] : []),
    ],
    onReload: {
      ...(auditFile && { audit: async () => reopened(auditFile) }),
      ...(webhooks && { webhooks: async () => webhooks.reload() }),
    },
    audit,
    webhooks,
    server: `eddy/${VERSION}`,
    credentials,
    authorize: authorize ?? null,
    origins: security.origins ?? [],
    trustProxy: config.trustProxy,
    protectMetrics: config.protectMetrics,
    influx: config.influx,
    prometheus: config.prometheus,
    slowRequestMs: config.slowRequestMs,
    metricsSequences: config.metricsSequences ?? null,
  };
}

/** Opens the audit file of this name again, so that a tool can move the old one away. */
function reopened(file: AuditFile): string {
  file.reopen();
  return 'the audit file is open again';
}

/** Fields that are redacted from the log, at any place. */
const SECRETS = ['token', 'tokens', 'authorization', 'cookie', 'key', 'secret', 'password'];

/** Logs JSON lines, by default to stderr. */
export const createLogger = (
  level: string,
  to: DestinationStream = pino.destination({ fd: 2, sync: true }),
): Logger => pino({ level, redact: SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]) }, to);

export interface StoreSettings extends Pick<Config, 'ephemeral' | 'data' | 'groupMs'> {
  readonly history?: Config['history'];
}

/** Opens the store that the settings name; the code for disks is loaded only then. @throws EddyError `store-*` */
export async function openStore(
  { ephemeral, data, groupMs, history }: StoreSettings,
  telemetry: Telemetry,
  logger: Logger,
): Promise<Store> {
  const pageBytes = pageBytesOf(history);
  if (ephemeral) return createMemoryStore(pageBytes);
  const { openLmdbStore } = await import('../store/lmdb/lmdb.js');
  return openLmdbStore(data, {
    groupMs,
    ...pageBytes,
    counters: telemetry.store,
    onDamage: (error) => logger.error({ err: error }, 'the store is not as it was left'),
  });
}

/** Opens the sequences of a folder that no server is using. @throws EddyError `store-*` */
export async function openRegistry(data: string): Promise<Registry> {
  const telemetry = createTelemetry();
  const { limits, checkpoint, history, idleMs, groupMs } = settled({});
  const logger = createLogger('warn');
  const store = await openStore({ ephemeral: false, data, groupMs, history }, telemetry, logger);
  const keeping = { ...checkpoint, idleMs };
  return createRegistry({ logger, store, telemetry, limits, keeping, past: history });
}

/** The total of pages where it is set: each store has a default of its own. */
const pageBytesOf = (history?: Config['history']) =>
  history?.totalBytes === undefined ? {} : { pageBytes: history.totalBytes };

/** @throws EddyError `config-invalid` */
function settled(settings: ConfigInput): Config {
  const result = configSchema.safeParse(settings);
  if (result.success) return result.data;
  const problems = result.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
  throw new EddyError('config-invalid', problems.join('\n'));
}

interface RegistrySettings extends Pick<RegistryParts, 'store' | 'limits' | 'keeping' | 'past'> {
  readonly logger: Logger;
  readonly telemetry: Telemetry;
}

function createRegistry({ logger, telemetry, ...parts }: RegistrySettings): Registry {
  return new Registry({
    kernels: createKernels((why) => logger.warn(why)),
    ...parts,
    clock: systemClock,
    newEpoch: randomUUID,
    counters: telemetry.sequences,
    onSlice: (kind, ms, waitedMs) => {
      const slices = telemetry.slices[kind];
      slices.count++;
      slices.seconds += ms / 1000;
      slices.waitSeconds += waitedMs / 1000;
    },
    onFault: (error) => logger.error({ err: error }, 'a sequence failed'),
  });
}
