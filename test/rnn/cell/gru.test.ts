/** The GRU as a cell of the model, against PyTorch's figures (test/fixtures/torch-gru.py computed them) and the oracle. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createWasmKernels } from '../../../src/kernels/wasm.js';
import { type BpttResult, bptt } from '../../../src/rnn/learning/bptt.js';
import { Model } from '../../../src/rnn/model.js';
import { isSameSpec, type ModelSpecInput, parseSpec } from '../../../src/rnn/spec/spec.js';
import { codeOf, fingerprint, messageOf, relativeError } from '../../support/numeric-compare.js';
import { bareModel, float64, parametersOf } from '../../support/numeric-models.js';
import { Numbers } from '../../support/numeric-random.js';

interface Figures {
  readonly sizes: { readonly F: number; readonly N: number; readonly B: number; readonly T: number };
  readonly weights: Readonly<Record<TorchName, readonly number[]>>;
  readonly x: readonly number[];
  readonly h0: readonly number[];
  readonly g: readonly number[];
  readonly h: readonly number[];
  readonly cellH: readonly number[];
  readonly gradients: Readonly<Record<TorchName | 'x' | 'h0', readonly number[]>>;
  readonly cellGradients: Readonly<Record<TorchName, readonly number[]>>;
}
type TorchName = 'weight_ih' | 'weight_hh' | 'bias_ih' | 'bias_hh';

const torch: Figures = JSON.parse(
  readFileSync(new URL('../../fixtures/torch-gru.json', import.meta.url), 'utf8'),
);
const { F, N, B, T } = torch.sizes;

/** Turns [rows,columns] into [columns,rows]. */
const transposed = (m: readonly number[], rows: number): number[] => {
  const columns = m.length / rows;
  return m.map((_, i) => m[(i % rows) * columns + Math.floor(i / rows)]!);
};

/** Turns PyTorch's tensors into Eddy's order: W [F+N,3N], b [2,3N]. */
const inOrder = (tensors: Readonly<Record<TorchName, readonly number[]>>): number[] => [
  ...transposed(tensors.weight_ih, 3 * N),
  ...transposed(tensors.weight_hh, 3 * N),
  ...tensors.bias_ih,
  ...tensors.bias_hh,
];

const GRU: ModelSpecInput = {
  features: 3,
  units: 13,
  cell: 'gru',
  task: { kind: 'forecast', horizon: [1, 3] },
  learner: { kind: 'tbptt', k1: 3, k2: 7 },
};

const stepOf = (numbers: Numbers, batch = 1) =>
  numbers.many(3 * batch).map((value, i) => value + Math.sin(i));

describe("PyTorch's GRU", () => {
  const run = (kernels = float64): BpttResult =>
    bptt(
      {
        spec: { features: F, units: N, batch: B, cell: 'gru', readout: { kind: 'none' } },
        parameters: inOrder(torch.weights),
        x: torch.x,
        targets: torch.g,
        h0: torch.h0,
      },
      kernels,
    );

  it.each([
    { name: 'float64', kernels: float64, tolerance: 1e-14 },
    { name: 'WebAssembly', kernels: createWasmKernels(), tolerance: 1e-6 },
  ])('[GRU5] has the same hidden states and gradients, as a sequence and step by step: $name', (given) => {
    const got = run(given.kernels);
    const close = (part: ArrayLike<number>, want: readonly number[], name: string) =>
      expect(relativeError(part, want), name).toBeLessThan(given.tolerance);
    close(got.h, torch.h, 'h');
    close(got.h, torch.cellH, "GRUCell's h");
    close(got.x, torch.gradients.x, 'dL/dx');
    close(got.h0, torch.gradients.h0, 'dL/dh0');
    const [b, bh] = [(F + N) * 3 * N, (F + N) * 3 * N + 3 * N];
    const tensors = {
      weight_ih: got.parameters.slice(0, F * 3 * N),
      weight_hh: got.parameters.slice(F * 3 * N, b),
      bias_ih: got.parameters.slice(b, bh),
      bias_hh: got.parameters.slice(bh),
    };
    for (const name of ['weight_ih', 'weight_hh', 'bias_ih', 'bias_hh'] as const) {
      const isMatrix = name.startsWith('weight');
      const part = isMatrix ? transposed([...tensors[name]], tensors[name].length / 3 / N) : tensors[name];
      close(part, torch.gradients[name], name);
    }
  });

  it('[GRU5] begins at h = 0 in a model, whose step is that of the sequence', () => {
    const model = new Model(
      { features: F, units: N, batch: B, cell: 'gru', readout: { kind: 'none' }, scaler: { kind: 'none' } },
      { kernels: float64 },
    );
    const snapshot = model.snapshot();
    snapshot.numbers.set(inOrder(torch.weights));
    model.restore(snapshot);
    const got = Array.from({ length: T }, (_, t) => [
      ...model.step(torch.x.slice(t * B * F, (t + 1) * B * F)).h,
    ]).flat();
    const { h } = bptt(
      {
        spec: { features: F, units: N, batch: B, cell: 'gru', readout: { kind: 'none' } },
        parameters: inOrder(torch.weights),
        x: torch.x,
        targets: torch.g,
      },
      float64,
    );
    expect(got).toEqual([...h]);
  });
});

