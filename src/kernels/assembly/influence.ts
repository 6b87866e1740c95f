// The influence of the weights on the state, carried forward: real-time recurrent learning (Williams and Zipser 1989) and
// its diagonal (SnAp-1, Menick et al. 2021). Rows of J, and numbers of S, go in the order of the panels of W; see product.ts.

import { read, sumLanes, write } from './vector-lanes';

/** Columns of the panel that begins with `left` columns to go. */
@inline
function panelWidth(left: i32): i32 {
  return left >= 32 ? 32 : left >= 16 ? 16 : left >= 8 ? 8 : left >= 4 ? 4 : left;
}

/** 1 - h^2 of four units, or of one in all lanes. */
@inline
function slopes(h: usize, whole: bool): v128 {
  const state = read(h, whole);
  return f32x4.sub(f32x4.splat(1), f32x4.mul(state, state));
}

/** Four rows of J Wh * (1 - h^2), eight columns; `w` is the first row of Wh in its panel, whose rows lie `stride` apart. */
@inline
function fourByEight(out: usize, J: usize, w: usize, stride: usize, h: usize, row: usize): void {
  const zero = f32x4.splat(0);
  let s00 = zero, s01 = zero, s10 = zero, s11 = zero, s20 = zero, s21 = zero, s30 = zero, s31 = zero;
  const end = J + row;
  do {
    const w0 = v128.load(w);
    const w1 = v128.load(w, 16);
    let x = v128.load32_splat(J);
    s00 = f32x4.add(s00, f32x4.mul(x, w0));
    s01 = f32x4.add(s01, f32x4.mul(x, w1));
    x = v128.load32_splat(J + row);
    s10 = f32x4.add(s10, f32x4.mul(x, w0));
    s11 = f32x4.add(s11, f32x4.mul(x, w1));
    x = v128.load32_splat(J + 2 * row);
    s20 = f32x4.add(s20, f32x4.mul(x, w0));
    s21 = f32x4.add(s21, f32x4.mul(x, w1));
    x = v128.load32_splat(J + 3 * row);
    s30 = f32x4.add(s30, f32x4.mul(x, w0));
    s31 = f32x4.add(s31, f32x4.mul(x, w1));
    w += stride;
    J += 4;
  } while (J < end);
  const g0 = slopes(h, true);
  const g1 = slopes(h + 16, true);
  v128.store(out, f32x4.mul(s00, g0));
  v128.store(out, f32x4.mul(s01, g1), 16);
  v128.store(out + row, f32x4.mul(s10, g0));
  v128.store(out + row, f32x4.mul(s11, g1), 16);
  v128.store(out + 2 * row, f32x4.mul(s20, g0));
  v128.store(out + 2 * row, f32x4.mul(s21, g1), 16);
  v128.store(out + 3 * row, f32x4.mul(s30, g0));
  v128.store(out + 3 * row, f32x4.mul(s31, g1), 16);
}

/** One row, four columns, or one column in all lanes. Adds in the same order. */
@inline
function oneBy(out: usize, J: usize, w: usize, stride: usize, h: usize, row: usize, whole: bool): void {
  let s = f32x4.splat(0);
  const end = J + row;
  do {
    s = f32x4.add(s, f32x4.mul(v128.load32_splat(J), read(w, whole)));
    w += stride;
    J += 4;
  } while (J < end);
  write(out, f32x4.mul(s, slopes(h, whole)), whole);
}

/** out = J Wh * (1 - h^2) for `rows` rows, four or fewer. */
function product(out: usize, J: usize, h: usize, w: usize, F: i32, N: i32, rows: i32): void {
  const row = <usize>N << 2;
  for (let left = N; left > 0; ) {
    const width = panelWidth(left);
    const stride = <usize>width << 2;
    const Wh = w + <usize>F * stride;
    if (width >= 8 && rows == 4) {
      for (let j: usize = 0; j < stride; j += 32) fourByEight(out + j, J, Wh + j, stride, h + j, row);
    } else {
      for (let r: usize = 0; r < <usize>rows * row; r += row) {
        let j: usize = 0;
        for (; j + 16 <= stride; j += 16) oneBy(out + r + j, J + r, Wh + j, stride, h + j, row, true);
        for (; j < stride; j += 4) oneBy(out + r + j, J + r, Wh + j, stride, h + j, row, false);
      }
    }
    w += <usize>(F + N) * stride;
    out += stride;
    h += stride;
    left -= width;
  }
}

/** Adds z_i (1 - h_j^2) where the weight (i,j) meets its own unit. */
function inject(out: usize, z: usize, h: usize, F: i32, N: i32): void {
  const row = <usize>N << 2;
  const zEnd = z + (<usize>(F + N) << 2);
  let unit: usize = 0;
  for (let left = N; left > 0; ) {
    const width = panelWidth(left);
    const next = unit + (<usize>width << 2);
    for (let p = z; p < zEnd; p += 4)
      for (let j = unit; j < next; j += 4) {
        const state = load<f32>(h + j);
        store<f32>(out + j, load<f32>(out + j) + load<f32>(p) * (1 - state * state));
        out += row;
      }
    unit = next;
    left -= width;
  }
  for (let j: usize = 0; j < row; j += 4) {
    const state = load<f32>(h + j);
    store<f32>(out + j, load<f32>(out + j) + (1 - state * state));
    out += row;
  }
}

