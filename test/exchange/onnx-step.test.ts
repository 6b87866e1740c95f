/** Exported graphs, run by onnxruntime beside the sequences that they come from. */
import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { toOnnx } from '../../src/exchange/onnx-export.js';
import { readSafetensors } from '../../src/formats/safetensors.js';
import { Model } from '../../src/rnn/model.js';
import type { ModelSpecInput } from '../../src/rnn/spec/spec.js';
import { exportModel, rowsOf } from '../support/exchange.js';

/** Runs a graph step by step. */
async function runner(file: Uint8Array) {
  const session = await ort.InferenceSession.create(file);
  const feeds: Record<string, ort.Tensor> = {};
  for (const input of session.inputMetadata as readonly { name: string; type: string; shape: number[] }[]) {
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
];

describe('a sequence as an ONNX graph', () => {
  it.each(cases)('[ONX1] %s: 1,000 steps of raw x equal those of the sequence to 1e-5', async (_what, spec) => {
    const model = new Model(spec);
    const rows = rowsOf(model.spec, 2200);
    for (const { x, t } of rows.slice(0, 1200)) model.step(x, t);
    model.learning = false;
    const file = exportModel(model);
    const step = await runner(toOnnx(readSafetensors(file)));
    let worst = 0;
    for (const { x, t } of rows.slice(1200)) {
      const served = model.step(x, t);
      const { h, y, interval } = await step(x.map((one) => one ?? Number.NaN), t);
      const exact = model.lastExact();
      const off = (a: ArrayLike<number>, b: readonly number[]) =>
        Math.max(...b.map((one, i) => Math.abs(one - a[i]!) / Math.max(1, Math.abs(a[i]!))));
      worst = Math.max(worst, off(served.h, h));
      if (exact && y) worst = Math.max(worst, off(exact, y));
      if (served.range && interval) worst = Math.max(worst, off(served.range, interval));
    }
    console.log(_what, worst);
    expect(worst).toBeLessThan(1e-5);
  });
});
