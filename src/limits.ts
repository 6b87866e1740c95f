/**
 * The one table of all limits on a server and its conversations. The configuration, the limits that `welcome` tells a
 * client, and the table in docs/protocol.md come from it.
 */

/** What a limit counts. All values are integers. */
export type LimitUnit = 'bytes' | 'count' | 'ms' | 'per second';

export interface Limit {
  /** The default. */
  readonly value: number;
  readonly unit: LimitUnit;
  /** The range that a configuration may choose from. */
  readonly min: number;
  readonly max: number;
  /** What it bounds, and what happens beyond it. */
  readonly about: string;
}

/** The port a server listens on by default. */
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
  messageBytes: bytes(64 * KIB, 'one message other than steps; larger: message-too-large', KIB, 64 * MIB),
  importBytes: bytes(256 * MIB, 'an imported file; larger: message-too-large', MIB, 4 * GIB),
  bodyBytes: bytes(
    8 * MIB,
    'the body of a request with rows, also unpacked; larger: message-too-large',
    KIB,
    GIB,
  ),
  bodiesBytes: bytes(
    128 * MIB,
    'bodies of all requests with rows together, as they come and unpacked; more: overloaded',
    MIB,
    16 * GIB,
  ),
  blockSteps: count(
    256,
    'steps or targets in one message (fewer if they are expensive); more: block-too-long',
  ),
  unackedSteps: count(256, 'unacknowledged steps of one sequence; more: credit-exceeded', 65_536),
  pendingAppends: count(
    65_536,
    'appends of one sequence that wait for their answer; more: credit-exceeded',
    1_048_576,
  ),
  durableMs: ms(
    10_000,
    'time a request waits until what it did is durable; later: store-unavailable, and it may yet become so',
  ),
  stepsPerSecond: perSecond(
    1_000_000,
    'steps of one socket; above it the server reads the socket more slowly',
    1000,
  ),
  requestsPerSecond: perSecond(1000, 'messages of one socket other than steps and targets; more: rate-limit'),
  errors: count(1000, 'refused messages of one socket within a minute; more close it: error-limit'),
  channels: count(256, 'open channels of one socket; more: channel-limit'),
  views: count(128, 'views of one socket; more: view-limit'),
  sequences: count(100_000, 'known sequences, awake or asleep; more: sequence-limit', 100_000_000),
  awakeSequences: count(1000, 'sequences in memory; one more puts the longest idle one to sleep'),
  modelBytes: bytes(2 * GIB, 'models of all awake sequences; more: sequence-limit', MIB, 1024 * GIB),
  sockets: count(10_000, 'open sockets; one more takes the place of one without hello, or gets HTTP 503'),
  socketsPerAddress: count(
    128,
    'open sockets of one address; one more takes the place of one without hello, or gets HTTP 503',
  ),
  newSocketsPerSecond: perSecond(1000, 'new sockets; one more gets HTTP 503'),
  httpConnections: count(
    2048,
    'TCP connections that are not WebSockets; one more takes the place of an idle one, or is dropped',
  ),
  refusedTokens: count(20, 'refused tokens of one address within a minute; further tokens are not verified'),
  headerBytes: bytes(8 * KIB, 'headers of one HTTP request; more: HTTP 431', KIB, MIB),
  headersMs: ms(5000, 'time for the headers of an HTTP request to arrive; later: HTTP 408'),
  requestMs: ms(15_000, 'time for a whole HTTP request to arrive; later: HTTP 408'),
  helloMs: ms(10_000, 'time for hello to arrive; later: hello-timeout'),
  pingMs: ms(25_000, 'time between two pings'),
  pongMs: ms(10_000, 'time from a ping until anything arrives; later the connection is terminated'),
  queueLatestBytes: bytes(
    256 * KIB,
    'bytes waiting in one socket; above it, views send only the latest result',
    KIB,
  ),
  queueCloseBytes: bytes(MIB, 'bytes waiting in one socket; above it the socket closes: socket-slow', KIB),
  queueCloseMs: ms(5000, 'time that a socket may lag behind; longer closes it: socket-slow'),
} as const satisfies Record<string, Limit>;

export type LimitName = keyof typeof LIMITS;
export const LIMIT_NAMES = Object.keys(LIMITS) as readonly LimitName[];

/** The limits in force. */
export type Limits = { readonly [Name in LimitName]: number };

export const DEFAULT_LIMITS = Object.fromEntries(
  LIMIT_NAMES.map((name) => [name, LIMITS[name].value]),
) as Limits;
