/** Exported graphs, run by onnxruntime beside the sequences that they come from. */
import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { toOnnx } from '../../src/exchange/onnx-export.js';
import { Model } from '../../src/rnn/model.js';
import type { ModelSpecInput } from '../../src/rnn/spec/spec.js';
import { exportModel, rowsOf } from '../support/exchange.js';

/** Runs a graph step by step. */
async function runner(file: Uint8Array) {
  const session = await ort.InferenceSession.create(file);
  const feeds: Record<string, ort.Tensor> = {};
  for (const input of session.inputMetadata as unknown as readonly {
    name: string;
    type: string;
    shape: number[];
  }[]) {
    const size = input.shape.reduce((product, side) => product * side, 1);
    feeds[input.name] =
      input.type === 'float32'
        ? new ort.Tensor('float32', new Float32Array(size).fill(Number.NaN), input.shape)
        : new ort.Tensor('float64', new Float64Array(size).fill(Number.NaN), input.shape);
  }
  return async (x: readonly number[], t?: number) => {
    feeds.x = new ort.Tensor('float64', Float64Array.from(x), feeds.x!.dims);
    if (feeds.t) feeds.t = new ort.Tensor('float64', Float64Array.of(t ?? Number.NaN), [1]);
    const out = await session.run(feeds);
    feeds.h = out.h_next!;
    if (out.state_next) feeds.state = out.state_next;
    const numbers = (name: string) => (out[name] ? Array.from(out[name].data as Float64Array, Number) : null);
    return { h: numbers('h_next')!, y: numbers('y'), interval: numbers('interval') };
  };
}

const cases: [string, ModelSpecInput][] = [
  ['a simple-rnn as it is by default', { features: 1, units: 8 }],
  ['a gru as it is by default', { features: 2, units: 6, cell: 'gru' }],
  [
    'a gru of many fields, two of them forecast',
    { features: 9, units: 5, cell: 'gru', task: { kind: 'forecast', targets: [7, 2], horizon: [1, 6] } },
  ],
  [
    'the network alone, with lags and gaps',
    {
      features: 3,
      units: 7,
      inputs: { lags: [2, 24], missing: 'hold' },
      task: { kind: 'forecast', forecaster: 'network', horizon: [1, 3] },
    },
  ],
  [
    'the network against a season',
    {
      features: 1,
      units: 7,
      season: 24,
      task: { kind: 'forecast', forecaster: 'network', baseline: 'season', horizon: [2, 30] },
    },
  ],
  [
    'the mixture with a season, gaps and features of the time',
    {
      features: 2,
      units: 4,
      season: 24,
      inputs: { missing: 'hold', time: ['hour', 'weekday', 'monthday', 'yearday', 'weekend', 'elapsed'] },
      task: { kind: 'forecast', horizon: [1, 24] },
    },
  ],
  ['without a baseline', { features: 2, units: 4, task: { kind: 'forecast', baseline: 'none' } }],
  [
    'without a scaler',
    {
      features: 1,
      units: 4,
      scaler: { kind: 'none' },
      inputs: { changes: [], time: ['elapsed'] },
      learner: { kind: 'snap-1' },
    },
  ],
  [
    'several batch rows',
    {
      features: 2,
      units: 3,
      batch: 3,
      cell: 'gru',
      inputs: { missing: 'hold' },
      task: { kind: 'forecast', horizon: [1, 2], targets: [1] },
    },
  ],
  [
    'statistics that never forget, least squares left out',
    {
      features: 1,
      units: 8,
      scaler: { kind: 'standard', halfLife: null },
      readout: { kind: 'linear', rule: 'gradient' },
    },
  ],
  ['a supervised task', { features: 2, units: 5, task: { kind: 'supervised', outputs: 3 } }],
  [
    'classes',
    {
      features: 2,
      units: 5,
      cell: 'gru',
      readout: { kind: 'softmax' },
      task: { kind: 'supervised', outputs: 3 },
    },
  ],
  [
    'the softmax of h itself',
    {
      features: 2,
      units: 4,
      readout: { kind: 'softmax', dense: false },
      task: { kind: 'supervised', outputs: 4 },
    },
  ],
  ['a cell without a readout', { features: 2, units: 5, readout: { kind: 'none' } }],
];

/** A target that x tells: numbers, or a class. */
function targetOf({ spec: { readout, task } }: Model, x: readonly (number | null)[]): number[] {
  const M = task?.kind === 'supervised' ? task.outputs : 0;
  const of = Math.abs(Math.round((x[0] ?? 0) * 3)) % M;
  return Array.from({ length: M }, (_, i) =>
    readout.kind === 'softmax' ? Number(i === of) : (x[0] ?? 0) * (i + 1),
  );
}

describe('a sequence as an ONNX graph', () => {
  it.each(cases)(
    '[ONX1] %s: 1,000 steps of raw x equal those of the sequence to 1e-5',
    async (_what, spec) => {
      const model = new Model(spec);
      const rows = rowsOf(model.spec, 2200);
      for (const { x, t } of rows.slice(0, 1200)) {
        const { y } = model.step(x, t);
        if (model.spec.task?.kind === 'supervised' && y) model.learn(targetOf(model, x));
      }
      if (model.spec.readout.kind !== 'none') model.learning = false;
      const file = exportModel(model);
      const step = await runner(toOnnx(file));
      let worst = 0;
      for (const { x, t } of rows.slice(1200)) {
        const served = model.step(x, t);
        const { h, y, interval } = await step(
          x.map((one) => one ?? Number.NaN),
          t,
        );
        const exact = model.lastExact();
        const off = (a: ArrayLike<number>, b: readonly number[]) =>
          Math.max(...b.map((one, i) => Math.abs(one - a[i]!) / Math.max(1, Math.abs(a[i]!))));
        worst = Math.max(worst, off(served.h, h));
        if (exact && y) worst = Math.max(worst, off(exact, y));
        if (served.range && interval) worst = Math.max(worst, off(served.range, interval));
      }
      console.log(_what, worst);
      expect(worst).toBeLessThan(1e-5);
    },
  );
});
