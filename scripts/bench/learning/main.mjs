#!/usr/bin/env node
// What the defaults learn, on generated series and on a year of weather, and on a folder of other series:
//   npm run bench:learning [-- --series DIR] [--json] [--quick]
// DIR has index.json ([{name, file, column, season?}]) and baselines.mjs, plain forecasts to beat.
import { parseArgs } from 'node:util';
import { machine, table } from '../support/measure.mjs';
import { MIXTURES, SPECS, scoreMixtures } from './ablation.mjs';
import { daily, earlyTask, glitchTask, mackey, noiseTask, repeatedTask, sizeTask } from './robust.mjs';
import { readSeries, scoreSeries } from './series.mjs';
import {
  addTaskTask,
  mackeyGlassTask,
  REGIMES,
  randomWalkTask,
  readSeattle,
  regimeTask,
  seattleTask,
} from './tasks.mjs';

const { values } = parseArgs({
  options: {
    series: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const began = performance.now();
const seeds = values.quick ? [1] : [1, 2, 3];
const rows = [];
const add = (what, aim, seen) => {
  rows.push({ what, aim, seen });
  if (!values.json) console.error(`${((performance.now() - began) / 1000).toFixed(0)} s  ${what}: ${seen}`);
};
const each = (numbers, digits = 3) => numbers.map((number) => number.toFixed(digits)).join(' ');
const mean = (numbers) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

if (values.series) await ofSeries(values.series);
else console.error('The rows on other series are left out: say where they are with --series DIR.');

add("Mackey-Glass, rows 100 to 200, error over the last value's", '<= .15', earlyTask().toFixed(3));
for (const value of [1e9, 65535, -9999]) {
  const { before, after, events } = glitchTask(value);
  add(
    `sine, ${value} at step 4,000, a fault at 9,000: skill before, and 50 steps after; events`,
    'within .05; one each',
    `${each([before, after])}; ${events.join(' ') || 'none'}`,
  );
}
add('sine, -999 every 500 rows: skill over that without', '>= .9', repeatedTask(-999).toFixed(3));
for (const [name, x] of [
  ['sine', daily(4000)],
  ['Mackey-Glass', mackey(3000)],
]) {
  const seen = seeds.map((seed) => noiseTask(x, seed));
  const ratio = mean(seen.map(({ beside }) => beside)) / mean(seen.map(({ alone }) => alone));
  add(
    `${name} beside 49 columns of noise: error over that alone`,
    '<= 1.15',
    `${ratio.toFixed(3)} (${each(
      seen.map(({ beside }) => beside),
      4,
    )} over ${each(
      seen.map(({ alone }) => alone),
      4,
    )})`,
  );
}
add(
  'Mackey-Glass, 256 units with k1=1: error over that of 32 with k1=4',
  '<= 1.05',
  each(seeds.map((seed) => sizeTask(mackey(2500), seed))),
);

const known = seeds.map((seed) => mackeyGlassTask({ seed }));
add(
  'Mackey-Glass, 1 step ahead, NRMSE after 5,000 steps',
  `<= .05, <= half of persistence's ${known[0].persistence.toFixed(3)}`,
  each(
    known.map(({ nrmse }) => nrmse),
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
      `Seattle, MAE ${ahead} h ahead, last 4,000 rows${season ? `, season ${season} told` : ''}`,
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

const report = { machine: machine(), seeds, seconds: (performance.now() - began) / 1000, rows };
if (values.json) console.log(JSON.stringify(report, null, 1));
else {
  const { cpu, cores, node, date } = report.machine;
  console.log(
    `Learning: ${cpu}, ${cores} cores, Node ${node}, ${date}; seeds ${seeds.join(', ')}, all else by default, N = 32; ${report.seconds.toFixed(0)} s.\n`,
  );
  console.log(
    table(
      ['what', 'aim', 'seen'],
      rows.map(({ what, aim, seen }) => [what, aim, seen]),
    ),
  );
}

/** Forecasts, ranges, sizes and parts, on other series. */
async function ofSeries(dir) {
  const data = await readSeries(dir);
  const count = data.series.length;
  for (const [h, aim] of [
    [1, '<= .67, at most 3 over, none worse'],
    [6, '<= .54, at most 3 over, none worse'],
  ]) {
    const { rows: seen, mean: geometric } = scoreSeries(data, h, {}, { ranges: true });
    const over = seen
      .filter(({ overBest }) => overBest > 1.05)
      .map(({ name, overBest }) => `${name} ${overBest.toFixed(2)}x`);
    const worse = seen.filter(({ ratio }) => ratio > 1.03).map(({ name }) => name);
    add(
      `${count} series, ${h} ahead: error over the last value's, geometric mean; over 5 % above the best plain forecast; over 3 % worse than the last value`,
      aim,
      `${geometric.toFixed(3)}; ${over.length} (${over.join(', ') || 'none'}); ${worse.length}`,
    );
    const covered = seen.filter(({ coverage }) => coverage >= 0.88 && coverage <= 0.92).length;
    const outside = seen
      .filter(({ coverage }) => !(coverage >= 0.88 && coverage <= 0.92))
      .map(({ name, coverage }) => `${name} ${coverage.toFixed(2)}`);
    const wider = seen
      .filter(({ widthOverPlain }) => widthOverPlain > 1)
      .map(({ name, widthOverPlain }) => `${name} ${widthOverPlain.toFixed(2)}x`);
    add(
      `${h} ahead: coverage of the 0.9 range within .88 to .92; wider than a conformal one on the best plain forecast`,
      '16 of 19; none',
      `${covered} of ${count} (${outside.join(', ')}); ${wider.length} (${wider.join(', ')})`,
    );
  }
  if (values.quick) return;
  for (const { name, spec } of SPECS)
    add(
      `${name}: geometric mean, 1 and 6 ahead`,
      '',
      each([1, 6].map((h) => scoreSeries(data, h, spec).mean)),
    );
  const mixtures = [1, 6].map((h) => scoreMixtures(data, h));
  for (const [i, { name }] of MIXTURES.entries())
    add(`${name}: geometric mean, 1 and 6 ahead`, '', each(mixtures.map((means) => means[i])));
  const hufl = data.series.find(({ name }) => name === 'etth1_hufl');
  if (hufl)
    add(
      'etth1_hufl, 256 units with k1=1: error over that of 32 with k1=4',
      '<= 1.05',
      sizeTask(hufl.x).toFixed(3),
    );
}
