/** Series whose seasons are known. */
import { Random } from '../../../../src/math/random.js';

export function series(seed: number, n: number, at: (t: number, random: Random) => number): Float64Array {
  const random = Random.fromSeed(seed);
  return Float64Array.from({ length: n }, (_, t) => at(t, random));
}

/** An autoregression of one step: noise at 0, a random walk at 1. */
export function autoregression(seed: number, n: number, factor: number): Float64Array {
  let value = 0;
  return series(seed, n, (_, random) => {
    value = factor * value + random.normal();
    return value;
  });
}

export const wave = (t: number, period: number): number => Math.SQRT2 * Math.sin((2 * Math.PI * t) / period);
