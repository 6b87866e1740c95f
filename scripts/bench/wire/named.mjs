/**
 * What names, times and float64 cost on the wire: learning rows of one server, with steps as float32 and without times
 * beside steps with names, times and readings as float64, in turn.
 *
 *   node scripts/bench/wire/named.mjs     after npm run build
 */
import { table } from '../support/measure.mjs';
import { Child, compare, endAll, measure, startServer } from './contest.mjs';
import { BLOCK } from './work.mjs';

const [ROUNDS, MS] = [15, 400];
const load = new Child('./load.mjs');
const server = await startServer('eddy', '5');
const rows = [];
for (const connections of [1, 4])
  for (const [block, inFlight] of [
    [1, 8],
    [1, 64],
    [BLOCK, 2],
  ]) {
    const job = { connections, block, inFlight, work: 'learning', ms: MS };
    const run = (named) => () => measure(load, server, { ...job, named });
    const [plain, named] = await compare(ROUNDS, [run(false), run(true)]);
    rows.push([
      connections,
      block,
      inFlight,
      Math.round(plain.stepsPerSecond).toLocaleString('en'),
      Math.round(named.stepsPerSecond).toLocaleString('en'),
      (named.stepsPerSecond / plain.stepsPerSecond).toFixed(3),
      (named.cpuMicroseconds / plain.cpuMicroseconds).toFixed(3),
    ]);
  }
const columns = [
  'sockets',
  'block',
  'in flight',
  'plain, steps/s',
  'named, steps/s',
  'ratio',
  'ratio of CPU',
];
console.log(table(columns, rows));
endAll();
