/** Weights from outside, by name. */
import { describe, expect, it } from 'vitest';
import { EddyError, Model, type ModelSpecInput, type WeightsInput } from '../../src/index.js';
import { codeOf } from '../support/sequences.js';

const spec: ModelSpecInput = {
  ...{ features: 2, units: 3, scaler: { kind: 'none' }, inputs: { changes: [] } },
  task: { kind: 'supervised', outputs: 2 },
};
const numbers = (count: number) => Float32Array.from({ length: count }, (_, i) => ((i * 7) % 11) / 16 - 0.3);

describe('weights from outside', () => {
  it('[WGT1] are those that a model computes with, as rows or row after row', () => {
    const Wx = [
      [0.1, -0.2, 0.3],
      [0.4, 0.5, -0.6],
    ];
    const weights = { Wx, Wh: numbers(9), b: [0.1, 0.2, 0.3], Wy: numbers(6), by: [1, -1] };
    const model = new Model(spec, { weights });
    const { h, y } = model.step([0.5, -1.5]);
    const sums = weights.b.map((b, j) => b + 0.5 * Wx[0]![j]! - 1.5 * Wx[1]![j]!);
    sums.forEach((sum, j) => {
      expect(h[j]).toBeCloseTo(Math.tanh(sum), 6);
    });
    const expected = [0, 1].map((m) =>
      [...h].reduce((sum, one, i) => sum + one * weights.Wy[i * 2 + m]!, weights.by[m]!),
    );
    expected.forEach((one, m) => {
      expect(y![m]).toBeCloseTo(one, 6);
    });
  });

  it.each<[string, ModelSpecInput]>([
    ['simple-rnn', { features: 3, units: 17 }],
    ['gru', { features: 3, units: 17, cell: 'gru' }],
    [
      'a softmax of h',
      {
        features: 3,
        units: 4,
        readout: { kind: 'softmax', dense: false },
        task: { kind: 'supervised', outputs: 4 },
      },
    ],
  ])('[WGT2] of a %s come back to the bit, and make two models one', (_what, of) => {
    const one = new Model({ ...of, seed: 1 });
    const other = new Model({ ...of, seed: 2 });
    other.setWeights(one.weights);
    expect(other.weights).toEqual(one.weights);
    for (let t = 0; t < 40; t++) {
      const x = [Math.sin(t), Math.cos(t), t % 3];
      expect(other.step(x).h).toEqual(one.step(x).h);
    }
  });

  it('[WGT2] change nothing else: state, scores and what is left out stay, and learning goes on', () => {
    const model = new Model({ features: 1, units: 4 });
    for (let t = 0; t < 100; t++) model.step([Math.sin(t / 5)]);
    const { Wx, ...before } = { ...model.weights, Wx: null };
    const scored = model.metrics;
    const { h } = model.last();
    model.setWeights({ b: [1, 2, 3, 4] });
    expect(model.weights).toEqual({ ...before, b: Float32Array.of(1, 2, 3, 4) });
    expect(model.last().h).toEqual(h);
    expect(model.metrics).toEqual(scored);
    expect(Wx).toBeNull();
    for (let t = 100; t < 200; t++) model.step([Math.sin(t / 5)]);
    expect(model.updates).toBeGreaterThan(0);
    expect(model.weights.b).not.toEqual(Float32Array.of(1, 2, 3, 4));
  });

  it.each(['tbptt', 'rtrl', 'snap-1'] as const)(
    '[WGT2] leave %s able to learn: the error falls on',
    (kind) => {
      const model = new Model({ features: 1, units: 4, learner: { kind } });
      const other = new Model({ features: 1, units: 4, seed: 9 });
      for (let t = 0; t < 60; t++) model.step([Math.sin(t / 5)]);
      model.setWeights(other.weights);
      for (let t = 60; t < 400; t++) model.step([Math.sin(t / 5)]);
      expect(model.health.state).not.toBe('diverged');
      expect(model.updates).toBeGreaterThan(10);
    },
  );

  it.each<[string, unknown, RegExp]>([
    ['too few', { Wx: [1, 2] }, /Wx has the shape \[2\]; this model needs \[2, 3\]/],
    [
      'transposed',
      {
        Wx: [
          [1, 2],
          [1, 2],
          [1, 2],
        ],
      },
      /Wx has the shape \[3, 2\]; this model needs \[2, 3\]/,
    ],
    [
      'ragged',
      {
        Wx: [
          [1, 2, 3],
          [1, 2],
        ],
      },
      /row 1/,
    ],
    ['not finite', { b: [0, Number.NaN, 0] }, /b has no finite float32 at number 1/],
    ['beyond float32', { b: [0, 0, 1e39] }, /b has no finite float32 at number 2/],
    ['no numbers', { b: ['1', '2', '3'] }, /b has no finite float32 at number 0/],
    [
      'of another name',
      { kernel: [1] },
      /kernel is no name of a weight; this model has Wx, Wh, W, b, Wy, by/,
    ],
    ['twice', { W: numbers(15), Wx: numbers(6) }, /W is Wx over Wh/],
    ['nothing', null, /not an object/],
    [
      'of another readout',
      { Wy: numbers(3) },
      /Wy has the shape \[3\]; this model needs \[3, 2\]: the supervised task has 2 outputs/,
    ],
  ])('[WGT3] that are %s are refused by name, and the model is as it was', (_what, weights, why) => {
    const model = new Model(spec);
    model.step([1, 2]);
    const before = model.snapshot();
    const act = () => model.setWeights({ by: [5, 5], ...(weights as WeightsInput) });
    if (weights === null) expect(() => model.setWeights(null as unknown as WeightsInput)).toThrow(why);
    else expect(act).toThrow(why);
    expect(codeOf(() => model.setWeights(weights as WeightsInput))).toBe('weights-invalid');
    expect(() => new Model(spec, { weights: (weights ?? 5) as WeightsInput })).toThrow(EddyError);
    expect(model.snapshot()).toEqual(before);
  });

  it('[WGT3] that are for x alone are refused with what the cell gets, and how it gets x alone', () => {
    const act = () => new Model({ features: 1, units: 2 }, { weights: { Wx: [[1, 2]] } });
    expect(act).toThrow(
      /needs \[6, 2\]: its cell gets 1 of x, changes over 1, 2, 4, 8, 16 steps; with "inputs": {"changes": \[\]}/,
    );
  });
});
