#!/usr/bin/env node
// Memory: bytes of an open idle sequence, and whether anything grows over five million steps.
// npm run bench:memory [-- --json] [-- --quick]
import { VirtualTimeScheduler } from 'rxjs';
import { createWasmKernels } from '../../../dist/src/kernels/wasm.js';
import { DEFAULT_LIMITS } from '../../../dist/src/limits.js';
import { Model } from '../../../dist/src/rnn/model.js';
import { Registry } from '../../../dist/src/sequence/registry.js';
import { createTelemetry } from '../../../dist/src/server/telemetry/telemetry.js';
import { createMemoryStore } from '../../../dist/src/store/memory.js';
import { machine, table } from '../support/measure.mjs';

const quick = process.argv.includes('--quick');
const SPEC = {
  features: 8,
  units: 64,
  inputs: { changes: [] },
  learner: { kind: 'tbptt', k1: 32, k2: 32 },
  optimizer: { kind: 'sgd' },
};
const STEPS = quick ? 200_000 : 5_000_000;

/** Bytes that are in use on the JavaScript heap and beside it, and in the module. */
function inUse(kernels) {
  for (let i = 0; i < 3; i++) globalThis.gc();
  const { heapUsed, external } = process.memoryUsage();
  const probe = kernels.allocate(1);
  const { data } = probe;
  probe.free();
  return {
    heap: heapUsed,
    external: external - data.buffer.byteLength,
    module: data.buffer.byteLength,
  };
}

function idleSequences() {
  const kernels = createWasmKernels();
  const registry = new Registry({
    kernels,
    store: createMemoryStore(),
    clock: { scheduler: new VirtualTimeScheduler(), monotonic: () => 0, wall: () => 0 },
    counters: createTelemetry().sequences,
    keeping: { steps: 4096, ms: 60_000, idleMs: 300_000 },
    newEpoch: () => 'epoch',
    limits: { ...DEFAULT_LIMITS, sequences: 1e6 },
    onFault: (error) => {
      throw error;
    },
  });
  const x = Float64Array.from({ length: 8 * 256 }, (_, i) => Math.sin(i));
  const asker = {
    durable: () => undefined,
    refused: ([{ error }]) => {
      throw error;
    },
  };
  const open = (name) =>
    registry
      .open(name, 'create', { spec: SPEC })
      .sequence.submit({ kind: 'steps', first: 0, x, targets: null, t: null, count: 256, asker });
  open('first');
  const before = inUse(kernels);
  const count = quick ? 100 : 1000;
  for (let i = 0; i < count; i++) open(`sequence-${i}`);
  const after = inUse(kernels);
  const weights = 4 * ((8 + 64 + 1) * 64 + (64 + 1) * 8);
  const window = 4 * (32 * (8 + 64) + 2 * 32 * 8);
  const bytes = Object.fromEntries(
    ['heap', 'external', 'module'].map((key) => [key, (after[key] - before[key]) / count]),
  );
  const total = bytes.heap + bytes.external + bytes.module;
  return { count, ...bytes, total, needed: 2 * weights + window, ratio: total / (2 * weights + window) };
}

function slope() {
  const kernels = createWasmKernels();
  const model = new Model(SPEC, { kernels });
  const x = new Float32Array(8);
  const samples = [];
  for (let part = 0; part <= 10; part++) {
    samples.push({ steps: model.seq + 1, ...inUse(kernels) });
    if (part < 10)
      for (let i = 0; i < STEPS / 10; i++) {
        for (let j = 0; j < 8; j++) x[j] = Math.sin(0.1 * i + j);
        model.step(x);
      }
  }
  const [, first] = samples;
  const last = samples.at(-1);
  const perMillion = (key) => (1e6 * (last[key] - first[key])) / (last.steps - first.steps);
  return { steps: STEPS, heapPerMillion: perMillion('heap'), modulePerMillion: perMillion('module') };
}

const idle = idleSequences();
const growth = slope();
if (process.argv.includes('--json'))
  console.log(JSON.stringify({ machine: machine(), idle, growth }, null, 1));
else {
  const { cpu, cores, node, date } = machine();
  const kib = (bytes) => (bytes / 1024).toFixed(1);
  console.log(`Memory: ${cpu}, ${cores} cores, Node ${node}, ${date}.`);
  console.log(
    `An open idle sequence, F = 8, N = 64, k1 = k2 = 32, momentum, 256 steps logged (of ${idle.count}):\n`,
  );
  console.log(
    table(
      ['module KiB', 'heap KiB', 'buffers KiB', 'together KiB', 'weights + velocity + 32 steps KiB', 'ratio'],
      [
        [
          kib(idle.module),
          kib(idle.heap),
          kib(idle.external),
          kib(idle.total),
          kib(idle.needed),
          idle.ratio.toFixed(2),
        ],
      ],
    ),
  );
  console.log(`\nOver ${growth.steps.toLocaleString('en-US')} steps of learning the heap changes by`);
  console.log(
    `${growth.heapPerMillion.toFixed(0)} bytes and the module by ${growth.modulePerMillion.toFixed(0)} bytes a million steps.`,
  );
}
