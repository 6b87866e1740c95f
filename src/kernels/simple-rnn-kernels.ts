/**
 * The kernels of the simple recurrent cell (Elman 1990): contract, reference, and the way to the module.
 *
 *   W  [D,N]      Wx stacked on Wh: one matrix-vector product makes a step
 *   z  [T+1,B,D]  window rows: z_t = [ x_t | h_{t-1} ]; the step writes h_t into row t + 1
 *   dz [T,B,D]    their gradient: dz_t = da_t W^T = [ dL/dx_t | dL/dh_{t-1} ]
 *   da [T,B,N]    gradient at a_t; on entry it holds e_t = dL/dh_t from the readout
 */
import type { Address, CellSizes, Exported, Reals, RowsPart } from './arena.js';
import { timesTransposed } from './reference-products.js';

/** Features and units of one step of one row. */
type OneStep = [F: number, N: number];

export interface SimpleRnnKernels {
  /**
   * Runs the cell over T steps: a_t = z_t W + b, h_t = tanh(a_t), written to the h part of row t + 1.
   * Reads x_0..x_{T-1} and h_{-1} from z [T+1,B,D].
   */
  simpleRnnForward(m: Reals, z: Address, w: Address, b: Address, ...sizes: CellSizes): void;

  /**
   * Runs back through T steps, last to first. On entry da [T,B,N] holds e_t; on return it holds da_t:
   * dL/dh_t = e_t + dz_{t+1}[F:], da_t = dL/dh_t * (1 - h_t^2), dz_t = da_t W^T. The second term is 0 at the last step.
   * Of the T B rows a part may be gone through, the last ones first: later ones have been before.
   */
  simpleRnnBackward(
    m: Reals,
    dz: Address,
    da: Address,
    z: Address,
    w: Address,
    ...sizes: [...CellSizes, rows?: RowsPart]
  ): void;

  /**
   * Carries the influence of the weights on the state over one step (real-time recurrent learning, Williams and Zipser 1989).
   * J [P,N] holds dh_{t-1}/dweight, a row for each of the P = D N + N weights: those of W in the order in which these
   * kernels keep it, then those of b. `out` [P,N], which does not overlap J, gets dh_t/dweight; for the weight (i,j):
   *
   *   J' = (J Wh + delta_j z_i) * (1 - h^2)      with z_i = 1 for a bias
   *
   * z [D] is the step's row [ x_t | h_{t-1} ], h [N] its new state, w [D,N] the cell's W, of which Wh is the last N rows.
   * Of the P rows a part may be gone through, the first ones first; none but the last may have an end that is no multiple of 4.
   */
  influence(
    m: Reals,
    out: Address,
    J: Address,
    z: Address,
    h: Address,
    w: Address,
    ...sizes: [...OneStep, rows?: RowsPart]
  ): void;

  /** Adds the gradient of the weights by an error e = dL/dh_t [N]: g [P] += J [P,N] e. */
  influenceGradient(m: Reals, g: Address, J: Address, e: Address, P: number, N: number): void;

  /**
   * The same for the influence of each weight on its own unit alone (SnAp-1, Menick et al. 2021, section 3), in place:
   * S_ij' = (1 - h_j^2) (z_i + Wh_jj S_ij). S [D,N] in the order in which these kernels keep W, then [N] for b, z_i = 1.
   */
  influenceDiagonal(m: Reals, S: Address, z: Address, h: Address, w: Address, ...sizes: OneStep): void;

  /** Adds the gradient of the weights by an error e = dL/dh_t [N]: g_ij += e_j S_ij, both in the order of S. */
  influenceDiagonalGradient(m: Reals, g: Address, S: Address, e: Address, F: number, N: number): void;
}

