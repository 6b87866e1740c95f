/** What a method of computing gradients takes, and gives. */
import { EddyError } from '../../errors.js';
import type { Memory } from '../../kernels/gradient-pieces.js';
import type { Address, Reals } from '../../kernels/kernels.js';
import type { Pieces } from '../../math/pieces.js';
import type { Gradient } from './weight-places.js';
import type { Window } from './window.js';

/** Steps to train on: the losses of `first` .. `last`, whose gradient flows back to `from` at the furthest. */
export interface TrainingWindow {
  readonly from: number;
  readonly first: number;
  readonly last: number;
}

/** Sizes of truncated BPTT: an update every k1 steps, over at most k2 of them. */
export interface WindowSizes {
  readonly k1: number;
  readonly k2: number;
}

/** @throws EddyError `setting-invalid` for sizes other than 1 <= k1 <= k2 within those of the spec */
export function checkSizes({ k1, k2 }: WindowSizes, most: WindowSizes): void {
  const areCounts = Number.isSafeInteger(k1) && Number.isSafeInteger(k2) && k1 >= 1 && k2 >= k1;
  if (!areCounts || k1 > most.k1 || k2 > most.k2)
    throw new EddyError(
      'setting-invalid',
      `k1 ${k1} and k2 ${k2} are not within the model's: 1 <= k1 <= ${most.k1}, k1 <= k2 <= ${most.k2}`,
    );
}

/** Which steps were trained on, and their losses. */
export interface TrainedSteps {
  /** First and last step of the backward pass. */
  readonly from: number;
  readonly to: number;
  /** Losses that were counted: steps whose target had come. */
  readonly losses: number;
  /** Their mean or sum, as the spec says. */
  readonly loss: number;
}

/** The gradient of a training window. */
export interface BlockGradient extends TrainedSteps {
  readonly gradient: Gradient;
  /** dz [T,B,F+N], the gradient at the cell's inputs; null for a learner that does not go back. */
  readonly dz: Address | null;
}

/** How gradients are computed: truncated backpropagation, or influences that are carried forward. */
export interface GradientMethod {
  /**
   * Computes the gradient of a training window, or gives null where none of its targets has come.
   *
   * @param deviation deviations of the outputs now [M], where the loss is in units of them
   */
  backward(
    m: Reals,
    window: Window,
    part: TrainingWindow,
    deviation: ArrayLike<number> | null,
  ): BlockGradient | null;
  /** Does the same in pieces. */
  backwardInPieces(
    memory: Memory,
    window: Window,
    part: TrainingWindow,
    deviation: ArrayLike<number> | null,
  ): Pieces<BlockGradient | null>;
  /** Gives nearly what an update by a training window costs, in multiply-adds. */
  cost(part: TrainingWindow): number;
  /** Begins a new history. */
  restart?(m: Reals): void;
}
