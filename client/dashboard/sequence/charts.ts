/** The charts of a sequence, and which lines they show. */
import type { Line, LineChartOptions } from '../charts/line-chart-options.js';
import { formatReading, formatSingle } from '../charts/numbers.js';
import { COLOUR } from '../charts/palette.js';
import type { Series } from '../charts/series.js';
import { StateSeries } from '../charts/state-series.js';
import { fieldWords, sharedUnit } from './field-words.js';
import type { Flow } from './flow.js';
import type { SequenceRecord } from './sequence-record.js';
import type { ShownSeries } from './shown-series.js';

/** A chart that stays the same for as long as the page shows the sequence. */
export interface FixedChart {
  readonly title: string;
  readonly note?: string;
  readonly options: LineChartOptions;
}

/** A line over column `step`. */
const line = (label: string, ring: Series, y: string, colour: number) => ({
  label,
  ring,
  x: 'step',
  y,
  colour,
});

/**
 * The truth, the forecast at the step that it is for with its range to either side, and what was called anomalous.
 *
 * @param words names the output, as it is called now: other words make no other chart
 */
export function forecastChart(
  record: SequenceRecord,
  shown: ShownSeries | undefined,
  words: () => string = () => shown?.words ?? '',
): LineChartOptions {
  const { predictions, anomalies, outputs } = record;
  const M = outputs.length;
  const { feature = 0, output = null, label = null } = shown ?? {};
  if (output === null || label === null) return { lines: [truthLine(record, feature ?? 0)] };
  const at = (v: Float32Array) => v[output] as number;
  const range = (v: Float32Array) => v[M + output] as number;
  const series = new StateSeries(
    predictions,
    { y: at, upper: (v) => at(v) + range(v), lower: (v) => at(v) - range(v) },
    label.horizon ?? 0,
  );
  const named = (y: string, more: Partial<Line>, suffix = ''): Line => ({
    ...line('', series, y, COLOUR.first),
    ...more,
    get label() {
      return words() + suffix;
    },
  });
  const forecast = named('y', { format: formatSingle });
  if (feature === null) return { lines: [forecast] };
  const marked = new StateSeries(anomalies, { x: (v: Float64Array) => v[feature] as number });
  return {
    lines: [
      truthLine(record, feature),
      named('upper', { isEdge: true }, ' + range'),
      named('lower', { isEdge: true }, ' − range'),
      forecast,
      { ...line('anomaly', marked, 'x', COLOUR.second), points: true, format: formatReading },
    ],
    bands: [{ upper: 1, lower: 2, colour: COLOUR.first }],
  };
}

const truthLine = ({ inputs, fields }: SequenceRecord, feature: number) => ({
  ...line(
    fieldWords(fields[feature] ?? { name: `x${feature}` }),
    new StateSeries(inputs, { x: (v: Float64Array) => v[feature] as number }),
    'x',
    COLOUR.truth,
  ),
  isGround: true,
  format: formatReading,
});

export function pinnedChart({ states }: SequenceRecord, units: readonly number[]): LineChartOptions {
  const columns = Object.fromEntries(
    units.map((unit) => [`h${unit}`, (v: Float32Array) => v[unit] as number]),
  );
  const series = new StateSeries(states, columns);
  return { lines: units.map((unit, i) => line(`unit ${unit}`, series, `h${unit}`, i)), range: [-1, 1] };
}

/** How well a sequence predicts, and what its updates do. */
export function learningCharts({ scores, updates, spec, labels }: SequenceRecord): FixedChart[] {
  const { clipNorm } = spec.optimizer;
  const unit = sharedUnit(labels);
  const over = labels.length > 1 ? ` over ${labels.length} outputs` : '';
  const gradients: FixedChart[] = [
    {
      title: 'Loss',
      note: 'of each update',
      options: { lines: [line('loss', updates, 'loss', COLOUR.first)], scale: 'log' },
    },
    {
      title: 'Gradient norm',
      note: 'before it is clipped',
      options: {
        lines: [line('gradient norm', updates, 'norm', COLOUR.first)],
        ...(clipNorm !== null && { marks: [{ value: clipNorm, label: 'clip' }] }),
        scale: 'log',
      },
    },
  ];
  if (spec.readout.kind === 'softmax') {
    const crossEntropy = line('cross-entropy', scores, 'crossEntropy', COLOUR.first);
    const accuracy = line('accuracy', scores, 'accuracy', COLOUR.first);
    return [
      { title: 'Cross-entropy', note: 'nats, recent', options: { lines: [crossEntropy] } },
      { title: 'Accuracy', note: 'recent', options: { lines: [accuracy], range: [0, 1] } },
      ...gradients,
    ];
  }
  const errors = [
    line('error', scores, 'error', COLOUR.first),
    { ...line('naive', scores, 'naive', COLOUR.truth), dash: [5, 4] },
    ...(spec.season ? [{ ...line('seasonal naive', scores, 'seasonal', COLOUR.third), dash: [2, 3] }] : []),
  ];
  const skills = [
    line('against naive', scores, 'skill', COLOUR.first),
    ...(spec.season ? [line('against seasonal', scores, 'seasonalSkill', COLOUR.third)] : []),
  ];
  const marks = [{ value: 0, label: 'no better' }];
  return [
    {
      title: 'Error against naive',
      note: `recent mean${over}${unit ? `, ${unit}` : ''}`,
      options: { lines: errors, scale: 'log' },
    },
    {
      title: 'Skill',
      note: `1 - error / naive error, recent${over}`,
      options: { lines: skills, marks, range: [-0.1, 1] },
    },
    ...gradients,
  ];
}

/** What is told small, below the others. */
export function smallCharts(record: SequenceRecord, { ring }: Flow): FixedChart[] {
  const { updates, dynamics, saturation, outputs, hasRadius } = record;
  const one = (title: string, note: string, label: string, of: Series, y: string, more = {}): FixedChart => ({
    title,
    note,
    options: { lines: [line(label, of, y, COLOUR.first)], ...more },
  });
  const two = (title: string, note: string, first: string, second: string, unit = ''): FixedChart => ({
    title,
    note,
    options: {
      lines: [first, second].map((y, i) => line(y + unit, ring, y, i === 0 ? COLOUR.first : COLOUR.second)),
      range: [0, 1],
    },
  });
  const marks = [{ value: 1, label: 'a state neither fades nor grows' }];
  const ofUpdates = [
    one('Update to weight', '‖Δw‖ / ‖w‖, a single update', '‖Δw‖ / ‖w‖', dynamics, 'ratio', { scale: 'log' }),
    one('Learning rate', '', 'learning rate', updates, 'rate'),
    one('Update duration', 'ms', 'duration', updates, 'duration'),
  ];
  return [
    ...(outputs.length > 0 ? ofUpdates : []),
    one('Saturation', 'share of |h| > .97', 'share of |h| > .97', saturation, 'share', { range: [0, 0.1] }),
    ...(hasRadius ? [one('Spectral radius', 'of Wh', 'spectral radius', dynamics, 'radius', { marks })] : []),
    two('Throughput', 'a second', 'steps', 'updates', '/s'),
    two('Round trip', 'ms, of the last 60 requests', 'p50', 'p99'),
    one('Left out', 'results that did not come', 'results left out', ring, 'skipped', { range: [0, 1] }),
  ];
}
