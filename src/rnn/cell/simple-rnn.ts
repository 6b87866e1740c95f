/**
 * The simple recurrent cell (Elman 1990), Keras' SimpleRNN, with z_t = [ x_t | h_{t-1} ] and W [F+N,N] = Wx over Wh:
 *
 *   forward    h_t = tanh(x_t Wx + h_{t-1} Wh + b)
 *   backward   dL/dh_t = e_t + da_{t+1} Wh^T      da_t = dL/dh_t * (1 - h_t^2)
 *              dL/dW = sum_t z_t^T da_t           dL/db = sum_t da_t                 dL/dx_t = da_t Wx^T
 *
 * Scratch of the way back:  da [T,B,N]
 */
import type { CellKind, CellLayout } from './cell.js';
import { glorotUniform, orthogonal } from './random-matrix.js';

function layout(features: number, units: number): CellLayout {
  const weights = (features + units) * units;
  return {
    features,
    units,
    matrices: [{ at: 0, rows: features + units, columns: units }],
    weights,
    biases: units,
    activations: 0,
    forwardScratch: 0,
    backwardScratch: units,
  };
}

export const simpleRnn: CellKind = {
  formula: 'h_t = tanh(z_t Wx + h_{t-1} Wh + b)',
  torch: 'torch.nn.RNN',
  gates: [''],
  hasInfluence: true,
  layout,

  /** Keras' defaults: Wx glorot uniform, Wh orthogonal. */
  *draw(drawing, at, { features, units }) {
    yield* glorotUniform(drawing, at, features, units);
    yield* orthogonal(drawing, at + features * units, units);
  },

  create(kernels, { features: F, units: N, weights: count, biases }, { weights: w, velocity }) {
    const b = w + count;
    const velocityB = velocity + count;
    const D = F + N;
    return {
      forward(m, { z, T, B }) {
        kernels.simpleRnnForward(m, z, w, b, T, B, F, N);
      },
      backward(m, dz, da, { z, T, B }, rows) {
        kernels.simpleRnnBackward(m, dz, da, z, w, T, B, F, N, rows);
        return [{ w, b, velocity, velocityB, a: z, stride: D, dy: da, R: T * B, A: D, M: N }];
      },
      influence: {
        carry: (m, out, J, z, h, rows) => kernels.influence(m, out, J, z, h, w, F, N, rows),
        gradient: (m, g, J, e) => kernels.influenceGradient(m, g, J, e, count + biases, N),
        carryOwn: (m, S, z, h) => kernels.influenceDiagonal(m, S, z, h, w, F, N),
        ownGradient: (m, g, S, e) => kernels.influenceDiagonalGradient(m, g, S, e, F, N),
      },
    };
  },
};
