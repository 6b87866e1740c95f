/**
 * Writes ONNX models of one recurrent step: the few fields of onnx.proto that they take, by hand, so that no package is
 * needed for it. The numbers are the fields' in onnx.proto (ONNX repository, onnx/onnx.proto).
 */
import { transpose } from './arrays.mjs';

const IR_VERSION = 8;
const OPSET = 14;
const FLOAT = 1;
const INT = 2;

/** @param {Uint8Array[]} parts */
const join = (...parts) => new Uint8Array(Buffer.concat(parts));

/** @param {number} value */
function varint(value) {
  const bytes = [];
  let rest = value;
  for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Uint8Array.from([...bytes, rest]);
}

/** An integer. @param {number} field @param {number} value */
const int = (field, value) => join(varint(field << 3), varint(value));

/** A string, a message or raw data. @param {number} field @param {string | Uint8Array} value */
function bytes(field, value) {
  const data = typeof value === 'string' ? Buffer.from(value) : value;
  return join(varint((field << 3) | 2), varint(data.length), data);
}

/** TensorProto. @param {string} name @param {number[]} shape @param {Float32Array} data */
const tensor = (name, shape, data) =>
  join(
    ...shape.map((size) => int(1, size)),
    int(2, FLOAT),
    bytes(8, name),
    bytes(9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
  );

/** ValueInfoProto of a float tensor. @param {string} name @param {number[]} shape */
const value = (name, shape) => {
  const dimensions = join(...shape.map((size) => bytes(1, int(1, size))));
  return join(bytes(1, name), bytes(2, bytes(1, join(int(1, FLOAT), bytes(2, dimensions)))));
};

/** NodeProto. @param {string} op @param {string[]} inputs @param {string[]} outputs @param {Record<string, number>} attributes */
const node = (op, inputs, outputs, attributes = {}) =>
  join(
    ...inputs.map((name) => bytes(1, name)),
    ...outputs.map((name) => bytes(2, name)),
    bytes(4, op),
    ...Object.entries(attributes).map(([name, number]) =>
      bytes(5, join(bytes(1, name), int(3, number), int(20, INT))),
    ),
  );

/** ModelProto of one graph. */
const model = (nodes, tensors, inputs, outputs) => {
  const graph = join(
    ...nodes.map((part) => bytes(1, part)),
    bytes(2, 'step'),
    ...tensors.map((part) => bytes(5, part)),
    ...inputs.map((part) => bytes(11, part)),
    ...outputs.map((part) => bytes(12, part)),
  );
  return join(int(1, IR_VERSION), bytes(7, graph), bytes(8, join(bytes(1, ''), int(2, OPSET))));
};

/**
 * One RNN node: x [1,1,F], h [1,1,N] -> y [1,1,N].
 *
 * @param {import('../protocol.mjs').Job} job
 */
export function rnnModel({ features: F, units: N, weights: { W, b } }) {
  const wx = transpose(W.subarray(0, F * N), F, N);
  const wh = transpose(W.subarray(F * N), N, N);
  const biases = new Float32Array(2 * N);
  biases.set(b);
  return model(
    [node('RNN', ['x', 'W', 'R', 'B', '', 'h'], ['', 'y'], { hidden_size: N })],
    [tensor('W', [1, N, F], wx), tensor('R', [1, N, N], wh), tensor('B', [1, 2 * N], biases)],
    [value('x', [1, 1, F]), value('h', [1, 1, N])],
    [value('y', [1, 1, N])],
  );
}

/**
 * The same step as Gemm and Tanh: z [1,F+N] = [x | h] -> y [1,N].
 *
 * @param {import('../protocol.mjs').Job} job
 */
export const gemmModel = ({ features: F, units: N, weights: { W, b } }) =>
  model(
    [node('Gemm', ['z', 'W', 'B'], ['a']), node('Tanh', ['a'], ['y'])],
    [tensor('W', [F + N, N], W), tensor('B', [N], b)],
    [value('z', [1, F + N])],
    [value('y', [1, N])],
  );
