import { describe, expect, it } from 'vitest';
import { LatencySampler } from '../../../src/server/socket/latency-sampler.js';
import { createMetrics } from '../../../src/server/telemetry/prometheus.js';
import { countOne, createTelemetry } from '../../../src/server/telemetry/telemetry.js';
import { parseMetrics, sample } from '../../support/prometheus.js';

function measuring(ofProcess = false) {
  const telemetry = createTelemetry();
  const guard = { reason: null as string | null, readings: new Map([['event loop lag', 250]]) };
  const census = {
    socketCount: () => 3,
    viewCount: () => 7,
    sequenceCounts: () => ({ awake: 2, asleep: 5 }),
    waitingCount: () => 3,
    storeBytes: () => ({ file: 4096, pages: 512 }),
    learning: () => ({
      sequences: [
        { name: 'room-"1"', recentSkill: 0.25, recentMae: null, anomaly: 0.5, health: 'learning', steps: 7 },
      ],
      leftOut: 2,
    }),
    healthCounts: () => ({ learning: 1, silent: 1 }),
  };
  const metrics = createMetrics({ telemetry, census, guard, server: 'eddy/test', ofProcess });
  return { telemetry, guard, scrape: async () => parseMetrics(await metrics.text()) };
}

const UNITS = ['seconds', 'bytes', 'total', 'info', 'percent'];
/** Counts of things that are there, which have no unit. */
const PLAIN = [
  'eddy_requests_waiting',
  'eddy_sequence_skill',
  'eddy_sequence_mae',
  'eddy_sequence_anomaly',
  'eddy_sequence_health',
  'eddy_sequences_left_out',
  'eddy_sockets',
  'eddy_views',
  'eddy_sequences',
  'eddy_sequences_health',
  'eddy_overloaded',
];

