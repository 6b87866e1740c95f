#!/usr/bin/env node
/**
 * How soon a server acknowledges a step after a restart: with 10,000 sequences, and the first step of one that has taken 1,000,000.
 *
 *   node scripts/bench/restart/main.mjs [--sequences 10000] [--steps 1000000] [--rounds 5]     after npm run build
 *
 * The process that fills the folder is killed, so that the last checkpoint lies behind the end of the log. Each round opens the folder in a
 * process of its own (reopen.mjs); times count from the first touch of the folder, and once more from the start of the process.
 */
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { machine, median, table } from '../support/measure.mjs';

const { values } = parseArgs({
  options: {
    sequences: { type: 'string', default: '10000' },
    steps: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '5' },
  },
});
const [sequences, steps, rounds] = ['sequences', 'steps', 'rounds'].map((name) => Number(values[name]));
const folder = mkdtempSync(join(tmpdir(), 'eddy-restart-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

const child = (mode, of, ...args) =>
  new Promise((resolve) => {
    const began = performance.now();
    let told = null;
    const path = fileURLToPath(new URL('./reopen.mjs', import.meta.url));
    const process_ = fork(path, [mode, join(folder, of), ...args.map(String)]);
    process_.once('message', (message) => {
      told = { ...message, fromStart: performance.now() - began };
    });
    process_.once('exit', () => resolve(told));
  });

const rows = [];
for (const [of, what, count] of [
  ['many', `${sequences.toLocaleString('en')} sequences`, sequences],
  ['long', `one sequence of ${steps.toLocaleString('en')} steps`, steps],
]) {
  await child('fill', of, of, count);
  const times = [];
  for (let round = 0; round < rounds; round++) times.push(await child('open', of));
  const size = statSync(join(folder, of, 'data.mdb')).size;
  rows.push([
    what,
    `${(size / 2 ** 20).toFixed(0)} MiB`,
    ...['opened', 'acked', 'fromStart'].map(
      (name) => `${median(times.map((time) => time[name])).toFixed(0)} ms`,
    ),
  ]);
}
process.stdout.write(
  `${JSON.stringify(machine())}\n${table(['folder', 'file', 'opened', 'first ack', 'from process start'], rows)}\n`,
);
