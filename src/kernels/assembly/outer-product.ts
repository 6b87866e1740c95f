// The gradient of a layer's weights, a^T d summed over R rows, in register tiles: it is added to a buffer, squared and
// summed, or taken as a step of SGD at once, so that training needs no gradient buffer. Panels as in product.ts.

import { isByWeights, rowSquares } from './row-products';
import { descend1, descend4 } from './descent';

const ADD = 0;
const SQUARES = 1;
const DESCEND = 2;
/** DESCEND with weight decay: a mode of its own, so that the other pays nothing for it. */
const DECAY = 3;

/** What a tile's gradient is used for. Sums of squares gather in `squares`. */
@inline
function use4(mode: i32, w: usize, v: usize, g: v128, rate: v128, momentum: v128, nesterov: bool, decay: f32): v128 {
  if (mode == SQUARES) return f32x4.mul(g, g);
  if (mode == ADD) v128.store(w, f32x4.add(v128.load(w), g));
  else descend4(w, v, g, rate, momentum, nesterov, mode == DECAY, decay);
  return g;
}

@inline
function use1(mode: i32, w: usize, v: usize, g: f32, rate: f32, momentum: f32, nesterov: bool, decay: f32): f64 {
  if (mode == SQUARES) return <f64>g * <f64>g;
  if (mode == ADD) store<f32>(w, load<f32>(w) + g);
  else descend1(w, v, g, rate, momentum, nesterov, mode == DECAY, decay);
  return 0;
}

@inline
function sum4(x: v128): f64 {
  return (
    <f64>f32x4.extract_lane(x, 0) +
    <f64>f32x4.extract_lane(x, 1) +
    <f64>f32x4.extract_lane(x, 2) +
    <f64>f32x4.extract_lane(x, 3)
  );
}

/**
 * Goes over W [A,M] with the gradient of each weight, of rows of d that lie `dStride` bytes apart; v is 0 where there is no
 * velocity. Gives `total` and the squares. `lanes` is 0, or where the squares of 16 columns go on from, and are left.
 */
