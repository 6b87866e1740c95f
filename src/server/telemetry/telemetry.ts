/**
 * What a server counts. The hot path adds to plain numbers, which metrics.ts reads when somebody scrapes; only what is
 * measured now and then goes into a histogram at once. Nothing here grows with the number of sequences or sockets.
 */
import type { ClientMessage } from '../../protocol/messages.js';
import type { SequenceCounters } from '../../sequence/sequence-counters.js';
import type { Meter, StoreCounters } from '../../store/store-counters.js';
import { Histogram, type Metric } from './metrics-text.js';

/** What connections count. */
export interface WireCounters {
  /** Messages that were read, by type. */
  readonly received: Record<ClientMessage['type'], number>;
  receivedBytes: number;
  sentBytes: number;
  /** Acks that were sent; one may stand for many steps. */
  acks: number;
  /** Results that were left out because their socket did not keep up. */
  skippedResults: number;
  /** How long one step took, from the message that was read to its results that were handed to the sockets. */
  readonly stepSeconds: Meter;
  /** How long it took from a message of steps to its ack. */
  readonly ackSeconds: Meter;
  /** Messages that were refused, by error code. */
  readonly refused: Map<string, number>;
  socketsOpened: number;
  /** Sockets that were closed, by close code. */
  readonly socketsClosed: Map<number, number>;
  /** Upgrades that were refused, by HTTP status. */
  readonly upgradesRefused: Map<number, number>;
}

export interface Telemetry {
  /** Those of the meters below that are shown as metrics. */
  readonly histograms: readonly Metric[];
  readonly sequences: SequenceCounters;
  readonly store: StoreCounters;
  readonly wire: WireCounters;
}

/** Seconds: from a step of a small model to a block of the costliest. */
const STEP_SECONDS = [1e-6, 2.5e-6, 5e-6, 1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 1e-2, 1e-1, 1];
/** Seconds: from an ack of memory to one of a disk that hangs. */
const WAIT_SECONDS = [5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 2.5e-3, 5e-3, 1e-2, 2.5e-2, 5e-2, 1e-1, 2.5e-1, 1, 5];

/** Creates counters that stand at 0. */
export function createTelemetry(): Telemetry {
  const histograms: Metric[] = [];
  const histogram = (name: string, help: string, bounds: readonly number[]): Meter => {
    const made = new Histogram(name, help, bounds);
    histograms.push(made);
    return made;
  };
  return {
    histograms,
    sequences: { steps: 0, stepsRepeated: 0, updatesApplied: 0, updatesSkipped: 0 },
    store: {
      records: 0,
      bytes: 0,
      failures: 0,
      checkpoints: 0,
      checkpointBytes: 0,
      flushSeconds: histogram(
        'eddy_store_flush_duration_seconds',
        'Time until a group of records was durable.',
        WAIT_SECONDS,
      ),
    },
    wire: {
      received: {
        hello: 0,
        open: 0,
        steps: 0,
        targets: 0,
        subscribe: 0,
        unsubscribe: 0,
        configure: 0,
        reset: 0,
        checkpoint: 0,
        close: 0,
        list: 0,
        remove: 0,
      },
      receivedBytes: 0,
      sentBytes: 0,
      acks: 0,
      skippedResults: 0,
      stepSeconds: histogram(
        'eddy_step_duration_seconds',
        'Time of one step with its results and learning; one message of steps in 16 of a socket is measured.',
        STEP_SECONDS,
      ),
      ackSeconds: histogram(
        'eddy_ack_latency_seconds',
        'Time from a message of steps to its ack; one message in 16 of a socket is measured.',
        WAIT_SECONDS,
      ),
      refused: new Map(),
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
