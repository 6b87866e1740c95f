/** One contestant of bench:step: a model of a checkout that learns from waves with noise. */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [root, settings] = process.argv.slice(2);
const { spec, warm } = JSON.parse(settings);
const { Model } = await import(pathToFileURL(join(root, 'dist/src/index.js')).href);

const ROWS = 4096;
let state = 12345;
const uniform = () => {
  state = (state * 1103515245 + 12345) & 0x7fffffff;
  return state / 0x7fffffff - 0.5;
};
const wave = (t, i) => 20 + 5 * Math.sin((2 * Math.PI * t) / (24 + 7 * i)) + uniform();
const rows = Array.from({ length: ROWS }, (_, t) =>
  Float64Array.from({ length: spec.features }, (_, i) => wave(t, i)),
);

/** A checkout from before forecasters could be chosen gets the spec without the choice. */
function create() {
  try {
    return new Model(spec);
  } catch (error) {
    if (!spec.task?.forecaster) throw error;
    const { forecaster: _, ...task } = spec.task;
    return new Model({ ...spec, task });
  }
}

const model = create();
let at = 0;
function run(times) {
  for (let i = 0; i < times; i++) {
    model.step(rows[at]);
    at = (at + 1) % ROWS;
  }
}

run(warm);
const began = process.hrtime.bigint();
run(1024);
// about 10 ms a round, of whole windows
const times = 64 * Math.max(2, Math.round((1e7 * 16) / Number(process.hrtime.bigint() - began)));
process.on('message', () => {
  const start = process.hrtime.bigint();
  run(times);
  process.send(Number(process.hrtime.bigint() - start) / times);
});
process.on('disconnect', () => process.exit(0));
process.send('ready');
