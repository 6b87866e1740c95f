// The series that the learning benchmark runs over, and what each must show. test/learning has short forms of them.
import { createReadStream } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { addTask, Model, mackeyGlass, noisySine, randomWalk } from '../../../dist/src/index.js';
import { openReading } from '../../../dist/src/reading/index.js';

export const take = (signal, steps) => Array.from({ length: steps }, () => signal.next().value);

/** What a user writes who tunes nothing. */
const defaults = (more) => ({ units: 32, ...more });

/** Carries a model over rows and gives the absolute errors of output j, each for the step that was forecast. */
export function forecast(spec, rows, { j = 0, feature = 0, onStep } = {}) {
  const model = new Model(spec);
  const { task } = model.spec;
  const K = task.targets?.length ?? model.spec.features;
  const ahead = task.horizon[Math.floor(j / K)];
  const errors = new Float64Array(rows.length).fill(Number.NaN);
  const predicted = new Float64Array(rows.length + ahead);
  for (const [t, x] of rows.entries()) {
    const result = model.step(x);
    if (t >= ahead) errors[t] = predicted[t] - x[feature];
    predicted[t + ahead] = result.y[j];
    onStep?.(t, result);
  }
  model.free();
  return errors;
}

const known = (errors) => Array.from(errors).filter((error) => !Number.isNaN(error));
export const mae = (errors) => known(errors).reduce((sum, e) => sum + Math.abs(e), 0) / known(errors).length;
export const rmse = (errors) =>
  Math.sqrt(known(errors).reduce((sum, e) => sum + e * e, 0) / known(errors).length);

function deviation(values) {
  const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
  return Math.sqrt(values.reduce((sum, x) => sum + (x - mean) ** 2, 0) / values.length);
}

/** NRMSE of the steps after `from`, and persistence's. */
export function mackeyGlassTask({ seed, steps = 10_000, from = 5000 }) {
  const x = take(mackeyGlass(), steps);
  const errors = forecast(
    defaults({ features: 1, seed }),
    x.map((value) => [value]),
  );
  const scale = deviation(x.slice(from));
  const naive = x.map((value, t) => value - x[t - 1]).slice(from);
  return { nrmse: rmse(errors.slice(from)) / scale, persistence: rmse(naive) / scale };
}

export async function readSeattle() {
  const url = new URL('data/seattle-weather-hourly-normals.csv', import.meta.resolve('eddy/package.json'));
  const reading = await openReading(createReadStream(fileURLToPath(url)), { columns: ['temperature'] });
  const rows = [];
  for await (const { values } of reading.rows) rows.push(values);
  return rows;
}

/** MAE of the temperature 1 and 6 hours ahead, both forecast at once, over the last `last` rows. */
export function seattleTask(rows, { seed, season, last = 4000 }) {
  const spec = defaults({
    features: 1,
    seed,
    task: { kind: 'forecast', horizon: [1, 6] },
    ...(season && { season }),
  });
  return [0, 1].map((j) => mae(forecast(spec, rows, { j }).slice(-last)));
}

/** MAE over persistence's, of the whole run and of what comes after `from`. */
export function randomWalkTask({ seed, steps = 20_000, from = 5000 }) {
  const x = take(randomWalk({ seed }), steps);
  const errors = forecast(
    defaults({ features: 1, seed }),
    x.map((value) => [value]),
  );
  const naive = x.map((value, t) => value - x[t - 1]);
  const ratio = (begin) => mae(errors.slice(begin)) / mae(naive.slice(begin));
  return { whole: ratio(1), later: ratio(from) };
}

/** The error 1,500 to 2,000 steps after a change over that of the 2,000 steps before it, and the drift events. */
export function regimeTask({ seed, before, after, changeAt = 8000 }) {
  const x = take(noisySine({ seed, ...before, changeAt, after }), changeAt + 4000);
  const drifts = [];
  const errors = forecast(
    defaults({ features: 1, seed }),
    x.map((value) => [value]),
    {
      onStep: (t, { drift }) => drift && drifts.push(t),
    },
  );
  const level = mae(errors.slice(changeAt - 2000, changeAt));
  const later = mae(errors.slice(changeAt + 1500, changeAt + 2000));
  return { ratio: later / level, drifts };
}

/**
 * Cross-entropy of the last tenth of one pass: with the targets that were drawn, and as it is to be expected with the
 * known probability of each target; and the least that could be expected, .4545 over all.
 */
export function addTaskTask({ seed, k1, k2, steps = 200_000, optimizer, more }) {
  const model = new Model(
    defaults({
      features: 1,
      seed,
      readout: { kind: 'softmax' },
      task: { kind: 'supervised', outputs: 2, delay: 0 },
      learner: { kind: 'tbptt', k1, k2 },
      ...(optimizer && { optimizer }),
      ...more,
    }),
  );
  const signal = addTask({ seed });
  const past = [];
  let [sum, expected, floor, count] = [0, 0, 0, 0];
  for (let t = 0; t < steps; t++) {
    const { x, y } = signal.next().value;
    const p = model.step([x]).y;
    if (t >= 0.9 * steps) {
      const truth = 0.5 + 0.5 * (past[t - 3] ?? 0) - 0.25 * (past[t - 8] ?? 0);
      sum -= Math.log(Math.max(p[y], 1e-7));
      const entropy = (q) =>
        -(truth * Math.log(Math.max(q, 1e-7)) + (1 - truth) * Math.log(Math.max(1 - q, 1e-7)));
      expected += entropy(p[1]);
      floor += entropy(truth);
      count++;
    }
    past.push(x);
    model.learn(y ? [0, 1] : [1, 0]);
  }
  model.free();
  return { crossEntropy: sum / count, expected: expected / count, floor: floor / count };
}

export const REGIMES = [
  { name: 'period 25 to 60, amplitude 1 to 3', before: { period: 25 }, after: { period: 60, amplitude: 3 } },
  {
    name: 'period 50 to 17, amplitude 1 to 0.5',
    before: { period: 50 },
    after: { period: 17, amplitude: 0.5 },
  },
  { name: 'level + 20', before: {}, after: { offset: 20 } },
];
