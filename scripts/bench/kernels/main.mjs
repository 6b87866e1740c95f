#!/usr/bin/env node
import { createReferenceKernels } from '../../../dist/src/kernels/reference.js';
import { createWasmKernels } from '../../../dist/src/kernels/wasm.js';
// The kernels against plain loops and against native code: npm run bench:kernels [-- --json] [-- --quick]
import { interleave, machine, table, timer } from '../support/measure.mjs';
import { startNative } from './native.mjs';
import { createWork } from './work.mjs';

const SIZES = [
  [8, 32],
  [8, 64],
  [8, 128],
  [16, 256],
  [32, 512],
];
/** What is measured: T steps of B rows, and how many steps of one row that is. */
const WORKS = [
  { what: 'step', T: 64, B: 1, unit: 64 },
  { what: 'block', T: 64, B: 1, unit: 64 },
  { what: 'batch', T: 2, B: 64, unit: 128 },
  { what: 'update', T: 32, B: 1, unit: 1 },
  { what: 'update with norm', T: 32, B: 1, unit: 1 },
];

const quick = process.argv.includes('--quick');
const rounds = quick ? 3 : 15;
const native = startNative();
const results = [];
for (const [F, N] of SIZES)
  for (const { what, T, B, unit } of WORKS) {
    const contenders = {
      eddy: timer(createWork(createWasmKernels(), what, F, N, T, B), quick ? 4 : 20),
      plain: timer(createWork(createReferenceKernels('float32'), what, F, N, T, B), quick ? 4 : 20),
    };
    if (native !== null && what !== 'update with norm')
      contenders.native = () => native.time(what, F, N, T, B);
    const times = await interleave(contenders, rounds);
    for (const name of Object.keys(times)) times[name] /= unit;
    results.push({ what, F, N, ...times });
  }
native?.end();

if (process.argv.includes('--json'))
  console.log(JSON.stringify({ machine: machine(), rounds, results }, null, 1));
else {
  const { cpu, cores, node, date } = machine();
  console.log(
    `Kernels: ${cpu}, ${cores} cores, Node ${node}, ${date}; medians of ${rounds} interleaved rounds.`,
  );
  console.log(
    native !== null
      ? 'Native: gcc -O3 -march=native -ffast-math.\n'
      : 'Native: skipped, there is no gcc here.\n',
  );
  const us = (value) => (value === undefined ? '-' : value >= 100 ? value.toFixed(0) : value.toFixed(3));
  const head = ['what', 'F', 'N', 'Eddy us', 'plain us', 'native us', 'MAC/ns', 'x plain', 'x native'];
  const rows = results.map(({ what, F, N, eddy, plain, native }) => [
    what,
    F,
    N,
    us(eddy),
    us(plain),
    us(native),
    what.startsWith('update') ? '-' : (((F + N) * N) / eddy / 1000).toFixed(1),
    (plain / eddy).toFixed(1),
    native === undefined ? '-' : (native / eddy).toFixed(2),
  ]);
  console.log(table(head, rows));
}
