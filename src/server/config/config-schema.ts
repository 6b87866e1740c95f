/**
 * Every setting with its default, range and meaning: the one source of the configuration file, the environment,
 * `eddy config` and the composition of the server.
 */
import { z } from 'zod';
import { DEFAULT_PORT, LIMIT_NAMES, LIMITS, type Limit, type LimitName } from '../../limits.js';
import { MAX_RETRY_MS } from '../../protocol/messages.js';
import { faultOfTemplate, USUAL_TEMPLATE } from '../../sources/influx/series-names.js';
import { alertsSchema, nameOf } from '../alerts/rule-schema.js';
import { JWT_HORIZON_MS, type SecurityOptions } from '../auth/credentials.js';
import { JWT_ALGORITHMS } from '../auth/jwt-algorithms.js';
import { namePattern } from '../auth/pattern.js';
import { networkOf } from '../http/peers.js';
import { webhookSchema, webhooksSchema } from '../webhooks/webhook-schema.js';

const number = (value: number, min: number, max: number, unit: string, description: string) =>
  z.int().min(min).max(max).default(value).meta({ description, unit });
const ms = (value: number, min: number, max: number, about: string) => number(value, min, max, 'ms', about);
const flag = (description: string) => z.boolean().default(false).meta({ description });
const text = (description: string) => z.string().min(1).meta({ description });
const port = z.int().min(0).max(65_535);

const limit = ({ value, min, max, unit, about }: Limit) => number(value, min, max, unit, about);
const limits = z.strictObject(
  Object.fromEntries(LIMIT_NAMES.map((name) => [name, limit(LIMITS[name])])) as Record<
    LimitName,
    ReturnType<typeof limit>
  >,
);

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MIB = 1024 ** 2;

/** A page's origin as a browser sends it. */
const isTemplate = (text: string): boolean => faultOfTemplate(text) === null;

/** What is set for an agent that names series by tags or labels. */
const agent = (what: string) =>
  z
    .strictObject({
      name: z
        .string()
        .refine(isTemplate, 'must be a template such as {measurement}.{host}')
        .default(USUAL_TEMPLATE)
        .meta({
          description: `how ${what} name their sequences: {measurement}, {tags} for the values of all tags or labels, {host} or any other one`,
        }),
      spec: z
        .record(z.string(), z.unknown())
        .optional()
        .meta({ description: `the model of a sequence that ${what} make` }),
      resample: z
        .record(z.string(), z.unknown())
        .optional()
        .meta({ description: 'how the readings of such a sequence become steps, such as {"every":"10s"}' }),
    })
    .prefault({});

const isOrigin = (text: string): boolean =>
  URL.canParse(text) && /^https?:/.test(text) && new URL(text).origin === text;

const isNetwork = (text: string): boolean => networkOf(text) !== null;

