/** An exported file is enough to run the sequence elsewhere: a small program that shares no arithmetic with Eddy does it. */
import { describe, expect, it } from 'vitest';
import { readSafetensors } from '../../src/formats/safetensors.js';
import { Model } from '../../src/rnn/model.js';
import type { ModelSpecInput } from '../../src/rnn/spec/spec.js';
import { exportModel, rowsOf } from '../support/exchange.js';
import { PlainRun } from './plain-run.js';

const cases: [string, ModelSpecInput, number, number?][] = [
  ['as it is by default', { features: 1, units: 8 }, 900],
  [
    'a gru of several fields and horizons',
    { features: 3, units: 5, cell: 'gru', task: { kind: 'forecast', targets: [2, 0], horizon: [1, 5] } },
    900,
  ],
  [
    'many fields beside the one that is forecast',
    { features: 8, units: 4, task: { kind: 'forecast', targets: [1] } },
    700,
  ],
  [
    'a season that was told, with gaps',
    {
      features: 1,
      units: 4,
      season: 24,
      inputs: { missing: 'hold', lags: [3] },
      task: { kind: 'forecast', horizon: [1, 24] },
    },
    900,
  ],
  [
    'the network alone against a season',
    {
      features: 1,
      units: 6,
      season: 24,
      task: { kind: 'forecast', baseline: 'season', forecaster: 'network', horizon: [30] },
    },
    700,
  ],
  ['without a baseline', { features: 2, units: 4, task: { kind: 'forecast', baseline: 'none' } }, 700],
  // a search for seasons comes after 48 steps, and what it finds is not in the file
  ['just begun', { features: 1, units: 4 }, 3, 44],
  ['not begun at all', { features: 1, units: 4, cell: 'gru' }, 0, 47],
  ['without a readout', { features: 2, units: 4, readout: { kind: 'none' } }, 100],
];

describe('an exported sequence', () => {
  it.each(cases)(
    '[ONX2] %s: the predictions of raw x from the file alone equal those served',
    (_what, spec, before, count = 300) => {
      const model = new Model(spec);
      const rows = rowsOf(model.spec, before + 300);
      for (const { x } of rows.slice(0, before)) model.step(x);
      if (model.spec.readout.kind !== 'none') model.learning = false;
      const plain = new PlainRun(readSafetensors(exportModel(model)));
      let worst = 0;
      const off = (found: ArrayLike<number>, expected: ArrayLike<number>) => {
        expect(found.length).toBe(expected.length);
        for (let i = 0; i < found.length; i++) worst = Math.max(worst, Math.abs(found[i]! - expected[i]!));
      };
      for (const { x } of rows.slice(before, before + count)) {
        const { h, range } = model.step(x);
        const found = plain.step(x.map((one) => one ?? Number.NaN));
        off(found.h, h);
        off(found.y, model.lastExact() ?? []);
        off(found.half, range ?? []);
      }
      expect(worst).toBeLessThan(1e-4);
    },
  );
});
