#!/usr/bin/env node
// What the defaults learn, on generated series and on a year of weather: npm run bench:learning [-- --json] [-- --quick]
import { Model, noisySine } from '../../../dist/src/index.js';
import { interleave, machine, table, timer } from '../support/measure.mjs';
import {
  addTaskTask,
  mackeyGlassTask,
  REGIMES,
  randomWalkTask,
  readSeattle,
  regimeTask,
  seattleTask,
  take,
} from './tasks.mjs';

const quick = process.argv.includes('--quick');
const seeds = quick ? [1] : [1, 2, 3];
const rows = [];
const add = (what, aim, seen) => rows.push({ what, aim, seen });
const each = (values, digits = 3) => values.map((value) => value.toFixed(digits)).join(' ');

const mackey = seeds.map((seed) => mackeyGlassTask({ seed }));
add(
  'Mackey-Glass, 1 step ahead, NRMSE after 5,000 steps',
  `<= .05, <= half of persistence's ${mackey[0].persistence.toFixed(3)}`,
  each(
    mackey.map(({ nrmse }) => nrmse),
    4,
  ),
);

const weather = await readSeattle();
for (const [season, aims] of [
  [undefined, ['<= .15', '<= .5']],
  [24, ['< .099', '< .099']],
]) {
  const seen = seeds.map((seed) => seattleTask(weather, { seed, season }));
  for (const [i, ahead] of [1, 6].entries())
    add(
      `Seattle, MAE ${ahead} h ahead, last 4,000 rows${season ? `, season ${season}` : ''}`,
      aims[i],
      each(seen.map((maes) => maes[i])),
    );
}

const walks = seeds.map((seed) => randomWalkTask({ seed }));
add(
  "random walk, MAE over persistence's, 20,000 steps",
  '<= 1.03',
  each(
    walks.map(({ whole }) => whole),
    4,
  ),
);
add(
  "random walk, MAE over persistence's, after 5,000",
  '<= 1.03',
  each(
    walks.map(({ later }) => later),
    4,
  ),
);

for (const { name, ...regime } of REGIMES) {
  const seen = seeds.map((seed) => regimeTask({ seed, ...regime }));
  add(
    `${name}: error 1,500 to 2,000 steps later over the one before`,
    '<= 1.5',
    each(
      seen.map(({ ratio }) => ratio),
      2,
    ),
  );
  add(
    `${name}: drift events (at 8000)`,
    'one, once',
    seen.map(({ drifts }) => (drifts.length > 0 ? drifts.join(',') : 'none')).join(' '),
  );
}

const constant = { kind: 'adam', schedule: { kind: 'constant' } };
for (const { k1, k2, aim, optimizer, note } of [
  { k1: 1, k2: 2, aim: 'near .66', optimizer: constant, note: ', constant rate' },
  { k1: 1, k2: 5, aim: 'near .52', optimizer: constant, note: ', constant rate' },
  { k1: 1, k2: 2, aim: '' },
  { k1: 1, k2: 5, aim: '' },
  { k1: 4, k2: 12, aim: '<= .462' },
  { k1: 1, k2: 12, aim: '<= .462' },
]) {
  const seen = seeds.map((seed) => addTaskTask({ seed, k1, k2, optimizer }));
  const drawn = each(
    seen.map(({ crossEntropy }) => crossEntropy),
    4,
  );
  add(
    `add task, expected cross-entropy of the last 20,000 of 200,000 steps, k1=${k1} k2=${k2}${note ?? ''}`,
    aim,
    `${each(
      seen.map(({ expected }) => expected),
      4,
    )} (with the targets drawn ${drawn})`,
  );
}

const cost = await measureCost();
add(
  'scores, naive forecasts, anomaly score and drift detectors, of a learning step, F = 8, N = 64, M = 8',
  '<= 1.40x',
  `${(cost.judged / cost.bare).toFixed(2)}x (${cost.bare.toFixed(2)} to ${cost.judged.toFixed(2)} us)`,
);

const report = { machine: machine(), seeds, rows };
if (process.argv.includes('--json')) console.log(JSON.stringify(report, null, 1));
else {
  const { cpu, cores, node, date } = report.machine;
  console.log(
    `Learning: ${cpu}, ${cores} cores, Node ${node}, ${date}; seeds ${seeds.join(', ')}, all else by default, N = 32.\n`,
  );
  console.log(
    table(
      ['what', 'aim', 'seen'],
      rows.map(({ what, aim, seen }) => [what, aim, seen]),
    ),
  );
}

/** A step with all that is told of its error, beside the same step whose errors nobody looks at. */
async function measureCost() {
  const waves = Array.from({ length: 8 }, (_, i) => take(noisySine({ seed: i + 1, period: 20 + i }), 512));
  const xs = waves[0].map((_, t) => Float32Array.from(waves, (wave) => wave[t]));
  const create = (isJudged) => {
    const model = new Model({ features: 8, units: 64, inputs: { changes: [] } });
    if (!isJudged)
      for (const name of ['score', 'scoreNaive', 'scoreSeasonal', 'end']) model.judge[name] = () => undefined;
    let t = 0;
    return timer(() => model.step(xs[t++ & 511]), 40);
  };
  return interleave({ judged: create(true), bare: create(false) }, quick ? 3 : 15);
}
