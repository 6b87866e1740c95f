/** The gradient of a layer by its factors, and how a step of SGD goes along one. */
import type { Address } from './arena.js';

/**
 * The gradient of a dense layer's weights before it is computed: dL/dw = sum over R rows of a_r^T dy_r, dL/db = sum of
 * dy_r. The weights of the cell are such a layer too, with a = z and dy = da: dL/dW = Z^T dA.
 */
export interface LayerGradient {
  /** w [A,M], packed, and b [M]. */
  readonly w: Address;
  readonly b: Address;
  /** Their velocities, which are not touched without momentum. */
  readonly velocity: Address;
  readonly velocityB: Address;
  /** a [R,A], rows `stride` apart. */
  readonly a: Address;
  readonly stride: number;
  /** dy [R,M] */
  readonly dy: Address;
  readonly R: number;
  readonly A: number;
  readonly M: number;
}

export interface SgdSettings {
  /** Learning rate, times the clipping factor. */
  readonly rate: number;
  readonly momentum: number;
  readonly nesterov: boolean;
  /** Learning rate times weight decay: the share of the weights that joins their gradient. */
  readonly decay: number;
}
