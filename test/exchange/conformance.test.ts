/**
 * Weights of other libraries give those libraries' numbers: figures that PyTorch computed (test/fixtures/torch-weights.py),
 * those of Keras' own tests (keras/src/layers/rnn/simple_rnn_test.py, gru_test.py: test_correctness), and those of ONNX'
 * node tests (onnx/backend/test/case/node/rnn.py, gru.py), where onnxruntime computes the same nodes too.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readWeights } from '../../src/exchange/read-weights.js';
import type { Model } from '../../src/rnn/model.js';
import { filled, floats, modelOf, recurrentGraph, tensorFile } from '../support/exchange.js';
import { NEEDS_ORT, ort } from '../support/onnxruntime.js';

const range = (count: number, from = 0) => Array.from({ length: count }, (_, i) => from + i);
const close = (found: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number) => {
  expect(found.length).toBe(expected.length);
  for (let i = 0; i < found.length; i++) expect(Math.abs(found[i]! - expected[i]!)).toBeLessThan(tolerance);
};

describe("PyTorch's figures", () => {
  const { sizes, ...cases } = JSON.parse(
    readFileSync(new URL('../fixtures/torch-weights.json', import.meta.url), 'utf8'),
  ) as { sizes: { F: number; N: number; M: number; T: number } } & Record<
    'rnn' | 'rnn without biases' | 'gru',
    {
      onnx: string;
      tensors: Record<string, { shape: number[]; data: number[] }>;
      x: number[];
      h: number[];
      y: number[];
    }
  >;

  it.each(['rnn', 'rnn without biases', 'gru'] as const)(
    '[ONX10] of an %s with a Linear are those of its weights here',
    (kind) => {
      const { tensors, onnx, x, h, y } = cases[kind];
      for (const network of [
        readWeights(tensorFile(tensors), 'torch'),
        readWeights(Buffer.from(onnx, 'base64'), 'onnx'),
      ])
        carry(modelOf(network), x, h, y);
    },
  );

  function carry(model: Model, x: number[], h: number[], y: number[]): void {
    const { F, N, M, T } = sizes;
    for (let t = 0; t < T; t++) {
      const step = model.step(x.slice(t * F, (t + 1) * F));
      close(step.h, h.slice(t * N, (t + 1) * N), 2e-6);
      close(step.y!, y.slice(t * M, (t + 1) * M), 5e-6);
    }
  }
});

describe("Keras' figures", () => {
  /** Carries each of B sequences [B,T,F] in a batch row, and gives the last h. */
  function last(file: Uint8Array, sequence: number[], [B, T, F]: [number, number, number]): number[] {
    const model = modelOf(readWeights(file, 'keras'), B);
    let h: number[] = [];
    for (let t = 0; t < T; t++) {
      const x = range(B).flatMap((row) => sequence.slice((row * T + t) * F, (row * T + t + 1) * F));
      h = Array.from(model.step(x).h);
    }
    return h;
  }
  const each = (values: number[], units: number) =>
    values.flatMap((value) => new Array<number>(units).fill(value));

  it('[ONX10] of a SimpleRNN of constant weights are those of its weights here', () => {
    const file = tensorFile({
      'sequential/simple_rnn/simple_rnn_cell/kernel': filled([4, 4], 0.01),
      'sequential/simple_rnn/simple_rnn_cell/recurrent_kernel': filled([4, 4], 0.02),
      'sequential/simple_rnn/simple_rnn_cell/bias': filled([4], 0.03),
    });
    close(last(file, range(24), [2, 3, 4]), each([0.405432, 0.73605347], 4), 1e-6);
  });

  it.each([
    ['with biases', 0.03, [0.5217289, 0.6371659, 0.39384964]],
    ['without them', 0, [0.49988455, 0.64701194, 0.4103359]],
  ] as const)(
    '[ONX10] of a GRU of constant weights %s are those of its weights here',
    (_what, bias, expected) => {
      const tensors = {
        'gru/kernel:0': filled([4, 9], 0.01),
        'gru/recurrent_kernel:0': filled([3, 9], 0.02),
        ...(bias > 0 && { 'gru/bias:0': filled([2, 9], bias) }),
      };
      close(last(tensorFile(tensors), range(72), [3, 6, 4]), each([...expected], 3), 1e-5);
    },
  );

  it('[ONX11] of a GRU without reset_after are others, and it is refused by name', () => {
    const tensors = {
      kernel: filled([4, 9], 0.01),
      recurrent_kernel: filled([3, 9], 0.02),
      bias: filled([9], 0.03),
    };
    expect(() => readWeights(tensorFile(tensors), 'keras')).toThrow(
      /bias has the shape \[9\].*reset_after=True/,
    );
  });
});

