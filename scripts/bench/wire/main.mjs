/**
 * The wire beside a bare `ws` server that sends frames of the same sizes, corked the same way, in the same run.
 *
 *   node scripts/bench/wire/main.mjs [--quick] [--json] [--store [--group MS]]     after npm run build
 *
 * Server and load have a process each, on 127.0.0.1. Every case is run a few times, Eddy and its peer in turn; the
 * medians count. With `--store`: what it costs to keep every step on the disk, beside the same server in memory.
 */
import { fork } from 'node:child_process';
import { parseArgs } from 'node:util';
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

const children = [];

/** A process of this folder. What it says is kept until it is heard. */
class Child {
  messages = [];
  wake = () => undefined;

  constructor(file, ...args) {
    this.process = fork(new URL(file, import.meta.url), args);
    this.process.on('message', (message) => {
      this.messages.push(message);
      this.wake();
    });
    this.process.on('exit', (code) => {
      if (code) throw new Error(`${file} ended with ${code}`);
    });
    children.push(this);
  }

  /** Gives the next message. */
  async heard() {
    while (this.messages.length === 0)
      await new Promise((resolve) => {
        this.wake = resolve;
      });
    const message = this.messages.shift();
    if (message.error) throw new Error(message.error);
    return message;
  }

  ask(message) {
    this.process.send(message);
    return this.heard();
  }
}

const cpuOf = async ({ child }) => {
  const { cpu } = await child.ask({});
  return cpu.user + cpu.system;
};

async function startServer(kind) {
  const child = new Child('./server.mjs', kind, values.group);
  return { kind, child, port: (await child.heard()).port };
}

/** Runs one job of the load against a server. */
async function measure(load, server, job) {
  await load.ask({ peer: server.kind, port: server.port, ms: MS, ...job });
  const before = await cpuOf(server);
  await load.heard();
  const cpu = (await cpuOf(server)) - before;
  const { result } = await load.heard();
  return { ...result, cpu };
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];

function summary(runs, perStep = 1) {
  const of = (value) => median(runs.map(value));
  return {
    stepsPerSecond: of(({ steps, seconds }) => (steps * perStep) / seconds),
    cpuMicroseconds: of(({ steps, cpu }) => cpu / (steps * perStep)),
    p50: of(({ p50 = 0 }) => p50),
    p99: of(({ p99 = 0 }) => p99),
  };
}

/** Runs the same job on all contestants in turn, round by round. */
async function compare(contestants, perStep) {
  const runs = contestants.map(() => []);
  for (let round = 0; round < ROUNDS; round++)
    for (const [i, contestant] of contestants.entries()) runs[i].push(await contestant());
  return runs.map((all) => summary(all, perStep));
}

/** Runs the same jobs on a server that keeps every step on the disk and on one that keeps them in memory, in turn. */
async function runStore() {
  const durable = await startServer('durable');
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
  for (const child of children) child.process.disconnect();
  const report = { machine: machine(), groupMs: Number(values.group), rows };
  console.log(values.json ? JSON.stringify(report, null, 2) : storeTable(report));
}

const load = new Child('./load.mjs');
const eddy = await startServer('eddy');
if (values.store) {
  await runStore();
  process.exit(0);
}
const bare = await startServer('bare');
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
for (const child of children) child.process.disconnect();

const report = { machine: machine(), serving, fanOut, blocks: { inProcess, endToEnd } };
console.log(values.json ? JSON.stringify(report, null, 2) : table(report));
