/**
 * The weights of a model, and their gradient.
 *
 * Moments lie behind the weights, in the weights' layout:  weights | first | second, each where the optimizer keeps it.
 */
import type { Address, LayerGradient } from '../../kernels/kernels.js';
import type { ParameterLayout } from '../cell/parameters.js';

/** Where the weights lie, and their moments and gradient: see {@link layWeights}. */
export interface Weights {
  readonly at: Address;
  readonly count: number;
  /** The parameters of the cell, with which the weights begin, and how many of them, the last ones, are biases. */
  readonly cellCount: number;
  readonly cellBiases: number;
  /** The moments, each of which is not touched where the optimizer does not keep it. */
  readonly velocity: Address;
  readonly second: Address;
  /** Scratch of `count` numbers, not touched where the optimizer needs none. */
  readonly gradient: Address;
}

/** Which moments of the weights an optimizer keeps. */
export interface Moments {
  readonly first: boolean;
  readonly second: boolean;
}

export const countOf = ({ first, second }: Moments): number => Number(first) + Number(second);

/**
 * Lays `count` weights that begin at `at`, the cell's first, and their moments behind them: what comes after begins at
 * `at + (1 + countOf(moments)) * count`.
 *
 * @param gradient scratch of `count` numbers where the optimizer needs the gradient in memory, else not touched
 */
export function layWeights(
  moments: Moments,
  weights: Pick<Weights, 'at' | 'count' | 'cellCount' | 'cellBiases'>,
  gradient: Address,
): Weights {
  const { at, count } = weights;
  return { ...weights, velocity: at + count, second: at + countOf(moments) * count, gradient };
}

export interface Gradient {
  /** That of layers, by their factors. */
  readonly layers: readonly LayerGradient[];
  /** Where that of the cell lies in memory, in the order of its weights; null where the cell is among the layers. */
  readonly cell: Address | null;
}

/** Weights that lie one after the other, and decay or do not. */
export interface Span {
  readonly at: Address;
  readonly count: number;
  readonly decays: boolean;
}

/** Gives the runs of weights that a gradient is for, and of biases. */
export function* spansOf({ at, cellCount, cellBiases }: Weights, { layers, cell }: Gradient): Iterable<Span> {
  if (cell !== null) {
    yield { at, count: cellCount - cellBiases, decays: true };
    yield { at: at + cellCount - cellBiases, count: cellBiases, decays: false };
  }
  for (const { w, b, A, M } of layers) {
    yield { at: w, count: A * M, decays: true };
    yield { at: b, count: M, decays: false };
  }
}

/** Gives the readout's part of a gradient: rows of h [R,N] and dy [R,M]; null where it has no weights. */
export function readoutGradient(
  { features, units, outputs, hasDense, wy, by }: ParameterLayout,
  { at, velocity }: Weights,
  h: Address,
  dy: Address,
  R: number,
): LayerGradient | null {
  if (!hasDense) return null;
  return {
    w: at + wy,
    b: at + by,
    velocity: velocity + wy,
    velocityB: velocity + by,
    a: h,
    stride: features + units,
    dy,
    R,
    A: units,
    M: outputs,
  };
}