describe("ONNX' node tests", () => {
  const three = [1, 2, 3, 4, 5, 6];
  const nine = range(9, 1);
  const random = (() => {
    let seed = 7;
    return (count: number) =>
      Array.from({ length: count }, () => {
        seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
        return 2 * (seed / 2 ** 32) - 1;
      });
  })();
  /** B = Wb over Rb, of which test_*_with_initial_bias has 0.1 and 0. */
  const initial = (rows: number) => [...new Array(rows).fill(0.1), ...new Array(rows).fill(0)];
  const documented = [0.29131261, 0.67317414, 0.87852567].flatMap((one) => new Array<number>(4).fill(one));
  const documentedBias = [0.37994897, 0.74067795, 0.90447217].flatMap((one) =>
    new Array<number>(4).fill(one),
  );
  const constant = (shape: number[]) => floats(shape, filled(shape, 0.1).data);

  const cases = [
    // the three inputs as three steps, of which the figures are, and as three batch rows
    { name: 'test_simple_rnn_defaults', op: 'RNN', F: 2, N: 4, T: 3, X: three, expected: documented },
    { name: 'test_simple_rnn_defaults in rows', op: 'RNN', F: 2, N: 4, T: 1, X: three },
    {
      name: 'test_simple_rnn_with_initial_bias',
      ...{ op: 'RNN', F: 2, N: 4, T: 3, X: three, B: initial(4), expected: documentedBias },
    },
    {
      name: 'test_rnn_seq_length',
      op: 'RNN',
      F: 3,
      N: 5,
      T: 2,
      X: range(18, 1),
      isRandom: true,
      B: random(10),
    },
    { name: 'test_gru_defaults', op: 'GRU', F: 2, N: 5, T: 1, X: three },
    { name: 'test_gru_with_initial_bias', op: 'GRU', F: 3, N: 3, T: 1, X: nine, B: initial(9) },
    {
      name: 'test_gru_seq_length',
      op: 'GRU',
      F: 3,
      N: 5,
      T: 2,
      X: range(18, 1),
      isRandom: true,
      B: random(30),
    },
  ];

  type Case = (typeof cases)[number];

  /** The graph of a case, and what the weights that are read of it give [T,rows,N]. */
  function carried({ op, F, N, T, X, B, isRandom = false }: Case) {
    const G = op === 'GRU' ? 3 : 1;
    const tensor = (shape: number[]) =>
      isRandom ? floats(shape, random(shape.reduce((product, side) => product * side, 1))) : constant(shape);
    const rows = X.length / (T * F);
    const [W, R] = [tensor([1, G * N, F]), tensor([1, G * N, N])];
    const attributes = G === 3 ? { linear_before_reset: 1 } : {};
    const graph = recurrentGraph(op, { W, R, B: B && floats([1, 2 * G * N], B), T, rows, attributes });
    const model = modelOf(readWeights(graph, 'onnx'), rows);
    const h: number[] = [];
    for (let t = 0; t < T; t++) h.push(...model.step(X.slice(t * rows * F, (t + 1) * rows * F)).h);
    return { graph, h, rows, W: W.data, R: R.data };
  }

  /** The formula of the operator, in float64, a number at a time; of GRU with linear_before_reset. */
  function formula(
    { op, F, N, T, X, B = [] }: Case,
    W: ArrayLike<number>,
    R: ArrayLike<number>,
    rows: number,
  ) {
    const G = op === 'GRU' ? 3 : 1;
    const sigmoid = (a: number) => 1 / (1 + Math.exp(-a));
    const out: number[] = [];
    let states = range(rows).map(() => new Array<number>(N).fill(0));
    for (let t = 0; t < T; t++) {
      states = states.map((before, row) => {
        const fromX = (j: number) =>
          range(F).reduce((sum, i) => sum + X[(t * rows + row) * F + i]! * W[j * F + i]!, B[j] ?? 0);
        const fromH = (j: number) =>
          before.reduce((sum, one, i) => sum + one * R[j * N + i]!, B[G * N + j] ?? 0);
        return before.map((one, j) => {
          if (G === 1) return Math.tanh(fromX(j) + fromH(j));
          const z = sigmoid(fromX(j) + fromH(j));
          const r = sigmoid(fromX(N + j) + fromH(N + j));
          return (1 - z) * Math.tanh(fromX(2 * N + j) + r * fromH(2 * N + j)) + z * one;
        });
      });
      out.push(...states.flat());
    }
    return out;
  }

  it.each(cases)(
    '[ONX12] $name: its figures, by the formula of the operator, are those of its weights here',
    (given) => {
      const { h, rows, W, R } = carried(given);
      close(h, formula(given, W, R, rows), 1e-6);
      if (given.expected) close(h, given.expected, 1e-6);
    },
  );

  it.skipIf(!ort).each(cases)(
    `[ONX12] $name: onnxruntime gives the numbers of its weights here ${ort ? '' : NEEDS_ORT}`,
    async (given) => {
      const { graph, h, rows } = carried(given);
      const { InferenceSession, Tensor } = ort!;
      const session = await InferenceSession.create(graph);
      const X = new Tensor('float32', Float32Array.from(given.X), [given.T, rows, given.F]);
      close(h, (await session.run({ X })).Y!.data, 2e-6);
    },
  );

  it('[ONX11] the GRU with linear_before_reset 0, which multiplies the state before its product, is refused by name', () => {
    const graph = recurrentGraph('GRU', { W: constant([1, 15, 2]), R: constant([1, 15, 5]), T: 1, rows: 3 });
    expect(() => readWeights(graph, 'onnx')).toThrow(/node gru \(GRU\) has linear_before_reset 0/);
  });
});
