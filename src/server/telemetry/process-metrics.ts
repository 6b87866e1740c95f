/**
 * Metrics of the process and of Node, under prom-client's names, which existing dashboards use; without its gauge that is called a
 * `_total`, which is the sum of `nodejs_active_resources`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { constants, monitorEventLoopDelay, PerformanceObserver, performance } from 'node:perf_hooks';
import { getHeapSpaceStatistics } from 'node:v8';
import { Histogram, type Metric, type Sample } from './metrics-text.js';

/** Seconds. */
const GC_SECONDS = [0.001, 0.01, 0.1, 1, 2, 5];
const GC_KINDS = new Map([
  [constants.NODE_PERFORMANCE_GC_MAJOR, 'major'],
  [constants.NODE_PERFORMANCE_GC_MINOR, 'minor'],
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL, 'incremental'],
  [constants.NODE_PERFORMANCE_GC_WEAKCB, 'weakcb'],
]);
const HEAP_SPACE = {
  total: 'space_size',
  used: 'space_used_size',
  available: 'space_available_size',
} as const;

/** Watches the process from now on. */
export function processMetrics(): Metric[] {
  const metrics: Metric[] = [];
  const labelled = (name: string, help: string, read: () => Sample[]) =>
    metrics.push({ name, help, type: name.startsWith('process_cpu') ? 'counter' : 'gauge', read });
  const add = (name: string, help: string, read: () => number) =>
    labelled(name, help, () => [{ value: read() }]);

  const cpu = (...kinds: ('user' | 'system')[]) => {
    const usage = process.cpuUsage();
    return kinds.reduce((sum, kind) => sum + usage[kind], 0) / 1e6;
  };
  add('process_cpu_user_seconds_total', 'CPU time spent in user code.', () => cpu('user'));
  add('process_cpu_system_seconds_total', 'CPU time spent in the kernel.', () => cpu('system'));
  add('process_cpu_seconds_total', 'CPU time spent.', () => cpu('user', 'system'));
  const start = Math.floor(performance.timeOrigin / 1000);
  add('process_start_time_seconds', 'Start time of the process, in seconds since 1970.', () => start);
  add('process_resident_memory_bytes', 'Resident memory.', () => process.memoryUsage.rss());
  if (process.platform === 'linux') addLinux(add);

  addEventLoop(add);
  labelled('nodejs_active_resources', 'Resources that keep the event loop alive, by type.', () => {
    const counts = new Map<string, number>();
    for (const type of process.getActiveResourcesInfo()) counts.set(type, (counts.get(type) ?? 0) + 1);
    return Array.from(counts, ([type, value]) => ({ labels: { type }, value }));
  });
  const memory = process.memoryUsage;
  add('nodejs_heap_size_total_bytes', 'Size of the JavaScript heap.', () => memory().heapTotal);
  add('nodejs_heap_size_used_bytes', 'Used part of the JavaScript heap.', () => memory().heapUsed);
  add('nodejs_external_memory_bytes', 'Memory of objects outside of the heap.', () => memory().external);
  for (const [what, field] of Object.entries(HEAP_SPACE))
    labelled(`nodejs_heap_space_size_${what}_bytes`, `The ${what} size of each space of the heap.`, () =>
      getHeapSpaceStatistics().map((space) => ({
        labels: { space: space.space_name.replace(/_space$/, '') },
        value: space[field],
      })),
    );
  const { version, versions } = process;
  const [major = '', minor = '', patch = ''] = versions.node.split('.');
  labelled('nodejs_version_info', 'Version of Node.', () => [
    { labels: { version, major, minor, patch }, value: 1 },
  ]);
  return [...metrics, gcMetric()];
}

type Add = (name: string, help: string, read: () => number) => void;

/** Adds Linux's figures from /proc, which the kernel serves from memory without blocking. */
function addLinux(add: Add): void {
  const numberIn = (file: string, before: string) =>
    Number(new RegExp(`^${before}\\s+(\\d+)`, 'm').exec(readFileSync(`/proc/self/${file}`, 'utf8'))?.[1]);
  const most = numberIn('limits', 'Max open files');
  add('process_virtual_memory_bytes', 'Virtual memory.', () => 1024 * numberIn('status', 'VmSize:'));
  add('process_heap_bytes', 'Data segment.', () => 1024 * numberIn('status', 'VmData:'));
  // one of them reads the folder
  add('process_open_fds', 'Open file descriptors.', () => readdirSync('/proc/self/fd').length - 1);
  add('process_max_fds', 'Open file descriptors, at most.', () => most);
}

/** Adds the event loop's lag, now and since the last scrape. */
function addEventLoop(add: Add): void {
  const delays = monitorEventLoopDelay();
  delays.enable();
  let lag = 0;
  add('nodejs_eventloop_lag_seconds', 'Delay of the event loop at the last scrape.', () => {
    const began = performance.now();
    setImmediate(() => {
      lag = (performance.now() - began) / 1000;
    });
    return lag;
  });
  const part = (what: string, read: () => number) =>
    add(`nodejs_eventloop_lag_${what}_seconds`, `Delays of the event loop: ${what}.`, () => read() / 1e9);
  for (const what of ['min', 'max', 'mean', 'stddev'] as const) part(what, () => delays[what]);
  for (const percent of [50, 90]) part(`p${percent}`, () => delays.percentile(percent));
  part('p99', () => {
    const p99 = delays.percentile(99);
    delays.reset();
    return p99;
  });
}

function gcMetric(): Metric {
  const [name, help] = ['nodejs_gc_duration_seconds', 'Duration of garbage collections, by kind.'];
  const kinds = new Map<string, Histogram>();
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const { duration, detail } = entry as typeof entry & { readonly detail: { readonly kind: number } };
      const kind = GC_KINDS.get(detail.kind) ?? 'other';
      if (!kinds.has(kind)) kinds.set(kind, new Histogram(name, help, GC_SECONDS, { kind }));
      kinds.get(kind)?.observe(duration / 1000);
    }
  }).observe({ entryTypes: ['gc'] });
  return { name, help, type: 'histogram', read: () => [...kinds.values()].flatMap((one) => [...one.read()]) };
}
