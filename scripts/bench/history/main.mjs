#!/usr/bin/env node
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Random } from '../../../dist/src/math/random.js';
import { parseSpec } from '../../../dist/src/rnn/spec/spec.js';
import { PAST_LIMITS, Past } from '../../../dist/src/sequence/past/past.js';
import { openLmdbStore } from '../../../dist/src/store/lmdb/lmdb.js';
// The past of a year of minutes with 8 fields and 3 outputs: its bytes beside those of its log, the cost of keeping it, and of
// reading it; and the log of a checkout of an earlier version: npm run bench:history [-- --quick] [-- --before=CHECKOUT]
import { machine, table } from '../support/measure.mjs';

const BEFORE = process.argv.find((argument) => argument.startsWith('--before='))?.slice('--before='.length);
const STEPS = process.argv.includes('--quick') ? 100_000 : 525_600;
const DIGITS = [1, 1, 0, 2, 1, 2, 2, 3];
const MIDDLES = [20, 1013, 60, 3.2, 230, 5, 41, 0.5];
const SPREADS = [0.02, 0.1, 0.3, 0.2, 0.5, 0.1, 0.5, 0.02];
const spec = parseSpec({
  features: 8,
  units: 64,
  seed: 1,
  task: { kind: 'supervised', outputs: 3, delay: 4 },
});
const deaf = { onDurable: () => undefined, onCheckpoint: () => undefined };
const limits = { ...PAST_LIMITS, steps: STEPS, ms: Number.MAX_SAFE_INTEGER };

/** Readings that wander about their middles. @param round gives what the sensor tells of a reading */
function* readings(round) {
  const random = Random.fromSeed(1);
  const levels = [...MIDDLES];
  const x = new Float64Array(8);
  for (;;) {
    for (let f = 0; f < 8; f++) {
      levels[f] += random.normal() * SPREADS[f] + (MIDDLES[f] - levels[f]) / 1000;
      x[f] = round(levels[f], DIGITS[f]);
    }
    yield x;
  }
}

/** The minutes that have passed since the first step. */
let minutes = 0;

async function inFolder(run) {
  const folder = mkdtempSync(join(tmpdir(), 'eddy-history-'));
  try {
    return await run(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const openPast = (store) =>
  new Past({
    pages: store.open('s', deaf).pages,
    spec,
    limits,
    wall: () => 60_000 * minutes,
    onDamage: (error) => {
      throw error;
    },
  });

const keep = (round) =>
  inFolder(async (folder) => {
    let store = await openLmdbStore(folder);
    let past = openPast(store);
    const random = Random.fromSeed(2);
    const source = readings(round);
    const times = [];
    for (let seq = 0; seq < STEPS; seq++) {
      minutes = seq;
      const x = source.next().value;
      past.begin(1);
      past.h(64).fill(random.uniform(-1, 1));
      const y = past.y(3);
      for (let m = 0; m < 3; m++) y[m] = x[m] + random.uniform(-0.1, 0.1);
      past.anomalies(1)[0] = random.uniform(0, 1);
      const began = performance.now();
      past.take(seq, 1, 'e', [1.7e12 + 60_000 * seq], x, 0);
      times.push(performance.now() - began);
      if (seq % 4096 === 0) past.keep();
      if (seq % 500 === 0) await store.flushed();
    }
    past.keep();
    await store.flushed();
    const bytes = store.pageBytes;
    await store.close();
    const file = statSync(join(folder, 'data.mdb')).size;
    store = await openLmdbStore(folder);
    past = openPast(store);
    const began = performance.now();
    let slowest = 0;
    let last = began;
    let read = 0;
    for (const { count } of past.read(past.startOf({ last: 1000 }))) {
      read += count;
      slowest = Math.max(slowest, performance.now() - last);
      last = performance.now();
    }
    const reading = performance.now() - began;
    if (read !== 1000) throw new Error(`read ${read} steps`);
    await store.close();
    const rows = 744;
    const seals = times.filter((_, seq) => (seq + 1) % rows === 0).sort((a, b) => a - b);
    const steps = times.filter((_, seq) => (seq + 1) % rows !== 0).sort((a, b) => a - b);
    return { bytes, file, reading, slowest, seals, steps };
  });

const mib = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
const middle = (sorted) => sorted[sorted.length >> 1];
const results = [];
for (const [name, round] of [
  ['decimals of 0 to 3 digits', (value, digits) => Number(value.toFixed(digits))],
  ['float32', Math.fround],
  ['float64', (value) => value],
]) {
  const { bytes, file, reading, slowest, seals, steps } = await keep(round);
  results.push([
    name,
    mib(bytes),
    (bytes / STEPS).toFixed(1),
    mib(file),
    `${(1000 * middle(steps)).toFixed(2)} µs`,
    `${middle(seals).toFixed(2)} ms`,
    `${seals[Math.floor(0.99 * seals.length)].toFixed(2)} ms`,
    `${reading.toFixed(1)} ms`,
    `${slowest.toFixed(1)} ms`,
  ]);
}
console.log(JSON.stringify(machine()));
console.log(`${STEPS} steps of 8 fields and 3 outputs, and the newest hidden states of 64 units`);
console.log(
  table(
    [
      'fields',
      'pages',
      'bytes a step',
      'file',
      'a step',
      'a page',
      'p99',
      'the last 1,000, cold',
      'slowest page',
    ],
    results,
  ),
);

/** Gives the bytes of the log: each step comes alone, and so has a chunk of its own. */
async function logBytes(checkout, round) {
  const { ChunkWriter } = await import(new URL('dist/src/store/log/records.js', checkout));
  const chunk = new ChunkWriter();
  const source = readings(round);
  let bytes = 0;
  for (let seq = 0; seq < STEPS; seq++) {
    const x = source.next().value;
    chunk.append({ kind: 'steps', first: seq, t: Float64Array.of(1.7e12 + 60_000 * seq), x, targets: null });
    bytes += chunk.seal(seq).length;
  }
  return bytes;
}

const perStep = (bytes) => `${mib(bytes)}, ${(bytes / STEPS).toFixed(0)} a step`;
const checkouts = { now: new URL('../../../', import.meta.url) };
if (BEFORE) checkouts.before = pathToFileURL(join(BEFORE, '/'));
const rows = [];
for (const [name, round] of Object.entries({
  'decimals of 0 to 3 digits, float64': (value, digits) => Number(value.toFixed(digits)),
  float32: Math.fround,
})) {
  const row = [name];
  for (const checkout of Object.values(checkouts)) row.push(perStep(await logBytes(checkout, round)));
  rows.push(row);
}
console.log(table(['the log', ...Object.keys(checkouts)], rows));
