/**
 * Many sockets, many sequences that learn, for a long time.
 *
 *   node scripts/soak/main.mjs [--seconds 1800] [--connections 1000] [--sequences 200] [--rate 20] [--history 8192] [--slope 1] [--json]
 *
 * The server is `eddy serve --data` on a folder of its own, in a process of its own. One socket in five produces, at so
 * many steps a second each; the others watch the states of a sequence. The past of a sequence has `history` steps, so that it is full
 * after a while. Exits with 1 where anything went wrong, or where memory or the file of the store grew by more than `slope` MiB a
 * minute in the last two thirds of the time; 0 for any.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { connect } from '../../dist/client/sdk/node.js';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '1800' },
    connections: { type: 'string', default: '1000' },
    sequences: { type: 'string', default: '200' },
    rate: { type: 'string', default: '20' },
    history: { type: 'string', default: '8192' },
    slope: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});
const [seconds, connections, sequences, rate, history, mostSlope] = [
  'seconds',
  'connections',
  'sequences',
  'rate',
  'history',
  'slope',
].map((name) => Number(values[name]));
const SPEC = { features: 4, units: 32 };
const MAIN = fileURLToPath(new URL('../../dist/src/cli/main.js', import.meta.url));
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const folder = mkdtempSync(join(tmpdir(), 'eddy-soak-'));
const args = [
  'serve',
  '--data',
  folder,
  '--port',
  '0',
  '--admin-port',
  '0',
  '--log-level',
  'error',
  '--json',
];
const server = spawn(process.execPath, ['--expose-gc', MAIN, ...args], {
  stdio: ['ignore', 'pipe', 'inherit'],
  env: {
    ...process.env,
    EDDY_LIMITS_SOCKETS_PER_ADDRESS: String(connections + 10),
    EDDY_HISTORY_STEPS: String(history),
  },
});
const line = await new Promise((resolve) => createInterface({ input: server.stdout }).once('line', resolve));
const { url, adminUrl } = JSON.parse(line);

const errors = {};
const latencies = [];
let [acked, states, skips, held] = [0, 0, 0, 0];
const clients = [];
const producers = [];
for (let i = 0; i < connections; i++) {
  const client = connect(url);
  clients.push(client);
  client.errors$.subscribe(({ error }) => count(error.code));
  const name = `soak-${i % sequences}`;
  if (i < sequences) producers.push(await produce(client, name));
  else
    client.watch(name).states$.subscribe(({ skipped }) => {
      states++;
      skips += skipped;
    });
  if (i % 100 === 99) await sleep(100);
}

const samples = [];
const began = performance.now();
const elapsed = () => (performance.now() - began) / 1000;
let tick = 0;
while (elapsed() < seconds) {
  for (const producer of producers) producer.step();
  tick++;
  if (samples.length === 0 || elapsed() - samples.at(-1).at >= Math.max(1, seconds / 120))
    samples.push(await sample());
  await sleep(Math.max(0, (tick * 1000) / rate - (performance.now() - began)));
}
for (const { handle } of producers) await handle.drained();
const pushed = producers.reduce((sum, producer) => sum + producer.pushed(), 0);
const result = {
  seconds: Math.round(elapsed()),
  connections,
  sequences,
  steps: acked,
  stepsPerSecond: Math.round(acked / elapsed()),
  statesDelivered: states,
  skipped: skips,
  ackMs: { p50: at(0.5), p99: at(0.99) },
  rssMiB: { first: samples[0].rss, last: samples.at(-1).rss, slopePerMinute: slope('rss') },
  heapMiB: { first: samples[0].heap, last: samples.at(-1).heap, slopePerMinute: slope('heap') },
  fileMiB: { first: samples[0].file, last: samples.at(-1).file, slopePerMinute: slope('file') },
  errors,
  held,
  lost: pushed - acked,
};
for (const client of clients) client.close();
const ended = new Promise((resolve) => server.once('exit', resolve));
server.kill('SIGTERM');
const code = await ended;
rmSync(folder, { recursive: true, force: true });
console.log(JSON.stringify({ ...result, exit: code }, null, values.json ? undefined : 2));
const { rssMiB, fileMiB } = result;
const isSteady =
  mostSlope === 0 || [rssMiB, fileMiB].every(({ slopePerMinute }) => slopePerMinute < mostSlope);
const isWell = Object.keys(errors).length === 0 && result.lost === 0 && code === 0;
process.exit(isWell && isSteady ? 0 : 1);

function count(code) {
  errors[code] = (errors[code] ?? 0) + 1;
}

async function produce(client, name) {
  const handle = client.open(name, { spec: SPEC });
  const sent = new Map();
  let last = -1;
  let pushed = 0;
  handle.acked$.subscribe((seq) => {
    for (; last < seq; last++) {
      acked++;
      const time = sent.get(last + 1);
      sent.delete(last + 1);
      if (time !== undefined && latencies.length < 2_000_000) latencies.push(performance.now() - time);
    }
  });
  await handle.opened;
  return {
    handle,
    pushed: () => pushed,
    step() {
      // who gets no acks for so long sends again once it does, as a sensor would
      if (handle.room === 0) {
        held++;
        return;
      }
      const t = pushed++;
      sent.set(t, performance.now());
      handle.push(Float32Array.from({ length: SPEC.features }, (_, i) => Math.sin(t / (5 + i))));
    },
  };
}

/** Memory of the server and the file of its store, as its metrics tell them. */
async function sample() {
  const text = await (await fetch(`${adminUrl}/metrics`)).text();
  const mib = (name) => Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1]) / 2 ** 20;
  return {
    at: elapsed(),
    rss: mib('process_resident_memory_bytes'),
    heap: mib('nodejs_heap_size_used_bytes'),
    file: mib('eddy_store_file_bytes'),
  };
}

function at(share) {
  latencies.sort((a, b) => a - b);
  return Number((latencies[Math.floor(share * latencies.length)] ?? 0).toFixed(2));
}

/** Slope of a line through the last two thirds of the samples, in MiB a minute. */
function slope(name) {
  const late = samples.slice(Math.floor(samples.length / 3));
  const mean = (of) => late.reduce((sum, one) => sum + of(one), 0) / late.length;
  const [t, y] = [mean((one) => one.at), mean((one) => one[name])];
  const over = late.reduce((sum, one) => sum + (one.at - t) * (one[name] - y), 0);
  const under = late.reduce((sum, one) => sum + (one.at - t) ** 2, 0);
  return Number(((60 * over) / under).toFixed(2));
}