@inline
function outerWeights(
  mode: i32, w: usize, v: usize, a: usize, aStride: usize, d: usize, dStride: usize, R: i32, A: i32, M: i32,
  rate: f32, momentum: f32, nesterov: bool, decay: f32, total: f64, lanes: usize,
): f64 {
  const rate4 = f32x4.splat(rate);
  const momentum4 = f32x4.splat(momentum);
  const zero = f32x4.splat(0);
  const aEnd = a + <usize>R * aStride;
  let left = M;
  while (left >= 16) {
    // a panel of 32 columns in two halves, or one of 16
    const width = left >= 32 ? 128 : 64;
    for (let half = 0; half < width; half += 64) {
      let squares = mode == SQUARES && lanes ? v128.load(lanes) : zero;
      let q = w + half;
      let u = v ? v + half : 0;
      let i = 0;
      let column = a;
      for (; i + 2 <= A; i += 2) {
        let s0 = zero, s1 = zero, s2 = zero, s3 = zero, t0 = zero, t1 = zero, t2 = zero, t3 = zero;
        let p = d + half;
        let x = column;
        const end = x + <usize>R * aStride;
        do {
          const d0 = v128.load(p), d1 = v128.load(p, 16), d2 = v128.load(p, 32), d3 = v128.load(p, 48);
          let x0 = v128.load32_splat(x);
          s0 = f32x4.add(s0, f32x4.mul(x0, d0));
          s1 = f32x4.add(s1, f32x4.mul(x0, d1));
          s2 = f32x4.add(s2, f32x4.mul(x0, d2));
          s3 = f32x4.add(s3, f32x4.mul(x0, d3));
          x0 = v128.load32_splat(x, 4);
          t0 = f32x4.add(t0, f32x4.mul(x0, d0));
          t1 = f32x4.add(t1, f32x4.mul(x0, d1));
          t2 = f32x4.add(t2, f32x4.mul(x0, d2));
          t3 = f32x4.add(t3, f32x4.mul(x0, d3));
          p += dStride;
          x += aStride;
        } while (x < end);
        s0 = use4(mode, q, u, s0, rate4, momentum4, nesterov, decay);
        s1 = use4(mode, q + 16, u ? u + 16 : 0, s1, rate4, momentum4, nesterov, decay);
        s2 = use4(mode, q + 32, u ? u + 32 : 0, s2, rate4, momentum4, nesterov, decay);
        s3 = use4(mode, q + 48, u ? u + 48 : 0, s3, rate4, momentum4, nesterov, decay);
        q += width;
        if (u) u += width;
        t0 = use4(mode, q, u, t0, rate4, momentum4, nesterov, decay);
        t1 = use4(mode, q + 16, u ? u + 16 : 0, t1, rate4, momentum4, nesterov, decay);
        t2 = use4(mode, q + 32, u ? u + 32 : 0, t2, rate4, momentum4, nesterov, decay);
        t3 = use4(mode, q + 48, u ? u + 48 : 0, t3, rate4, momentum4, nesterov, decay);
        q += width;
        if (u) u += width;
        if (mode == SQUARES) {
          s0 = f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3));
          t0 = f32x4.add(f32x4.add(t0, t1), f32x4.add(t2, t3));
          squares = f32x4.add(squares, f32x4.add(s0, t0));
        }
        column += 8;
      }
      if (i < A) {
        for (let k: usize = 0; k < 64; k += 16) {
          let s = zero;
          let p = d + half + k;
          for (let x = column; x < aEnd; x += aStride) {
            s = f32x4.add(s, f32x4.mul(v128.load32_splat(x), v128.load(p)));
            p += dStride;
          }
          s = use4(mode, q + k, u ? u + k : 0, s, rate4, momentum4, nesterov, decay);
          if (mode == SQUARES) squares = f32x4.add(squares, s);
        }
      }
      if (mode == SQUARES) {
        if (lanes) v128.store(lanes, squares);
        else total += sum4(squares);
      }
    }
    w += <usize>A * width;
    if (v) v += <usize>A * width;
    d += width;
    left -= width >> 2;
  }
  for (let width = 8; width >= 4; width >>= 1) {
    if (!(left & width)) continue;
    for (let i: usize = 0; i < <usize>A; i++) {
      for (let k: usize = 0; k < <usize>width << 2; k += 16) {
        let s = zero;
        let p = d + k;
        for (let x = a + (i << 2); x < aEnd; x += aStride) {
          s = f32x4.add(s, f32x4.mul(v128.load32_splat(x), v128.load(p)));
          p += dStride;
        }
        s = use4(mode, w, v, s, rate4, momentum4, nesterov, decay);
        if (mode == SQUARES) total += sum4(s);
        w += 16;
        if (v) v += 16;
      }
    }
    d += <usize>width << 2;
  }
  const rest = left & 3;
  for (let i: usize = 0; rest > 0 && i < <usize>A; i++) {
    for (let j: usize = 0; j < <usize>rest; j++) {
      let s: f32 = 0;
      let p = d + (j << 2);
      for (let x = a + (i << 2); x < aEnd; x += aStride) {
        s += load<f32>(x) * load<f32>(p);
        p += dStride;
      }
      total += use1(mode, w, v, s, rate, momentum, nesterov, decay);
      w += 4;
      if (v) v += 4;
    }
  }
  return total;
}

/** The four sums of 16 columns become the gradients of as many biases. */
@inline
function useBiases(
  mode: i32, b: usize, vb: usize, sums: v128, rate: f32, momentum: f32, nesterov: bool, total: f64,
): f64 {
  total += use1(mode, b, vb, f32x4.extract_lane(sums, 0), rate, momentum, nesterov, 0);
  total += use1(mode, b + 4, vb ? vb + 4 : 0, f32x4.extract_lane(sums, 1), rate, momentum, nesterov, 0);
  total += use1(mode, b + 8, vb ? vb + 8 : 0, f32x4.extract_lane(sums, 2), rate, momentum, nesterov, 0);
  return total + use1(mode, b + 12, vb ? vb + 12 : 0, f32x4.extract_lane(sums, 3), rate, momentum, nesterov, 0);
}

/**
 * Goes over b [M], which does not decay, of rows of d that lie `dStride` bytes apart; vb is 0 where there is no velocity.
 * Gives `total` and the squares.
 */