describe('a model with a GRU', () => {
  it('[GRU6] goes on from a snapshot with the same bits', () => {
    for (const batch of [1, 3]) {
      const make = () => new Model({ ...GRU, batch });
      const [through, first, second] = [make(), make(), make()];
      const [a, b] = [new Numbers(4), new Numbers(4)];
      for (let t = 0; t < 50; t++) {
        through.step(stepOf(a, batch));
        first.step(stepOf(b, batch));
      }
      second.restore(first.snapshot());
      for (let t = 0; t < 50; t++) {
        const x = stepOf(a, batch);
        expect(fingerprint(second.step(x))).toBe(fingerprint(through.step(x)));
      }
      expect(fingerprint(second.snapshot())).toBe(fingerprint(through.snapshot()));
      expect(through.updates).toBeGreaterThan(20);
    }
  });

  it('[GRU6] has in each batch row the bits that the row has alone', () => {
    const carried: ModelSpecInput = {
      ...GRU,
      units: 32,
      task: { kind: 'supervised', outputs: 2 },
      scaler: { kind: 'none' },
    };
    const [batch, rows] = [
      new Model({ ...carried, batch: 5 }),
      [0, 1, 2, 3, 4].map(() => new Model(carried)),
    ];
    const numbers = new Numbers(8);
    for (let t = 0; t < 20; t++) {
      const x = numbers.many(15);
      const { h, y } = batch.step(x);
      for (const [row, model] of rows.entries()) {
        const alone = model.step(x.slice(3 * row, 3 * row + 3));
        expect([...alone.h]).toEqual([...h.slice(32 * row, 32 * row + 32)]);
        expect([...alone.y!]).toEqual([...y!.slice(2 * row, 2 * row + 2)]);
      }
    }
  });

  it('[GRU6] begins a new history with reset, and with new weights where they are asked for', () => {
    const model = new Model(GRU);
    const numbers = new Numbers(5);
    for (let t = 0; t < 20; t++) model.step(stepOf(numbers));
    const before = model.weights;
    model.reset('state');
    expect(model.last().h.every((value) => value === 0)).toBe(true);
    expect(model.weights).toEqual(before);
    model.reset('weights');
    expect(model.weights.W).not.toEqual(before.W);
    expect(model.weights.b.every((value) => value === 0)).toBe(true);
    for (let t = 0; t < 20; t++) model.step(stepOf(numbers));
    expect(model.updates).toBeGreaterThan(0);
  });

  it('[GRU7] stays within 1e-4 of the float64 oracle over 500 steps, and in its gradients', () => {
    for (const units of [7, 64]) {
      const spec: ModelSpecInput = { ...GRU, units, scaler: { kind: 'none' } };
      const [model, oracle] = [
        new Model(spec, { kernels: createWasmKernels() }),
        new Model(spec, { kernels: float64 }),
      ];
      for (let t = 0; t < 500; t++) {
        const x = Float32Array.of(Math.sin(t * 0.1), Math.cos(t * 0.23), Math.sin(t * 0.05) ** 2);
        const [a, b] = [model.step(x), oracle.step(x)];
        for (const [j, value] of a.h.entries()) expect(Math.abs(value - b.h[j]!)).toBeLessThan(1e-4);
        for (const [i, { gradientNorm }] of a.updates.entries())
          expect(relativeError([gradientNorm], [b.updates[i]!.gradientNorm])).toBeLessThan(1e-4);
      }
    }
  });

  it('[GRU9] each update is full backpropagation over its window, however often the window has slid', () => {
    const task = { kind: 'supervised', outputs: 2, delay: 0 } as const;
    const learner = { kind: 'tbptt', k1: 4, k2: 4 } as const;
    const shape = { features: 3, units: 5, batch: 2, cell: 'gru', task } as const;
    const model = bareModel({ ...shape, learner, inputs: { changes: [] } });
    const numbers = new Numbers(11);
    for (let block = 0; block < 12; block++) {
      const [before, h0] = [parametersOf(model), Float64Array.from(model.last().h)];
      const [x, targets] = [numbers.many(4 * 2 * 3), numbers.many(4 * 2 * 2, 0.1)];
      const updates = [0, 1, 2, 3].flatMap((t) => {
        model.step(x.slice(6 * t, 6 * t + 6));
        return model.learn(targets.slice(4 * t, 4 * t + 4));
      });
      expect(updates).toHaveLength(1);
      const want = bptt(
        { spec: { ...shape, readout: { kind: 'linear' } }, parameters: before, x, targets, h0 },
        float64,
      );
      const after = parametersOf(model);
      expect(
        relativeError(
          before.map((value, i) => value - after[i]!),
          want.parameters,
        ),
      ).toBeLessThan(1e-12);
      expect(relativeError(model.inputGradient(updates[0]!)!, want.x)).toBeLessThan(1e-12);
    }
  });

  it('[GRU7] learns: it forecasts a sine better than the last value does', () => {
    const model = new Model({ features: 1, units: 12, cell: 'gru', seed: 3 });
    for (let t = 0; t < 4000; t++) model.step([Math.sin(t / 4)]);
    expect(model.metrics.recentSkill).toBeGreaterThan(0.5);
  });

  it('[GRU8] draws the gates one by one: Wx within the limit of Glorot, Wh orthogonal, biases 0', () => {
    const units = 9;
    const { W, b } = new Model({ ...GRU, units, inputs: { changes: [] } }, { kernels: float64 }).weights;
    const columns = 3 * units;
    const limit = Math.sqrt(6 / (3 + units));
    const Wx = W.slice(0, 3 * columns);
    expect(Wx.every((value) => Math.abs(value) <= limit)).toBe(true);
    expect(Math.max(...Wx)).toBeGreaterThan(0.8 * limit);
    for (let gate = 0; gate < 3; gate++) {
      const at = (i: number, j: number) => W[(3 + i) * columns + gate * units + j]!;
      for (let i = 0; i < units; i++)
        for (let j = 0; j < units; j++) {
          let dot = 0;
          for (let k = 0; k < units; k++) dot += at(i, k) * at(j, k);
          expect(Math.abs(dot - (i === j ? 1 : 0))).toBeLessThan(1e-14);
        }
    }
    expect(b).toHaveLength(2 * columns);
    expect(b.every((value) => value === 0)).toBe(true);
  });
});

