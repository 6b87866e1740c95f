/**
 * The counters as Prometheus metrics: base units, `_total` on what only grows, few labels with few values. All of them
 * are read when they are scraped.
 */
import { ERRORS } from '../../errors.js';
import type { LoadShedder } from '../load/load-shedder.js';
import { CONTENT_TYPE, type Metric, metricsText } from './metrics-text.js';
import { processMetrics } from './process-metrics.js';
import type { Telemetry } from './telemetry.js';

/** What is counted by looking. */
export interface Census {
  socketCount(): number;
  viewCount(): number;
  /** Sequences in memory, and those that sleep in the store. */
  sequenceCounts(): { readonly awake: number; readonly asleep: number };
}

export interface MetricsParts {
  readonly telemetry: Telemetry;
  readonly census: Census;
  readonly guard: Pick<LoadShedder, 'reason' | 'readings'>;
  /** Name and version of the server. */
  readonly server: string;
  /** Are there metrics of the process too? They watch it until its end, so only one server of a process has them. */
  readonly ofProcess: boolean;
}

export interface Metrics {
  readonly contentType: string;
  /** Gives all metrics in the text format of Prometheus. */
  text(): string;
}

type Labelled = Iterable<readonly [label: string, value: number]>;

export function createMetrics({ telemetry, census, guard, server, ofProcess }: MetricsParts): Metrics {
  const { histograms, sequences, store, wire } = telemetry;
  const metrics: Metric[] = [...histograms, ...(ofProcess ? processMetrics() : [])];
  const one = (type: 'counter' | 'gauge') => (name: string, help: string, read: () => number) =>
    metrics.push({ name, help, type, read: () => [{ value: read() }] });
  const many =
    (type: 'counter' | 'gauge') => (name: string, help: string, label: string, read: () => Labelled) =>
      metrics.push({
        name,
        help,
        type,
        read: () => Array.from(read(), ([text, value]) => ({ labels: { [label]: text }, value })),
      });
  const [counter, gauge] = [one('counter'), one('gauge')];
  const [counters, gauges] = [many('counter'), many('gauge')];

  counter('eddy_steps_total', 'Steps that had their effect.', () => sequences.steps);
  counter('eddy_steps_repeated_total', 'Steps that came again and had none.', () => sequences.stepsRepeated);
  counters(
    'eddy_updates_total',
    'Updates of weights; one is not applied that would spoil them.',
    'applied',
    () => [
      ['true', sequences.updatesApplied],
      ['false', sequences.updatesSkipped],
    ],
  );
  counter('eddy_acks_total', 'Acks that were sent; one may stand for many steps.', () => wire.acks);
  counters('eddy_messages_received_total', 'Messages that were read.', 'type', () =>
    Object.entries(wire.received),
  );
  counters(
    'eddy_messages_refused_total',
    'Messages that were answered with an error.',
    'code',
    () => wire.refused,
  );
  counter('eddy_received_bytes_total', 'Bytes of the messages that came.', () => wire.receivedBytes);
  counter('eddy_sent_bytes_total', 'Bytes of the frames that were sent.', () => wire.sentBytes);
  counter(
    'eddy_skipped_results_total',
    'Results left out because their socket did not keep up.',
    () => wire.skippedResults,
  );
  counter('eddy_sockets_opened_total', 'Sockets that were opened.', () => wire.socketsOpened);
  counters('eddy_sockets_closed_total', 'Sockets that were closed, by close code.', 'code', () =>
    byKnownCode(wire.socketsClosed),
  );
  counters('eddy_upgrades_refused_total', 'Sockets that were refused, by HTTP status.', 'status', () =>
    Array.from(wire.upgradesRefused, ([status, total]) => [String(status), total] as const),
  );
  gauge('eddy_sockets', 'Sockets that are open.', () => census.socketCount());
  gauge('eddy_views', 'Views that are watched.', () => census.viewCount());
  gauges(
    'eddy_sequences',
    'Sequences that are known: awake in memory, or asleep in the store.',
    'state',
    () => Object.entries(census.sequenceCounts()),
  );
  gauge('eddy_event_loop_lag_seconds', 'How late the event loop lately was (99th percentile).', () => {
    return (guard.readings.get('event loop lag') ?? 0) / 1000;
  });
  gauge('eddy_overloaded', '1 while new sockets, sequences and views are refused.', () =>
    guard.reason ? 1 : 0,
  );
  counter('eddy_store_records_total', 'Records that became durable.', () => store.records);
  counter('eddy_store_written_bytes_total', 'Bytes of records that became durable.', () => store.bytes);
  counter('eddy_store_failures_total', 'Writes that failed; they are tried again.', () => store.failures);
  counter('eddy_store_checkpoints_total', 'Checkpoints that became durable.', () => store.checkpoints);
  counter('eddy_store_checkpoint_bytes_total', 'Bytes of checkpoints.', () => store.checkpointBytes);
  gauges('eddy_info', 'What runs here.', 'server', () => [[server, 1]]);

  return { contentType: CONTENT_TYPE, text: () => metricsText(metrics) };
}

/** A peer may close with any of thousands of codes: those that mean nothing here are one label. */
function byKnownCode(closed: ReadonlyMap<number, number>): Labelled {
  const known = new Set<number>([1000, 1001, 1002, 1005, 1006, 1007, 1008, 1009, 1011]);
  for (const entry of Object.values(ERRORS)) if ('close' in entry) known.add(entry.close);
  const totals = new Map<string, number>();
  for (const [code, total] of closed) {
    const label = known.has(code) ? String(code) : 'other';
    totals.set(label, (totals.get(label) ?? 0) + total);
  }
  return totals;
}
