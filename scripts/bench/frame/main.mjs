/**
 * One frame from its bytes to the outbox, in process: decoded, carried, logged, learned from, answered and encoded, for
 * socket after socket. Beside another checkout, if one is named, in the same run.
 *
 *   npm run bench:frame [-- CHECKOUT]     with npm run build done in CHECKOUT
 */
import { fork } from 'node:child_process';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { table } from '../support/measure.mjs';

const HERE = fileURLToPath(new URL('../../..', import.meta.url));
const [checkout] = process.argv.slice(2);
const roots = checkout ? [resolve(checkout), HERE] : [HERE];
const ROUNDS = 300;

const start = (root, settings) =>
  new Promise((done) => {
    const child = fork(new URL('./frames.mjs', import.meta.url), [root, JSON.stringify(settings)]);
    child.once('message', () => done(child));
  });
const ask = (child) =>
  new Promise((done) => {
    child.once('message', done);
    child.send('run');
  });
const quantile = (values, q) => values.toSorted((a, b) => a - b)[Math.floor(values.length * q)];

const rows = [];
for (const [sockets, block, learning, named] of [
  [1, 1, false, false],
  [1, 1, true, false],
  [1, 1, true, true],
  [1, 64, true, false],
  [1, 64, true, true],
  [50, 1, false, false],
  [50, 1, true, false],
]) {
  // names and times are of this checkout
  const settings = (root) => ({ sockets, block, learning, named: named && root === HERE });
  const children = await Promise.all(roots.map((root) => start(root, settings(root))));
  const times = children.map(() => []);
  for (let round = 0; round < ROUNDS; round++)
    for (const [i, child] of children.entries()) times[i].push(await ask(child));
  for (const child of children) child.disconnect();
  const [first, last] = [times[0], times.at(-1)];
  const us = (values) => (quantile(values, 0.25) / 1000).toFixed(2);
  const cells = [sockets, block, learning ? 'learning' : 'serving', named ? 'named' : 'plain', us(last)];
  rows.push(
    checkout ? [...cells, us(first), (quantile(last, 0.25) / quantile(first, 0.25)).toFixed(3)] : cells,
  );
}
const columns = ['sockets', 'steps a frame', 'work', 'steps', 'us a frame'];
console.log(
  'F = 8, N = 64; one subscriber to the hidden states; lower quartiles of 300 interleaved rounds.\n',
);
console.log(table(checkout ? [...columns, 'the other', 'ratio'] : columns, rows));
