/**
 * The arithmetic contract: numbers in, numbers out, the caller owns every buffer.
 *
 * All numbers of one model lie in one arena, a flat array of reals. A kernel takes the array and *element
 * addresses* into it, results first, then inputs, then sizes. No kernel allocates, throws, or keeps anything.
 *
 * Shapes, row-major; only weight matrices are kept as the kernels like them (`pack`). B batch rows, F features, N units,
 * M outputs, T steps, D = F + N. The kernels of each cell, forward beside backward, have files of their own; see
 * cell-kernels.ts. So have those of what a step does beside: they compute in float64 columns; see columns.ts.
 *
 * Every implementation passes test/contract/kernels.ts, and in each of them one step at a time, a block and a
 * batch row give the same bits, because all add in the order of the index.
 */

import type { Pieces } from '../math/pieces.js';
import type { AnomalyKernels } from './anomaly-kernels.js';
import type { Address, Arena, LayerSizes, Reals } from './arena.js';
import type { CellKernels } from './cell-kernels.js';
import type { ColumnStore } from './columns.js';
import type { ForecastKernels } from './forecast-kernels.js';
import type { GradientPieces } from './gradient-pieces.js';
import type { InputKernels } from './input-kernels.js';
import type { JudgeKernels } from './judge-kernels.js';
import type { LayerGradient, SgdSettings } from './layer-gradient.js';

export type { Address, Arena, LayerGradient, Reals, SgdSettings };

/** Stands for a target that did not come: the largest float32. */
export const NO_TARGET = 3.4028234663852886e38;

/** The largest magnitude of a target that did: the float32 before {@link NO_TARGET}. */
export const LARGEST_TARGET = 3.4028232635611926e38;

/** Deviations of the outputs: the `served` ones [T,M], in whose units each step was predicted, and the `current` ones [M]. */
export interface LossScale {
  readonly served: Address;
  readonly current: Address;
}

/** A matrix [rows,columns], where it is turned from if that is elsewhere, and the rows [first,end) that are turned. */
export type PackedMatrix = [
  rows: number,
  columns: number,
  from?: Reals,
  fromAt?: Address,
  part?: readonly [first: number, end: number],
];

/** Where arenas and columns are allocated, from a part of the memory as long as it lasts. */
export interface Room extends ColumnStore {
  allocate(length: number): Arena;
  /** Gives back what is left of that part; what was allocated stays. */
  close(): void;
}

/** T steps of B rows of M outputs, and the loss of the steps before, to which theirs is added. */
type LossSizes = [T: number, B: number, M: number, before?: number];

/** One step of Adam, AdamW or RMSProp. The caller works out what depends on the number of the step. */
export interface AdaptSettings {
  /** The clipping factor. */
  readonly scale: number;
  readonly rate: number;
  /** 0: no first moment is kept. */
  readonly beta1: number;
  readonly beta2: number;
  /** Bias corrections of the moments at step t: 1 - beta1^t and 1 - beta2^t, or 1. */
  readonly c1: number;
  readonly c2: number;
  /** Must not vanish in the kernels' precision. */
  readonly epsilon: number;
  /** Weight decay within the gradient (L2). */
  readonly l2: number;
  /** Weight decay beside it: learning rate times weight decay (Loshchilov and Hutter 2019). */
  readonly shrink: number;
}

