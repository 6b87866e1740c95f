/** Which lines the charts of a run show. */
import type { Line, LineChartOptions } from '../charts/line-chart.js';
import { COLOUR } from '../charts/palette.js';
import type { Run, RunLane } from './run.js';
import { isSameModel } from './runner-words.js';

/** A lane keeps its colour in every chart. */
export const colourOf = (name: RunLane['name']): number => (name === 'A' ? COLOUR.first : COLOUR.second);

/** Where both runs should be the same, the second is dashed: its line lies on that of the first, and both are seen. */
function strokeOf({ name }: RunLane, { lanes: [a, b] }: Run): Pick<Line, 'width' | 'dash'> {
  const isDashed = name === 'B' && a && b && isSameModel(a.setting, b.setting);
  return { width: 1.75, ...(isDashed && { dash: [9, 9] }) };
}

const named = (what: string, { name }: RunLane, run: Run) =>
  run.lanes.length > 1 ? `${what} ${name}` : what;

/** The truth, and what each lane said of it beforehand. */
export function forecastChart(run: Run, feature: number): LineChartOptions {
  const { ring, names } = run.truth;
  const lines = run.lanes.map((lane) => ({
    label: named('forecast', lane, run),
    ring: lane.record.forecasts,
    x: 'step',
    y: `y${feature}`,
    colour: colourOf(lane.name),
    ...strokeOf(lane, run),
  }));
  const truth = { label: names[feature] ?? 'truth', ring, x: 'step', y: `x${feature}`, colour: COLOUR.truth };
  return { lines: [{ ...truth, isGround: true }, ...lines] };
}

/** Of the add task: the probability that each lane gives to a 1, and that which nobody can know better. */
export function probabilityChart(run: Run): LineChartOptions {
  const { ring } = run.truth;
  const best = { label: 'best possible', ring, x: 'step', y: 'ideal', colour: COLOUR.truth, isGround: true };
  const lines = run.lanes.map((lane) => ({
    label: named('probability of 1', lane, run),
    ring: lane.record.forecasts,
    x: 'step',
    y: 'y1',
    colour: colourOf(lane.name),
    ...strokeOf(lane, run),
  }));
  return { lines: [best, ...lines], range: [0, 1] };
}

/** The recent error of each lane, beside that of the naive forecast; of the add task, what memory can reach. */
export function errorChart(run: Run, isAddTask: boolean): LineChartOptions {
  const lines = run.lanes.map((lane) => ({
    label: named(isAddTask ? 'cross-entropy' : 'error', lane, run),
    ring: lane.record.scores,
    x: 'step',
    y: 'error',
    colour: colourOf(lane.name),
    ...strokeOf(lane, run),
  }));
  const [first] = run.lanes;
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
  lines: run.lanes.map((lane) => ({
    label: named('loss', lane, run),
    ring: lane.record.losses,
    x: 'step',
    y: 'loss',
    colour: colourOf(lane.name),
    ...strokeOf(lane, run),
  })),
  scale: 'log',
});
