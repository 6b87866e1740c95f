/** What is read of other libraries' files, and what is refused, by name. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readWeights, specFor } from '../../src/exchange/read-weights.js';
import { readOnnx } from '../../src/formats/onnx.js';
import { filled, floats, modelOf, recurrentGraph, tensorFile } from '../support/exchange.js';
import { codeOf } from '../support/sequences.js';

const torch = (more: Record<string, { shape: number[]; data: ArrayLike<number> }> = {}) => ({
  'rnn.weight_ih_l0': filled([4, 2], 0.1),
  'rnn.weight_hh_l0': filled([4, 4], 0.2),
  ...more,
});

describe('tensors of PyTorch and Keras', () => {
  it('[ONX13] are found by the end of their names, or by those that they are mapped to', () => {
    const named = {
      'enc.w_in': filled([4, 2], 0.1),
      'enc.w_rec': filled([4, 4], 0.2),
      out: filled([1, 4], 0.3),
    };
    const map = new Map([
      ['enc.w_in', 'weight_ih_l0'],
      ['enc.w_rec', 'weight_hh_l0'],
      ['out', 'readout.weight'],
    ]);
    const network = readWeights(tensorFile(named), 'torch', map);
    expect([network.cell, network.features, network.units, network.outputs]).toEqual(['simple-rnn', 2, 4, 1]);
    expect(() => readWeights(tensorFile(named), 'torch')).toThrow(
      /no weight_ih_l0; the file has enc.w_in, enc.w_rec, out/,
    );
    const wrong = new Map([['enc.w', 'weight_ih_l0']]);
    expect(() => readWeights(tensorFile(named), 'torch', wrong)).toThrow(/no tensor enc.w to map/);
  });

  it('[ONX14] with the standardisation of x and y become a network that takes and gives them as they are', () => {
    const tensors = torch({ 'fc.weight': filled([1, 4], 0.3), 'fc.bias': filled([1], 0.5) });
    const plain = modelOf(readWeights(tensorFile(tensors), 'torch'));
    const file = tensorFile({
      ...tensors,
      x_mean: { shape: [2], data: [1000, -5] },
      x_std: { shape: [2], data: [8, 2] },
      y_mean: { shape: [1], data: [1000] },
      y_std: { shape: [1], data: [8] },
    });
    const whole = modelOf(readWeights(file, 'torch'));
    for (let t = 0; t < 30; t++) {
      const z = [Math.sin(t), Math.cos(t)];
      const { y } = plain.step(z);
      expect(whole.step([1000 + 8 * z[0]!, -5 + 2 * z[1]!]).y![0]).toBeCloseTo(1000 + 8 * y![0]!, 3);
    }
    const none = tensorFile({ ...tensors, x_std: { shape: [2], data: [8, 0] } });
    expect(() => readWeights(none, 'torch')).toThrow(/x_std has a deviation that is not above 0/);
  });

  it.each<[string, 'torch' | 'keras', Record<string, { shape: number[]; data: ArrayLike<number> }>, RegExp]>([
    [
      'an LSTM',
      'torch',
      { weight_ih_l0: filled([8, 3], 0), weight_hh_l0: filled([8, 2], 0) },
      /weight_hh_l0 has the shape \[8, 2\], as of an LSTM/,
    ],
    [
      'two layers',
      'torch',
      torch({ 'rnn.weight_ih_l1': filled([4, 4], 0) }),
      /rnn.weight_ih_l1 belongs to a second layer/,
    ],
    [
      'both directions',
      'torch',
      torch({ 'rnn.weight_ih_l0_reverse': filled([4, 2], 0) }),
      /rnn.weight_ih_l0_reverse belongs to a bidirectional/,
    ],
    [
      'a bias of another length',
      'torch',
      torch({ 'rnn.bias_ih_l0': filled([3], 0) }),
      /rnn.bias_ih_l0 has the shape \[3\]; \[4\] is needed/,
    ],
    [
      'rows of another number',
      'torch',
      { weight_ih_l0: filled([5, 2], 0), weight_hh_l0: filled([4, 4], 0) },
      /weight_ih_l0 has the shape \[5, 2\]; \[4, inputs\] is needed/,
    ],
    [
      'a readout of other units',
      'torch',
      torch({ 'fc.weight': filled([1, 5], 0) }),
      /fc.weight has the shape \[1, 5\]; \[outputs, 4\], since the cell has 4 units/,
    ],
    [
      'several readouts',
      'torch',
      torch({ 'a.weight': filled([1, 4], 0), 'b.weight': filled([1, 4], 0) }),
      /any of a.weight, b.weight/,
    ],
    [
      'several cells',
      'torch',
      { 'a.weight_ih_l0': filled([4, 2], 0), 'b.weight_ih_l0': filled([4, 2], 0) },
      /any of a.weight_ih_l0, b.weight_ih_l0/,
    ],
    [
      'no square',
      'keras',
      { kernel: filled([2, 5], 0), recurrent_kernel: filled([4, 5], 0) },
      /recurrent_kernel has the shape \[4, 5\]/,
    ],
    [
      'no kernel',
      'keras',
      { 'a/recurrent_kernel': filled([4, 4], 0) },
      /there is no a\/kernel beside a\/recurrent_kernel/,
    ],
    [
      'a kernel of other columns',
      'keras',
      { kernel: filled([2, 5], 0), recurrent_kernel: filled([4, 4], 0) },
      /kernel has the shape \[2, 5\]; \[inputs, 4\] is needed/,
    ],
  ])('[ONX13] that are %s are refused with their name and shape', (_what, as, tensors, why) => {
    expect(() => readWeights(tensorFile(tensors), as)).toThrow(why);
    expect(codeOf(() => readWeights(tensorFile(tensors), as))).toBe('weights-invalid');
  });

  it('[ONX13] with numbers that are not finite, or in a file that is none, are refused', () => {
    const network = readWeights(tensorFile(torch({ 'rnn.bias_hh_l0': filled([4], Number.NaN) })), 'torch');
    expect(() => modelOf(network)).toThrow(/b has no finite float32/);
    expect(() => readWeights(Uint8Array.of(0x50, 0x4b, 3, 4, 0, 0, 0, 0, 0), 'torch')).toThrow(
      /zip file, as torch.save/,
    );
  });

  it('[ONX13] say what a spec leaves out, and refuse one of another cell or size', () => {
    const network = readWeights(tensorFile(torch()), 'torch');
    expect(specFor(network)).toMatchObject({
      features: 2,
      units: 4,
      cell: 'simple-rnn',
      readout: { kind: 'none' },
    });
    expect(() => specFor(network, { units: 5 })).toThrow(
      /the spec says units 5; the weights are those of units 4/,
    );
    expect(() => specFor(network, { cell: 'gru' })).toThrow(/cell "gru"/);
  });
});

describe('an ONNX graph', () => {
  const W = floats([1, 4, 2], filled([8], 0.1).data);
  const R = floats([1, 4, 4], filled([16], 0.2).data);
  const parts = { W, R, T: 1, rows: 1 };
  const squeezed = { op: 'Squeeze', inputs: ['Y_h'], outputs: ['s'] };
  const Wy = floats([4, 1], [1, 2, 3, 4]);

  it.each([
    [
      'Gemm',
      [squeezed, { op: 'Gemm', inputs: ['s', 'Wy', 'by'], outputs: ['out'] }],
      { Wy, by: floats([1], [0.5]) },
    ],
    [
      'Gemm, transposed',
      [squeezed, { op: 'Gemm', inputs: ['s', 'Wy', 'by'], outputs: ['out'], attributes: { transB: 1 } }],
      { Wy: floats([1, 4], [1, 2, 3, 4]), by: floats([1], [0.5]) },
    ],
    [
      'MatMul and Add',
      [
        squeezed,
        { op: 'MatMul', inputs: ['s', 'Wy'], outputs: ['m'] },
        { op: 'Add', inputs: ['by', 'm'], outputs: ['out'] },
      ],
      { Wy, by: floats([1], [0.5]) },
    ],
  ] as const)('[ONX15] gives its readout, a %s', (_what, more, tensors) => {
    const graph = recurrentGraph('RNN', {
      ...parts,
      more: structuredClone(more) as never,
      tensors,
      output: 'out',
    });
    const network = readWeights(graph, 'onnx');
    expect(network.outputs).toBe(1);
    const { h, y } = modelOf(network).step([1, -0.5]);
    expect(y![0]).toBeCloseTo(0.5 + 10 * h[0]!, 5);
  });

  it.each<[string, () => Uint8Array, RegExp]>([
    [
      'reverse',
      () => recurrentGraph('RNN', { ...parts, attributes: { direction: 'reverse' } }),
      /direction reverse/,
    ],
    [
      'Relu',
      () => recurrentGraph('RNN', { ...parts, attributes: { activations: ['Relu'] } }),
      /activations relu; Eddy's cell has tanh/,
    ],
    ['clip', () => recurrentGraph('RNN', { ...parts, attributes: { clip: 2.5 } }), /clips its sums/],
    ['an LSTM', () => recurrentGraph('LSTM', parts), /is an LSTM/],
    ['no recurrent node', () => recurrentGraph('Conv', parts), /no RNN and no GRU; its nodes are Conv/],
    [
      'W of another shape',
      () => recurrentGraph('RNN', { ...parts, W: floats([1, 3, 2], filled([6], 0).data) }),
      /W of node rnn \(RNN\), W, has the shape \[1, 3, 2\]; \[1, 4, inputs\]/,
    ],
    [
      'both directions',
      () => recurrentGraph('RNN', { ...parts, R: floats([2, 4, 4], filled([32], 0).data) }),
      /\[2, 4, 4\]/,
    ],
    [
      'something between cell and readout',
      () =>
        recurrentGraph('RNN', {
          ...parts,
          more: [{ op: 'Relu', inputs: ['Y'], outputs: ['out'] }],
          output: 'out',
        }),
      /node relu \(Relu\) follows node rnn/,
    ],
    [
      'something behind the readout',
      () =>
        recurrentGraph('RNN', {
          ...parts,
          tensors: { Wy },
          more: [
            squeezed,
            { op: 'MatMul', inputs: ['s', 'Wy'], outputs: ['m'] },
            { op: 'Tanh', inputs: ['m'], outputs: ['out'] },
          ],
          output: 'out',
        }),
      /node tanh \(Tanh\) follows the readout/,
    ],
  ])('[ONX15] with %s is refused by name', (_what, graph, why) => {
    expect(() => readWeights(graph(), 'onnx')).toThrow(why);
    expect(codeOf(() => readWeights(graph(), 'onnx'))).toBe('weights-invalid');
  });

  it('[ONX16] of any bytes, or one that was damaged anywhere, is read or refused with weights-invalid', () => {
    const whole = recurrentGraph('RNN', parts);
    const check = (bytes: Uint8Array): void => {
      expect(codeOf(() => readOnnx(bytes))).toMatch(/^(none|weights-invalid)$/);
    };
    fc.assert(fc.property(fc.uint8Array({ maxLength: 200 }), check), { numRuns: 500 });
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), (at, byte) => {
        const damaged = whole.slice();
        damaged[at] = byte;
        check(damaged);
        expect(codeOf(() => readWeights(damaged, 'onnx'))).toMatch(/^(none|weights-invalid)$/);
      }),
      { numRuns: 1000 },
    );
    for (let length = 0; length < whole.length; length++) check(whole.subarray(0, length));
  });
});
