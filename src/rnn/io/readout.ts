/**
 * The readouts: y = readout(h), its loss and its gradient, forward and backward side by side.
 *
 *   linear   y = h Wy + by              L = sum over outputs of (y - target)^2            dL/dy = 2 (y - target)
 *   softmax  y = softmax(h Wy + by)     L = - sum over outputs of target * log y          dL/dlogits = y - target
 *   softmax, dense: false               the same with softmax(h)
 *
 * The gradient at h is dL/dlogits Wy^T, or dL/dlogits itself where there are no weights.
 */
import type { Address, Kernels, LossScale, Reals } from '../../kernels/kernels.js';
import { ln } from '../../math/logarithm.js';
import type { ParameterLayout } from '../cell/parameters.js';
import type { ModelSpec } from '../spec/spec.js';

export interface Readout {
  /** What a mean divides by besides steps and rows: M squared errors, or one cross-entropy. */
  readonly lossesPerRow: number;
  /** Computes y [R,M] from rows of h [R,N] that lie `stride` apart. */
  forward(m: Reals, y: Address, h: Address, stride: number, parameters: Address, R: number): void;
  /** Gives the loss of T steps of B rows, and writes `factor` times its gradient at the logits to dy [T,B,M]. */
  loss(
    m: Reals,
    dy: Address,
    y: Address,
    target: Address,
    scale: LossScale | null,
    factor: number,
    T: number,
    B: number,
  ): number;
  /** Carries dy [R,M] back to e = dL/dh [R,N]. */
  backward(m: Reals, e: Address, dy: Address, parameters: Address, R: number): void;
}

/** Creates the readout of a model, or null where the model has none. */
export function createReadout(
  kernels: Kernels,
  { kind }: ModelSpec['readout'],
  layout: ParameterLayout,
): Readout | null {
  if (kind === 'none') return null;
  const { units: N, outputs: M, wy, by } = layout;
  const softmax = kind === 'softmax';
  const dense: Pick<Readout, 'forward' | 'backward'> = {
    forward(m, y, h, stride, parameters, R) {
      kernels.dense(m, y, h, stride, parameters + wy, parameters + by, R, N, M);
      if (softmax) kernels.softmax(m, y, R, M);
    },
    backward(m, e, dy, parameters, R) {
      kernels.denseBackward(m, e, dy, parameters + wy, R, N, M);
    },
  };
  const bare: Pick<Readout, 'forward' | 'backward'> = {
    forward(m, y, h, stride, _parameters, R) {
      for (let r = 0; r < R; r++) m.copyWithin(y + r * M, h + r * stride, h + r * stride + M);
      kernels.softmax(m, y, R, M);
    },
    backward(m, e, dy, _parameters, R) {
      m.copyWithin(e, dy, dy + R * M);
    },
  };
  return {
    lossesPerRow: softmax ? 1 : M,
    ...(layout.hasDense ? dense : bare),
    loss: softmax
      ? (m, dy, y, target, _scale, factor, T, B) => crossEntropy(m, dy, y, target, factor, T * B * M)
      : (m, dy, y, target, scale, factor, T, B) =>
          kernels.squaredError(m, dy, y, target, scale, factor, T, B, M),
  };
}

/** Below this a probability counts as this: the loss of a miss stays finite. */
const LEAST_PROBABILITY = 1e-7;

/** Gives -ln p, in nats. */
export const nats = (p: number): number => ln(1 / Math.max(p, LEAST_PROBABILITY));

function crossEntropy(
  m: Reals,
  dy: Address,
  y: Address,
  target: Address,
  factor: number,
  count: number,
): number {
  let loss = 0;
  for (let j = 0; j < count; j++) {
    const t = m[target + j]!;
    if (t > 0) loss += t * nats(m[y + j]!);
    m[dy + j] = (m[y + j]! - t) * factor;
  }
  return loss;
}
