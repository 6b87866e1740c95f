/**
 * The counters of a server. The hot path adds to plain numbers, which prometheus.ts reads on scrape; only sampled
 * measurements go into a histogram directly. Nothing here grows with the number of sequences or sockets.
 */
import { CLIENT_MESSAGES, type ClientMessage } from '../../protocol/messages.js';
import type { SequenceCounters } from '../../sequence/sequence-counters.js';
import type { Meter, StoreCounters } from '../../store/store-counters.js';
import { Histogram, type Metric } from './metrics-text.js';

/** The counters of connections. */
export interface WireCounters {
  /** Messages received, by type. */
  readonly received: Record<ClientMessage['type'], number>;
  receivedBytes: number;
  sentBytes: number;
  /** Acks sent; one may cover many steps. */
  acks: number;
  /** Results skipped because their socket did not keep up. */
  skippedResults: number;
  /** The time of one step, from reading its message to handing its results to the sockets. */
  readonly stepSeconds: Meter;
  /** The time from a message of steps to its ack. */
  readonly ackSeconds: Meter;
  /** Messages refused, by error code. */
  readonly refused: Map<string, number>;
  /** Requests whose answer took long, by type. */
  readonly slowRequests: Map<ClientMessage['type'], number>;
  socketsOpened: number;
  /** Sockets closed, by close code. */
  readonly socketsClosed: Map<number, number>;
  /** Upgrades refused, by HTTP status. */
  readonly upgradesRefused: Map<number, number>;
}

export interface Telemetry {
  /** Those of the meters below that are shown as metrics. */
  readonly histograms: readonly Metric[];
  readonly sequences: SequenceCounters;
  readonly store: StoreCounters;
  readonly wire: WireCounters;
  /** Slices of long work: of steps, and of what happens beside them. */
  readonly slices: Readonly<Record<'steps' | 'beside', SliceCounters>>;
  readonly loopDelaySeconds: Meter;
}

export interface SliceCounters {
  count: number;
  /** How long they took, and how long they waited for their turn. */
  seconds: number;
  waitSeconds: number;
}

const noSlices = (): SliceCounters => ({ count: 0, seconds: 0, waitSeconds: 0 });

/** Bucket bounds in seconds: a slice is 4 ms. */
const DELAY_SECONDS = [1e-3, 2.5e-3, 5e-3, 1e-2, 2e-2, 5e-2, 1e-1, 2.5e-1, 5e-1, 1, 5];

/** Bucket bounds in seconds: from one step of a small model to a block of the most expensive one. */
const STEP_SECONDS = [1e-6, 2.5e-6, 5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 1e-2, 1e-1, 1];
/** Bucket bounds in seconds: from an ack of the memory store to one of a hanging disk. */
const WAIT_SECONDS = [5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 1e-1, 2.5e-1, 1, 5];

/** Creates counters at 0. */
export function createTelemetry(): Telemetry {
  const histograms: Metric[] = [];
  const histogram = (name: string, help: string, bounds: readonly number[]): Meter => {
    const made = new Histogram(name, help, bounds);
    histograms.push(made);
    return made;
  };
  return {
    histograms,
    sequences: {
      steps: 0,
      stepsRepeated: 0,
      updatesApplied: 0,
      updatesSkipped: 0,
      catchUps: 0,
      catchUpSteps: 0,
    },
    slices: { steps: noSlices(), beside: noSlices() },
    loopDelaySeconds: histogram(
      'eddy_event_loop_delay_seconds',
      'How late a timer of the event loop was; sampled every 20 ms.',
      DELAY_SECONDS,
    ),
    store: {
      records: 0,
      bytes: 0,
      failures: 0,
      checkpoints: 0,
      checkpointBytes: 0,
      flushSeconds: histogram(
        'eddy_store_flush_duration_seconds',
        'Time until a group of records is durable.',
        WAIT_SECONDS,
      ),
    },
    wire: {
      received: Object.fromEntries(CLIENT_MESSAGES.map((type) => [type, 0])) as WireCounters['received'],
      receivedBytes: 0,
      sentBytes: 0,
      acks: 0,
      skippedResults: 0,
      stepSeconds: histogram(
        'eddy_step_duration_seconds',
        'Time of one step with its results and learning; sampled from one message in 16 per socket.',
        STEP_SECONDS,
      ),
      ackSeconds: histogram(
        'eddy_ack_latency_seconds',
        'Time from a message of steps to its ack; sampled from one message in 16 per socket.',
        WAIT_SECONDS,
      ),
      refused: new Map(),
      slowRequests: new Map(),
      socketsOpened: 0,
      socketsClosed: new Map(),
      upgradesRefused: new Map(),
    },
  };
}

/** Adds one to a count. */
export function countOne<K>(counts: Map<K, number>, key: K): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
