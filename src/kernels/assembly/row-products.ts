// The sum of squares of a layer's gradient by the products of its rows, which with few rows is less than the gradient itself.

/** Is the gradient itself squared, and not the products of its rows? */
export function isByWeights(R: i32, A: i32, M: i32): bool {
  return R * (A + M) > 2 * A * M;
}

/** Adds the products of rows first .. end - 1 with themselves and with those before to `total`. */
export function rowSquares(
  a: usize, stride: i32, d: usize, A: i32, M: i32, first: i32, end: i32, total: f64,
): f64 {
  const aStride = <usize>stride << 2;
  const dStride = <usize>M << 2;
  for (let r = first; r < end; r++) {
    const ar = a + <usize>r * aStride;
    const dr = d + <usize>r * dStride;
    // the bias is a weight whose input is 1
    total += (<f64>1 + <f64>dot(ar, ar, A)) * <f64>dot(dr, dr, M);
    let off: f64 = 0;
    for (let s = 0; s < r; s++)
      off += (<f64>1 + <f64>dot(ar, a + <usize>s * aStride, A)) * <f64>dot(dr, d + <usize>s * dStride, M);
    total += 2 * off;
  }
  return total;
}

@inline
function dot(x: usize, y: usize, n: i32): f32 {
  let s0 = f32x4.splat(0), s1 = f32x4.splat(0), s2 = f32x4.splat(0), s3 = f32x4.splat(0);
  const end = x + (<usize>n << 2);
  for (; x + 64 <= end; x += 64) {
    s0 = f32x4.add(s0, f32x4.mul(v128.load(x), v128.load(y)));
    s1 = f32x4.add(s1, f32x4.mul(v128.load(x, 16), v128.load(y, 16)));
    s2 = f32x4.add(s2, f32x4.mul(v128.load(x, 32), v128.load(y, 32)));
    s3 = f32x4.add(s3, f32x4.mul(v128.load(x, 48), v128.load(y, 48)));
    y += 64;
  }
  for (; x + 16 <= end; x += 16) {
    s0 = f32x4.add(s0, f32x4.mul(v128.load(x), v128.load(y)));
    y += 16;
  }
  s0 = f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3));
  let sum: f32 =
    f32x4.extract_lane(s0, 0) + f32x4.extract_lane(s0, 1) + (f32x4.extract_lane(s0, 2) + f32x4.extract_lane(s0, 3));
  for (; x < end; x += 4) {
    sum += load<f32>(x) * load<f32>(y);
    y += 4;
  }
  return sum;
}
