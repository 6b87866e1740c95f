/** Which lines the charts of a run show. */
import type { Line, LineChartOptions } from '../charts/line-chart-options.js';
import { COLOUR } from '../charts/palette.js';
import { fieldWords } from '../sequence/field-words.js';
import { isSameModel } from './model-spec.js';
import type { RunnerRecord } from './run-record.js';
import type { Run, RunRunner } from './training-run.js';

/** A runner keeps its colour in every chart. */
export const colourOf = (name: RunRunner['name']): number => (name === 'A' ? COLOUR.first : COLOUR.second);

/** A line for each runner, over column `step` of one of its records. */
const linesOf = (run: Run, what: string, ringOf: (record: RunnerRecord) => Line['ring'], y: string): Line[] =>
  run.runners.map(({ name, setting, record }, i) => {
    const [first] = run.runners;
    // where both runs should be the same, the line of the second lies on that of the first, and both are seen
    const isDashed = i > 0 && first && isSameModel(first.setting, setting);
    return {
      label: run.runners.length > 1 ? `${what} ${name}` : what,
      ring: ringOf(record),
      x: 'step',
      y,
      colour: colourOf(name),
      width: 1.75,
      ...(isDashed && { dash: [9, 9] }),
    };
  });

/** A feature as it was, and what each runner said of it beforehand if it is forecast. */
export function forecastChart(run: Run, feature: number): LineChartOptions {
  const { ring, fields } = run.truth;
  const label = fieldWords(fields[feature] ?? { name: 'truth' });
  const truth = { label, ring, x: 'step', y: `x${feature}`, colour: COLOUR.truth };
  const output = run.targets.indexOf(feature);
  if (output < 0) return { lines: [{ ...truth, isGround: true }] };
  const lines = linesOf(run, 'forecast', ({ forecasts }) => forecasts, `y${output}`);
  return { lines: [{ ...truth, isGround: true }, ...lines] };
}

/** Of the add task: the probability that each runner gives to a 1, and that which nobody can know better. */
export function probabilityChart(run: Run): LineChartOptions {
  const { ring } = run.truth;
  const best = { label: 'best possible', ring, x: 'step', y: 'ideal', colour: COLOUR.truth, isGround: true };
  const lines = linesOf(run, 'probability of 1', ({ forecasts }) => forecasts, 'y1');
  return { lines: [best, ...lines], range: [0, 1] };
}

/** The recent error of each runner, beside that of the naive forecast; of the add task, what memory can reach. */
export function errorChart(run: Run, isAddTask: boolean): LineChartOptions {
  const lines = linesOf(run, isAddTask ? 'cross-entropy' : 'error', ({ scores }) => scores, 'error');
  const [first] = lines;
  if (!isAddTask && first) {
    const naive = {
      label: 'naive',
      ring: first.ring,
      x: 'step',
      y: 'naive',
      colour: COLOUR.truth,
      dash: [5, 4],
    };
    return { lines: [...lines, naive], scale: 'log' };
  }
  const marks = [
    { value: 0.66, label: 'no memory' },
    { value: 0.52, label: '3 steps' },
    { value: 0.45, label: '3 and 8 steps' },
  ];
  return { lines, marks };
}

export const lossChart = (run: Run): LineChartOptions => ({
  lines: linesOf(run, 'loss', ({ losses }) => losses, 'loss'),
  scale: 'log',
});
