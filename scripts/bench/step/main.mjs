/**
 * One learning step of a model in process, with all that goes with it: inputs, scores, forecasters, ranges, health,
 * updates. Medians of interleaved rounds; beside another checkout, if one is named, in the same run.
 *
 *   npm run bench:step [-- --before=CHECKOUT] [--rounds=100] [--only=TEXT]     with npm run build done in CHECKOUT
 */
import { fork } from 'node:child_process';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { median, table } from '../support/measure.mjs';

const HERE = fileURLToPath(new URL('../../..', import.meta.url));
const { values: given } = parseArgs({
  options: {
    before: { type: 'string' },
    rounds: { type: 'string', default: '100' },
    only: { type: 'string', default: '' },
  },
});
const roots = given.before ? [resolve(given.before), HERE] : [HERE];

const long = { learner: { kind: 'tbptt', k1: 32, k2: 32 }, optimizer: { kind: 'sgd' } };
const k16 = { learner: { kind: 'tbptt', k1: 16, k2: 16 } };
const SPECS = [
  ['F 8, N 64, k1 = k2 = 32, SGD', { features: 8, units: 64, ...long }],
  ['F 8, N 64', { features: 8, units: 64 }],
  ['F 8, N 64, k1 = k2 = 16', { features: 8, units: 64, ...k16 }],
  ['F 1, N 32', { features: 1, units: 32 }],
  ['F 3, N 32, 1 and 6 ahead', { features: 3, units: 32, task: { kind: 'forecast', horizon: [1, 6] } }],
  ['F 50, N 32', { features: 50, units: 32 }],
  ['F 50, N 32, one of them forecast', { features: 50, units: 32, task: { kind: 'forecast', targets: [0] } }],
];
/** The same where the network forecasts alone, which older checkouts do by themselves. */
const alone = ([name, spec]) => [
  `${name}, network alone`,
  { ...spec, task: { kind: 'forecast', horizon: [1], ...spec.task, forecaster: 'network' } },
];
const all = SPECS.flatMap((one) => [one, alone(one)]).filter(([name]) => name.includes(given.only));

const start = (root, settings) =>
  new Promise((done, fail) => {
    const child = fork(new URL('./steps.mjs', import.meta.url), [root, JSON.stringify(settings)]);
    child.once('message', () => done(child));
    child.once('error', fail);
  });
const ask = (child) =>
  new Promise((done) => {
    child.once('message', done);
    child.send('run');
  });

const rows = [];
for (const [name, spec] of all) {
  const children = await Promise.all(roots.map((root) => start(root, { spec, warm: 6000 })));
  const times = children.map(() => []);
  for (let round = 0; round < Number(given.rounds); round++)
    for (const [i, child] of children.entries()) times[i].push(await ask(child));
  for (const child of children) child.disconnect();
  const [first, last] = [median(times[0]), median(times.at(-1))];
  const cells = [name, Math.round(last)];
  rows.push(given.before ? [...cells, Math.round(first), (last / first).toFixed(2)] : cells);
}
console.log(`Medians of ${given.rounds} interleaved rounds, about 10 ms each.\n`);
console.log(table(['model', 'ns a step', ...(given.before ? ['before', 'ratio'] : [])], rows));
