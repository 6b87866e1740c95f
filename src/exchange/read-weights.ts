/** Weights that were trained elsewhere, out of a file: PyTorch's, Keras' or an ONNX graph's, as weights of Eddy's. */
import { EddyError } from '../errors.js';
import { readSafetensors } from '../formats/safetensors.js';
import { type ForeignNetwork, NamedTensors, type Numbers, refuse } from './foreign.js';
import { fromKeras } from './keras.js';
import { fromOnnx } from './onnx-import.js';
import { fromTorch } from './torch.js';
import type { WeightSource } from './weight-source.js';

/** The names under which a file may tell by what its x and y were standardised: (x - x_mean) / x_std. */
const STANDARDS = ['x_mean', 'x_std', 'y_mean', 'y_std'] as const;

/**
 * Reads weights out of the bytes of a file.
 *
 * @param as who wrote it: `torch` and `keras` as safetensors, `onnx` as a graph
 * @param map what a tensor of the file stands for, as `encoder.w_in` for `weight_ih_l0`; of an ONNX graph nothing
 * @throws EddyError `weights-invalid`, which names the tensor, the shape that was found and the one that is needed
 * @example
 * const { weights, features, units } = readWeights(bytes, 'torch')
 * const model = new Model({ features, units, scaler: { kind: 'none' }, inputs: { changes: [] } }, { weights })
 */
export function readWeights(
  bytes: Uint8Array,
  as: WeightSource,
  map: ReadonlyMap<string, string> = new Map(),
): ForeignNetwork {
  if (as === 'onnx') {
    if (map.size > 0) refuse('tensors of an ONNX graph have no names to map: its nodes say what they are');
    return fromOnnx(bytes);
  }
  const tensors = new NamedTensors(tensorsOf(bytes), map);
  const standards = STANDARDS.map((name) => standardOf(tensors, name));
  const network = as === 'torch' ? fromTorch(tensors) : fromKeras(tensors);
  return standards.some((one) => one !== null) ? standardised(network, standards) : network;
}

function tensorsOf(bytes: Uint8Array) {
  try {
    return readSafetensors(bytes).tensors;
  } catch (cause) {
    if (!(cause instanceof EddyError)) throw cause;
    const isZip = bytes[0] === 0x50 && bytes[1] === 0x4b;
    const help = isZip
      ? ': it is a zip file, as torch.save and model.save write; save the weights with safetensors'
      : '';
    throw new EddyError('weights-invalid', `${cause.message}${help}`, { cause });
  }
}

function standardOf(tensors: NamedTensors, name: string): Numbers | null {
  if (!tensors.names.includes(name)) return null;
  const { length } = tensors.shapeOf(name);
  return tensors.take(name, length === 0 ? [] : [null], '[features] or [outputs]');
}

/**
 * Takes the standardisation of x and y into the weights, so that the network takes x, and gives y, as they are:
 *
 *   ((x - m) / s) Wx + b = x (Wx / s) + (b - (m / s) Wx)      (h Wy + by) s + m = h (Wy s) + (by s + m)
 */
function standardised(network: ForeignNetwork, found: readonly (Numbers | null)[]): ForeignNetwork {
  const { features: D, units: N, outputs: M, weights } = network;
  const [xMean, xStd, yMean, yStd] = found.map((numbers, i) => {
    const width = i < 2 ? D : M;
    if (numbers && numbers.data.length !== 1 && numbers.data.length !== width)
      refuse(`${STANDARDS[i]} has the shape [${numbers.data.length}]; [${width}] is needed`);
    if (numbers && i % 2 === 1 && numbers.data.some((one) => !(one > 0)))
      refuse(`${STANDARDS[i]} has a deviation that is not above 0`);
    const otherwise = i % 2;
    return Float64Array.from({ length: width }, (_, j) =>
      numbers ? numbers.data[numbers.data.length === 1 ? 0 : j]! : otherwise,
    );
  }) as [Float64Array, Float64Array, Float64Array, Float64Array];
  const [Wx, b] = [
    Float64Array.from(weights.Wx as Float64Array),
    Float64Array.from(weights.b as Float64Array),
  ];
  const columns = Wx.length / D;
  for (let i = 0; i < D; i++)
    for (let j = 0; j < columns; j++) {
      const own = Wx[i * columns + j]! / xStd[i]!;
      Wx[i * columns + j] = own;
      b[j] = b[j]! - xMean[i]! * own;
    }
  if (!weights.Wy || !weights.by) return { ...network, weights: { ...weights, Wx, b } };
  const [Wy, by] = [
    Float64Array.from(weights.Wy as Float64Array),
    Float64Array.from(weights.by as Float64Array),
  ];
  for (let j = 0; j < M; j++) {
    for (let i = 0; i < N; i++) Wy[i * M + j] = Wy[i * M + j]! * yStd[j]!;
    by[j] = by[j]! * yStd[j]! + yMean[j]!;
  }
  return { ...network, weights: { ...weights, Wx, b, Wy, by } };
}

type Plain = Readonly<Record<string, unknown>>;

/**
 * Completes a model spec by what a network tells: its cell, units, fields and outputs. Where the spec does not say
 * otherwise, the cell gets x as it is and y is what the readout says, as where the weights were trained: no scaler, no
 * changes, no baseline.
 *
 * @throws EddyError `weights-invalid` where the spec says another cell, or another number of units
 */
export function specFor(network: ForeignNetwork, given: Plain = {}): Plain {
  const { cell, units, features, outputs, isSoftmax } = network;
  for (const [key, own] of Object.entries({ cell, units }))
    if (given[key] !== undefined && given[key] !== own)
      refuse(
        `the spec says ${key} ${JSON.stringify(given[key])}; the weights are those of ${key} ${JSON.stringify(own)}`,
      );
  const plain = (value: unknown): Plain =>
    typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Plain) : {};
  const inputs = { changes: [], ...plain(given.inputs) };
  const scaler = given.scaler ?? { kind: 'none' };
  const isScaled = plain(scaler).kind === 'standard';
  const task = taskFor(network, given, isScaled);
  return {
    features,
    ...given,
    ...{ cell, units, inputs, scaler },
    ...(given.readout === undefined && outputs === 0 && { readout: { kind: 'none' } }),
    ...(given.readout === undefined && isSoftmax && { readout: { kind: 'softmax' } }),
    ...(task && { task }),
  };
}

/** As many outputs as fields are a forecast of these; any other number is a supervised task, whose targets are sent. */
function taskFor(
  { features, outputs, isSoftmax }: ForeignNetwork,
  given: Plain,
  isScaled: boolean,
): Plain | null {
  if (outputs === 0) return (given.task as Plain) ?? null;
  const isForecast = outputs === features && !isSoftmax;
  const task = (given.task as Plain) ?? (isForecast ? { kind: 'forecast' } : { kind: 'supervised', outputs });
  return task.kind === 'forecast' && !isScaled ? { baseline: 'none', ...task } : task;
}