describe('the metrics', () => {
  it("[OPS12] follow Prometheus' conventions", async () => {
    const metrics = await measuring(true).scrape();
    for (const [name, { type, help, values }] of metrics) {
      expect(name).toMatch(/^(eddy|process|nodejs)_[a-z0-9_]+$/);
      expect([name, help.length > 3, type]).toEqual([
        name,
        true,
        expect.stringMatching(/^(counter|gauge|histogram)$/),
      ]);
      expect([name, name.endsWith('_total')]).toEqual([name, type === 'counter']);
      if (!name.startsWith('eddy_')) continue;
      if (!PLAIN.includes(name))
        expect([name, UNITS.some((unit) => name.endsWith(`_${unit}`))]).toEqual([name, true]);
      expect([name, values.size > 0]).toEqual([
        name,
        !/refused|closed|slow_requests|eddy_sequence_mae/.test(name),
      ]);
    }
    expect([...metrics.keys()].filter((name) => name.startsWith('process_')).length).toBeGreaterThan(5);
  });

  it('[OPS12] have no label that grows with sequences or sockets', async () => {
    const { telemetry, scrape } = measuring();
    for (let code = 1000; code < 5000; code++) countOne(telemetry.wire.socketsClosed, code);
    const metrics = await scrape();
    const labels = new Set<string>();
    for (const [name, { values }] of metrics)
      if (name.startsWith('eddy_'))
        for (const key of values.keys())
          for (const [, label] of key.matchAll(/[{,](\w+)="/g)) labels.add(label ?? '');
    expect([...labels].sort()).toEqual([
      'applied',
      'code',
      'kind',
      'le',
      'sequence',
      'server',
      'state',
      'type',
    ]);
    const closed = metrics.get('eddy_sockets_closed_total')?.values ?? new Map<string, number>();
    expect(closed.size).toBeLessThan(20);
    expect([...closed.values()].reduce((sum, one) => sum + one, 0)).toBe(4000);
    expect(closed.get('eddy_sockets_closed_total{code="3001"}')).toBe(1);
  });

  it('[OPS30] tell how chosen sequences learn, and how many are left out', async () => {
    const metrics = await measuring().scrape();
    const numberOf = (name: string, labels: string) => metrics.get(name)?.values.get(`${name}{${labels}}`);
    const name = String.raw`sequence="room-\"1\""`;
    expect(numberOf('eddy_sequence_skill', name)).toBe(0.25);
    expect(numberOf('eddy_sequence_anomaly', name)).toBe(0.5);
    expect(numberOf('eddy_sequence_steps_total', name)).toBe(7);
    expect(numberOf('eddy_sequence_health', `${name},state="learning"`)).toBe(1);
    expect(metrics.get('eddy_sequence_mae')?.values.size).toBe(0);
    expect(metrics.get('eddy_sequences_left_out')?.values.get('eddy_sequences_left_out')).toBe(2);
  });

  it('[OPS31] tell of slices, of who waits and of the size of the store', async () => {
    const { telemetry, scrape } = measuring();
    Object.assign(telemetry.slices.beside, { count: 5, seconds: 0.02, waitSeconds: 0.1 });
    telemetry.sequences.catchUps = 2;
    const metrics = await scrape();
    const numberOf = (name: string, labels = '') => metrics.get(name)?.values.get(`${name}${labels}`);
    expect(numberOf('eddy_slices_total', '{kind="beside"}')).toBe(5);
    expect(numberOf('eddy_slice_seconds_total', '{kind="beside"}')).toBe(0.02);
    expect(numberOf('eddy_slice_wait_seconds_total', '{kind="beside"}')).toBe(0.1);
    expect(numberOf('eddy_slices_total', '{kind="steps"}')).toBe(0);
    expect(numberOf('eddy_catch_ups_total')).toBe(2);
    expect(numberOf('eddy_requests_waiting')).toBe(3);
    expect(numberOf('eddy_store_file_bytes')).toBe(4096);
  });

  it('[OPS13] show what was counted, at every scrape anew', async () => {
    const { telemetry, guard, scrape } = measuring();
    const { sequences, wire, store } = telemetry;
    for (const round of [1, 2]) {
      sequences.steps += 100;
      sequences.updatesSkipped++;
      wire.received.steps += 10;
      store.failures++;
      countOne(wire.refused, 'step-gap');
      countOne(wire.upgradesRefused, 503);
      guard.reason = round === 1 ? 'lag' : null;
      const metrics = await scrape();
      const read = (key: string) => sample(metrics, key);
      expect(read('eddy_steps_total')).toBe(100 * round);
      expect(read('eddy_updates_total{applied="true"}')).toBe(0);
      expect(read('eddy_updates_total{applied="false"}')).toBe(round);
      expect(read('eddy_messages_received_total{type="steps"}')).toBe(10 * round);
      expect(read('eddy_messages_refused_total{code="step-gap"}')).toBe(round);
      expect(read('eddy_upgrades_refused_total{status="503"}')).toBe(round);
      expect(read('eddy_store_failures_total')).toBe(round);
      expect(read('eddy_overloaded')).toBe(2 - round);
    }
    const metrics = await scrape();
    const read = (key: string) => sample(metrics, key);
    expect(read('eddy_event_loop_lag_seconds')).toBe(0.25);
    expect([read('eddy_sockets'), read('eddy_views')]).toEqual([3, 7]);
    expect(read('eddy_sequences{state="awake"}')).toBe(2);
    expect(read('eddy_sequences{state="asleep"}')).toBe(5);
    expect(read('eddy_info{server="eddy/test"}')).toBe(1);
  });

  it('[OPS13] are of one server each', async () => {
    const [one, other] = [measuring(), measuring()];
    one.telemetry.sequences.steps = 5;
    expect(sample(await other.scrape(), 'eddy_steps_total')).toBe(0);
  });
});

describe('the measurements', () => {
  function sampling() {
    const { telemetry, scrape } = measuring();
    let time = 0;
    const now = () => time;
    const samples = new LatencySampler(telemetry.wire);
    /** One message of two steps that takes 4 ms, and is acked after another 6 ms. */
    const message = (seq: number, isAcked = true) => {
      samples.begin(1, seq, now);
      time += 4;
      samples.end(2, now);
      time += 6;
      if (isAcked) samples.acked(1, seq, now);
    };
    const read = async (key: string) => sample(await scrape(), key);
    return { samples, message, read, now };
  }

  it('[OPS13] take one message of steps in 16, in seconds', async () => {
    const { message, read } = sampling();
    for (let seq = 0; seq < 33; seq++) message(seq);
    expect(await read('eddy_step_duration_seconds_count')).toBe(3);
    expect(await read('eddy_step_duration_seconds_sum')).toBeCloseTo(3 * 0.002, 9);
    expect(await read('eddy_ack_latency_seconds_count')).toBe(3);
    expect(await read('eddy_ack_latency_seconds_sum')).toBeCloseTo(3 * 0.01, 9);
    expect(await read('eddy_ack_latency_seconds_bucket{le="0.005"}')).toBe(0);
    expect(await read('eddy_ack_latency_seconds_bucket{le="0.01"}')).toBe(3);
  });

  it('[OPS13] wait for the ack of that very message, and give up one that was refused', async () => {
    const { samples, message, read, now } = sampling();
    message(5, false);
    samples.acked(1, 4, now);
    samples.acked(2, 9, now);
    expect(await read('eddy_ack_latency_seconds_count')).toBe(0);
    samples.acked(1, 6, now);
    samples.acked(1, 7, now);
    expect(await read('eddy_ack_latency_seconds_count')).toBe(1);
    for (let seq = 0; seq < 15; seq++) message(seq);
    message(20, false);
    samples.forget();
    samples.acked(1, 20, now);
    expect(await read('eddy_ack_latency_seconds_count')).toBe(1);
  });
});
