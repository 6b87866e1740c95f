/**
 * What a dashboard that never reads costs a fast producer and a fast dashboard beside it.
 *
 *   node scripts/bench/slow/main.mjs [--rounds 7] [--seconds 2]     after npm run build
 *
 * The server has a process of its own. Rounds with and without the slow dashboard take turns; the medians count.
 */
import { fork } from 'node:child_process';
import { parseArgs } from 'node:util';
import { encode } from '@msgpack/msgpack';
import WebSocket from 'ws';
import { connect } from '../../../dist/client/sdk/node.js';

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '7' }, seconds: { type: 'string', default: '2' } },
});
const server = fork(new URL('../wire/server.mjs', import.meta.url), ['eddy']);
const { port } = await new Promise((resolve) => server.once('message', resolve));
const url = `ws://127.0.0.1:${port}`;

const client = connect(url);
const handle = client.open('fast', { spec: { features: 8, units: 64 } });
await handle.opened;
let seen = 0;
connect(url)
  .watch('fast')
  .states$.subscribe(() => seen++);

/** Subscribes to every state, and reads none of them. */
async function slowDashboard() {
  const socket = new WebSocket(`${url}/stream`, ['eddy.v1.msgpack']);
  await new Promise((resolve) => socket.once('open', resolve));
  socket.send(encode({ type: 'hello', version: 1, packed: true }));
  socket.send(encode({ type: 'subscribe', id: 1, sequence: 'fast', view: 'states' }));
  await new Promise((resolve) => socket.once('message', resolve));
  socket.pause();
  return socket;
}

let t = 0;
/** Pushes as fast as the server takes it; gives steps a second. */
async function round(ms) {
  const began = performance.now();
  const [first, states] = [t, seen];
  while (performance.now() - began < ms) {
    while (handle.room > 0) handle.push(new Float32Array(8).fill(Math.sin(t++)));
    await handle.ready();
  }
  await handle.drained();
  const seconds = (performance.now() - began) / 1000;
  return { steps: (t - first) / seconds, states: (seen - states) / seconds };
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
const ms = 1000 * Number(values.seconds);
await round(ms);
const [alone, beside] = [[], []];
for (let i = 0; i < Number(values.rounds); i++) {
  alone.push(await round(ms));
  const slow = await slowDashboard();
  beside.push(await round(ms));
  slow.terminate();
}
const of = (runs, what) => Math.round(median(runs.map((run) => run[what])));
const ratio = (what) => `${(of(beside, what) / of(alone, what)).toFixed(2)}x`;
console.log(
  `producer   ${of(alone, 'steps')} steps/s alone, ${of(beside, 'steps')} beside a dashboard that never reads: ${ratio('steps')}`,
);
console.log(`dashboard  ${of(alone, 'states')} states/s alone, ${of(beside, 'states')}: ${ratio('states')}`);
server.disconnect();
process.exit(0);
