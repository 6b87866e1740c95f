#!/usr/bin/env node
/**
 * How soon a sequence of 100,000 steps that sleeps answers `subscribe {last: 1000}`, and what that costs somebody else:
 *
 *   node scripts/bench/history/asleep.mjs [--units 32] [--rounds 5] [--requests 20]     after npm run build
 *
 * The server, on LMDB, the unrelated producer, and those who ask each have a process of their own. Each round has a new server.
 */
import { fork, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { connect } from '../../../dist/client/sdk/node.js';
import { machine, median, table } from '../support/measure.mjs';

const { values } = parseArgs({
  options: {
    units: { type: 'string', default: '32' },
    rounds: { type: 'string', default: '5' },
    requests: { type: 'string', default: '20' },
    steps: { type: 'string', default: '100000' },
  },
});
const [units, rounds, requests, steps] = ['units', 'rounds', 'requests', 'steps'].map((name) =>
  Number(values[name]),
);
const LAST = 1000;
const MAIN = fileURLToPath(new URL('../../../dist/src/cli/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'eddy-asleep-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const p99 = (times) => times.toSorted((a, b) => a - b)[Math.floor(0.99 * times.length)] ?? Number.NaN;

async function start() {
  const options = ['serve', '--port', '0', '--json', '--data', folder, '--log-level', 'silent'];
  const server = spawn(process.execPath, [MAIN, ...options], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = await new Promise((resolve) =>
    createInterface({ input: server.stdout }).once('line', (text) => resolve([text])),
  );
  const { url, port } = JSON.parse(line);
  const stop = () =>
    new Promise((resolve) => {
      server.once('exit', resolve);
      server.kill('SIGTERM');
    });
  return { url: url ?? `ws://127.0.0.1:${port}`, stop };
}

async function fill() {
  const { url, stop } = await start();
  const client = connect(url);
  const handle = client.open('long', { spec: { features: 8, units } });
  await handle.opened;
  for (let t = 0; t < steps; ) {
    for (; handle.room > 0 && t < steps; t++)
      handle.push(Float64Array.from({ length: 8 }, (_, i) => Number((Math.sin(t / 9 + i) * 10).toFixed(2))));
    await handle.ready();
  }
  await handle.close();
  client.close();
  await stop();
}

const answer = (child, question) =>
  new Promise((resolve) => {
    child.once('message', resolve);
    if (question) child.send(question);
  });

async function round() {
  const { url, stop } = await start();
  const producer = fork(new URL('producer.mjs', import.meta.url), [url, '4']);
  const readers = fork(new URL('readers.mjs', import.meta.url), [url, requests, LAST, steps].map(String));
  await Promise.all([answer(producer), answer(readers)]);
  const acks = async () => (await answer(producer, 'report')).times;
  await pause(500);
  await acks();
  await pause(2000);
  const alone = await acks();
  const { first, took } = await answer(readers, 'ask');
  const beside = await acks();
  producer.disconnect();
  readers.disconnect();
  await pause(100);
  await stop();
  return { alone: p99(alone), first, took: median(took), slowest: Math.max(...took), beside: p99(beside) };
}

await fill();
const all = [];
for (let i = 0; i < rounds; i++) all.push(await round());
const of = (name) => median(all.map((one) => one[name]));
const most = (name) => Math.max(...all.map((one) => one[name]));
const ms = (value) => `${value.toFixed(1)} ms`;
console.log(JSON.stringify(machine()));
console.log(
  `${steps} steps of 8 fields, N=${units}, asleep; last ${LAST} of inputs, predictions and metrics; ${requests} at once, again and again; ${rounds} rounds`,
);
console.log(
  table(
    ['', 'median of rounds', 'worst'],
    [
      ['first request after a start', ms(of('first')), ms(most('first'))],
      [`one of ${requests}, median`, ms(of('took')), ms(most('took'))],
      [`one of ${requests}, slowest`, ms(of('slowest')), ms(most('slowest'))],
      ["unrelated producer's ack p99, alone", ms(of('alone')), ms(most('alone'))],
      ["unrelated producer's ack p99, beside", ms(of('beside')), ms(most('beside'))],
    ],
  ),
);
process.exit(0);
