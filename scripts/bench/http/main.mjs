/**
 * Rows over HTTP beside steps over a WebSocket, in turn, on one server with a disk: steps a second, acknowledged and learned from.
 *
 *   node scripts/bench/http/main.mjs [--rounds 5] [--rows 20000] [--units 32]     after npm run build
 *
 * HTTP: NDJSON, 1,000 rows of 8 fields in a request, one request at a time. WebSocket: the client, as fast as its acks allow.
 */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { connect } from '../../../dist/client/sdk/node.js';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    rows: { type: 'string', default: '20000' },
    units: { type: 'string', default: '32' },
  },
});
const [rounds, rows, units] = ['rounds', 'rows', 'units'].map((name) => Number(values[name]));
const FIELDS = Array.from({ length: 8 }, (_, i) => `sensor_${i}`);
const BLOCK = 1000;
const folder = mkdtempSync(join(tmpdir(), 'eddy-bench-http-'));
const main = new URL('../../../dist/src/cli/main.js', import.meta.url).pathname;
const server = spawn(process.execPath, [main, 'serve', '--data', folder, '--port', '0'], {
  stdio: ['ignore', 'ignore', 'pipe'],
});
const url = await new Promise((resolve, reject) => {
  server.once('exit', () => reject(new Error('the server did not start')));
  createInterface({ input: server.stderr }).on('line', (line) => {
    const { url: told } = JSON.parse(line);
    if (told) resolve(told);
  });
});
const spec = { units };
const reading = (n, i) => Math.round(1e4 * Math.sin(n * 0.1 + i)) / 1e4;
const client = connect(url);
const handle = client.open('socket', { spec, fields: FIELDS });
await handle.opened;
let [pushed, posted] = [0, 0];

async function overSocket() {
  for (const end = pushed + rows; pushed < end; ) {
    while (handle.room > 0 && pushed < end) {
      handle.push(Float64Array.from(FIELDS, (_, i) => reading(pushed, i)));
      pushed++;
    }
    await handle.ready();
  }
  await handle.drained();
}

async function overHttp() {
  const query = `spec=${encodeURIComponent(JSON.stringify(spec))}`;
  for (const end = posted + rows; posted < end; ) {
    const block = [];
    for (let i = 0; i < BLOCK && posted < end; i++, posted++)
      block.push(JSON.stringify(Object.fromEntries(FIELDS.map((name, f) => [name, reading(posted, f)]))));
    const answer = await fetch(`${url.replace('ws', 'http')}/sequences/http/steps?${query}`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body: block.join('\n'),
    });
    const { accepted } = await answer.json();
    if (accepted !== block.length) throw new Error(`${accepted} of ${block.length} rows were taken`);
  }
}

const rates = { socket: [], http: [] };
for (let round = 0; round <= rounds; round++)
  for (const [name, run] of [
    ['socket', overSocket],
    ['http', overHttp],
  ]) {
    const began = performance.now();
    await run();
    if (round > 0) rates[name].push((1000 * rows) / (performance.now() - began));
  }
const median = (all) => all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)];
const [socket, http] = [median(rates.socket), median(rates.http)];
console.log(`WebSocket  ${Math.round(socket).toLocaleString('en')} steps/s`);
console.log(`HTTP       ${Math.round(http).toLocaleString('en')} rows/s: ${(http / socket).toFixed(2)}x`);
client.close();
server.kill('SIGTERM');
await new Promise((resolve) => server.once('exit', resolve));
rmSync(folder, { recursive: true });
process.exit(0);
