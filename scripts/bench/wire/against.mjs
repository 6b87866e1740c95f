/**
 * This checkout beside another one, for instance of the commit before, in the same run: steps a second and processor time
 * a step of both servers, and their ratios.
 *
 *   [KIND=durable] [SOCKETS=1,4] node scripts/bench/wire/against.mjs CHECKOUT [--quick]     after npm run build in both
 */
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { Child, compare, endAll, measure, median, startServer } from './contest.mjs';
import { BLOCK } from './work.mjs';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false } },
});
const [checkout] = positionals;
if (!checkout) throw new Error('name the checkout to compare with');
/** `eddy`, in memory, or `durable`, on a disk. */
const { KIND = 'eddy' } = process.env;
const [ROUNDS, MS] = values.quick ? [3, 250] : [9, 400];

const load = new Child('./load.mjs');
const before = await startServer(KIND, '5', join(resolve(checkout), 'scripts/bench/wire/server.mjs'));
const after = await startServer(KIND, '5');
for (const work of ['serving', 'learning'])
  for (const server of [before, after])
    for (const shape of [
      { block: 1, inFlight: 64 },
      { block: BLOCK, inFlight: 2 },
    ])
      await measure(load, server, { connections: 2, ms: 1000, work, ...shape });

const ratios = [];
console.log(
  '| sockets | block | in flight | | before, steps/s | after | ratio | before, µs CPU | after | ratio |',
);
console.log(`|${' --- |'.repeat(10)}`);
for (const connections of (process.env.SOCKETS ?? '1,4,50').split(',').map(Number))
  for (const [block, inFlight] of [
    [1, 1],
    [1, 8],
    [1, 64],
    [BLOCK, 2],
  ])
    for (const work of ['serving', 'learning']) {
      const job = { connections, block, inFlight, work, ms: MS };
      const [was, is] = await compare(ROUNDS, [
        () => measure(load, before, job),
        () => measure(load, after, job),
      ]);
      const ratio = is.stepsPerSecond / was.stepsPerSecond;
      ratios.push(ratio);
      const rates = [was, is].map(({ stepsPerSecond }) => Math.round(stepsPerSecond).toLocaleString('en'));
      const costs = [was, is].map(({ cpuMicroseconds }) => cpuMicroseconds.toFixed(2));
      const cost = is.cpuMicroseconds / was.cpuMicroseconds;
      const cells = [
        connections,
        block,
        inFlight,
        work,
        ...rates,
        ratio.toFixed(2),
        ...costs,
        cost.toFixed(2),
      ];
      console.log(`| ${cells.join(' | ')} |`);
    }
endAll();
console.log(`median of ratios ${median(ratios).toFixed(3)}, least ${Math.min(...ratios).toFixed(2)}`);
