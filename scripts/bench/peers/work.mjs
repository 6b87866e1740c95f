/** The work that every peer is given: sizes, weights and data, the same numbers at every run. */
import { WINDOW, WINDOWS } from './protocol.mjs';

/** (F, N) */
export const SIZES = [
  [8, 32],
  [8, 64],
  [8, 128],
  [16, 256],
  [32, 512],
];

const LEARNING_RATE = 0.02;

/** Uniform numbers in [-1, 1) from a seed (mulberry32). @param {number} seed */
function uniforms(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 31 - 1;
  };
}

/**
 * Makes the job of one size: waves with noise, so that there is always something left to learn.
 *
 * @param {import('./protocol.mjs').Kind} kind
 * @param {number} features
 * @param {number} units
 * @returns {import('./protocol.mjs').Job}
 */
export function makeJob(kind, features, units) {
  const uniform = uniforms(features * 1024 + units);
  /** @param {number} length @param {number} fan */
  const draw = (length, fan) => Float32Array.from({ length }, () => uniform() * Math.sqrt(3 / fan));
  const wx = draw(features * units, features + units);
  const wh = draw(units * units, units);
  const rows = WINDOW * WINDOWS;
  const x = new Float32Array((rows + 1) * features);
  for (let t = 0; t < rows; t++)
    for (let i = 0; i < features; i++)
      x[t * features + i] = 0.7 * Math.sin((2 * Math.PI * (i + 1) * t) / rows + i) + 0.2 * uniform();
  x.copyWithin(rows * features, 0, features);
  const weights = {
    W: Float32Array.from([...wx, ...wh]),
    b: draw(units, 100),
    Wy: draw(units * features, features + units),
    by: draw(features, 100),
  };
  return { kind, features, units, learningRate: LEARNING_RATE, x, weights };
}