describe('the spec of a cell', () => {
  it.each(['rtrl', 'snap-1'] as const)(
    '[CEL1] the learner %s is refused for a cell whose influences cannot be carried forward',
    (kind) => {
      const spec = { features: 2, units: 3, cell: 'gru', learner: { kind } };
      expect(codeOf(() => parseSpec(spec))).toBe('learner-unsupported');
      expect(messageOf(() => parseSpec(spec))).toBe(
        `the learner ${kind} cannot be used with the cell gru; tbptt can`,
      );
      expect(codeOf(() => parseSpec({ ...spec, cell: 'simple-rnn' }))).toBe('none');
    },
  );

  it('[CEL2] without a cell is that of the simple one, and the same spec; a GRU is another', () => {
    const spec = { features: 2, units: 3 };
    expect(parseSpec(spec).cell).toBe('simple-rnn');
    const { cell: _cell, ...stored } = parseSpec(spec);
    expect(isSameSpec(stored, parseSpec(spec))).toBe(true);
    expect(isSameSpec({ ...spec, cell: 'gru' }, spec)).toBe(false);
  });

  it('[CEL2] a snapshot whose spec names no cell is restored with the same bits', () => {
    const [model, other] = [1, 2].map(() => new Model({ features: 3, units: 6 })) as [Model, Model];
    const numbers = new Numbers(6);
    for (let t = 0; t < 40; t++) model.step(stepOf(numbers));
    const { spec, ...rest } = model.snapshot();
    const { cell: _cell, ...stored } = spec;
    other.restore({ ...rest, spec: stored as typeof spec });
    for (let t = 0; t < 20; t++) {
      const x = stepOf(numbers);
      expect(fingerprint(other.step(x))).toBe(fingerprint(model.step(x)));
    }
    const gru = new Model({ features: 3, units: 6, cell: 'gru' });
    expect(codeOf(() => gru.restore({ ...rest, spec: stored as typeof spec }))).toBe('snapshot-invalid');
  });
});
