/**
 * The numbers that bound a server and its conversations: the one table of them. Configuration, the limits that
 * `welcome` tells a client, and SPEC.md come from it.
 */

/** What a limit counts. Seconds and bytes are whole numbers here; a rate is per second. */
export type LimitUnit = 'bytes' | 'count' | 'ms' | 'per second';

export interface Limit {
  /** The default. */
  readonly value: number;
  readonly unit: LimitUnit;
  /** The range in which it makes sense. */
  readonly min: number;
  readonly max: number;
  /** What it bounds, and what becomes of what is beyond. */
  readonly about: string;
}

/** Where a server listens unless it is told otherwise. */
export const DEFAULT_PORT = 4000;

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;
const HOUR_MS = 3_600_000;

const bytes = (value: number, about: string, min = 1, max = GIB): Limit => ({
  value,
  unit: 'bytes',
  min,
  max,
  about,
});
const count = (value: number, about: string, max = 1_000_000): Limit => ({
  value,
  unit: 'count',
  min: 1,
  max,
  about,
});
const ms = (value: number, about: string): Limit => ({ value, unit: 'ms', min: 10, max: HOUR_MS, about });
const perSecond = (value: number, about: string, min = 1): Limit => ({
  value,
  unit: 'per second',
  min,
  max: 100_000_000,
  about,
});

export const LIMITS = {
  frameBytes: bytes(MIB, 'one frame; a larger one closes the socket with 1009', KIB, 64 * MIB),
  fragments: count(16, 'fragments of one frame; more close the socket with 1008'),
  messageBytes: bytes(64 * KIB, 'one message that is not steps: message-too-large', KIB, 64 * MIB),
  importBytes: bytes(256 * MIB, 'a file that is imported: message-too-large', MIB, 4 * GIB),
  blockSteps: count(256, 'steps, or targets, of one message; fewer where they cost much: block-too-long'),
  unackedSteps: count(256, 'steps of one sequence that wait for their ack: credit-exceeded', 65_536),
  stepsPerSecond: perSecond(1_000_000, 'steps of one socket; beyond, it is read more slowly', 1000),
  requestsPerSecond: perSecond(1000, 'messages of one socket other than steps and targets: rate-limit'),
  errors: count(1000, 'refused messages of one socket in a minute; more close it: error-limit'),
  channels: count(256, 'open channels of one socket: channel-limit'),
  views: count(128, 'views of one socket: view-limit'),
  sequences: count(100_000, 'sequences that are known, awake or asleep: sequence-limit', 100_000_000),
  awakeSequences: count(1000, 'sequences in memory; the longest idle one is put to sleep for another'),
  modelBytes: bytes(2 * GIB, 'the models of all awake sequences: sequence-limit', MIB, 1024 * GIB),
  sockets: count(10_000, 'sockets; another one gets HTTP 503'),
  socketsPerAddress: count(128, 'sockets of one address; another one gets HTTP 503'),
  newSocketsPerSecond: perSecond(1000, 'new sockets; another one gets HTTP 503'),
  httpConnections: count(2048, 'TCP connections besides the sockets; another one is dropped'),
  refusedTokens: count(20, 'tokens of one address that are refused in a minute; then none is looked at'),
  headerBytes: bytes(8 * KIB, 'the headers of one HTTP request: HTTP 431', KIB, MIB),
  headersMs: ms(10_000, 'until the headers of an HTTP request are there: HTTP 408'),
  requestMs: ms(15_000, 'until all of an HTTP request is there: HTTP 408'),
  helloMs: ms(10_000, 'until hello has come: hello-timeout'),
  pingMs: ms(25_000, 'between pings'),
  pongMs: ms(10_000, 'until something has come after a ping; then the connection is broken off'),
  queueLatestBytes: bytes(256 * KIB, 'waiting in a socket; from then on views send only the latest', KIB),
  queueCloseBytes: bytes(MIB, 'waiting in a socket; from then on it is closed: socket-slow', KIB),
  queueCloseMs: ms(5000, 'that a socket may send only the latest; then it is closed: socket-slow'),
} as const satisfies Record<string, Limit>;

export type LimitName = keyof typeof LIMITS;
export const LIMIT_NAMES = Object.keys(LIMITS) as readonly LimitName[];

/** The limits in force. */
export type Limits = { readonly [Name in LimitName]: number };

export const DEFAULT_LIMITS = Object.fromEntries(
  LIMIT_NAMES.map((name) => [name, LIMITS[name].value]),
) as Limits;
