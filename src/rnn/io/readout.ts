/**
 * The readouts: y = readout(h), forward and backward side by side, each with its loss.
 *
 *   linear   y = h Wy + by             squared error
 *   softmax  y = softmax(h Wy + by)    cross-entropy
 *   softmax, dense: false              the same with softmax(h)
 *
 * The gradient at h is dL/dsums Wy^T, or dL/dsums itself where there are no weights.
 */
import type { Address, Kernels, Reals } from '../../kernels/kernels.js';
import type { ParameterLayout, ParameterShape } from '../cell/parameters.js';
import type { Loss } from './losses/loss-function.js';
import { LOSSES } from './losses/losses.js';

export interface Readout {
  readonly loss: Loss;
  /** Computes y [R,M] from rows of h [R,N] that lie `stride` apart. */
  forward(m: Reals, y: Address, h: Address, stride: number, parameters: Address, R: number): void;
  /** Carries dy [R,M] back to e = dL/dh [R,N]. */
  backward(m: Reals, e: Address, dy: Address, parameters: Address, R: number): void;
}

/** Creates the readout of a model, or null where the model has none. */
export function createReadout(
  kernels: Kernels,
  { kind }: ParameterShape['readout'],
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
  const loss = LOSSES[softmax ? 'cross-entropy' : 'squared-error'](kernels);
  return { loss, ...(layout.hasDense ? dense : bare) };
}