export const configSchema = z.strictObject({
  host: text('address to listen on').default('127.0.0.1'),
  port: port.default(DEFAULT_PORT).meta({ description: 'port to listen on, 0 for a free one' }),
  adminHost: text('address of adminPort').default('127.0.0.1'),
  adminPort: port.optional().meta({
    description: 'separate port for /livez, /readyz and /metrics; 0 for a free one',
  }),
  insecure: flag('allow listening beyond loopback without tokens'),
  logLevel: z
    .enum(['debug', 'info', 'warn', 'error', 'silent'])
    .default('info')
    .meta({ description: 'least severe level to log' }),
  auditLog: text('file to which each audit line is appended, besides the log').optional(),
  data: text('folder that stores the sequences').default('eddy-data'),
  ephemeral: flag('keep sequences in memory only; they end with the process'),
  groupMs: ms(0, 0, 1000, 'longest wait of a step for later ones, to be made durable with them'),
  checkpoint: z
    .strictObject({
      steps: number(4096, 1, 100_000_000, 'count', 'steps of a sequence after which it gets a checkpoint'),
      ms: ms(60_000, 100, 24 * HOUR_MS, 'time after which a changed sequence gets a checkpoint'),
    })
    .prefault({}),
  history: z
    .strictObject({
      steps: number(
        100_000,
        1,
        1_000_000_000,
        'count',
        'steps of a sequence whose past is kept, unless another bound comes first',
      ),
      ms: ms(30 * DAY_MS, 60_000, 36_500 * DAY_MS, 'time for which the past of a sequence is kept'),
      bytes: number(64 * MIB, 64 * 1024, 64 * 1024 * MIB, 'bytes', 'past of one sequence'),
      stateBytes: number(256 * 1024, 0, 1024 * MIB, 'bytes', 'newest hidden states of one sequence'),
      totalBytes: z
        .int()
        .min(MIB)
        .max(2 ** 50)
        .optional()
        .meta({
          description:
            'past of all sequences (default 8 GiB, or 512 MiB in memory); above it a sequence keeps only its newest page',
          unit: 'bytes',
        }),
    })
    .prefault({}),
  idleMs: ms(
    300_000,
    100,
    24 * HOUR_MS,
    'time without steps or views after which a sequence is put to sleep',
  ),
  slowRequestMs: ms(1000, 1, HOUR_MS, 'time after which a request that is answered is logged as slow'),
  tokens: text('file with the list of tokens, as eddy token new writes it').optional(),
  jwt: z
    .strictObject({
      key: text('file with the key of JSON Web Tokens: a JWKS, a PEM public key, or a shared secret'),
      audience: text('audience that a JSON Web Token must name'),
      issuer: text('issuer that a JSON Web Token must name').optional(),
      algorithms: z.array(z.enum(JWT_ALGORITHMS)).optional().meta({
        description: 'algorithms that may sign a JSON Web Token; by default those usual for the key',
      }),
    })
    .optional(),
  jwtHorizonMs: ms(
    JWT_HORIZON_MS,
    60_000,
    36_500 * DAY_MS,
    'how far ahead a JSON Web Token may expire; one that is good for longer is refused',
  ),
  origins: z
    .array(z.string().refine(isOrigin, 'must be an origin, such as https://dash.example:8443'))
    .default([])
    .meta({ description: 'origins of web pages that may connect, besides this server' }),
  protectMetrics: flag('let /metrics be read only with a token that has the role metrics'),
  metricsSequences: namePattern.optional().meta({
    description:
      'pattern of the sequences, at most 200 in memory, of which /metrics tells how they learn, such as room-*',
  }),
  influx: agent('lines sent to /write and /api/v2/write'),
  prometheus: agent('series sent to /api/v1/write'),
  trustProxy: z
    .array(z.string().refine(isNetwork, 'must be an address, or a network such as 10.0.0.0/8'))
    .default([])
    .meta({
      description:
        'addresses and networks of proxies whose X-Forwarded-For or Forwarded says whose a request is',
    }),
  tls: z
    .strictObject({
      cert: text('PEM file with the certificate chain'),
      key: text('PEM file with its private key'),
    })
    .optional(),
  guard: z
    .strictObject({
      lagMs: ms(500, 20, 60_000, 'lag of the event loop above which new work is refused: overloaded'),
      memoryBytes: z
        .int()
        .min(64 * 1024 ** 2)
        .max(1024 ** 4)
        .optional()
        .meta({
          description: 'memory use (default 80 % of the memory) above which new work is refused: overloaded',
          unit: 'bytes',
        }),
    })
    .prefault({}),
  shutdown: z
    .strictObject({
      ms: ms(30_000, 1000, HOUR_MS, 'time after which a stopping server exits in any case'),
      spreadMs: ms(
        5000,
        0,
        MAX_RETRY_MS,
        'time over which a stopping server spreads the return of its clients',
      ),
    })
    .prefault({}),
  webhooks: webhooksSchema.default([]).meta({
    description: 'URLs that are told of alerts; in a file also objects of url, name, secret and rules',
  }),
  webhook: webhookSchema.prefault({}),
  alerts: alertsSchema.default([]).meta({
    description:
      'what webhooks are told of: anomaly, health, silence, drift, outside; in a file also rules as objects',
  }),
  limits: limits.prefault({}),
});

export type Config = z.output<typeof configSchema>;
export type ConfigInput = z.input<typeof configSchema>;

export const securityOf = ({ tokens, jwt, jwtHorizonMs, origins, tls }: Config): SecurityOptions => ({
  tokens,
  jwtKey: jwt?.key,
  jwtAudience: jwt?.audience,
  jwtIssuer: jwt?.issuer,
  jwtAlgorithms: jwt?.algorithms,
  jwtHorizonMs,
  origins,
  tlsCert: tls?.cert,
  tlsKey: tls?.key,
});

export interface Problem {
  /** Its path, such as `limits.views`. */
  readonly path: string;
  readonly message: string;
}

/** Finds settings that are valid alone but contradict each other. @param isSet whether a path was set explicitly */
export function contradictions(config: Config, isSet: (path: string) => boolean): Problem[] {
  const { limits, host, port, adminHost, adminPort, ephemeral, protectMetrics, tokens, jwt } = config;
  const { webhooks, alerts } = config;
  const found: Problem[] = [];
  const refuse = (isWrong: boolean, path: string, message: string) => {
    if (isWrong) found.push({ path, message });
  };
  const atMost = (low: LimitName, high: LimitName) =>
    refuse(
      limits[low] > limits[high],
      `limits.${low}`,
      `${limits[low]} is more than limits.${high}, ${limits[high]}`,
    );
  atMost('messageBytes', 'frameBytes');
  atMost('blockSteps', 'unackedSteps');
  atMost('awakeSequences', 'sequences');
  atMost('queueLatestBytes', 'queueCloseBytes');
  atMost('headersMs', 'requestMs');
  refuse(
    protectMetrics && !tokens && !jwt,
    'protectMetrics',
    'nobody has a token: say who with tokens or jwt',
  );
  refuse(ephemeral && isSet('data'), 'ephemeral', 'sequences in memory need no folder; remove data');
  refuse(
    adminPort !== undefined && adminPort !== 0 && adminPort === port && adminHost === host,
    'adminPort',
    `${adminPort} is also the clients' port`,
  );
  refuse(
    webhooks.length > 0 && alerts.length === 0,
    'webhooks',
    'say what they are told of with alerts (--on)',
  );
  refuse(
    alerts.length > 0 && webhooks.length === 0,
    'alerts',
    'say who is told of them with webhooks (--webhook)',
  );
  const names = new Set(alerts.map(nameOf));
  for (const [i, { rules = [] }] of webhooks.entries())
    for (const rule of rules)
      refuse(!names.has(rule), `webhooks.${i}.rules`, `there is no rule ${rule} among alerts`);
  return found;
}
