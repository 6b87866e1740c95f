// The natural logarithm of float64; see ../../math/logarithm.ts.

const SQRT2: f64 = 1.4142135623730951;
const LN2: f64 = 0.6931471805599453;

/** ln(x) for x >= 0.71. The power of two is taken off the exponent at once, which halving does in turn: both are exact. */
export function ln(x: f64): f64 {
  let k: i64 = 0;
  let y = x;
  if (y > SQRT2) {
    const bits = reinterpret<i64>(y);
    k = (bits >> 52) - 1023;
    y = reinterpret<f64>(bits - (k << 52));
    if (y > SQRT2) {
      y *= 0.5;
      k++;
    }
  }
  const s = (y - 1) / (y + 1);
  const q = s * s;
  const series =
    1.0 + q * (1.0 / 3.0 + q * (1.0 / 5.0 + q * (1.0 / 7.0 + q * (1.0 / 9.0 + q * (1.0 / 11.0 + q * (1.0 / 13.0 + q / 15.0))))));
  return <f64>k * LN2 + 2 * s * series;
}

/** The same of two numbers, both >= 1. */
@inline
export function ln2(x: v128): v128 {
  const one = f64x2.splat(1);
  let k = i64x2.sub(i64x2.shr_u(x, 52), i64x2.splat(1023));
  let y = i64x2.sub(x, i64x2.shl(k, 52));
  const isLarge = f64x2.gt(y, f64x2.splat(SQRT2));
  y = v128.bitselect(f64x2.mul(y, f64x2.splat(0.5)), y, isLarge);
  k = i64x2.sub(k, isLarge);
  // a whole number below 2^52 becomes a float64 as the last bits of 2^52 and more
  const exponent = f64x2.sub(i64x2.add(k, i64x2.splat(0x4330000000000000)), f64x2.splat(4503599627370496));
  const s = f64x2.div(f64x2.sub(y, one), f64x2.add(y, one));
  const q = f64x2.mul(s, s);
  let series = f64x2.add(f64x2.splat(1.0 / 13.0), f64x2.div(q, f64x2.splat(15)));
  series = f64x2.add(f64x2.splat(1.0 / 11.0), f64x2.mul(q, series));
  series = f64x2.add(f64x2.splat(1.0 / 9.0), f64x2.mul(q, series));
  series = f64x2.add(f64x2.splat(1.0 / 7.0), f64x2.mul(q, series));
  series = f64x2.add(f64x2.splat(1.0 / 5.0), f64x2.mul(q, series));
  series = f64x2.add(f64x2.splat(1.0 / 3.0), f64x2.mul(q, series));
  series = f64x2.add(one, f64x2.mul(q, series));
  const twice = f64x2.mul(f64x2.splat(2), s);
  return f64x2.add(f64x2.mul(exponent, f64x2.splat(LN2)), f64x2.mul(twice, series));
}
