/**
 * The wire beside a bare `ws` server that sends frames of the same sizes, corked the same way, in the same run.
 *
 *   node scripts/bench/wire/main.mjs [--quick] [--json] [--store [--group MS]]     after npm run build
 *
 * Server and load have a process each, on 127.0.0.1. Every case is run a few times, Eddy and its peer in turn; the
 * medians count. With `--store`: what it costs to keep every step on the disk, beside the same server in memory.
 */
import { parseArgs } from 'node:util';
import { Child, compare as contest, endAll, measure as run, startServer } from './contest.mjs';
import { machine, storeTable, table } from './report.mjs';
import { BLOCK } from './work.mjs';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    store: { type: 'boolean', default: false },
    group: { type: 'string', default: '5' },
  },
});
const ROUNDS = values.quick ? 1 : 3;
const MS = values.quick ? 250 : 500;

const measure = (load, server, job) => run(load, server, { ms: MS, ...job });
const compare = (contestants, perStep) => contest(ROUNDS, contestants, perStep);

/** Runs the same jobs on a server that keeps every step on the disk and on one that keeps them in memory, in turn. */
async function runStore() {
  const durable = await startServer('durable', values.group);
  const rows = [];
  for (const work of ['serving', 'learning'])
    for (const server of [eddy, durable])
      await measure(load, server, { connections: 2, ms: 700, block: 1, inFlight: 64, work });
  for (const connections of values.quick ? [1, 50] : [1, 4, 50])
    for (const [block, inFlight] of [
      [1, 1],
      [1, 64],
      [1, 256],
      [BLOCK, 4],
    ])
      for (const work of ['serving', 'learning']) {
        const job = { connections, block, inFlight, work };
        const [memory, disk] = await compare([
          () => measure(load, eddy, job),
          () => measure(load, durable, job),
        ]);
        rows.push({ ...job, memory, disk });
      }
  endAll();
  const report = { machine: machine(), groupMs: Number(values.group), rows };
  console.log(values.json ? JSON.stringify(report, null, 2) : storeTable(report));
}

const load = new Child('./load.mjs');
const eddy = await startServer('eddy', values.group);
if (values.store) {
  await runStore();
  process.exit(0);
}
const bare = await startServer('bare', values.group);
const local = new Child('./in-process.mjs');
await local.heard();

// until the engine has compiled what runs hot
const warm = { connections: 2, ms: 500 };
for (const shape of [
  { block: 1, inFlight: 64 },
  { block: 1, inFlight: 1 },
  { block: BLOCK, inFlight: 2 },
]) {
  await measure(load, bare, { ...warm, ...shape });
  for (const work of ['serving', 'learning']) await measure(load, eddy, { ...warm, ...shape, work });
}
await local.ask({ work: 'learning', ms: 1000 });

const serving = [];
for (const connections of values.quick ? [1, 50] : [1, 4, 50])
  for (const [block, inFlight] of [
    [1, 1],
    [1, 8],
    [1, 64],
    [BLOCK, 2],
  ]) {
    const job = { connections, block, inFlight };
    const [peer, served, learned] = await compare([
      () => measure(load, bare, job),
      () => measure(load, eddy, { ...job, work: 'serving' }),
      () => measure(load, eddy, { ...job, work: 'learning' }),
    ]);
    serving.push({ ...job, bare: peer, serving: served, learning: learned });
  }

const fanOut = [];
for (const watchers of values.quick ? [1, 100] : [1, 100, 1000]) {
  const job = { connections: 1, block: 1, inFlight: 8, watchers, work: 'serving' };
  const [peer, served] = await compare(
    [() => measure(load, bare, job), () => measure(load, eddy, job)],
    watchers,
  );
  fanOut.push({ watchers, bare: peer, serving: served });
}

const [inProcess, endToEnd] = await compare([
  () => local.ask({ work: 'learning', ms: MS }),
  () => measure(load, eddy, { connections: 1, block: BLOCK, inFlight: 3, work: 'learning' }),
]);
endAll();

const report = { machine: machine(), serving, fanOut, blocks: { inProcess, endToEnd } };
console.log(values.json ? JSON.stringify(report, null, 2) : table(report));
