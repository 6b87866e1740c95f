/** The text format of Prometheus, version 0.0.4: https://prometheus.io/docs/instrumenting/exposition_formats/. */
import type { Meter } from '../../store/store-counters.js';

export const CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

export type Labels = Readonly<Record<string, string | number>>;

/** One line of a metric: what follows its name, its labels, and its value. */
export interface Sample {
  readonly suffix?: '_bucket' | '_sum' | '_count';
  readonly labels?: Labels;
  readonly value: number;
}

export interface Metric {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  /** Reads the metric, on each scrape. */
  read(): Iterable<Sample>;
}

/** Counts measurements by size. */
export class Histogram implements Metric, Meter {
  readonly type = 'histogram';
  /** Measurements up to each bound and over the bound before it; the last are over all bounds. */
  private readonly counts: number[];
  private sum = 0;

  /** @param bounds in ascending order */
  constructor(
    readonly name: string,
    readonly help: string,
    private readonly bounds: readonly number[],
    private readonly labels: Labels = {},
  ) {
    this.counts = new Array(bounds.length + 1).fill(0);
  }

  observe(value: number): void {
    const at = this.bounds.findIndex((bound) => value <= bound);
    this.counts[at < 0 ? this.bounds.length : at]!++;
    this.sum += value;
  }

  *read(): Generator<Sample> {
    let count = 0;
    for (const [i, le] of [...this.bounds, '+Inf'].entries()) {
      count += this.counts[i]!;
      yield { suffix: '_bucket', labels: { le, ...this.labels }, value: count };
    }
    yield { suffix: '_sum', labels: this.labels, value: this.sum };
    yield { suffix: '_count', labels: this.labels, value: count };
  }
}

export function metricsText(metrics: Iterable<Metric>): string {
  const blocks = Array.from(metrics, (metric) => {
    const { name, help, type } = metric;
    const lines = Array.from(
      metric.read(),
      ({ suffix = '', labels = {}, value }) => `${name}${suffix}${labelsText(labels)} ${numberText(value)}`,
    );
    return [`# HELP ${name} ${help}`, `# TYPE ${name} ${type}`, ...lines].join('\n');
  });
  return `${blocks.join('\n\n')}\n`;
}

function labelsText(labels: Labels): string {
  const parts = Object.entries(labels).map(([name, value]) => `${name}="${escaped(String(value))}"`);
  return parts.length === 0 ? '' : `{${parts.join(',')}}`;
}

const escaped = (text: string) =>
  text.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`));

function numberText(value: number): string {
  if (Number.isFinite(value) || Number.isNaN(value)) return String(value);
  return value > 0 ? '+Inf' : '-Inf';
}