export interface Kernels
  extends AnomalyKernels,
    CellKernels,
    ColumnStore,
    ForecastKernels,
    GradientPieces,
    InputKernels,
    JudgeKernels {
  readonly name: string;
  /** 4 for float32, 8 for float64. */
  readonly bytesPerReal: 4 | 8;

  /** Allocates `length` zeros. */
  allocate(length: number): Arena;

  /** Makes room for arenas and columns of so many bytes together, which are then allocated out of it without further work. */
  roomInPieces(bytes: number): Pieces<Room>;

  /**
   * Turns a matrix [rows,columns] from row after row into the form that these kernels keep it in: the one that lies there,
   * in place, or one that begins at `fromAt` of another array, of which `part` may say which rows.
   */
  pack(m: Reals, at: Address, ...matrix: PackedMatrix): void;

  /** Turns it back. */
  unpack(m: Reals, at: Address, ...matrix: PackedMatrix): void;

  /** Applies a dense layer to R rows: y [R,M] = a [R,A] w [A,M] + b [M]. Rows of `a` lie `stride` apart. */
  dense(m: Reals, y: Address, a: Address, stride: number, w: Address, b: Address, ...sizes: LayerSizes): void;

  /** Carries a dense layer's gradient to its input: da [R,A] = dy [R,M] w^T. */
  denseBackward(m: Reals, da: Address, dy: Address, w: Address, ...sizes: LayerSizes): void;

  /** Adds the gradient of a dense layer's weights: gw [A,M], packed, += sum_r a_r^T dy_r, gb [M] += sum_r dy_r. */
  denseGradient(
    m: Reals,
    gw: Address,
    gb: Address,
    a: Address,
    stride: number,
    dy: Address,
    ...sizes: LayerSizes
  ): void;

  /** Turns y [R,M] into softmax(y), row by row, in place. */
  softmax(m: Reals, y: Address, R: number, M: number): void;

  /**
   * Gives the loss L = sum of error^2 over T steps of B rows of M outputs, and writes `factor` times its gradient at y:
   * error = (y - target) * served / current, dy = 2 factor error * served / current. y and target are in units of the
   * served deviations; without a scale both deviations are 1. An output of which one of them is 0 counts for nothing,
   * and so does one whose target is {@link NO_TARGET}.
   */
  squaredError(
    m: Reals,
    dy: Address,
    y: Address,
    target: Address,
    scale: LossScale | null,
    factor: number,
    ...sizes: LossSizes
  ): number;

  /** Gives ||dL/dw||^2 + ||dL/db||^2 of a layer, before any weight is touched. */
  gradientSquares(m: Reals, a: Address, stride: number, dy: Address, ...sizes: LayerSizes): number;

  /**
   * Takes a step of SGD with a layer's gradient g, which is never written to memory: d = rate g + decay w, v' = mu v - d, w' = w + v',
   * or with Nesterov's form w' = w + mu v' - d (Sutskever et al. 2013, section 2, in the form of Keras). Biases do not decay.
   */
  descend(m: Reals, layer: LayerGradient, settings: SgdSettings): void;

  /** Takes the same step along a gradient g [n] that lies in memory; all of w [n] decays. v is not touched without momentum. */
  descendAlong(m: Reals, w: Address, g: Address, v: Address, n: number, settings: SgdSettings): void;

  /**
   * Takes a step of Adam (Kingma and Ba 2015, algorithm 1) over n weights, with their gradient g:
   *
   *   g' = scale g + l2 w      m1' = m1 + (1 - beta1) (g' - m1)      m2' = m2 + (1 - beta2) (g'^2 - m2)
   *   w' = w - shrink w - rate (m1' / c1) / (sqrt(m2' / c2) + epsilon)
   *
   * With `shrink` it is AdamW (Loshchilov and Hutter 2019, algorithm 2). Where beta1 is 0, m1' is g' and m1 is not touched:
   * with c1 = c2 = 1 that is RMSProp (Tieleman and Hinton 2012, lecture 6.5).
   */
  adapt(m: Reals, w: Address, g: Address, m1: Address, m2: Address, n: number, settings: AdaptSettings): void;

  /**
   * Turns pairs of rows of x [*,M], which lie row after row, in place and one pair after the other: each of `count` entries
   * [ i, j, c, s ] of the plan, with i and j different, makes of the rows i and j the rows c x_i - s x_j and s x_i + c x_j
   * (Givens rotations, where c^2 + s^2 = 1). All float32 kernels give the same bits.
   */
  rotate(m: Reals, x: Address, plan: Address, count: number, M: number): void;

  /** Gives the sum of the squares of n numbers, added up in float64. */
  squares(m: Reals, p: Address, n: number): number;

  /** Gives the largest magnitude of n numbers, 0 for none. */
  largest(m: Reals, p: Address, n: number): number;
}
