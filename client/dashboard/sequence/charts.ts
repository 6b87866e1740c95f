/** Which lines the charts of a sequence show. */
import type { LineChartOptions } from '../charts/line-chart-options.js';
import { COLOUR } from '../charts/palette.js';
import type { Series } from '../charts/series.js';
import { StateSeries } from '../charts/state-series.js';
import type { Flow } from './flow.js';
import type { Output } from './output-list.js';
import type { SequenceRecord } from './sequence-record.js';

/** A line over column `step`. */
const line = (label: string, ring: Series, y: string, colour: number) => ({
  label,
  ring,
  x: 'step',
  y,
  colour,
});

/** The truth, the forecast at the step that it is for with its recent RMSE to either side, and what was called anomalous. */
export function forecastChart(record: SequenceRecord, output: Output | undefined): LineChartOptions {
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

export function errorChart({ scores, spec }: SequenceRecord): LineChartOptions {
  if (spec.readout.kind === 'softmax')
    return { lines: [line('cross-entropy', scores, 'crossEntropy', COLOUR.first)] };
  const lines = [
    line('error', scores, 'error', COLOUR.first),
    { ...line('naive', scores, 'naive', COLOUR.truth), dash: [5, 4] },
  ];
  const seasonal = { ...line('seasonal naive', scores, 'seasonal', COLOUR.third), dash: [2, 3] };
  return { lines: spec.season ? [...lines, seasonal] : lines, scale: 'log' };
}

export function skillChart({ scores, spec }: SequenceRecord): LineChartOptions {
  if (spec.readout.kind === 'softmax')
    return { lines: [line('accuracy', scores, 'accuracy', COLOUR.first)], range: [0, 1] };
  const lines = [line('against naive', scores, 'skill', COLOUR.first)];
  const seasonal = line('against seasonal', scores, 'seasonalSkill', COLOUR.third);
  return {
    lines: spec.season ? [...lines, seasonal] : lines,
    marks: [{ value: 0, label: 'no better' }],
    range: [-0.1, 1],
  };
}

export function gradientChart({ updates, spec: { optimizer } }: SequenceRecord): LineChartOptions {
  const { clipNorm } = optimizer;
  return {
    lines: [line('gradient norm', updates, 'norm', COLOUR.first)],
    ...(clipNorm !== null && { marks: [{ value: clipNorm, label: 'clip' }] }),
    scale: 'log',
  };
}

export const lossChart = ({ updates }: SequenceRecord): LineChartOptions => ({
  lines: [line('loss', updates, 'loss', COLOUR.first)],
  scale: 'log',
});

export const ratioChart = ({ dynamics }: SequenceRecord): LineChartOptions => ({
  lines: [line('‖Δw‖ / ‖w‖', dynamics, 'ratio', COLOUR.first)],
  scale: 'log',
});

export const rateChart = ({ updates }: SequenceRecord): LineChartOptions => ({
  lines: [line('learning rate', updates, 'rate', COLOUR.first)],
});

export const durationChart = ({ updates }: SequenceRecord): LineChartOptions => ({
  lines: [line('duration', updates, 'duration', COLOUR.first)],
});

export const saturationChart = ({ saturation }: SequenceRecord): LineChartOptions => ({
  lines: [line('share of |h| > .97', saturation, 'share', COLOUR.first)],
  range: [0, 0.1],
});

export const radiusChart = ({ dynamics }: SequenceRecord): LineChartOptions => ({
  lines: [line('spectral radius', dynamics, 'radius', COLOUR.first)],
  marks: [{ value: 1, label: 'a state neither fades nor grows' }],
});

export const rateOfStepsChart = ({ ring }: Flow): LineChartOptions => ({
  lines: [line('steps/s', ring, 'steps', COLOUR.first), line('updates/s', ring, 'updates', COLOUR.second)],
  range: [0, 1],
});

export const tripChart = ({ ring }: Flow): LineChartOptions => ({
  lines: [line('p50', ring, 'p50', COLOUR.first), line('p99', ring, 'p99', COLOUR.second)],
  range: [0, 1],
});

export const skippedChart = ({ ring }: Flow): LineChartOptions => ({
  lines: [line('results left out', ring, 'skipped', COLOUR.first)],
  range: [0, 1],
});
