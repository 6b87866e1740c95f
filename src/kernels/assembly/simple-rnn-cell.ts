// The simple recurrent cell (Elman 1990), forward and backward. z_t = [ x_t | h_{t-1} ], W = Wx over Wh:
//
//   forward    h_t = tanh(x_t Wx + h_{t-1} Wh + b) = tanh(z_t W + b)
//   backward   dL/dh_t = e_t + dz_{t+1}[F:]      da_t = dL/dh_t * (1 - h_t^2)      dz_t = da_t W^T

import { tanh4 } from './math';
import { oneRow, product } from './product';
import { transposedProduct } from './transposed-product';

/** Runs the cell over T steps of B rows: h_t = tanh(z_t W + b), written to the h part of row t + 1. */
export function simpleRnnForward(z: usize, w: usize, b: usize, T: i32, B: i32, F: i32, N: i32): void {
  const stride = <usize>(F + N) << 2;
  const toH = <usize>B * stride + (<usize>F << 2);
  if (B == 1) {
    // a single stream, without the loop over rows
    for (let t = 0; t < T; t++) {
      oneRow(z + toH, z, w, b, F + N, N);
      tanhOfSums(z + toH, N);
      z += stride;
    }
    return;
  }
  for (let t = 0; t < T; t++) {
    product(z + toH, stride, z, stride, w, b, B, F + N, N);
    for (let r = 0; r < B; r++) {
      tanhOfSums(z + toH, N);
      z += stride;
    }
  }
}

/** Runs back through rows end - 1 .. first of T steps of B rows: da from e, in its place, and dz = da W^T. */
export function simpleRnnBackward(
  dz: usize, da: usize, z: usize, w: usize, T: i32, B: i32, F: i32, N: i32, first: i32, end: i32,
): void {
  const stride = <usize>(F + N) << 2;
  const toH = <usize>B * stride + (<usize>F << 2);
  for (let row = end - 1; row >= first; row--) {
    const at = <usize>row * stride;
    const d = da + (<usize>row * <usize>N << 2);
    throughTanh(d, row >= (T - 1) * B ? 0 : dz + at + toH, z + at + toH, N);
    transposedProduct(dz + at, d, w, F + N, N);
  }
}

/**
 * Turns the sums a_t of N units into the state h_t = tanh(a_t), in place; a sum that has overflowed to both sides, and is
 * NaN, counts as 0. A pass of its own: within the products it would take their registers.
 */
function tanhOfSums(h: usize, N: i32): void {
  const end = h + (<usize>N << 2);
  for (; h + 16 <= end; h += 16) {
    const a = v128.load(h);
    v128.store(h, tanh4(v128.and(a, f32x4.eq(a, a))));
  }
  for (; h < end; h += 4) {
    const a = v128.load32_splat(h);
    v128.store32_lane(h, tanh4(v128.and(a, f32x4.eq(a, a))), 0);
  }
}

/** da = (e + later) * (1 - h^2), in place of e, over N elements. `later` is 0 at the window's last step. */
@inline
function throughTanh(da: usize, later: usize, h: usize, N: i32): void {
  const one = f32x4.splat(1);
  const end = da + (<usize>N << 2);
  for (; da + 16 <= end; da += 16) {
    const state = v128.load(h);
    let dh = v128.load(da);
    if (later) {
      dh = f32x4.add(dh, v128.load(later));
      later += 16;
    }
    v128.store(da, f32x4.mul(dh, f32x4.sub(one, f32x4.mul(state, state))));
    h += 16;
  }
  for (; da < end; da += 4) {
    const state = load<f32>(h);
    let dh = load<f32>(da);
    if (later) {
      dh += load<f32>(later);
      later += 4;
    }
    store<f32>(da, dh * (1 - state * state));
    h += 4;
  }
}
