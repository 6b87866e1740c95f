/**
 * Many sockets, many sequences that learn, for a long time.
 *
 *   node scripts/soak/main.mjs [--seconds 1200] [--connections 1000] [--sequences 200] [--rate 20] [--json]
 *
 * The server is `eddy serve --data` on a folder of its own, in a process of its own. One socket in five produces, at so
 * many steps a second each; the others watch the states of a sequence. Exits with 1 where anything went wrong.
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
    seconds: { type: 'string', default: '1200' },
    connections: { type: 'string', default: '1000' },
    sequences: { type: 'string', default: '200' },
    rate: { type: 'string', default: '20' },
    json: { type: 'boolean', default: false },
  },
});
const [seconds, connections, sequences, rate] = ['seconds', 'connections', 'sequences', 'rate'].map((name) =>
  Number(values[name]),
);
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
  env: { ...process.env, EDDY_LIMITS_SOCKETS_PER_ADDRESS: String(connections + 10) },
});
const line = await new Promise((resolve) => createInterface({ input: server.stdout }).once('line', resolve));
const { url, adminUrl } = JSON.parse(line);

const errors = {};
const latencies = [];
let [acked, states, skips] = [0, 0, 0];
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
  for (const producer of producers) producer.step(tick);
  tick++;
  if (samples.length === 0 || elapsed() - samples.at(-1).at >= Math.max(1, seconds / 120))
    samples.push(await sample());
  await sleep(Math.max(0, (tick * 1000) / rate - (performance.now() - began)));
}
for (const { handle } of producers) await handle.drained();
const pushed = producers.length * tick;
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
  errors,
  lost: pushed - acked,
};
for (const client of clients) client.close();
const ended = new Promise((resolve) => server.once('exit', resolve));
server.kill('SIGTERM');
const code = await ended;
rmSync(folder, { recursive: true, force: true });
console.log(JSON.stringify({ ...result, exit: code }, null, values.json ? undefined : 2));
process.exit(Object.keys(errors).length === 0 && result.lost === 0 && code === 0 ? 0 : 1);

function count(code) {
  errors[code] = (errors[code] ?? 0) + 1;
}

async function produce(client, name) {
  const handle = client.open(name, { spec: SPEC });
  const sent = new Map();
  let last = -1;
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
    step(t) {
      sent.set(t, performance.now());
      handle.push(Float32Array.from({ length: SPEC.features }, (_, i) => Math.sin(t / (5 + i))));
    },
  };
}

/** Memory of the server, as its metrics tell it. */
async function sample() {
  const text = await (await fetch(`${adminUrl}/metrics`)).text();
  const mib = (name) => Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1]) / 2 ** 20;
  return {
    at: elapsed(),
    rss: mib('process_resident_memory_bytes'),
    heap: mib('nodejs_heap_size_used_bytes'),
  };
}

function at(share) {
  latencies.sort((a, b) => a - b);
  return Number((latencies[Math.floor(share * latencies.length)] ?? 0).toFixed(2));
}

/** Slope of a line through the last three quarters of the samples, in MiB a minute. */
function slope(name) {
  const late = samples.slice(Math.floor(samples.length / 4));
  const mean = (of) => late.reduce((sum, one) => sum + of(one), 0) / late.length;
  const [t, y] = [mean((one) => one.at), mean((one) => one[name])];
  const over = late.reduce((sum, one) => sum + (one.at - t) * (one[name] - y), 0);
  const under = late.reduce((sum, one) => sum + (one.at - t) ** 2, 0);
  return Number(((60 * over) / under).toFixed(2));
}
