/**
 * Numeric differentiation, the judge of the gradients: central differences of fourth order,
 *
 *   f'(v) = (8 (f(v + s) - f(v - s)) - (f(v + 2s) - f(v - 2s))) / 12 s     with an error of s^4 f^(5) / 30
 *
 * in float64 with s = 1e-3: the formula is off by about 1e-13, and the rounding of f, which the step magnifies, by about
 * 2e-16 |f| / s = 2e-13 |f|. Both are far below the bound of 1e-7 that the gradients are held to. With differences of
 * second order no step has both: at their best, s = 1e-5, they are off by about 1e-10, more where f curves.
 */
const STEP = 1e-3;

/** Gives df/dv for every element v of `values`; `f` reads them, and they are put back. */
export function centralDifferences(f: () => number, values: Float64Array): Float64Array {
  return values.map((value, i) => {
    const at = (offset: number) => {
      values[i] = value + offset;
      return f();
    };
    const near = at(STEP) - at(-STEP);
    const far = at(2 * STEP) - at(-2 * STEP);
    values[i] = value;
    return (8 * near - far) / (12 * STEP);
  });
}
