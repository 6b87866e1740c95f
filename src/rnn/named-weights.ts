/**
 * The weights of a model by name, as they come from outside: trained elsewhere, or out of another model.
 *
 *   simple-rnn   Wx [D,N]     Wh [N,N]     b [N]         D numbers that the cell gets of a step, N units
 *   gru          Wx [D,3N]    Wh [N,3N]    b [2,3N]      columns of the gates r, u, n; input biases, then recurrent ones
 *   readout      Wy [N,M]     by [M]
 *
 * Wx over Wh is W, as `model.weights` gives it. A row is what comes in, a column what goes out: h = tanh(x Wx + h Wh + b).
 */
import { EddyError } from '../errors.js';
import type { Reals } from '../kernels/kernels.js';
import { inRanges, type Pieces, VISIT } from '../math/pieces.js';
import type { ParameterLayout } from './cell/parameters.js';
import { type ModelSpec, outputsOf } from './spec/spec.js';

/** A matrix: row after row, or as rows. */
export type MatrixInput = ArrayLike<number> | readonly ArrayLike<number>[];

/** Weights that a model takes; what is left out stays as it is. `W` stands for `Wx` and `Wh`. */
export interface WeightsInput {
  readonly Wx?: MatrixInput | undefined;
  readonly Wh?: MatrixInput | undefined;
  readonly W?: MatrixInput | undefined;
  readonly b?: MatrixInput | undefined;
  readonly Wy?: MatrixInput | undefined;
  readonly by?: MatrixInput | undefined;
}

export type WeightName = keyof WeightsInput;

/** Where one of them lies among the parameters, row after row, and its form. */
export interface WeightPlace {
  readonly at: number;
  readonly shape: readonly number[];
}

const refuse = (why: string): never => {
  throw new EddyError('weights-invalid', why);
};

/** Gives the names that a model has, and where each lies. */
export function weightPlaces(layout: ParameterLayout): Partial<Record<WeightName, WeightPlace>> {
  const { features: D, units: N, outputs: M, kind, cell, b, wy, by, hasDense } = layout;
  const columns = kind.gates.length * N;
  return {
    Wx: { at: 0, shape: [D, columns] },
    Wh: { at: D * columns, shape: [N, columns] },
    W: { at: 0, shape: [D + N, columns] },
    b: { at: b, shape: cell.biases === columns ? [columns] : [cell.biases / columns, columns] },
    ...(hasDense && { Wy: { at: wy, shape: [N, M] }, by: { at: by, shape: [M] } }),
  };
}

/**
 * Writes named weights over parameters, row after row.
 *
 * @throws EddyError `weights-invalid`, which names the weights, their form and the one that is needed; nothing is written then
 */
export function* placeWeights(
  to: Reals,
  given: WeightsInput,
  layout: ParameterLayout,
  spec: ModelSpec,
): Pieces<void> {
  if (typeof given !== 'object' || given === null) refuse('the weights are not an object of named arrays');
  const places = weightPlaces(layout);
  const found: [WeightPlace, Float64Array][] = [];
  for (const [name, value] of Object.entries(given) as [WeightName, MatrixInput | undefined][]) {
    if (value === undefined || value === null) continue;
    const place = Object.hasOwn(places, name) ? places[name] : undefined;
    // a model without a readout of its own gives Wy and by without numbers, and takes them back
    if (!place && (name === 'Wy' || name === 'by') && value.length === 0) continue;
    if (!place)
      return refuse(
        `${String(name).slice(0, 64)} is no name of a weight; this model has ${Object.keys(places).join(', ')}`,
      );
    found.push([place, yield* flat(name, value, place.shape, spec)]);
  }
  if (given.W !== undefined && (given.Wx !== undefined || given.Wh !== undefined))
    refuse('W is Wx over Wh: give either W, or those');
  for (const [{ at }, numbers] of found) to.set(numbers, at);
}

/** Gives a matrix row after row, checked. */
function* flat(
  name: WeightName,
  value: MatrixInput,
  shape: readonly number[],
  spec: ModelSpec,
): Pieces<Float64Array> {
  const count = shape.reduce((product, side) => product * side, 1);
  const found = shapeOf(value);
  const isOne = found.length === 1 && found[0] === count;
  if (!isOne && found.join() !== shape.join())
    refuse(
      `${name} has the shape [${found.join(', ')}]; this model needs [${shape.join(', ')}]${hint(name, spec)}`,
    );
  const numbers = new Float64Array(count);
  const rows = isOne ? [value as ArrayLike<number>] : (value as readonly ArrayLike<number>[]);
  const width = count / rows.length;
  let wrong = -1;
  yield* inRanges(count, VISIT, (from, to) => {
    for (let i = from; i < to; i++) {
      const number = rows[Math.floor(i / width)]![i % width]!;
      if (!(typeof number === 'number' && Number.isFinite(Math.fround(number))) && wrong < 0) wrong = i;
      numbers[i] = number;
    }
  });
  if (wrong >= 0) refuse(`${name} has no finite float32 at number ${wrong}`);
  return numbers;
}

/** The form of a matrix as it is given; of rows that differ in length the first odd one is told. */
function shapeOf(value: MatrixInput): number[] {
  if (typeof value !== 'object') return [];
  const first = value[0];
  if (value.length === 0 || typeof first !== 'object' || first === null) return [value.length];
  const rows = value as readonly ArrayLike<number>[];
  const odd = Array.from(rows).findIndex((row) => row?.length !== first.length);
  if (odd >= 0) refuse(`its row ${odd} has another length than row 0, which has ${first.length}`);
  return [rows.length, first.length];
}

/** Says what the numbers are that a cell gets, where they are more than those of a step. */
function hint(name: WeightName, { features, inputs, task, scaler }: ModelSpec): string {
  if (name === 'Wy' || name === 'by') {
    const outputs = outputsOf({ features, task });
    return `: the ${task?.kind ?? 'missing'} task has ${outputs} outputs`;
  }
  const { changes, lags, time } = inputs;
  const more = [
    ...(changes.length > 0 ? [`changes over ${changes.join(', ')} steps`] : []),
    ...(lags.length > 0 ? [`lags of ${lags.join(', ')} steps`] : []),
    ...(time.length > 0 ? [`features of the time ${time.join(', ')}`] : []),
  ];
  if ((name !== 'Wx' && name !== 'W') || more.length === 0) return '';
  const plain = '"inputs": {"changes": []}';
  return `: its cell gets ${features} of x, ${more.join(', ')}; with ${plain}${scaler.kind === 'none' ? '' : ' and "scaler": {"kind": "none"}'} in the spec it gets x alone`;
}