/** Each kernel as its formula, written out. */
export const simpleRnnReference: SimpleRnnKernels = {
  simpleRnnForward(m, z, w, b, T, B, F, N) {
    const D = F + N;
    for (let row = 0; row < T * B; row++) {
      const input = z + row * D;
      const h = input + B * D + F;
      for (let j = 0; j < N; j++) {
        let a = m[b + j];
        for (let i = 0; i < D; i++) a += m[input + i] * m[w + i * N + j];
        m[h + j] = Math.tanh(a);
      }
    }
  },

  simpleRnnBackward(m, dz, da, z, w, T, B, F, N, [first, end] = [0, T * B]) {
    const D = F + N;
    for (let row = end - 1; row >= first; row--) {
      const isLast = row >= (T - 1) * B;
      const later = dz + (row + B) * D + F;
      const h = z + (row + B) * D + F;
      const d = da + row * N;
      for (let j = 0; j < N; j++) {
        const dh = isLast ? m[d + j] : m[d + j] + m[later + j];
        m[d + j] = dh * (1 - m[h + j] * m[h + j]);
      }
      timesTransposed(m, dz + row * D, d, w, D, N);
    }
  },

  influence(m, out, J, z, h, w, F, N, [first, end] = [0, (F + N + 1) * N]) {
    const D = F + N;
    const Wh = w + F * N;
    for (let weight = first; weight < end; weight++) {
      const [i, j] = [Math.floor(weight / N), weight % N];
      const row = weight * N;
      for (let k = 0; k < N; k++) {
        let sum = k === j ? (i < D ? m[z + i] : 1) : 0;
        for (let l = 0; l < N; l++) sum += m[J + row + l] * m[Wh + l * N + k];
        m[out + row + k] = sum * (1 - m[h + k] * m[h + k]);
      }
    }
  },

  influenceGradient(m, g, J, e, P, N) {
    for (let r = 0; r < P; r++) {
      let sum = 0;
      for (let k = 0; k < N; k++) sum += m[J + r * N + k] * m[e + k];
      m[g + r] += sum;
    }
  },

  influenceDiagonal(m, S, z, h, w, F, N) {
    const D = F + N;
    for (let i = 0; i <= D; i++)
      for (let j = 0; j < N; j++) {
        const input = i < D ? m[z + i] : 1;
        const own = m[w + (F + j) * N + j];
        const s = S + i * N + j;
        m[s] = (1 - m[h + j] * m[h + j]) * (input + own * m[s]);
      }
  },

  influenceDiagonalGradient(m, g, S, e, F, N) {
    for (let i = 0; i <= F + N; i++)
      for (let j = 0; j < N; j++) m[g + i * N + j] += m[e + j] * m[S + i * N + j];
  },
};

/** What the module exports: which rows is said in any case. */
export interface SimpleRnnExports
  extends Omit<Exported<SimpleRnnKernels>, 'simpleRnnBackward' | 'influence'> {
  simpleRnnBackward(
    ...numbers: [dz: number, da: number, z: number, w: number, ...CellSizes, ...RowsPart]
  ): void;
  influence(
    ...numbers: [out: number, J: number, z: number, h: number, w: number, ...OneStep, ...RowsPart]
  ): void;
}

export const simpleRnnOnWasm = (wasm: SimpleRnnExports): SimpleRnnKernels => ({
  simpleRnnForward: (_m, z, w, b, T, B, F, N) => wasm.simpleRnnForward(4 * z, 4 * w, 4 * b, T, B, F, N),
  simpleRnnBackward(_m, dz, da, z, w, T, B, F, N, rows) {
    const [first, end] = rows ?? [0, T * B];
    wasm.simpleRnnBackward(4 * dz, 4 * da, 4 * z, 4 * w, T, B, F, N, first, end);
  },
  influence(_m, out, J, z, h, w, F, N, rows) {
    const [first, end] = rows ?? [0, (F + N + 1) * N];
    wasm.influence(4 * out, 4 * J, 4 * z, 4 * h, 4 * w, F, N, first, end);
  },
  influenceGradient: (_m, g, J, e, P, N) => wasm.influenceGradient(4 * g, 4 * J, 4 * e, P, N),
  influenceDiagonal: (_m, S, z, h, w, F, N) => wasm.influenceDiagonal(4 * S, 4 * z, 4 * h, 4 * w, F, N),
  influenceDiagonalGradient: (_m, g, S, e, F, N) => wasm.influenceDiagonalGradient(4 * g, 4 * S, 4 * e, F, N),
});
