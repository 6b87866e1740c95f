/**
 * The kernels of the gated recurrent unit (Cho et al. 2014) with the reset after the product, as PyTorch has it: contract,
 * reference, and the way to the module. G = 3 gates, in the order r, u, n (PyTorch writes z for u).
 *
 *   w     [D,3N]     Wi [F,3N] over Wh [N,3N], two matrices, each packed by itself
 *   b     [2,3N]     bi, then bh
 *   z     [T+1,B,D]  window rows: z_t = [ x_t | h_{t-1} ]; the step writes h_t into row t + 1
 *   gates [T,B,4N]   what the way back needs: [ r | u | n | q ]
 *   e     [T,B,N]    dL/dh_t
 *   dgi   [T,B,3N]   gradient at gi
 *   dgh   [T,B,3N]   gradient at gh
 */
import type { Address, CellSizes, Exported, Reals, RowsPart } from './arena.js';
import { timesMatrix, timesTransposed } from './reference-products.js';

export interface GruKernels {
  /**
   * Runs the cell over T steps, reading x_0..x_{T-1} and h_{-1} from z; `sums` [B,3N] is scratch:
   *
   *   gi = x_t Wi + bi      gh = h_{t-1} Wh + bh      q = gh_n
   *   r = sigmoid(gi_r + gh_r)      u = sigmoid(gi_u + gh_u)      n = tanh(gi_n + r * q)
   *   h_t = (1 - u) * n + u * h_{t-1}
   */
  gruForward(
    m: Reals,
    z: Address,
    gates: Address,
    sums: Address,
    w: Address,
    b: Address,
    ...sizes: CellSizes
  ): void;

  /**
   * Runs back through T steps, last to first. On entry e [T,B,N] holds dL/dh_t from the readout; on return all of dL/dh_t:
   *
   *   dL/dh_t = e_t + dz_{t+1}[F:], without the second term at the last step
   *   dn = dL/dh_t * (1 - u) * (1 - n^2)      du = dL/dh_t * (h_{t-1} - n) * u * (1 - u)      dr = dn * q * r * (1 - r)
   *   dgi = [ dr | du | dn ]      dgh = [ dr | du | dn * r ]      dz_t = [ dgi Wi^T | dgh Wh^T + dL/dh_t * u ]
   *
   * Of the T B rows a part may be gone through, the last ones first: later ones have been before.
   */
  gruBackward(
    m: Reals,
    dz: Address,
    dgi: Address,
    dgh: Address,
    e: Address,
    z: Address,
    gates: Address,
    w: Address,
    ...sizes: [...CellSizes, rows?: RowsPart]
  ): void;
}

const LARGEST = 3.4028234663852886e38;
const notNaN = (x: number): number => (Number.isNaN(x) ? 0 : x);
const finite = (x: number): number => Math.max(-LARGEST, Math.min(LARGEST, notNaN(x)));
const sigmoid = (x: number): number => 1 / (1 + Math.exp(-notNaN(x)));

/** Each kernel as its formula, written out. */
export const gruReference: GruKernels = {
  gruForward(m, z, gates, sums, w, b, T, B, F, N) {
    const D = F + N;
    for (let row = 0; row < T * B; row++) {
      const x = z + row * D;
      const h = x + F;
      const next = h + B * D;
      const [r, u, n, q] = [0, 1, 2, 3].map((gate) => gates + (4 * row + gate) * N) as Quad;
      timesMatrix(m, r, x, w, b, F, 3 * N);
      timesMatrix(m, sums, h, w + F * 3 * N, b + 3 * N, N, 3 * N);
      for (let j = 0; j < N; j++) {
        m[r + j] = sigmoid(m[r + j] + m[sums + j]);
        m[u + j] = sigmoid(m[u + j] + m[sums + N + j]);
        m[q + j] = finite(m[sums + 2 * N + j]);
        m[n + j] = Math.tanh(notNaN(m[n + j] + m[r + j] * m[q + j]));
        m[next + j] = (1 - m[u + j]) * m[n + j] + m[u + j] * m[h + j];
      }
    }
  },

  gruBackward(m, dz, dgi, dgh, e, z, gates, w, T, B, F, N, [first, end] = [0, T * B]) {
    const D = F + N;
    for (let row = end - 1; row >= first; row--) {
      const isLast = row >= (T - 1) * B;
      const later = dz + (row + B) * D + F;
      const h = z + row * D + F;
      const dh = e + row * N;
      const [gi, gh] = [dgi + row * 3 * N, dgh + row * 3 * N];
      const at = gates + row * 4 * N;
      for (let j = 0; j < N; j++) {
        const [r, u, n, q] = [m[at + j], m[at + N + j], m[at + 2 * N + j], m[at + 3 * N + j]];
        if (!isLast) m[dh + j] += m[later + j];
        const dn = m[dh + j] * (1 - u) * (1 - n * n);
        m[gi + j] = dn * (q * (r * (1 - r)));
        m[gi + N + j] = m[dh + j] * (m[h + j] - n) * (u * (1 - u));
        m[gi + 2 * N + j] = dn;
        m[gh + j] = m[gi + j];
        m[gh + N + j] = m[gi + N + j];
        m[gh + 2 * N + j] = dn * r;
      }
      timesTransposed(m, dz + row * D, gi, w, F, 3 * N);
      timesTransposed(m, dz + row * D + F, gh, w + F * 3 * N, N, 3 * N);
      for (let j = 0; j < N; j++) m[dz + row * D + F + j] += m[dh + j] * m[at + N + j];
    }
  },
};

type Quad = [Address, Address, Address, Address];

/** What the module exports: which rows is said in any case. */
export interface GruExports extends Omit<Exported<GruKernels>, 'gruBackward'> {
  gruBackward(
    ...numbers: [
      ...[dz: number, dgi: number, dgh: number, e: number, z: number, gates: number, w: number],
      ...CellSizes,
      ...RowsPart,
    ]
  ): void;
}

export const gruOnWasm = (wasm: GruExports): GruKernels => ({
  gruForward: (_m, z, gates, sums, w, b, T, B, F, N) =>
    wasm.gruForward(4 * z, 4 * gates, 4 * sums, 4 * w, 4 * b, T, B, F, N),
  gruBackward(_m, dz, dgi, dgh, e, z, gates, w, T, B, F, N, rows) {
    const [first, end] = rows ?? [0, T * B];
    wasm.gruBackward(4 * dz, 4 * dgi, 4 * dgh, 4 * e, 4 * z, 4 * gates, 4 * w, T, B, F, N, first, end);
  },
});
