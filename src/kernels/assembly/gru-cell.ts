// The gated recurrent unit (Cho et al. 2014) with the reset after the product, PyTorch's variant, forward and backward.
// z_t = [ x_t | h_{t-1} ]; Wi [F,3N] over Wh [N,3N], bi [3N] before bh [3N], in each the gates r, u, n one after the other:
//
//   forward    gi = x_t Wi + bi      gh = h_{t-1} Wh + bh      q = gh_n
//              r = sigmoid(gi_r + gh_r)      u = sigmoid(gi_u + gh_u)      n = tanh(gi_n + r * q)
//              h_t = (1 - u) * n + u * h_{t-1}
//   backward   dL/dh_t = e_t + dz_{t+1}[F:]
//              dn = dL/dh_t * (1 - u) * (1 - n^2)      du = dL/dh_t * (h_{t-1} - n) * u * (1 - u)
//              dr = dn * (q * r * (1 - r))
//              dgi = [ dr | du | dn ]      dgh = [ dr | du | dn * r ]
//              dz_t = [ dgi Wi^T | dgh Wh^T + dL/dh_t * u ]

import { read, write } from './vector-lanes';
import { notNaN, sigmoid4, tanh4 } from './math';
import { product } from './product';
import { transposedProduct } from './transposed-product';

/** Runs the cell over T steps of B rows: h_t to the h part of row t + 1, [ r | u | n | q ] to `gates`; `sums` [B,3N] is scratch. */
export function gruForward(
  z: usize, gates: usize, sums: usize, w: usize, b: usize, T: i32, B: i32, F: i32, N: i32,
): void {
  const stride = <usize>(F + N) << 2;
  const toH = <usize>F << 2;
  const three = <usize>(3 * N) << 2;
  const four = <usize>N << 4;
  const wh = w + <usize>F * three;
  const next = <usize>B * stride + toH;
  for (let t = 0; t < T; t++) {
    product(gates, four, z, stride, w, b, B, F, 3 * N);
    product(sums, three, z + toH, stride, wh, b + three, B, N, 3 * N);
    for (let r: usize = 0; r < <usize>B; r++) {
      const row = z + r * stride;
      const n = <usize>N << 2;
      let j: usize = 0;
      for (; j + 16 <= n; j += 16) forwardAt(row + next + j, row + toH + j, gates + j, sums + r * three + j, n, true);
      for (; j < n; j += 4) forwardAt(row + next + j, row + toH + j, gates + j, sums + r * three + j, n, false);
      gates += four;
    }
    z += <usize>B * stride;
  }
}

/** Four units of one row, or one: `gate` holds gi, and gets r, u, n and q, which lie `n` bytes apart. */
@inline
function forwardAt(to: usize, h: usize, gate: usize, sum: usize, n: usize, whole: bool): void {
  const r = sigmoid4(f32x4.add(read(gate, whole), read(sum, whole)));
  const u = sigmoid4(f32x4.add(read(gate + n, whole), read(sum + n, whole)));
  const q = finite(read(sum + 2 * n, whole));
  const candidate = tanh4(notNaN(f32x4.add(read(gate + 2 * n, whole), f32x4.mul(r, q))));
  write(gate, r, whole);
  write(gate + n, u, whole);
  write(gate + 2 * n, candidate, whole);
  write(gate + 3 * n, q, whole);
  const fresh = f32x4.mul(f32x4.sub(f32x4.splat(1), u), candidate);
  write(to, f32x4.add(fresh, f32x4.mul(u, read(h, whole))), whole);
}

/** x, with 0 for NaN and the largest float32 for an infinity: it is kept for the way back. */
@inline
function finite(x: v128): v128 {
  const largest = f32x4.splat(f32.MAX_VALUE);
  return f32x4.pmax(f32x4.pmin(notNaN(x), largest), f32x4.neg(largest));
}

/** Runs back through rows end - 1 .. first of T steps of B rows: dL/dh from e [T,B,N], in its place, then dgi and dgh [T,B,3N], and dz. */
export function gruBackward(
  dz: usize, dgi: usize, dgh: usize, e: usize, z: usize, gates: usize, w: usize, T: i32, B: i32, F: i32, N: i32,
  first: i32, end: i32,
): void {
  const stride = <usize>(F + N) << 2;
  const toH = <usize>F << 2;
  const n = <usize>N << 2;
  const wh = w + <usize>F * 3 * n;
  for (let row = end - 1; row >= first; row--) {
    const at = <usize>row;
    const d = dz + at * stride;
    const later = row >= (T - 1) * B ? 0 : d + <usize>B * stride + toH;
    const h = z + at * stride + toH;
    const gate = gates + at * 4 * n;
    const gi = dgi + at * 3 * n;
    const gh = dgh + at * 3 * n;
    const dh = e + at * n;
    let j: usize = 0;
    for (; j + 16 <= n; j += 16)
      backwardAt(dh + j, later ? later + j : 0, gi + j, gh + j, h + j, gate + j, n, true);
    for (; j < n; j += 4) backwardAt(dh + j, later ? later + j : 0, gi + j, gh + j, h + j, gate + j, n, false);
    transposedProduct(d, gi, w, F, 3 * N);
    transposedProduct(d + toH, gh, wh, N, 3 * N);
    j = 0;
    for (; j + 16 <= n; j += 16) carryOn(d + toH + j, dh + j, gate + n + j, true);
    for (; j < n; j += 4) carryOn(d + toH + j, dh + j, gate + n + j, false);
  }
}

/** Four units of one row, or one: through h_t to the gates' sums. `later` is 0 at the window's last step. */
@inline
function backwardAt(dh: usize, later: usize, gi: usize, gh: usize, h: usize, gate: usize, n: usize, whole: bool): void {
  const one = f32x4.splat(1);
  const r = read(gate, whole);
  const u = read(gate + n, whole);
  const candidate = read(gate + 2 * n, whole);
  const q = read(gate + 3 * n, whole);
  let d = read(dh, whole);
  if (later) d = f32x4.add(d, read(later, whole));
  write(dh, d, whole);
  const keep = f32x4.sub(one, u);
  const dn = f32x4.mul(f32x4.mul(d, keep), f32x4.sub(one, f32x4.mul(candidate, candidate)));
  const du = f32x4.mul(f32x4.mul(d, f32x4.sub(read(h, whole), candidate)), f32x4.mul(u, keep));
  const dr = f32x4.mul(dn, f32x4.mul(q, f32x4.mul(r, f32x4.sub(one, r))));
  write(gi, dr, whole);
  write(gi + n, du, whole);
  write(gi + 2 * n, dn, whole);
  write(gh, dr, whole);
  write(gh + n, du, whole);
  write(gh + 2 * n, f32x4.mul(dn, r), whole);
}

/** Adds the part of dL/dh_t that goes to h_{t-1} past the gates: dL/dh_t * u. */
@inline
function carryOn(to: usize, dh: usize, u: usize, whole: bool): void {
  write(to, f32x4.add(read(to, whole), f32x4.mul(read(dh, whole), read(u, whole))), whole);
}
