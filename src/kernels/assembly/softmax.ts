// softmax(y), row by row, in place, and the largest magnitude of a run of numbers.

import { exp4, tanh4 } from './math';

/** exp of what is left of a row, one by one in all lanes. */
@inline
function exp1(x: f32): f32 {
  return f32x4.extract_lane(exp4(f32x4.splat(x)), 0);
}

export function softmax(y: usize, R: i32, M: i32): void {
  const row = <usize>M << 2;
  for (let r = 0; r < R; r++) {
    const end = y + row;
    let max = load<f32>(y);
    for (let p = y; p < end; p += 4) max = f32.max(max, load<f32>(p));
    let sum: f32 = 0;
    for (let p = y; p < end; p += 4) {
      const e = exp1(load<f32>(p) - max);
      store<f32>(p, e);
      sum += e;
    }
    for (let p = y; p < end; p += 4) store<f32>(p, load<f32>(p) / sum);
    y = end;
  }
}

/** Gives the largest |p| of n numbers. */
export function largest(p: usize, n: i32): f32 {
  const end = p + (<usize>n << 2);
  let most = f32x4.splat(0);
  for (; p + 16 <= end; p += 16) most = f32x4.max(most, f32x4.abs(v128.load(p)));
  let max = f32.max(
    f32.max(f32x4.extract_lane(most, 0), f32x4.extract_lane(most, 1)),
    f32.max(f32x4.extract_lane(most, 2), f32x4.extract_lane(most, 3)),
  );
  for (; p < end; p += 4) max = f32.max(max, f32.abs(load<f32>(p)));
  return max;
}

/** tanh of n numbers, in place: for the test of its error over all of float32. n is a multiple of 4. */
export function tanhAll(p: usize, n: i32): void {
  const end = p + (<usize>n << 2);
  for (; p < end; p += 16) v128.store(p, tanh4(v128.load(p)));
}
