/** The figures as tables for people. */
import { ROSTER } from './roster.mjs';

/** What is in the figures, kind by kind. */
const TITLES = {
  step: `One step of a stateful SimpleRNN, one row, h carried and readable after each: us (times Eddy's)`,
  update: `One update, T = 32, forward + backward + SGD, linear head to F, mean squared error: us (times Eddy's)`,
};

const NOTES = [
  'Eddy: through Model, scaler none. Its update is 32 calls of step (k1 = k2 = 32, forecast of 1 step), with all that',
  '  serving does: checks of x, a prediction and its score at every step, copies of h and y. The others have the whole',
  '  window before they begin, and neither predictions nor scores are read back.',
  'Every row runs in a process of its own, on one thread, and was checked against float64 before it was timed.',
  'onnxruntime: inference only. Its Node package waits for a turn of the event loop at each run, which is in its figure.',
  'brain.js: its own products with tanh, carried state, summed bias gradients and SGD put over its own (relu, h = 0 at',
  '  every run, RMSprop).',
];

/** @param {number} us */
const microseconds = (us) => (us < 10 ? us.toFixed(2) : us < 100 ? us.toFixed(1) : us.toFixed(0));
/** @param {number} ratio */
const times = (ratio) => (ratio < 10 ? ratio.toFixed(1) : ratio.toFixed(0));

/** @param {import('./measure.mjs').Figure | undefined} figure @param {number | undefined} eddy */
function cell(figure, eddy) {
  if (!figure) return '';
  if (figure.us === undefined) return 'fails';
  return microseconds(figure.us) + (eddy ? ` (${times(figure.us / eddy)}x)` : '');
}

/** Pads columns: the first to the left, the others to the right. @param {string[][]} lines */
function align(lines) {
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  return lines
    .map((line) =>
      line.map((text, i) => (i === 0 ? text.padEnd(widths[i]) : text.padStart(widths[i]))).join('  '),
    )
    .join('\n');
}

/** @param {any} report @param {'step' | 'update'} kind */
function table({ results }, kind) {
  const columns = results.filter((result) => result.kind === kind);
  const names = new Set(columns.flatMap(({ figures }) => figures.map(({ name }) => name)));
  const find = ({ figures }, name) => figures.find((figure) => figure.name === name);
  const lines = ROSTER.filter(({ name }) => names.has(name)).map(({ name, label }) => [
    label,
    ...columns.map((column) => cell(find(column, name), find(column, 'eddy')?.us)),
  ]);
  const header = ['(F,N)', ...columns.map(({ features, units }) => `(${features},${units})`)];
  return `${TITLES[kind]}\n\n${align([header, ...lines])}`;
}

/** @param {any} report */
export function format(report) {
  const { machine, node, date, versions, pace, results, skipped } = report;
  const failures = results.flatMap(({ kind, features, units, figures }) =>
    figures
      .filter(({ failed }) => failed)
      .map(({ name, failed }) => `fails: ${name}, ${kind} (${features},${units}): ${failed}`),
  );
  return [
    `${machine.cpu}, ${machine.cores} cores (load ${machine.load.toFixed(1)} at the start) · Node ${node} · ${date}`,
    Object.entries(versions)
      .map(([name, version]) => `${name} ${version}`)
      .join(' · '),
    `medians of ${pace.rounds} interleaved rounds of ${pace.seconds} s`,
    '',
    table(report, 'step'),
    '',
    table(report, 'update'),
    '',
    ...NOTES,
    ...failures,
    ...skipped.map(({ name, why }) => `skipped: ${name}: ${why}`),
  ].join('\n');
}
