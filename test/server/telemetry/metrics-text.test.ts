import { describe, expect, it } from 'vitest';
import {
  Histogram,
  type Metric,
  metricsText,
  type Sample,
} from '../../../src/server/telemetry/metrics-text.js';
import { processMetrics } from '../../../src/server/telemetry/process-metrics.js';
import { parseMetrics } from '../../support/prometheus.js';

const gauge = (name: string, samples: Sample[]): Metric => ({
  name,
  help: 'Help.',
  type: 'gauge',
  read: () => samples,
});

describe("Prometheus' text", () => {
  it('has a help, a type and a line for each value', () => {
    const metrics = [gauge('a', [{ value: 1.5 }]), gauge('b', [{ labels: { kind: 'x' }, value: 2 }])];
    expect(metricsText(metrics)).toBe(
      '# HELP a Help.\n# TYPE a gauge\na 1.5\n\n# HELP b Help.\n# TYPE b gauge\nb{kind="x"} 2\n',
    );
  });

  it('escapes labels, and spells what is not finite', () => {
    const samples = [
      { labels: { a: 'quote " back \\ line\n' }, value: Number.POSITIVE_INFINITY },
      { labels: { a: '1', b: 2 }, value: Number.NEGATIVE_INFINITY },
      { labels: { a: '' }, value: Number.NaN },
    ];
    expect(
      metricsText([gauge('a', samples)])
        .split('\n')
        .slice(2, 5),
    ).toEqual(['a{a="quote \\" back \\\\ line\\n"} +Inf', 'a{a="1",b="2"} -Inf', 'a{a=""} NaN']);
  });

  it('counts each measurement in its bucket and all larger ones', () => {
    const histogram = new Histogram('t', 'Times.', [0.1, 1], { kind: 'x' });
    for (const value of [0.05, 0.1, 0.5, 2, 3]) histogram.observe(value);
    const { values } = parseMetrics(metricsText([histogram])).get('t')!;
    expect([...values]).toEqual([
      ['t_bucket{le="0.1",kind="x"}', 2],
      ['t_bucket{le="1",kind="x"}', 3],
      ['t_bucket{le="+Inf",kind="x"}', 5],
      ['t_sum{kind="x"}', 5.65],
      ['t_count{kind="x"}', 5],
    ]);
  });
});

describe('the metrics of the process', () => {
  it('[OPS12] have the names and the values that dashboards for Node expect', () => {
    const metrics = processMetrics();
    const read = (name: string) => [...(metrics.find((metric) => metric.name === name)?.read() ?? [])];
    const value = (name: string) => read(name)[0]?.value ?? Number.NaN;
    const { heapUsed, rss } = process.memoryUsage();
    expect(value('process_resident_memory_bytes') / rss).toBeCloseTo(1, 0);
    expect(value('nodejs_heap_size_used_bytes') / heapUsed).toBeCloseTo(1, 0);
    expect(value('process_start_time_seconds') * 1000).toBeLessThanOrEqual(Date.now());
    const { user, system } = process.cpuUsage();
    expect(value('process_cpu_seconds_total')).toBeGreaterThan(0);
    expect(value('process_cpu_seconds_total')).toBeLessThanOrEqual((user + system) / 1e6 + 0.1);
    expect(read('nodejs_version_info')[0]?.labels).toMatchObject({ version: process.version });
    expect(read('nodejs_heap_space_size_used_bytes').map(({ labels }) => labels?.space)).toContain('old');
    const names = metrics.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names).toEqual(
      expect.arrayContaining([
        ...['process_cpu_user_seconds_total', 'process_cpu_system_seconds_total', 'nodejs_active_resources'],
        ...['nodejs_eventloop_lag_seconds', 'nodejs_eventloop_lag_p99_seconds', 'nodejs_gc_duration_seconds'],
        ...['nodejs_external_memory_bytes', 'nodejs_heap_size_total_bytes'],
      ]),
    );
    if (process.platform === 'linux')
      expect(value('process_open_fds')).toBeLessThan(value('process_max_fds'));
  });
});
