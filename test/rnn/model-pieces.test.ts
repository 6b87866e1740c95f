import { beforeEach, describe, expect, it } from 'vitest';
import type { Kernels } from '../../src/kernels/kernels.js';
import { createReferenceKernels } from '../../src/kernels/reference.js';
import { createWasmKernels } from '../../src/kernels/wasm.js';
import { PIECE } from '../../src/math/pieces.js';
import { Model } from '../../src/rnn/model.js';
import type { ModelSpecInput } from '../../src/rnn/spec/spec.js';
import { codeOf, fingerprint } from '../support/numeric-compare.js';
import { Numbers } from '../support/numeric-random.js';
import { costsOf, runAmidOthers } from '../support/pieces.js';

const SPECS: readonly ModelSpecInput[] = [
  { features: 3, units: 40 },
  { features: 2, units: 33, cell: 'gru', batch: 3, inputs: { lags: [2, 5], missing: 'hold' } },
  { features: 5, units: 20, season: 12, task: { kind: 'forecast', horizon: [1, 24], targets: [4, 1] } },
  { features: 12, units: 9, batch: 2, task: { kind: 'forecast', horizon: [3], targets: [0] } },
  { features: 1, units: 8, learner: { kind: 'rtrl' }, optimizer: { kind: 'sgd' } },
  {
    features: 4,
    units: 30,
    task: { kind: 'supervised', outputs: 7, delay: 60 },
    readout: { kind: 'softmax' },
  },
  { features: 2, units: 5, batch: 9, readout: { kind: 'none' } },
  // seasons, and columns of more numbers than are copied at once
  { features: 2, units: 4, season: 700, task: { kind: 'forecast', horizon: [1, 300] } },
];

function run(model: Model, from: number, to: number): string {
  const { spec } = model;
  const width = spec.batch * spec.features;
  const told: unknown[] = [];
  for (let t = from; t < to; t++) {
    const numbers = new Numbers(t);
    const x = numbers.many(width).map((value, i) => Math.sin((t + i) / 2) + 0.1 * value);
    const { h, y, updates, range } = model.step(x, 60_000 * t);
    told.push(h.slice(), y?.slice(), range?.slice(), updates.length);
    if (spec.task?.kind !== 'supervised') continue;
    const target = Array.from({ length: spec.batch * spec.task.outputs }, (_, i) => (i === t % 7 ? 1 : 0));
    told.push(model.learn(target).length);
  }
  return fingerprint(told);
}

describe('work of a model in pieces', () => {
  let kernels: Kernels;
  beforeEach(() => {
    kernels = createWasmKernels();
  });

  it.each(SPECS)(
    '[PCS1] creates, keeps and restores %j with the bits of the whole, while memory moves',
    (spec) => {
      const whole = new Model(spec, { kernels });
      const model = runAmidOthers(Model.inPieces(spec, { kernels }), kernels);
      expect(fingerprint(model.snapshot())).toBe(fingerprint(whole.snapshot()));
      expect(run(model, 0, 300)).toBe(run(whole, 0, 300));
      const snapshot = runAmidOthers(model.snapshotInPieces(), kernels);
      expect(fingerprint(snapshot)).toBe(fingerprint(whole.snapshot()));
      const restored = runAmidOthers(Model.inPieces(spec, { kernels, snapshot }), kernels);
      expect(fingerprint(restored.snapshot())).toBe(fingerprint(snapshot));
      expect(run(restored, 300, 400)).toBe(run(whole, 300, 400));
      runAmidOthers(model.resetInPieces('weights'), kernels);
      whole.restore(snapshot);
      whole.reset('weights');
      expect(fingerprint(model.snapshot())).toBe(fingerprint(whole.snapshot()));
      runAmidOthers(restored.restoreInPieces(snapshot), kernels);
      expect(fingerprint(restored.snapshot())).toBe(fingerprint(snapshot));
      for (const each of [whole, model, restored]) each.free();
    },
  );

  it('[PCS1] restores weights of version 0.1 drawn again in pieces as at once', () => {
    const spec = { features: 3, units: 24 };
    const whole = new Model(spec, { kernels, draw: 'reflections' });
    const model = runAmidOthers(Model.inPieces(spec, { kernels, draw: 'reflections' }), kernels);
    expect(fingerprint(model.snapshot())).toBe(fingerprint(whole.snapshot()));
    for (const each of [whole, model]) each.free();
  });

  it('[PCS2] no piece of creating, keeping or restoring a large model is expected to cost more than a piece', () => {
    const spec = {
      features: 40,
      units: 512,
      cell: 'gru',
      learner: { kind: 'tbptt', k1: 64, k2: 512 },
    } as const;
    const made = costsOf(Model.inPieces(spec, { kernels }));
    const kept = costsOf(made.value.snapshotInPieces());
    const restored = costsOf(Model.inPieces(spec, { kernels, snapshot: kept.value }));
    for (const { costs } of [made, kept, restored]) {
      expect(Math.max(...costs)).toBeLessThanOrEqual(PIECE);
      expect(costs.reduce((sum, cost) => sum + cost, 0)).toBeGreaterThan(3 * PIECE);
    }
    for (const { value } of [made, restored]) value.free();
  });

  it.each(['create', 'restore'])('[PCS3] to %s, given up after any piece, leaves no memory taken', (what) => {
    const spec = { features: 3, units: 48, season: 12 };
    const source = new Model(spec, { kernels });
    run(source, 0, 50);
    const options = what === 'create' ? { kernels } : { kernels, snapshot: source.snapshot() };
    const next = () => {
      const arena = kernels.allocate(1000);
      arena.free();
      return arena.base;
    };
    const before = next();
    const { costs, value } = costsOf(Model.inPieces(spec, options));
    value.free();
    for (let stop = 0; stop <= costs.length; stop++) {
      const pieces = Model.inPieces(spec, options);
      for (let i = 0; i < stop; i++) pieces.next();
      pieces.return(undefined as never);
      expect(next(), `after ${stop}`).toBe(before);
    }
    source.free();
  });

  it('[PCS3] a snapshot that is refused leaves no memory taken, and the model as it was', () => {
    const spec = { features: 3, units: 8 };
    const model = new Model(spec, { kernels });
    const snapshot = model.snapshot();
    const wrong = { ...snapshot, numbers: snapshot.numbers.slice().fill(Number.NaN, 5, 6) };
    const before = fingerprint(model.snapshot());
    expect(codeOf(() => costsOf(model.restoreInPieces(wrong)))).toBe('snapshot-invalid');
    expect(codeOf(() => costsOf(Model.inPieces(spec, { kernels, snapshot: wrong })))).toBe(
      'snapshot-invalid',
    );
    expect(fingerprint(model.snapshot())).toBe(before);
    model.free();
  });

  it('[PCS1] plain kernels go the same way', () => {
    const plain = createReferenceKernels('float64');
    const spec = { features: 2, units: 12 };
    const whole = new Model(spec, { kernels: plain });
    const model = runAmidOthers(Model.inPieces(spec, { kernels: plain }), plain);
    expect(run(model, 0, 60)).toBe(run(whole, 0, 60));
    expect(fingerprint(runAmidOthers(model.snapshotInPieces(), plain))).toBe(fingerprint(whole.snapshot()));
  });
});
