/** Models as files, and rows of signals for them. */
import type { ForeignNetwork } from '../../src/exchange/foreign.js';
import { specFor } from '../../src/exchange/read-weights.js';
import { unnamedSchema } from '../../src/fields/sequence-schema.js';
import { type OnnxAttribute, type OnnxTensor, writeOnnx } from '../../src/formats/onnx.js';
import { writeSafetensors } from '../../src/formats/safetensors.js';
import { finish } from '../../src/math/pieces.js';
import { Model } from '../../src/rnn/model.js';
import type { ModelSpec, ModelSpecInput } from '../../src/rnn/spec/spec.js';
import { Course } from '../../src/sequence/course.js';
import { writeSequence } from '../../src/sequence/sequence-file.js';

/** The file of a sequence that has this model. */
export const exportModel = (model: Model): Uint8Array =>
  finish(writeSequence('pump', new Course(model, 'epoch-1', unnamedSchema(model.spec)), 0));

export interface Row {
  readonly x: (number | null)[];
  readonly t: number;
}

/** Gives rows of waves with a season, a drift and noise, of size 1 for a model that does not scale; with gaps where the spec holds them. */
export function rowsOf({ batch, features, inputs, scaler }: ModelSpec, count: number, season = 24): Row[] {
  let seed = 12345;
  const random = () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return seed / 2 ** 32 - 0.5;
  };
  return Array.from({ length: count }, (_, step) => ({
    x: Array.from({ length: batch * features }, (_, i) => {
      const value =
        100 + 20 * i + 5 * Math.sin((2 * Math.PI * (step + 3 * i)) / season) + 0.002 * step + 0.6 * random();
      const own = scaler.kind === 'none' ? (value - 100) / 20 : value;
      return inputs.missing === 'hold' && random() > 0.45 ? null : own;
    }),
    t: Date.UTC(2024, 0, 15) + step * 3_600_000 + Math.round(random() * 1000),
  }));
}

/** A file of tensors, as Python's safetensors writes it. */
export const tensorFile = (
  tensors: Record<string, { shape: number[]; data: ArrayLike<number> }>,
): Uint8Array =>
  writeSafetensors({
    tensors: new Map(
      Object.entries(tensors).map(([name, { shape, data }]) => [
        name,
        { shape, data: Float32Array.from(data) },
      ]),
    ),
    metadata: new Map(),
  });

/** A tensor of one number throughout. */
export const filled = (shape: number[], value: number) => ({
  shape,
  data: new Array<number>(shape.reduce((product, side) => product * side, 1)).fill(value),
});

/** A model that is the network that was read, and nothing else: x goes in and y comes out as they are. */
export const modelOf = (network: ForeignNetwork, batch = 1): Model =>
  new Model({ ...specFor(network), batch } as unknown as ModelSpecInput, { weights: network.weights });

/** A graph of one node RNN or GRU, of constants W, R, B, over a sequence X, with what follows it. */
export function recurrentGraph(
  op: string,
  {
    W,
    R,
    B,
    T,
    rows,
    attributes = {},
    more = [],
    tensors = {},
    output = 'Y',
  }: {
    W: OnnxTensor;
    R: OnnxTensor;
    B?: OnnxTensor | undefined;
    T: number;
    rows: number;
    attributes?: Record<string, OnnxAttribute>;
    more?: { op: string; inputs: string[]; outputs: string[]; attributes?: Record<string, OnnxAttribute> }[];
    tensors?: Record<string, OnnxTensor>;
    output?: string;
  },
): Uint8Array {
  const N = R.shape[2]!;
  const shape = output === 'Y' ? [T, 1, rows, N] : [1, rows, N];
  const node = (one: {
    op: string;
    inputs: string[];
    outputs: string[];
    attributes?: Record<string, OnnxAttribute>;
  }) => ({
    ...one,
    name: one.op.toLowerCase(),
    domain: '',
    attributes: new Map(Object.entries(one.attributes ?? {})),
  });
  return writeOnnx({
    name: 'test',
    nodes: [
      node({
        op,
        inputs: ['X', 'W', 'R', ...(B ? ['B'] : [])],
        outputs: ['Y', 'Y_h'],
        attributes: { hidden_size: N, ...attributes },
      }),
      ...more.map(node),
    ],
    tensors: new Map(Object.entries({ W, R, ...(B && { B }), ...tensors })),
    inputs: [{ name: 'X', type: 'float', shape: [T, rows, W.shape[2]!] }],
    outputs: [{ name: output, type: 'float', shape: more.length > 0 ? [] : shape }],
    about: '',
    metadata: new Map(),
    producer: 'test',
    producerVersion: '',
  });
}

export const floats = (shape: number[], data: ArrayLike<number>): OnnxTensor => ({
  type: 'float',
  shape,
  data: Float32Array.from(data),
});
