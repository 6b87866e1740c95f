#!/usr/bin/env node
// What a model costs before its first step: with first weights, and from a snapshot, as a sequence wakes.
// npm run bench:weights [-- --quick]
import { createWasmKernels } from '../../../dist/src/kernels/wasm.js';
import { Model } from '../../../dist/src/rnn/model.js';
import { machine, median, table } from '../support/measure.mjs';

const ROUNDS = process.argv.includes('--quick') ? 5 : 25;
const kernels = createWasmKernels();
new Model({ features: 8, units: 32 }, { kernels }).free();

/** Gives the milliseconds of each of ROUNDS models. */
function times(spec, options) {
  return Array.from({ length: ROUNDS }, () => {
    const began = performance.now();
    const model = new Model(spec, { kernels, ...options });
    const took = performance.now() - began;
    model.free();
    return took;
  });
}

const figures = (all) => [Math.min(...all), median(all), Math.max(...all)].map((ms) => ms.toFixed(1));

const rows = [];
for (const cell of ['simple-rnn', 'gru'])
  for (const units of [128, 256, 512, 1024]) {
    const spec = { features: 8, units, cell };
    const drawn = times(spec, {});
    const model = new Model(spec, { kernels });
    const snapshot = model.snapshot();
    model.free();
    const woken = times(spec, { snapshot });
    const megabytes = (snapshot.numbers.byteLength / 2 ** 20).toFixed(1);
    rows.push([cell, units, ...figures(drawn), megabytes, ...figures(woken)]);
  }
const { cpu, cores, node, date } = machine();
console.log(
  `First weights: ${cpu}, ${cores} cores, Node ${node}, ${date}; F = 8, ${ROUNDS} models of each size,`,
);
console.log('in a process that has made one small model before. Milliseconds.\n');
const of = (what) => [`${what}: least`, 'median', 'worst'];
console.log(table(['cell', 'N', ...of('new'), 'snapshot MiB', ...of('from it')], rows));
