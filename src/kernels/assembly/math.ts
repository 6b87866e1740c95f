// Own tanh and exp, four lanes at a time: the same bits on every machine, since each operation is exactly rounded.

/**
 * exp(x) for x <= 0, and for x up to 40. Cody and Waite's reduction x = k ln 2 + r, then Cephes' polynomial of degree 7
 * (expf.c). Error at most 2 ulp; below -87 it goes to 0.
 */
@inline
export function exp4(x: v128): v128 {
  const t = f32x4.max(f32x4.splat(-87), f32x4.min(f32x4.splat(88), x));
  const k = f32x4.floor(f32x4.add(f32x4.mul(t, f32x4.splat(1.44269504088896341)), f32x4.splat(0.5)));
  let r = f32x4.sub(t, f32x4.mul(k, f32x4.splat(0.693359375)));
  r = f32x4.sub(r, f32x4.mul(k, f32x4.splat(-2.12194440e-4)));
  let p = f32x4.splat(1.9875691500e-4);
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.3981999507e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(8.3334519073e-3));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(4.1665795894e-2));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(1.6666665459e-1));
  p = f32x4.add(f32x4.mul(p, r), f32x4.splat(5.0000001201e-1));
  p = f32x4.add(f32x4.add(f32x4.mul(f32x4.mul(p, r), r), r), f32x4.splat(1));
  const power = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(k), i32x4.splat(127)), 23);
  return v128.andnot(f32x4.mul(p, power), f32x4.lt(x, f32x4.splat(-87)));
}

/**
 * tanh(x), as Cephes has it (tanhf.c): an odd polynomial below .625, 1 - 2 / (exp(2 |x|) + 1) above. Error at most 2
 * ulp. NaN gives NaN.
 */
@inline
export function tanh4(x: v128): v128 {
  const magnitude = v128.and(x, i32x4.splat(0x7fffffff));
  const square = f32x4.mul(x, x);
  let p = f32x4.splat(-5.70498872745e-3);
  p = f32x4.add(f32x4.mul(p, square), f32x4.splat(2.06390887954e-2));
  p = f32x4.add(f32x4.mul(p, square), f32x4.splat(-5.37397155531e-2));
  p = f32x4.add(f32x4.mul(p, square), f32x4.splat(1.33314422036e-1));
  p = f32x4.add(f32x4.mul(p, square), f32x4.splat(-3.33332819422e-1));
  const small = f32x4.add(f32x4.mul(f32x4.mul(p, square), x), x);
  const power = exp4(f32x4.min(f32x4.splat(40), f32x4.add(magnitude, magnitude)));
  const large = f32x4.sub(
    f32x4.splat(1),
    f32x4.div(f32x4.splat(2), f32x4.add(power, f32x4.splat(1))),
  );
  const value = v128.bitselect(small, large, f32x4.lt(magnitude, f32x4.splat(0.625)));
  return v128.or(value, v128.and(x, i32x4.splat(0x80000000)));
}

/** The state of the cell: tanh(a), and 0 where a sum has overflowed to both sides and is NaN. */
@inline
export function activate4(a: v128): v128 {
  return tanh4(v128.and(a, f32x4.eq(a, a)));
}

/** Adds up the lanes of four vectors: [ sum a, sum b, sum c, sum d ]. */
@inline
export function sumLanes(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7));
  const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<f32>(ab, cd, 0, 1, 4, 5), v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
}