@inline
function outerBiases(
  mode: i32, b: usize, vb: usize, d: usize, dStride: usize, R: i32, M: i32, rate: f32, momentum: f32,
  nesterov: bool, total: f64,
): f64 {
  const zero = f32x4.splat(0);
  let left = M;
  // a line of memory at a time
  for (; left >= 16; left -= 16) {
    let s0 = zero, s1 = zero, s2 = zero, s3 = zero;
    let p = d;
    for (let r = 0; r < R; r++) {
      s0 = f32x4.add(s0, v128.load(p));
      s1 = f32x4.add(s1, v128.load(p, 16));
      s2 = f32x4.add(s2, v128.load(p, 32));
      s3 = f32x4.add(s3, v128.load(p, 48));
      p += dStride;
    }
    total = useBiases(mode, b, vb, s0, rate, momentum, nesterov, total);
    total = useBiases(mode, b + 16, vb ? vb + 16 : 0, s1, rate, momentum, nesterov, total);
    total = useBiases(mode, b + 32, vb ? vb + 32 : 0, s2, rate, momentum, nesterov, total);
    total = useBiases(mode, b + 48, vb ? vb + 48 : 0, s3, rate, momentum, nesterov, total);
    b += 64;
    if (vb) vb += 64;
    d += 64;
  }
  for (; left > 0; left--) {
    let s: f32 = 0;
    let p = d;
    for (let r = 0; r < R; r++) {
      s += load<f32>(p);
      p += dStride;
    }
    total += use1(mode, b, vb, s, rate, momentum, nesterov, 0);
    b += 4;
    if (vb) vb += 4;
    d += 4;
  }
  return total;
}

/** Adds the gradient of weights, or of some of them: A rows of columns [M] that are whole panels, or of one panel. */
export function addWeights(w: usize, a: usize, stride: i32, d: usize, dStride: i32, R: i32, A: i32, M: i32): void {
  outerWeights(ADD, w, 0, a, <usize>stride << 2, d, <usize>dStride << 2, R, A, M, 0, 0, false, 0, 0, 0);
}

export function addBiases(b: usize, d: usize, dStride: i32, R: i32, M: i32): void {
  outerBiases(ADD, b, 0, d, <usize>dStride << 2, R, M, 0, 0, false, 0);
}

/** Takes a step of SGD of the same weights. */
export function descendWeights(
  w: usize, v: usize, a: usize, stride: i32, d: usize, dStride: i32, R: i32, A: i32, M: i32, rate: f32,
  momentum: f32, nesterov: bool, decay: f32,
): void {
  const aStride = <usize>stride << 2;
  const dBytes = <usize>dStride << 2;
  if (decay != 0) outerWeights(DECAY, w, v, a, aStride, d, dBytes, R, A, M, rate, momentum, nesterov, decay, 0, 0);
  else outerWeights(DESCEND, w, v, a, aStride, d, dBytes, R, A, M, rate, momentum, nesterov, 0, 0, 0);
}

export function descendBiases(
  b: usize, vb: usize, d: usize, dStride: i32, R: i32, M: i32, rate: f32, momentum: f32, nesterov: bool,
): void {
  outerBiases(DESCEND, b, vb, d, <usize>dStride << 2, R, M, rate, momentum, nesterov, 0);
}

/** Adds the squares of the gradient of the same weights to `total`, or, of 16 columns, to the four in `lanes`. */
export function weightSquares(
  a: usize, stride: i32, d: usize, dStride: i32, R: i32, A: i32, M: i32, total: f64, lanes: usize,
): f64 {
  const aStride = <usize>stride << 2;
  return outerWeights(SQUARES, 0, 0, a, aStride, d, <usize>dStride << 2, R, A, M, 0, 0, false, 0, total, lanes);
}

export function biasSquares(d: usize, dStride: i32, R: i32, M: i32, total: f64): f64 {
  return outerBiases(SQUARES, 0, 0, d, <usize>dStride << 2, R, M, 0, 0, false, total);
}

/** Adds the gradient to gw and gb. */
export function denseGradient(gw: usize, gb: usize, a: usize, stride: i32, d: usize, R: i32, A: i32, M: i32): void {
  addWeights(gw, a, stride, d, M, R, A, M);
  addBiases(gb, d, M, R, M);
}

/** Takes a step of SGD with the gradient. */
export function descend(
  w: usize, b: usize, v: usize, vb: usize, a: usize, stride: i32, d: usize, R: i32, A: i32, M: i32, rate: f32,
  momentum: f32, nesterov: bool, decay: f32,
): void {
  descendWeights(w, v, a, stride, d, M, R, A, M, rate, momentum, nesterov, decay);
  descendBiases(b, vb, d, M, R, M, rate, momentum, nesterov);
}

/**
 * Gives the sum of squares of the gradient, before any weight is touched. With few rows by the products of the rows,
 * ||sum_r a_r (x) d_r||^2 = sum_{r,s} (a_r . a_s) (d_r . d_s), with many by the gradient itself.
 */
export function gradientSquares(a: usize, stride: i32, d: usize, R: i32, A: i32, M: i32): f64 {
  if (isByWeights(R, A, M)) return biasSquares(d, M, R, M, weightSquares(a, stride, d, M, R, A, M, 0, 0));
  return rowSquares(a, stride, d, A, M, 0, R, 0);
}
