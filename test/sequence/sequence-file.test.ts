import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readSafetensors, writeSafetensors } from '../../src/formats/safetensors.js';
import type { Model } from '../../src/rnn/model.js';
import type { ModelSpecInput } from '../../src/rnn/spec/spec.js';
import { ask } from '../support/ask.js';
import { createRegistry } from '../support/sequences.js';

const ignore = () => undefined;
const signal = (first: number, count: number) =>
  Float64Array.from({ length: count }, (_, i) => Math.sin((first + i) * 0.7));
const bits = (model: Model) => JSON.stringify(model.snapshot());

describe('a sequence that is moved', () => {
  it.each<[string, Partial<ModelSpecInput>]>([
    ['tbptt and adam', {}],
    ['rtrl and sgd', { learner: { kind: 'rtrl' }, optimizer: { kind: 'sgd' } }],
    ['snap-1 and rmsprop', { learner: { kind: 'snap-1' }, optimizer: { kind: 'rmsprop' } }],
    ['no readout', { readout: { kind: 'none' } }],
    ['a GRU', { cell: 'gru' }],
  ])('[MOV1] with %s goes on with the same bits, at any moment', async (_what, change) => {
    await fc.assert(
      fc.asyncProperty(fc.nat(60), fc.nat(40), async (before, after) => {
        const { registry } = createRegistry();
        const { sequence } = registry.open('a', 'create', { spec: { features: 1, units: 3, ...change } });
        const push = (to: typeof sequence, count: number) => {
          const first = to.seq + 1;
          if (count > 0) ask(to).push(first, signal(first, count), undefined, ignore);
        };
        push(sequence, before);
        await registry.importAs('b', registry.exportOf('a'));
        const moved = registry.get('b');
        expect([moved.seq, moved.epoch === sequence.epoch]).toEqual([sequence.seq, false]);
        push(sequence, after);
        push(moved, after);
        expect(bits(moved.model)).toBe(bits(sequence.model));
      }),
      { numRuns: 15 },
    );
  });

  it('[MOV2] has its weights as PyTorch names and lays them: its step from them is the cell that is served', () => {
    const spec = { features: 2, units: 3, scaler: { kind: 'none' }, inputs: { changes: [] } } as const;
    const { registry } = createRegistry();
    const { sequence } = registry.open('a', 'create', {
      spec: { ...spec, task: { kind: 'supervised', outputs: 1 } },
    });
    for (let t = 0; t < 9; t++) ask(sequence).push(t, signal(2 * t, 2), undefined, ignore);
    const { tensors, metadata } = readSafetensors(registry.exportOf('a'));
    const rows = (name: string) => {
      const { shape, data } = tensors.get(name)!;
      const [count = 0, size = 1] = shape;
      return Array.from({ length: count }, (_, i) =>
        Array.from(data.slice(i * size, (i + 1) * size), Number),
      );
    };
    const times = (matrix: number[][], vector: number[]) =>
      matrix.map((row) => row.reduce((sum, value, i) => sum + value * vector[i]!, 0));
    const [ih, hh, bih, bhh] = ['weight_ih_l0', 'weight_hh_l0', 'bias_ih_l0', 'bias_hh_l0'].map((name) =>
      rows(`rnn.${name}`),
    );
    const x = [0.3, -0.7];
    const h = Array.from(tensors.get('h')!.data, Number);
    const [fromX, fromH] = [times(ih!, x), times(hh!, h)];
    const expected = fromX.map((value, i) => Math.tanh(value + bih![i]![0]! + fromH[i]! + bhh![i]![0]!));
    const { h: served } = sequence.model.step(x);
    expected.forEach((value, i) => {
      expect(served[i]).toBeCloseTo(value, 5);
    });
    expect(metadata.get('seq')).toBe('8');
    expect(JSON.parse(metadata.get('spec') ?? '')).toMatchObject({ features: 2, units: 3 });
    expect(tensors.get('readout.weight')?.shape).toEqual([1, 3]);
  });

  it('[MOV2] of a GRU names and lays its weights as torch.nn.GRU does, gates in the order r, z, n', () => {
    const spec = { features: 2, units: 3, cell: 'gru', scaler: { kind: 'none' } } as const;
    const { registry } = createRegistry();
    const { sequence } = registry.open('a', 'create', {
      spec: { ...spec, task: { kind: 'supervised', outputs: 1 } },
    });
    for (let t = 0; t < 9; t++) {
      ask(sequence).push(t, signal(2 * t, 2), undefined, ignore);
      sequence.model.learn([Math.cos(t)]);
    }
    const { tensors, metadata } = readSafetensors(registry.exportOf('a'));
    const data = (name: string) => Array.from(tensors.get(name)!.data, Number);
    const [x, h] = [[0.3, -0.7], data('h')];
    /** Row `row` of weight_ih x + bias_ih, or of the same with hh and h. */
    const sum = (from: 'ih' | 'hh', vector: number[], row: number) => {
      const matrix = data(`rnn.weight_${from}_l0`);
      const products = vector.map((value, i) => value * matrix[row * vector.length + i]!);
      return products.reduce((total, value) => total + value, data(`rnn.bias_${from}_l0`)[row]!);
    };
    const sigmoid = (value: number) => 1 / (1 + Math.exp(-value));
    const served = sequence.model.step(x).h;
    for (let j = 0; j < 3; j++) {
      const [r, z] = [j, 3 + j].map((row) => sigmoid(sum('ih', x, row) + sum('hh', h, row)));
      const n = Math.tanh(sum('ih', x, 6 + j) + r! * sum('hh', h, 6 + j));
      expect(served[j]).toBeCloseTo((1 - z!) * n + z! * h[j]!, 5);
    }
    expect(tensors.get('rnn.weight_ih_l0')?.shape).toEqual([9, 2]);
    expect(data('rnn.bias_hh_l0').some((value) => value !== 0)).toBe(true);
    expect(metadata.get('about')).toContain('torch.nn.GRU');
    expect(JSON.parse(metadata.get('spec') ?? '')).toMatchObject({ cell: 'gru' });
  });

  it('[MOV3] is refused where the file is damaged, foreign or impossible, and nothing is made', async () => {
    const { registry } = createRegistry();
    ask(registry.open('a', 'create', { spec: { features: 1, units: 3 } }).sequence).push(
      0,
      signal(0, 9),
      undefined,
      ignore,
    );
    const file = registry.exportOf('a');
    const { tensors, metadata } = readSafetensors(file);
    const changed = (key: string, value: string) =>
      writeSafetensors({ tensors, metadata: new Map([...metadata, [key, value]]) });
    const state = metadata.get('state') ?? '';
    const files = [
      new Uint8Array(0),
      file.slice(0, 100),
      file.slice(0, -4),
      changed('format', 'other'),
      changed('version', '2'),
      changed('state', '{}'),
      changed('state', 'nonsense'),
      changed('state', state.replace('"units":3', '"units":4')),
      changed('state', state.replace('"units":3', '"units":-3')),
    ];
    for (const bad of files) {
      await expect(registry.importAs('b', bad)).rejects.toMatchObject({
        code: expect.stringMatching(/^(snapshot|spec)-invalid$/),
      });
      expect(registry.has('b')).toBe(false);
    }
    await expect(registry.importAs('a', file)).rejects.toMatchObject({ code: 'sequence-exists' });
  });
});
