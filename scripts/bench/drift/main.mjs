#!/usr/bin/env node
import { Random } from '../../../dist/src/math/random.js';
import { DriftDetector } from '../../../dist/src/rnn/scoring/drift/drift.js';
// False alarms of the drift detector on noise that keeps its law, its delay where the error changes, and its cost:
// npm run bench:drift [-- --quick]
import { machine, table } from '../support/measure.mjs';

/** Errors of unit scale: each gives a source of |e|, with its own memory. */
const NOISES = {
  gaussian: (random) => () => Math.abs(random.normal()),
  exponential: (random) => () => -Math.log(1 - random.uniform(0, 1)),
  't, 3 degrees': (random) => () =>
    Math.abs(random.normal()) /
    Math.sqrt((random.normal() ** 2 + random.normal() ** 2 + random.normal() ** 2) / 3),
  cauchy: (random) => () => Math.abs(random.normal() / random.normal()),
  'AR(1), .7': (random) => autoregressive(random, 0.7),
  'AR(1), .9': (random) => autoregressive(random, 0.9),
  'AR(1), .97': (random) => autoregressive(random, 0.97),
  '2 % spikes of 20': (random) => () => Math.abs(random.normal()) * (random.uniform(0, 1) < 0.02 ? 20 : 1),
  'a day of 24 steps': (random) => {
    let hour = 0;
    return () => Math.abs(random.normal()) * (1 + 0.8 * Math.sin((2 * Math.PI * hour++) / 24));
  },
};

function autoregressive(random, memory) {
  let value = 0;
  const innovation = Math.sqrt(1 - memory * memory);
  return () => {
    value = memory * value + innovation * random.normal();
    return Math.abs(value);
  };
}

const quick = process.argv.includes('--quick');
const STEPS = quick ? 1e6 : 1e7;
const RUNS = quick ? 50 : 400;
const BEFORE = 5000;
const AFTER = 5000;

/** Events in STEPS steps of a noise that keeps its law. */
function falseAlarms(noise) {
  const drift = new DriftDetector();
  const next = NOISES[noise](Random.fromSeed(1));
  const raised = { 'page-hinkley': 0, adwin: 0 };
  for (let t = 0; t < STEPS; t++) {
    const kind = drift.observe(next());
    if (kind !== null) raised[kind]++;
  }
  return raised;
}

/** What `shape(steps since the change)`, a factor of the error, gives in RUNS runs. */
function delays(noise, shape) {
  const delays = [];
  let missed = 0;
  let repeated = 0;
  let adwin = 0;
  for (let seed = 0; seed < RUNS; seed++) {
    const drift = new DriftDetector();
    const next = NOISES[noise](Random.fromSeed(1000 + seed));
    for (let t = 0; t < BEFORE; t++) drift.observe(next());
    let events = 0;
    for (let t = 0; t < AFTER; t++) {
      const kind = drift.observe(next() * shape(t));
      if (kind === null) continue;
      if (kind === 'adwin') adwin++;
      if (events++ === 0) delays.push(t + 1);
    }
    if (events === 0) missed++;
    if (events > 1) repeated++;
  }
  delays.sort((a, b) => a - b);
  const at = (share) => delays[Math.min(delays.length - 1, Math.floor(share * delays.length))] ?? '-';
  return [at(0.5), at(0.95), at(1), missed, repeated, adwin];
}

const SHAPES = {
  'x 1.3': () => 1.3,
  'x 1.5': () => 1.5,
  'x 2': () => 2,
  'x 3': () => 3,
  'x 10': () => 10,
  'x 3, learned again in 500 steps': (t) => 1 + 2 * Math.exp(-t / 500),
  'x 3, reached in 1000 steps': (t) => 1 + 2 * Math.min(1, t / 1000),
};

/** Nanoseconds a step, the best of 5 runs. */
function cost() {
  const next = NOISES.gaussian(Random.fromSeed(1));
  const errors = Float64Array.from({ length: 1 << 16 }, next);
  const times = Array.from({ length: 5 }, () => {
    const drift = new DriftDetector();
    const begin = process.hrtime.bigint();
    for (let t = 0; t < 2e6; t++) drift.observe(errors[t & 0xffff]);
    return Number(process.hrtime.bigint() - begin) / 2e6;
  });
  return Math.min(...times);
}

const { cpu, node, date } = machine();
console.log(`Drift: ${cpu}, Node ${node}, ${date}.\n`);
console.log(`Events in ${STEPS.toLocaleString('en')} steps of noise that keeps its law:\n`);
const alarms = Object.keys(NOISES).map((noise) => {
  const raised = falseAlarms(noise);
  return [noise, raised['page-hinkley'], raised.adwin];
});
console.log(table(['noise', 'by Page-Hinkley', 'by ADWIN'], alarms));
console.log(
  `\nSteps until the event; ${RUNS} runs, the change after ${BEFORE} steps, ${AFTER} steps watched:\n`,
);
const rows = [];
for (const noise of ['gaussian', 't, 3 degrees', 'AR(1), .9'])
  for (const [shape, factor] of Object.entries(SHAPES)) rows.push([noise, shape, ...delays(noise, factor)]);
console.log(
  table(['noise', 'error', 'median', '95 %', 'longest', 'runs without', 'runs with two', 'by ADWIN'], rows),
);
console.log(`\nCost: ${cost().toFixed(1)} ns a step.`);
