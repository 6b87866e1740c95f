/** The charts of a sequence, and which lines they show. */
import type { OutputName } from '../../../src/rnn/io/output-names.js';
import type { LineChartOptions } from '../charts/line-chart-options.js';
import { COLOUR } from '../charts/palette.js';
import type { Series } from '../charts/series.js';
import { StateSeries } from '../charts/state-series.js';
import type { Flow } from './flow.js';
import type { SequenceRecord } from './sequence-record.js';

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

/** The truth, the forecast at the step that it is for with its recent RMSE to either side, and what was called anomalous. */
export function forecastChart(record: SequenceRecord, output: OutputName | undefined): LineChartOptions {
  const { predictions, anomalies, outputs } = record;
  const M = outputs.length;
  if (!output) return { lines: [truthLine(record, 0)] };
  const { feature, horizon, output: m } = output;
  const at = (v: Float32Array) => v[m] as number;
  const deviation = (v: Float32Array) => v[M + m] as number;
  const series = new StateSeries(
    predictions,
    { y: at, upper: (v) => at(v) + deviation(v), lower: (v) => at(v) - deviation(v) },
    horizon ?? 0,
  );
  if (feature === null) return { lines: [line('prediction', series, 'y', COLOUR.first)] };
  const marked = new StateSeries(anomalies, { x: (v) => v[feature] as number });
  return {
    lines: [
      truthLine(record, feature),
      { ...line('+ RMSE', series, 'upper', COLOUR.first), isEdge: true },
      { ...line('− RMSE', series, 'lower', COLOUR.first), isEdge: true },
      line('forecast', series, 'y', COLOUR.first),
      { ...line('anomaly', marked, 'x', COLOUR.second), points: true },
    ],
    bands: [{ upper: 1, lower: 2, colour: COLOUR.first }],
  };
}

const truthLine = ({ inputs }: SequenceRecord, feature: number) => ({
  ...line('truth', new StateSeries(inputs, { x: (v) => v[feature] as number }), 'x', COLOUR.truth),
  isGround: true,
});

export function pinnedChart({ states }: SequenceRecord, units: readonly number[]): LineChartOptions {
  const columns = Object.fromEntries(
    units.map((unit) => [`h${unit}`, (v: Float32Array) => v[unit] as number]),
  );
  const series = new StateSeries(states, columns);
  return { lines: units.map((unit, i) => line(`unit ${unit}`, series, `h${unit}`, i)), range: [-1, 1] };
}

/** How well a sequence predicts, and what its updates do. */
export function learningCharts({ scores, updates, spec }: SequenceRecord): FixedChart[] {
  const { clipNorm } = spec.optimizer;
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
    { title: 'Error against naive', note: 'recent mean', options: { lines: errors, scale: 'log' } },
    {
      title: 'Skill',
      note: '1 - error / naive error, recent',
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
