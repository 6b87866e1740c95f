/**
 * Gives ln(x) for x >= 0.71, within 1e-13, by + - * / alone, so that the bits are the same on every machine: x = 2^k y,
 * and atanh's series of (y - 1) / (y + 1).
 */
export function ln(x: number): number {
  let k = 0;
  let y = x;
  for (; y > 1048576; k += 20) y *= 9.5367431640625e-7;
  for (; y > Math.SQRT2; k++) y *= 0.5;
  const s = (y - 1) / (y + 1);
  const q = s * s;
  const series =
    1 + q * (1 / 3 + q * (1 / 5 + q * (1 / 7 + q * (1 / 9 + q * (1 / 11 + q * (1 / 13 + q / 15))))));
  return k * Math.LN2 + 2 * s * series;
}
