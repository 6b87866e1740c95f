/** The charts of one target and horizon, from top to bottom. */
import type { Points, View } from '../report-data.js';
import { shortened } from './axis-text.js';
import { chosen, data } from './elements.js';
import type { ChartOptions } from './report-chart.js';
import { statesChart } from './state-picture.js';

type Output = View['outputs'][number];
type Target = View['targets'][number];

/** Which output the controls have chosen, by its place among all. */
export const chosenOutput = (): number => chosen('horizon') * data.targets.length + chosen('target');

/** Gives the charts of a view; none if it lacks the chosen output. */
export function chartsOf(view: View): ChartOptions[] {
  const k = chosen('target');
  const truth = view.targets[k];
  const output = view.outputs[chosenOutput()];
  if (!truth || !output) return [];
  const x = view.time ?? view.row;
  const name = shortened(data.targets[k] ?? '');
  return [
    forecastChart(x, name, truth, output, view.width > 1),
    errorChart(x, name, output),
    skillChart(x, output),
    anomalyChart(x, view),
    gradientChart(x, view),
    statesChart(view, x),
  ];
}

const DRIFT = { at: data.drift, colour: 'drift', dash: [8, 4] };
const MARKS = [{ at: data.anomalies, colour: 'mark', dash: [2, 3] }, DRIFT];

const hasNumbers = (points: Points) => points.some((point) => point !== null);

/** A line of one value, all along. */
const level = (label: string, x: Points, value: number, colour = 'dim') => ({
  label,
  points: x.map(() => value),
  colour,
  width: 1,
  dash: [4, 4],
});

const skillOf = (errors: Points, naive: Points): Points =>
  errors.map((error, t) => {
    const other = naive[t];
    return error === null || !other ? null : 1 - error / other;
  });

function forecastChart(
  x: Points,
  name: string,
  truth: Target,
  output: Output,
  isBand: boolean,
): ChartOptions {
  return {
    id: 'forecast',
    x,
    unit: name,
    height: 300,
    marks: MARKS,
    bands: [{ low: 0, high: 1, colour: 'range' }, ...(isBand ? [{ low: 2, high: 3, colour: 'band' }] : [])],
    lines: [
      { label: 'range from', points: output.low, colour: 'range', isEdge: true },
      { label: 'to', points: output.high, colour: 'range', isEdge: true },
      ...(isBand
        ? [
            { label: 'lowest', points: truth.min, colour: 'band', isEdge: true },
            { label: 'highest', points: truth.max, colour: 'band', isEdge: true },
          ]
        : []),
      { label: 'forecast', points: output.forecast, colour: 'forecast', width: 2.5 },
      { label: 'truth', points: truth.mean, colour: 'truth', width: 1 },
    ],
  };
}

function errorChart(x: Points, name: string, output: Output): ChartOptions {
  return {
    id: 'error',
    x,
    unit: `MAE, ${name}`,
    marks: [DRIFT],
    lines: [
      { label: 'forecast', points: output.mae, colour: 'forecast', width: 2 },
      { label: 'persistence', points: output.naive, colour: 'naive' },
      ...(hasNumbers(output.season)
        ? [{ label: 'a season ago', points: output.season, colour: 'season' }]
        : []),
    ],
  };
}

function skillChart(x: Points, output: Output): ChartOptions {
  return {
    id: 'skill',
    x,
    unit: 'skill',
    range: (_, min) => [Math.max(-1, Math.min(0, min)), 1],
    marks: [DRIFT],
    lines: [
      { label: 'against persistence', points: skillOf(output.mae, output.naive), colour: 'naive', width: 2 },
      ...(hasNumbers(output.season)
        ? [
            {
              label: 'against a season ago',
              points: skillOf(output.mae, output.season),
              colour: 'season',
              width: 2,
            },
          ]
        : []),
      level('no better', x, 0),
    ],
  };
}

function anomalyChart(x: Points, view: View): ChartOptions {
  return {
    id: 'anomaly',
    x,
    unit: 'score, 0 to 1',
    range: [0, 1.02],
    marks: MARKS,
    lines: [
      { label: 'score', points: view.anomaly, colour: 'score', width: 1 },
      level('threshold', x, data.threshold),
    ],
  };
}

function gradientChart(x: Points, view: View): ChartOptions {
  const { clipNorm } = data;
  return {
    id: 'gradient',
    x,
    unit: 'norm, log scale',
    isLog: true,
    lines: [
      {
        label: 'largest norm',
        points: view.gradient.map((norm) => norm || null),
        colour: 'score',
        width: 1,
        spanGaps: true,
      },
      ...(clipNorm === null ? [] : [level('clipped at', x, clipNorm, 'forecast')]),
    ],
  };
}
