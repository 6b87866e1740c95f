#!/usr/bin/env node
// Steps a second of the clients in Python and in TypeScript, in the same run: blocks of 64 steps of 8 fields, pushed until
// all are durable, by one process each, in turn. ROUNDS (5) and STEPS (40,000) of the environment.
import { fork, spawn, spawnSync } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { interleave, machine, table } from '../support/measure.mjs';
import { BLOCK, FEATURES, SPECS } from '../wire/work.mjs';

const rounds = Number(process.env.ROUNDS ?? 5);
const steps = Math.ceil(Number(process.env.STEPS ?? 40_000) / BLOCK) * BLOCK;
const fileOf = (name) => fileURLToPath(new URL(name, import.meta.url));

const python = [process.env.PYTHON, 'python3', '/usr/bin/python3'].find(
  (program) => program && spawnSync(program, ['-c', 'import websockets, msgpack']).status === 0,
);
if (!python) {
  console.error('no python3 with websockets and msgpack: apt-get install python3-websockets python3-msgpack');
  process.exit(1);
}

/** A process that pushes on demand: a line with a name and a number of steps in, a line with seconds out. */
function worker(program, args, env = {}) {
  const child = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async run(order) {
      child.stdin.write(`${JSON.stringify(order)}\n`);
      return JSON.parse((await lines.next()).value).seconds;
    },
    end: () => child.stdin.end(),
  };
}

const PATH = { PYTHONPATH: fileOf('../../../client/python/src') };
const rows = [];
for (const kind of ['eddy', 'durable']) {
  const server = fork(fileOf('../wire/server.mjs'), [kind]);
  const { port } = await new Promise((resolve) => server.once('message', resolve));
  const url = `ws://127.0.0.1:${port}`;
  const workers = {
    node: worker(process.execPath, [fileOf('push.mjs'), url]),
    python: worker(python, [fileOf('push.py'), url], PATH),
    'python, lists': worker(python, [fileOf('push.py'), url, 'lists'], PATH),
  };
  let count = 0;
  for (const task of ['serving', 'learning']) {
    const times = await interleave(
      Object.fromEntries(
        Object.entries(workers).map(([name, { run }]) => [
          name,
          () => run({ name: `s${count++}`, spec: SPECS[task], steps, block: BLOCK, features: FEATURES }),
        ]),
      ),
      rounds,
    );
    for (const [name, seconds] of Object.entries(times))
      rows.push([
        `${kind === 'eddy' ? 'in memory' : 'durable'}, ${task}`,
        name,
        Math.round(steps / seconds).toLocaleString('en'),
        `${(times.node / seconds).toFixed(2)}x`,
      ]);
  }
  for (const { end } of Object.values(workers)) end();
  server.disconnect();
}
const { cpu, cores, date } = machine();
console.log(table(['server', 'client', 'steps/s', 'of Node'], rows));
console.log(
  `${steps.toLocaleString('en')} steps, blocks of ${BLOCK}, median of ${rounds}; ${cores} x ${cpu}, ${date}`,
);