/** J' = (J Wh + delta_j z_i) * (1 - h^2), of rows first .. end - 1; what is added is added to all, with the last of them. */
export function influence(
  out: usize, J: usize, z: usize, h: usize, w: usize, F: i32, N: i32, first: i32, end: i32,
): void {
  const row = <usize>N << 2;
  for (let i = first; i < end; i += 4) product(out + <usize>i * row, J + <usize>i * row, h, w, F, N, min(end - i, 4));
  if (end == (F + N) * N + N) inject(out, z, h, F, N);
}

/** g [P] += J [P,N] e. */
export function influenceGradient(g: usize, J: usize, e: usize, P: i32, N: i32): void {
  const row = <usize>N << 2;
  const zero = f32x4.splat(0);
  let left = P;
  for (; left >= 4; left -= 4) {
    let s0 = zero, s1 = zero, s2 = zero, s3 = zero;
    let p = J;
    let x = e;
    const end = J + row;
    for (; p + 16 <= end; p += 16) {
      const error = v128.load(x);
      s0 = f32x4.add(s0, f32x4.mul(error, v128.load(p)));
      s1 = f32x4.add(s1, f32x4.mul(error, v128.load(p + row)));
      s2 = f32x4.add(s2, f32x4.mul(error, v128.load(p + 2 * row)));
      s3 = f32x4.add(s3, f32x4.mul(error, v128.load(p + 3 * row)));
      x += 16;
    }
    let sum = sumLanes(s0, s1, s2, s3);
    for (; p < end; p += 4) {
      const column = f32x4(load<f32>(p), load<f32>(p + row), load<f32>(p + 2 * row), load<f32>(p + 3 * row));
      sum = f32x4.add(sum, f32x4.mul(v128.load32_splat(x), column));
      x += 4;
    }
    v128.store(g, f32x4.add(v128.load(g), sum));
    g += 16;
    J += 4 * row;
  }
  for (; left > 0; left--) {
    let s = zero;
    let x = e;
    const end = J + row;
    for (; J + 16 <= end; J += 16) {
      s = f32x4.add(s, f32x4.mul(v128.load(x), v128.load(J)));
      x += 16;
    }
    let sum = f32x4.extract_lane(sumLanes(s, zero, zero, zero), 0);
    for (; J < end; J += 4) {
      sum += load<f32>(x) * load<f32>(J);
      x += 4;
    }
    store<f32>(g, load<f32>(g) + sum);
    g += 4;
  }
}

/** Four columns of S, or one in all lanes: S' = (1 - h^2) z_i + (1 - h^2) Wh_jj S, down a panel, then its bias. */
@inline
function column(S: usize, bias: usize, stride: usize, z: usize, zEnd: usize, slope: v128, own: v128, whole: bool): void {
  const keep = f32x4.mul(slope, own);
  for (; z < zEnd; z += 4) {
    write(S, f32x4.add(f32x4.mul(slope, v128.load32_splat(z)), f32x4.mul(keep, read(S, whole))), whole);
    S += stride;
  }
  write(bias, f32x4.add(slope, f32x4.mul(keep, read(bias, whole))), whole);
}

/** S_ij' = (1 - h_j^2) (z_i + Wh_jj S_ij), and with z_i = 1 for the biases, which lie behind. */
export function influenceDiagonal(S: usize, z: usize, h: usize, w: usize, F: i32, N: i32): void {
  const D = <usize>(F + N);
  const zEnd = z + (D << 2);
  let bias = S + (D * <usize>N << 2);
  // the row of Wh whose diagonal is met next
  let unit = <usize>F;
  for (let left = N; left > 0; ) {
    const width = panelWidth(left);
    const stride = <usize>width << 2;
    // along the diagonal of a panel
    const along = stride + 4;
    let own = w + unit * stride;
    let j: usize = 0;
    for (; j + 16 <= stride; j += 16) {
      const four = f32x4(
        load<f32>(own),
        load<f32>(own + along),
        load<f32>(own + 2 * along),
        load<f32>(own + 3 * along),
      );
      column(S + j, bias + j, stride, z, zEnd, slopes(h + j, true), four, true);
      own += 4 * along;
    }
    for (; j < stride; j += 4) {
      column(S + j, bias + j, stride, z, zEnd, slopes(h + j, false), v128.load32_splat(own), false);
      own += along;
    }
    S += D * stride;
    w += D * stride;
    bias += stride;
    h += stride;
    unit += <usize>width;
    left -= width;
  }
}

/** g_ij += e_j S_ij, and the same of the biases. */
export function influenceDiagonalGradient(g: usize, S: usize, e: usize, F: i32, N: i32): void {
  const D = <usize>(F + N);
  const biases = D * <usize>N << 2;
  const gEnd = g + biases;
  let unit: usize = 0;
  for (let left = N; left > 0; ) {
    const width = panelWidth(left);
    const stride = <usize>width << 2;
    for (let i: usize = 0; i < D; i++) {
      addProducts(g, S, e + unit, stride);
      g += stride;
      S += stride;
    }
    unit += stride;
    left -= width;
  }
  addProducts(gEnd, S, e, <usize>N << 2);
}

/** g += e S over `bytes` of each. */
@inline
function addProducts(g: usize, S: usize, e: usize, bytes: usize): void {
  let j: usize = 0;
  for (; j + 16 <= bytes; j += 16)
    v128.store(g + j, f32x4.add(v128.load(g + j), f32x4.mul(v128.load(e + j), v128.load(S + j))));
  for (; j < bytes; j += 4) store<f32>(g + j, load<f32>(g + j) + load<f32>(e + j) * load<f32>(S + j));
}
