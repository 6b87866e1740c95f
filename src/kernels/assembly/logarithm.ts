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
