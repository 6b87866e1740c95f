// A dense layer, forward and backward; the gradient of its weights is an outer product (see outer-product.ts).
//
//   forward    y = a W + b
//   backward   da = dy W^T

import { product } from './product';
import { transposedProduct } from './transposed-product';

/** Applies the layer to R rows that lie `stride` elements apart. */
export function dense(y: usize, a: usize, stride: i32, w: usize, b: usize, R: i32, A: i32, M: i32): void {
  product(y, <usize>M << 2, a, <usize>stride << 2, w, b, R, A, M);
}

/** Carries the gradient of R rows to the layer's input. */
export function denseBackward(da: usize, dy: usize, w: usize, R: i32, A: i32, M: i32): void {
  for (let r = 0; r < R; r++) {
    transposedProduct(da, dy, w, A, M);
    da += <usize>A << 2;
    dy += <usize>M << 2;
  }
}
