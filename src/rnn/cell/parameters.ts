/** Where the weights of a model lie: the cell's, then Wy [N,M], by [M], one after the other, so that one pass updates all. */
import type { Address, Arena, Kernels, Reals } from '../../kernels/kernels.js';
import { BYTE, inRanges, type Pieces } from '../../math/pieces.js';
import { inputsOf, outputsOf, type Shape } from '../spec/model-shape.js';
import type { CellKind, CellLayout, Matrix } from './cell.js';
import { type CellName, cellOf } from './cells.js';
import { type Drawing, glorotUniform } from './random-matrix.js';

/** What of a spec the weights depend on. */
export interface ParameterShape extends Shape {
  readonly units: number;
  readonly cell?: CellName;
  readonly readout:
    | { readonly kind: 'none' | 'linear' }
    | { readonly kind: 'softmax'; readonly dense: boolean };
}

export interface ParameterLayout {
  /** Numbers that the cell gets in a step: x, its changes, its lags and the features of its time. */
  readonly features: number;
  readonly units: number;
  readonly outputs: number;
  /** Has the readout weights of its own? */
  readonly hasDense: boolean;
  readonly kind: CellKind;
  readonly cell: CellLayout;
  /** The cell's matrices, row after row W [F+N,G N] of G gates; its biases; Wy [N,M]; by [M]. */
  readonly w: number;
  readonly b: number;
  readonly wy: number;
  readonly by: number;
  readonly length: number;
  /** All matrices, which the kernels keep packed. */
  readonly matrices: readonly Matrix[];
}

export function layoutParameters(spec: ParameterShape): ParameterLayout {
  const { units, readout } = spec;
  const features = inputsOf(spec);
  const outputs = outputsOf(spec);
  const hasDense = readout.kind === 'linear' || (readout.kind === 'softmax' && readout.dense);
  const kind = cellOf(spec);
  const cell = kind.layout(features, units);
  const b = cell.weights;
  const wy = b + cell.biases;
  const by = wy + (hasDense ? units * outputs : 0);
  const length = by + (hasDense ? outputs : 0);
  const dense = hasDense ? [{ at: wy, rows: units, columns: outputs }] : [];
  const matrices = [...cell.matrices, ...dense];
  return { features, units, outputs, hasDense, kind, cell, w: 0, b, wy, by, length, matrices };
}

/** Brings the matrices of parameters that begin at `at` into the form of the kernels, or back, in place. */
export function permute(
  how: 'pack' | 'unpack',
  kernels: Kernels,
  { matrices }: ParameterLayout,
  m: Reals,
  at: Address,
): void {
  for (const matrix of matrices) kernels[how](m, at + matrix.at, matrix.rows, matrix.columns);
}

/** Where numbers lie: in an arena, whose array is read again after each piece, or in an array of their own. */
export type Placed = Pick<Arena, 'data' | 'base'>;

/** What it costs to bring a number of a matrix into the form of the kernels. */
const PACKED = 10;

/** Copies `count` numbers from one place to another, both counted from where they begin. */
export function* copyPlaced(
  to: Placed,
  at: number,
  from: Placed,
  fromAt: number,
  count: number,
): Pieces<void> {
  yield* inRanges(count, BYTE * from.data.BYTES_PER_ELEMENT, (first, end) => {
    const begin = from.base + fromAt;
    to.data.set(from.data.subarray(begin + first, begin + end), to.base + at + first);
  });
}

/** Copies parameters from one place to another, with matrices brought into the form of the kernels or back. */
export function* transfer(
  how: 'pack' | 'unpack',
  kernels: Kernels,
  { matrices, length }: ParameterLayout,
  [to, at]: [Placed, number],
  [from, fromAt]: [Placed, number],
): Pieces<void> {
  let next = 0;
  for (const { at: place, rows, columns } of matrices) {
    yield* copyPlaced(to, at + next, from, fromAt + next, place - next);
    yield* inRanges(rows, PACKED * columns, (first, end) => {
      const [target, source] = [to.base + at + place, from.base + fromAt + place];
      kernels[how](to.data, target, rows, columns, from.data, source, [first, end]);
    });
    next = place + rows * columns;
  }
  yield* copyPlaced(to, at + next, from, fromAt + next, length - next);
}

/**
 * Writes first weights to the beginning of an array of zeros: the cell's as it draws them, Wy glorot uniform, biases zero. A
 * forecast that is scaled begins with Wy = 0: it is the mean, or the baseline, until something has been learned.
 */
export function* initialise(drawing: Drawing, layout: ParameterLayout, isNull: boolean): Pieces<void> {
  const { kind, cell, units, outputs } = layout;
  yield* kind.draw(drawing, 0, cell);
  if (layout.hasDense && !isNull) yield* glorotUniform(drawing, layout.wy, units, outputs);
}
