/**
 * What light sequences see beside heavy ones: the latency of their acks, and what the heavy one has left of its rate.
 *
 *   node scripts/bench/fair/main.mjs [--units 512,1024] [--seconds 8] [--lights 100] [--storm 1000]     after npm run build
 *
 * The server has a process and a data folder of its own, and so has who burdens it (burden.mjs). First a heavy learner pushes
 * blocks as fast as its acks allow beside `lights` sequences at 10 steps/s, then single requests that cost much are made beside
 * one sensor, then many dashboards come back at once. Latencies are in milliseconds.
 */
import { fork, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { connect } from '../../../dist/client/sdk/node.js';

const { values } = parseArgs({
  options: {
    units: { type: 'string', default: '512,1024' },
    seconds: { type: 'string', default: '8' },
    lights: { type: 'string', default: '100' },
    storm: { type: 'string', default: '1000' },
  },
});
const seconds = Number(values.seconds);
const folder = mkdtempSync(join(tmpdir(), 'eddy-bench-fair-'));
const main = new URL('../../../dist/src/cli/main.js', import.meta.url).pathname;
const server = spawn(process.execPath, [main, 'serve', '--data', folder, '--port', '0'], {
  stdio: ['ignore', 'ignore', 'pipe'],
  env: { ...process.env, EDDY_LIMITS_SOCKETS_PER_ADDRESS: '4096' },
});
const url = await new Promise((resolve, reject) => {
  server.once('exit', () => reject(new Error('the server did not start')));
  createInterface({ input: server.stderr }).on('line', (line) => {
    const { url: told } = JSON.parse(line);
    if (told) resolve(told);
  });
});

const quantile = (all, q) =>
  all.toSorted((a, b) => a - b)[Math.min(all.length - 1, Math.floor(all.length * q))];
const told = (all) =>
  `p50 ${quantile(all, 0.5).toFixed(1)}  p99 ${quantile(all, 0.99).toFixed(1)}  max ${quantile(all, 1).toFixed(1)}`;
const x = (n, F) => Float32Array.from({ length: F }, (_, f) => Math.sin(n * 0.1 + f));

/** Pushes a step every so often, and takes down how long its ack takes. */
function sensor(client, name, everyMs, units = 32) {
  const handle = client.open(name, { spec: { features: 2, units } });
  const sent = [];
  const latencies = [];
  let acked = -1;
  handle.acked$.subscribe((seq) => {
    for (; acked < seq; acked++)
      if (sent[acked + 1] !== undefined) latencies.push(performance.now() - sent[acked + 1]);
  });
  let n = 0;
  const timer = setInterval(() => {
    if (handle.room === 0) return;
    sent[n] = performance.now();
    handle.push(x(n++, 2));
  }, everyMs);
  return {
    handle,
    take: () => latencies.splice(0),
    /** How long the oldest step has been waiting. */
    waiting: () => (acked + 1 < n ? performance.now() - sent[acked + 1] : 0),
    end: () => clearInterval(timer),
  };
}

/** Does something in a process of its own, and gives what that tells when it is done. */
const burden = (...args) =>
  new Promise((resolve, reject) => {
    const child = fork(new URL('burden.mjs', import.meta.url), [url, ...args.map(String)]);
    child.once('message', resolve);
    child.once('exit', (code) => reject(new Error(`a burden ended with ${code}`)));
  });

for (const units of values.units.split(',').map(Number)) {
  const heavy = `heavy-${units}`;
  await burden('push', heavy, units, 2000);
  const alone = await burden('push', heavy, units, seconds * 500);
  const clients = [connect(url), connect(url)];
  const count = Number(values.lights);
  const lights = Array.from({ length: count }, (_, i) => sensor(clients[i % 2], `light-${units}-${i}`, 100));
  await Promise.all(lights.map(({ handle: light }) => light.opened));
  await sleep(1500);
  for (const light of lights) light.take();
  await sleep(seconds * 600);
  const before = lights.flatMap((light) => light.take());
  const beside = await burden('push', heavy, units, seconds * 1000);
  const after = lights.flatMap((light) => light.take());
  for (const light of lights) light.end();
  console.log(`${count} light ones alone          ${told(before)}`);
  console.log(
    `beside a learner of ${units} units ${told(after)}   p99 ${(quantile(after, 0.99) / quantile(before, 0.99)).toFixed(1)}x`,
  );
  console.log(
    `its rate                     ${Math.round(alone.rate)} steps/s alone, ${Math.round(beside.rate)} beside them: ${((100 * beside.rate) / alone.rate).toFixed(0)} %`,
  );
  for (const client of clients) client.close();
}

const client = connect(url);
const light = sensor(client, 'sensor', 20, 8);
await light.handle.opened;
/** Makes requests beside the sensor, and tells the longest that it waited for an ack meanwhile. */
async function beside(name, act) {
  await sleep(500);
  light.take();
  const began = performance.now();
  let outcome = '';
  try {
    await act();
  } catch (error) {
    outcome = `  ${error.code ?? error.message}`;
  }
  const ms = performance.now() - began;
  await sleep(100);
  const longest = Math.max(0, light.waiting(), ...light.take());
  console.log(
    `${name.padEnd(44)} sensor waits ${longest.toFixed(0).padStart(4)}   done after ${ms.toFixed(0)}${outcome}`,
  );
}
const open = async (name, spec) => {
  const handle = client.open(name, { spec });
  await handle.opened;
  return handle;
};
const models = {};
for (const [name, spec] of Object.entries({
  'N=512': { features: 2, units: 512 },
  'N=1,024': { features: 2, units: 1024 },
  'GRU 512': { features: 2, units: 512, cell: 'gru' },
  'RTRL 64': { features: 2, units: 64, learner: { kind: 'rtrl' } },
  'k2 of 1,024': { features: 2, units: 256, learner: { kind: 'tbptt', k1: 256, k2: 1024 } },
}))
  await beside(`open ${name}`, async () => {
    models[name] = await open(`m-${name.replace(/\W/g, '-')}`, spec);
  });
for (const [name, handle] of Object.entries(models))
  await beside(`512 steps of ${name}`, async () => {
    for (let n = 0; n < 512; n++) {
      while (handle.room === 0) await handle.ready();
      handle.push(x(n, 2));
    }
    await handle.drained();
  });
for (const name of ['N=512', 'N=1,024']) {
  const sequence = `m-${name.replace(/\W/g, '-')}`;
  let file;
  await beside(`checkpoint of ${name}`, () => models[name].checkpoint());
  await beside(`export of ${name}`, async () => {
    file = await client.export(sequence);
  });
  await beside(`import of ${name}`, () => client.import(`${sequence}-copy`, file));
}
await beside('20 opens of N=1,024 at once', () =>
  Promise.all(Array.from({ length: 20 }, (_, i) => open(`bomb-${i}`, { features: 1, units: 1024 }))),
);
await beside('a block of 65,536 features', async () => {
  const wide = await open('wide', { features: 65_536, units: 1, task: null }).catch((error) => {
    throw error;
  });
  wide.push(new Float32Array(65_536));
  await wide.drained();
});

/** Many dashboards come back from far behind. */
const storm = Number(values.storm);
if (storm > 0) {
  const big = await open('big', { features: 2, units: 128 });
  for (let n = 0; n < 3500; n++) {
    while (big.room === 0) await big.ready();
    big.push(x(n, 2));
  }
  await big.drained();
  const { epoch } = await big.opened;
  await beside(`${storm} dashboards come back, 6 views each`, async () => {
    const { waiting } = await burden('come-back', epoch, storm);
    if (waiting > 0) throw new Error(`${waiting} views had nothing after 60 s`);
  });
}
light.end();
client.close();
server.kill('SIGTERM');
await new Promise((resolve) => server.once('exit', resolve));
rmSync(folder, { recursive: true });
process.exit(0);
