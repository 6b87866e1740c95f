/** Which lines the charts of a run show. */
import type { Line, LineChartOptions } from '../charts/line-chart-options.js';
import { COLOUR } from '../charts/palette.js';
import { isSameModel } from './runner-words.js';
import type { Run, RunRunner } from './training-run.js';

/** A runner keeps its colour in every chart. */
export const colourOf = (name: RunRunner['name']): number => (name === 'A' ? COLOUR.first : COLOUR.second);

/** Where both runs should be the same, the second is dashed: its line lies on that of the first, and both are seen. */
function strokeOf({ name }: RunRunner, { runners: [a, b] }: Run): Pick<Line, 'width' | 'dash'> {
  const isDashed = name === 'B' && a && b && isSameModel(a.setting, b.setting);
  return { width: 1.75, ...(isDashed && { dash: [9, 9] }) };
}

const named = (what: string, { name }: RunRunner, run: Run) =>
  run.runners.length > 1 ? `${what} ${name}` : what;

/** The truth, and what each runner said of it beforehand. */
export function forecastChart(run: Run, feature: number): LineChartOptions {
  const { ring, names } = run.truth;
  const lines = run.runners.map((runner) => ({
    label: named('forecast', runner, run),
    ring: runner.record.forecasts,
    x: 'step',
    y: `y${feature}`,
    colour: colourOf(runner.name),
    ...strokeOf(runner, run),
  }));
  const truth = { label: names[feature] ?? 'truth', ring, x: 'step', y: `x${feature}`, colour: COLOUR.truth };
  return { lines: [{ ...truth, isGround: true }, ...lines] };
}

/** Of the add task: the probability that each runner gives to a 1, and that which nobody can know better. */
export function probabilityChart(run: Run): LineChartOptions {
  const { ring } = run.truth;
  const best = { label: 'best possible', ring, x: 'step', y: 'ideal', colour: COLOUR.truth, isGround: true };
  const lines = run.runners.map((runner) => ({
    label: named('probability of 1', runner, run),
    ring: runner.record.forecasts,
    x: 'step',
    y: 'y1',
    colour: colourOf(runner.name),
    ...strokeOf(runner, run),
  }));
  return { lines: [best, ...lines], range: [0, 1] };
}

/** The recent error of each runner, beside that of the naive forecast; of the add task, what memory can reach. */
export function errorChart(run: Run, isAddTask: boolean): LineChartOptions {
  const lines = run.runners.map((runner) => ({
    label: named(isAddTask ? 'cross-entropy' : 'error', runner, run),
    ring: runner.record.scores,
    x: 'step',
    y: 'error',
    colour: colourOf(runner.name),
    ...strokeOf(runner, run),
  }));
  const [first] = run.runners;
  if (isAddTask || !first)
    return {
      lines,
      marks: [
        { value: 0.66, label: 'no memory' },
        { value: 0.52, label: '3 steps' },
        { value: 0.45, label: '3 and 8 steps' },
      ],
    };
  const naive = {
    label: 'naive',
    ring: first.record.scores,
    x: 'step',
    y: 'naive',
    colour: COLOUR.truth,
    dash: [5, 4],
  };
  return { lines: [...lines, naive], scale: 'log' };
}

export const lossChart = (run: Run): LineChartOptions => ({
  lines: run.runners.map((runner) => ({
    label: named('loss', runner, run),
    ring: runner.record.losses,
    x: 'step',
    y: 'loss',
    colour: colourOf(runner.name),
    ...strokeOf(runner, run),
  })),
  scale: 'log',
});
