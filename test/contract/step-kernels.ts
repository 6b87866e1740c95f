/**
 * What a step does beside matrix arithmetic, in kernels and in the plain reference: the same bits. Inputs, scores and
 * forecasts of real parts are driven by made-up hidden states and sums of the readout, the same in both.
 */
import { describe, expect, it } from 'vitest';
import type { Kernels } from '../../src/kernels/kernels.js';
import { createReferenceKernels } from '../../src/kernels/reference.js';
import { layoutArena } from '../../src/rnn/arena-layout.js';
import { Inputs } from '../../src/rnn/io/cell-inputs.js';
import { ForecastOutputs } from '../../src/rnn/io/forecast-outputs.js';
import { outputNames } from '../../src/rnn/io/output-names.js';
import { Window } from '../../src/rnn/learning/window.js';
import { ErrorMonitor } from '../../src/rnn/scoring/error-monitor.js';
import { type ModelSpecInput, parseSpec } from '../../src/rnn/spec/spec.js';
import { Numbers } from '../support/numeric-random.js';

/** The parts of a model that compute in columns, without a cell. */
class Parts {
  private readonly spec;
  private readonly arena;
  private readonly inputs;
  private readonly monitor;
  private readonly outputs;
  private readonly window;
  /** Sums of the readout. */
  private readonly count;

  constructor(kernels: Kernels, input: ModelSpecInput) {
    const spec = parseSpec(input);
    const { task, batch } = spec;
    if (task?.kind !== 'forecast') throw new Error('for forecasts only');
    const names = outputNames(spec);
    this.spec = spec;
    this.count = batch * names.length;
    this.inputs = new Inputs(spec, kernels);
    this.monitor = new ErrorMonitor(names, batch, names.length / task.horizon.length, kernels);
    this.outputs = new ForecastOutputs(spec, task, this.inputs, this.monitor, kernels);
    const shape = layoutArena(spec).window;
    this.arena = kernels.allocate(Window.length(shape));
    this.window = new Window(this.arena.base, shape, kernels);
  }

  step(x: readonly number[], state: readonly number[], sums: readonly number[]): void {
    const { arena, inputs, outputs, window } = this;
    inputs.take(x, 0);
    outputs.arrive(arena.data, window, window.next, true);
    const m = arena.data;
    const seq = window.advance(m);
    const stride = inputs.size + this.spec.units;
    inputs.write(m, window.zAt(seq), stride, seq);
    for (let row = 0; row < this.spec.batch; row++)
      m.set(
        state.slice(row * this.spec.units, (row + 1) * this.spec.units),
        window.zAt(seq + 1) + row * stride + inputs.size,
      );
    m.set(sums.slice(0, this.count), window.sumsAt(seq));
    outputs.serve(m, window, seq);
  }

  /** All that was computed, as text. */
  get kept(): string {
    const { arena, inputs, monitor, outputs, window } = this;
    const { data, base, length } = arena;
    const show = (_key: string, value: unknown) => (ArrayBuffer.isView(value) ? bitsOf(value) : value);
    const parts = [inputs.state(), monitor.state(), outputs.state(), window.state()];
    return JSON.stringify([...parts, data.slice(base, base + length)], show);
  }
}

const bitsOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString('base64');

const small = { units: 5, learner: { kind: 'tbptt', k1: 2, k2: 3 } } as const;
const SPECS: readonly ModelSpecInput[] = [
  { ...small, features: 1 },
  { ...small, features: 3, season: 7, task: { kind: 'forecast', horizon: [1, 9] } },
  { ...small, features: 9, inputs: { lags: [2, 3] } },
  { ...small, units: 6, features: 7, task: { kind: 'forecast', horizon: [2], targets: [4] } },
  { ...small, features: 2, batch: 3, task: { kind: 'forecast', horizon: [1, 2] } },
  { ...small, features: 2, task: { kind: 'forecast', horizon: [1], forecaster: 'network' } },
  { ...small, features: 2, season: 5, task: { kind: 'forecast', horizon: [3], baseline: 'season' } },
  { ...small, features: 2, task: { kind: 'forecast', horizon: [1], baseline: 'none' } },
  { ...small, features: 2, scaler: { kind: 'none' }, inputs: { changes: [1, 3], lags: [1] } },
];

/** Holds the kernels to the bits of the plain float32 reference. */
export function stepKernelsContract(name: string, createKernels: () => Kernels): void {
  describe(`kernels of a step ${name}`, () => {
    const both = (spec: ModelSpecInput) =>
      [createKernels(), createReferenceKernels('float32')].map((kernels) => new Parts(kernels, spec));

    it.each(SPECS)('give the bits of the reference: %j', (spec) => {
      const parts = both(spec);
      const numbers = new Numbers(7);
      const { batch, features, units } = parseSpec(spec);
      for (let t = 0; t < 700; t++) {
        const x = numbers.many(batch * features).map((noise, i) => {
          if (t % 50 === 20 + i) return Number.NaN;
          if (t % 211 === 150) return 1e9;
          return 20 + 5 * Math.sin((2 * Math.PI * t) / (8 + 4 * (i % 2))) + noise + (t > 500 ? 90 : 0);
        });
        const state = numbers.many(batch * units);
        const sums = numbers.many(batch * features * 2);
        for (const part of parts) part.step(x, state, sums);
        if (t % 25 === 0 || t > 690) expect(parts[0]!.kept, `step ${t}`).toBe(parts[1]!.kept);
      }
    });

    const stretches = [5e-324, 1e-310, 4.67e-286, 1e-160, 1e-38, 3.4e38];
    it.each(SPECS)('give them for numbers that hardly fit, and after constant ones: %j', (spec) => {
      const parts = both({ ...spec, inputs: { ...spec.inputs, missing: 'hold', wild: 'take' } });
      const numbers = new Numbers(8);
      const { batch, features, units } = parseSpec(spec);
      for (let t = 0; t < 480; t++) {
        const size = t % 80 < 40 ? 0 : stretches[Math.floor(t / 80)]!;
        const x = Array.from({ length: batch * features }, (_, i) => (size * (((t * (i + 3)) % 5) - 2)) / 2);
        const state = numbers.many(batch * units);
        const sums = numbers.many(batch * features * 2);
        for (const part of parts) part.step(x, state, sums);
        if (t % 10 === 0) expect(parts[0]!.kept, `step ${t}`).toBe(parts[1]!.kept);
      }
    });
  });
}
