/** Reads Prometheus' text format, strictly, by https://prometheus.io/docs/instrumenting/exposition_formats/. */

export interface Metric {
  readonly help: string;
  readonly type: string;
  /** Values by name and labels, as they stand: `eddy_updates_total{applied="true"}`. */
  readonly values: Map<string, number>;
}

const SAMPLE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\.)*",?)*\})? (\S+)$/;

export function parseMetrics(text: string): Map<string, Metric> {
  const metrics = new Map<string, Metric>();
  let open = '';
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? [];
    if (kind === 'HELP') {
      if (metrics.has(name)) throw new Error(`${name} is there twice`);
      open = name;
      metrics.set(name, { help: rest, type: '', values: new Map() });
    } else if (kind === 'TYPE') {
      const metric = metrics.get(name);
      if (!metric || name !== open) throw new Error(`no help before ${line}`);
      metrics.set(name, { ...metric, type: rest });
    } else {
      const metric = metrics.get(open);
      const [, full = '', labels = '', value = ''] = SAMPLE.exec(line) ?? [];
      const base = full.replace(metric?.type === 'histogram' ? /_(bucket|sum|count)$/ : /$^/, '');
      if (!metric || base !== open) throw new Error(`no sample of ${open}: ${line}`);
      const number = value === '+Inf' ? Number.POSITIVE_INFINITY : Number(value);
      if (Number.isNaN(number) && !/^nan$/i.test(value)) throw new Error(`no number: ${line}`);
      metric.values.set(full + labels, number);
    }
  }
  return metrics;
}

/** Gives one sample, or undefined. */
export function sample(metrics: Map<string, Metric>, key: string): number | undefined {
  for (const { values } of metrics.values()) if (values.has(key)) return values.get(key);
  return undefined;
}
