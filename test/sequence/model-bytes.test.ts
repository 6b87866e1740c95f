/** What a model is counted for in the limit of all models together, against what it really holds. */
import { expect, it } from 'vitest';
import type { Columns } from '../../src/kernels/columns.js';
import { layoutArena } from '../../src/rnn/arena-layout.js';
import { Model } from '../../src/rnn/model.js';
import { type ModelSpecInput, modelSize, parseSpec } from '../../src/rnn/spec/spec.js';
import { timeAt } from '../support/replay.js';

const SPECS = {
  'one feature': { features: 1, units: 3 },
  'several horizons': { features: 2, units: 5, task: { kind: 'forecast', horizon: [1, 24, 100] } },
  'batch rows': { features: 3, units: 5, batch: 8 },
  'a season that is told': { features: 1, units: 4, season: 2000 },
  'others that are judged': { features: 60, units: 4, task: { kind: 'forecast', targets: [0] } },
  'many that are forecast': { features: 90, units: 4 },
  'lagged values': { features: 2, units: 4, inputs: { lags: [1000] } },
  'the network alone': { features: 3, units: 4, task: { kind: 'forecast', forecaster: 'network' } },
  'no scaler': { features: 3, units: 4, scaler: { kind: 'none' } },
  'late targets': { features: 4, units: 5, task: { kind: 'supervised', outputs: 3, delay: 300 } },
  classes: { features: 2, units: 4, readout: { kind: 'softmax' }, task: { kind: 'supervised', outputs: 40 } },
  'no readout': { features: 30, units: 4, readout: { kind: 'none' } },
  'a GRU': { features: 2, units: 64, cell: 'gru' },
  'an influence': { features: 2, units: 16, learner: { kind: 'rtrl' } },
} as const satisfies Record<string, ModelSpecInput>;

const isColumns = (value: object): value is Columns => 'base' in value && 'array' in value && 'free' in value;

/** Gives the bytes of all typed arrays and columns of an object, but for the memory that all models share. */
function bytesOf(root: object, shared: ArrayBufferLike): number {
  const seen = new Set<unknown>([shared]);
  const sum = (value: unknown): number => {
    if (typeof value !== 'object' || value === null || seen.has(value)) return 0;
    seen.add(value);
    if (isColumns(value)) return 8 * value.length;
    if (ArrayBuffer.isView(value)) return sum(value.buffer);
    if (value instanceof ArrayBuffer) return value.byteLength;
    return Object.entries(value).reduce((total, [key, part]) => total + (OF_ALL.has(key) ? 0 : sum(part)), 0);
  };
  return sum(root);
}
/** What all models share, and the list of columns that a part has by itself too. */
const OF_ALL = new Set(['kernels', 'spec', 'all']);

it.each(Object.entries<ModelSpecInput>(SPECS))(
  '[SEQ5] counts no less than a model with %s holds',
  (_, given) => {
    const spec = parseSpec(given);
    const model = new Model(given);
    const size = spec.batch * spec.features;
    const steps = 4100;
    for (let t = 0; t < steps; t++) {
      const x = Float64Array.from({ length: size }, (_, i) => Math.sin(t * 0.003 + i));
      model.step(x, timeAt(t));
    }
    const { parts } = model as unknown as { parts: { network: { numbers: Float32Array } } };
    const held = 4 * layoutArena(spec).length + bytesOf(parts, parts.network.numbers.buffer);
    const counted = 4 * modelSize(spec);
    model.free();
    expect(counted).toBeGreaterThanOrEqual(held);
    // and not so much more that the limit would mean something else
    expect(counted).toBeLessThan(4 * held);
  },
);
