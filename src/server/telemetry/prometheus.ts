/**
 * The counters as Prometheus metrics: base units, `_total` for counters, few labels with few values. All are read on
 * scrape.
 */
import { ERRORS } from '../../errors.js';
import type { LoadShedder } from '../load/load-shedder.js';
import type { Census } from './census.js';
import { learningMetrics } from './learning-metrics.js';
import { CONTENT_TYPE, type Metric, metricsText } from './metrics-text.js';
import { processMetrics } from './process-metrics.js';
import type { Telemetry } from './telemetry.js';

export interface MetricsParts {
  readonly telemetry: Telemetry;
  readonly census: Census;
  readonly guard: Pick<LoadShedder, 'reason' | 'readings'>;
  /** Name and version of the server. */
  readonly server: string;
  /** Include the metrics of the process? They watch it until its end, so only one server per process may. */
  readonly ofProcess: boolean;
  /** Metrics of parts that not every server has. */
  readonly more?: readonly Metric[];
}

export interface Metrics {
  readonly contentType: string;
  /** Gives all metrics in the text format of Prometheus. */
  text(): string;
}

type Labelled = Iterable<readonly [label: string, value: number]>;

export function createMetrics({
  telemetry,
  census,
  guard,
  server,
  ofProcess,
  more = [],
}: MetricsParts): Metrics {
  const { histograms, sequences, slices, store, wire } = telemetry;
  const metrics: Metric[] = [...histograms, ...(ofProcess ? processMetrics() : []), ...more];
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

  counter('eddy_steps_total', 'Steps applied to their sequence.', () => sequences.steps);
  counter(
    'eddy_steps_repeated_total',
    'Repeated steps, acknowledged without effect.',
    () => sequences.stepsRepeated,
  );
  counters(
    'eddy_updates_total',
    'Weight updates by outcome; an update that would make a weight non-finite is skipped.',
    'applied',
    () => [
      ['true', sequences.updatesApplied],
      ['false', sequences.updatesSkipped],
    ],
  );
  counter('eddy_acks_total', 'Acks sent; one may cover many steps.', () => wire.acks);
  counters('eddy_messages_received_total', 'Messages received, by type.', 'type', () =>
    Object.entries(wire.received),
  );
  counters(
    'eddy_messages_refused_total',
    'Messages answered with an error, by code.',
    'code',
    () => wire.refused,
  );
  counter('eddy_received_bytes_total', 'Bytes of messages received.', () => wire.receivedBytes);
  counter('eddy_sent_bytes_total', 'Bytes of frames sent.', () => wire.sentBytes);
  counter(
    'eddy_skipped_results_total',
    'Results skipped because their socket did not keep up.',
    () => wire.skippedResults,
  );
  counter('eddy_sockets_opened_total', 'Sockets opened.', () => wire.socketsOpened);
  counters('eddy_sockets_closed_total', 'Sockets closed, by close code.', 'code', () =>
    byKnownCode(wire.socketsClosed),
  );
  counters('eddy_upgrades_refused_total', 'Socket upgrades refused, by HTTP status.', 'status', () =>
    Array.from(wire.upgradesRefused, ([status, total]) => [String(status), total] as const),
  );
  gauge('eddy_sockets', 'Open sockets.', () => census.socketCount());
  gauge('eddy_views', 'Active views.', () => census.viewCount());
  gauges('eddy_sequences', 'Known sequences: awake in memory, or asleep in the store.', 'state', () =>
    Object.entries(census.sequenceCounts()),
  );
  gauges('eddy_sequences_health', 'Sequences in memory, by their health.', 'state', () =>
    Object.entries(census.healthCounts()),
  );
  gauge('eddy_event_loop_lag_seconds', 'Longest recent delay of the event loop.', () => {
    return (guard.readings.get('event loop lag') ?? 0) / 1000;
  });
  gauge('eddy_overloaded', '1 while new sockets, sequences and views are refused.', () =>
    guard.reason ? 1 : 0,
  );
  counters(
    'eddy_slices_total',
    'Slices of long work: of steps, or of what happens beside them.',
    'kind',
    () => Object.entries(slices).map(([kind, { count }]) => [kind, count] as const),
  );
  counters('eddy_slice_seconds_total', 'Time of these slices.', 'kind', () =>
    Object.entries(slices).map(([kind, { seconds }]) => [kind, seconds] as const),
  );
  counters('eddy_slice_wait_seconds_total', 'Time that these slices waited for their turn.', 'kind', () =>
    Object.entries(slices).map(([kind, { waitSeconds }]) => [kind, waitSeconds] as const),
  );
  counters(
    'eddy_slow_requests_total',
    'Requests whose answer took longer than slowRequestMs, by their type.',
    'type',
    () => wire.slowRequests,
  );
  gauge('eddy_requests_waiting', 'Long requests that wait for their turn.', () => census.waitingCount());
  counter(
    'eddy_catch_ups_total',
    'Replays of logs for subscribers who missed something.',
    () => sequences.catchUps,
  );
  counter('eddy_catch_up_steps_total', 'Steps of these replays.', () => sequences.catchUpSteps);
  gauge('eddy_store_file_bytes', 'Bytes of the file of the store.', () => census.storeBytes().file);
  gauge('eddy_store_page_bytes', 'Bytes of the pages of the past.', () => census.storeBytes().pages);
  const learning = learningMetrics();
  metrics.push(...learning.metrics);
  counter('eddy_store_records_total', 'Records made durable.', () => store.records);
  counter('eddy_store_written_bytes_total', 'Bytes of records made durable.', () => store.bytes);
  counter('eddy_store_failures_total', 'Failed writes; each is retried.', () => store.failures);
  counter('eddy_store_checkpoints_total', 'Checkpoints made durable.', () => store.checkpoints);
  counter('eddy_store_checkpoint_bytes_total', 'Bytes of checkpoints.', () => store.checkpointBytes);
  gauges('eddy_info', 'What runs here.', 'server', () => [[server, 1]]);

  return {
    contentType: CONTENT_TYPE,
    text: () => {
      learning.tell(census.learning());
      return metricsText(metrics);
    },
  };
}

/** A peer may close with any of thousands of codes: unknown ones share one label. */
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
