/**
 * The gated recurrent unit (Cho et al. 2014) as PyTorch has it, with the reset after the product. z_t = [ x_t | h_{t-1} ];
 * W = Wi [F,3N] over Wh [N,3N], b = [ bi | bh ], each with the columns of the gates r, u (PyTorch's z) and n:
 *
 *   forward    gi = x_t Wi + bi      gh = h_{t-1} Wh + bh
 *              r = sigmoid(gi_r + gh_r)      u = sigmoid(gi_u + gh_u)      n = tanh(gi_n + r * gh_n)
 *              h_t = (1 - u) * n + u * h_{t-1}
 *   backward   in kernels/gru-kernels.ts; with dgi and dgh, the gradients at gi and gh:
 *              dL/dWi = sum_t x_t^T dgi_t      dL/dWh = sum_t h_{t-1}^T dgh_t      dL/dbi = sum_t dgi_t      dL/dbh = sum_t dgh_t
 *
 * Kept of a step:           [ r | u | n | gh_n ]
 * Scratch of a step:        gh [B,3N]
 * Scratch of the way back:  dL/dh [T,B,N] | dgi [T,B,3N] | dgh [T,B,3N]
 */
import type { CellKind, CellLayout } from './cell.js';
import { glorotUniform, orthogonal } from './random-matrix.js';

const GATES = ['r', 'u', 'n'];

function layout(features: number, units: number): CellLayout {
  const columns = 3 * units;
  return {
    features,
    units,
    matrices: [
      { at: 0, rows: features, columns },
      { at: features * columns, rows: units, columns },
    ],
    weights: (features + units) * columns,
    biases: 2 * columns,
    activations: 4 * units,
    forwardScratch: columns,
    backwardScratch: units + 2 * columns,
  };
}

export const gru: CellKind = {
  formula:
    'r = sigmoid(z_t Wx_r + h_{t-1} Wh_r + b), u likewise, n = tanh(z_t Wx_n + bi_n + r (h_{t-1} Wh_n + bh_n)), ' +
    'h_t = (1 - u) n + u h_{t-1}; columns are r, u, n',
  torch: 'torch.nn.GRU',
  gates: GATES,
  hasInfluence: false,
  layout,

  /** Each gate as the simple cell is drawn: its Wx glorot uniform, its Wh orthogonal. */
  *draw(drawing, at, { features, units }) {
    const columns = GATES.length * units;
    for (let gate = at; gate < at + columns; gate += units) {
      yield* glorotUniform(drawing, gate, features, units, columns);
      yield* orthogonal(drawing, gate + features * columns, units, columns);
    }
  },

  create(kernels, { features: F, units: N, weights: count, matrices }, { weights: w, velocity, scratch }) {
    const b = w + count;
    const wh = matrices[1]!.at;
    const M = 3 * N;
    const velocityB = velocity + count;
    const stride = F + N;
    return {
      forward(m, { z, activations, T, B }) {
        kernels.gruForward(m, z, activations, scratch, w, b, T, B, F, N);
      },
      backward(m, dz, dh, { z, activations, T, B }, rows) {
        const R = T * B;
        const dgi = dh + R * N;
        const dgh = dgi + R * M;
        kernels.gruBackward(m, dz, dgi, dgh, dh, z, activations, w, T, B, F, N, rows);
        const ofInput = { w, b, velocity, velocityB, a: z, stride, dy: dgi, R, A: F, M };
        const ofState = {
          w: w + wh,
          b: b + M,
          velocity: velocity + wh,
          velocityB: velocityB + M,
          a: z + F,
          stride,
          dy: dgh,
          R,
          A: N,
          M,
        };
        return [ofInput, ofState];
      },
      influence: null,
    };
  },
};
