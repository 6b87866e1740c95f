import { beforeEach, describe, expect, it } from 'vitest';
import type { Kernels } from '../../../src/kernels/kernels.js';
import { createReferenceKernels } from '../../../src/kernels/reference.js';
import { createWasmKernels } from '../../../src/kernels/wasm.js';
import { PIECE } from '../../../src/math/pieces.js';
import { Model } from '../../../src/rnn/model.js';
import type { ModelSpecInput } from '../../../src/rnn/spec/spec.js';
import { fingerprint } from '../../support/numeric-compare.js';
import { Numbers } from '../../support/numeric-random.js';
import { costsOf, runAmidOthers } from '../../support/pieces.js';

const LONG = { kind: 'tbptt', k1: 400, k2: 512 } as const;
const SHORT = { kind: 'tbptt', k1: 3, k2: 7 } as const;
const supervised = (outputs: number) => ({ kind: 'supervised', outputs, delay: 3 }) as const;

/** Small ones, and such as are really cut: many rows, many weights, both. */
const SPECS: readonly ModelSpecInput[] = [
  { features: 3, units: 5, learner: SHORT },
  {
    features: 3,
    units: 35,
    batch: 3,
    cell: 'gru',
    learner: SHORT,
    optimizer: { kind: 'sgd', clipNorm: 1e-3 },
  },
  { features: 2, units: 75, batch: 9, learner: LONG, task: supervised(37) },
  { features: 2, units: 75, batch: 9, learner: LONG, optimizer: { kind: 'sgd', nesterov: true } },
  {
    features: 2,
    units: 45,
    batch: 9,
    cell: 'gru',
    learner: LONG,
    optimizer: { kind: 'rmsprop', clipNorm: null },
  },
  {
    ...{ features: 2, units: 33, batch: 5, learner: LONG, task: supervised(33) },
    ...{
      readout: { kind: 'softmax', dense: false },
      optimizer: { kind: 'sgd', momentum: 0, weightDecay: 0.1 },
    },
  },
  { features: 1500, units: 400, learner: SHORT, task: supervised(3), optimizer: { kind: 'adamw' } },
  { features: 1500, units: 400, learner: SHORT, task: supervised(3), optimizer: { kind: 'sgd' } },
  { features: 5, units: 21, batch: 2, learner: { kind: 'rtrl', k1: 3 } },
  { features: 3, units: 61, learner: { kind: 'rtrl', k1: 2 }, optimizer: { kind: 'sgd' } },
  {
    features: 40,
    units: 300,
    learner: { kind: 'snap-1', k1: 5, reduction: 'sum' },
    optimizer: { kind: 'sgd' },
  },
];

/** Carries a model over steps; `train` makes the updates. Gives all that shows of it. */
function run(
  spec: ModelSpecInput,
  kernels: Kernels,
  steps: number,
  pieces: boolean,
  longest: number[] = [],
): string {
  const model = new Model(spec, { kernels });
  const { batch, features, task } = model.spec;
  const numbers = new Numbers(7);
  const some = numbers.many(1009);
  const told: unknown[] = [];
  for (let t = 0; t < steps; t++) {
    const x = Array.from({ length: batch * features }, (_, i) => some[(i * 31 + t * 17) % 1009]!);
    model.carry(x, 0);
    // now and then a target stays out
    if (task?.kind === 'supervised' && t % 5 !== 3)
      model.meet(
        Array.from({ length: batch * task.outputs }, (_, i) => (i % task.outputs === t % 3 ? 1 : 0)),
      );
    for (let part = model.takeWindow(); part; part = model.takeWindow()) {
      const cost = model.trainCost(part);
      longest.push(cost);
      const update = pieces ? runAmidOthers(model.trainInPieces(part), kernels) : model.train(part);
      told.push(update);
    }
  }
  const all = fingerprint([told, model.snapshot()]);
  expect(told.length).toBeGreaterThan(0);
  model.free();
  return all;
}

const stepsOf = ({ learner }: ModelSpecInput): number => (learner === LONG ? 1300 : 20);

describe('an update in pieces', () => {
  let kernels: Kernels;
  beforeEach(() => {
    kernels = createWasmKernels();
  });

  it.each(SPECS)('[PCS5] gives the bits of the whole, while memory moves: %j', (spec) => {
    const steps = stepsOf(spec);
    expect(run(spec, kernels, steps, true) === run(spec, kernels, steps, false)).toBe(true);
  });

  it('[PCS5] plain kernels go the same way', () => {
    const plain = createReferenceKernels('float64');
    for (const spec of SPECS.slice(0, 2).concat(SPECS[8]!))
      expect(run(spec, plain, 20, true)).toBe(run(spec, plain, 20, false));
  });

  it.each(SPECS)('[PCS2] no piece costs more than one may: %j', (spec) => {
    const model = new Model(spec, { kernels });
    const { batch, features, task } = model.spec;
    let updates = 0;
    for (let t = 0; t < stepsOf(spec); t++) {
      model.carry(
        Array.from({ length: batch * features }, (_, i) => Math.sin(i + t)),
        0,
      );
      if (task?.kind === 'supervised')
        model.meet(Array.from({ length: batch * task.outputs }, (_, i) => (i % task.outputs === 0 ? 1 : 0)));
      for (let part = model.takeWindow(); part; part = model.takeWindow()) {
        const { costs } = costsOf(model.trainInPieces(part));
        expect(Math.max(...costs)).toBeLessThanOrEqual(PIECE);
        const total = costs.reduce((sum, cost) => sum + cost, 0);
        // what is told beforehand is near enough to choose by
        expect(model.trainCost(part) / total).toBeGreaterThan(0.2);
        expect(model.trainCost(part) / total).toBeLessThan(5);
        updates++;
      }
    }
    expect(updates).toBeGreaterThan(0);
    model.free();
  });

  it('[PCS5] an update lasts as long as its pieces, and not as long as what is done between them', () => {
    let now = 0;
    const model = new Model({ features: 1, units: 4, learner: SHORT }, { kernels, now: () => now });
    for (let t = 0; t < 12; t++) model.carry([t % 3], 0);
    const part = model.takeWindow()!;
    const { value } = costsOf(model.trainInPieces(part), () => {
      now += 1000;
    });
    expect(value?.duration).toBe(0);
    model.free();
  });
});
