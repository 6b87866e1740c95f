import { Random } from '../math/random.js';
import { sinTurn } from '../math/sine.js';

/** A sine with noise on it. */
export interface Sine {
  /** Steps of one turn. */
  readonly period?: number;
  readonly amplitude?: number;
  /** What it swings about. */
  readonly offset?: number;
  /** Standard deviation of the noise, which is nearly normal ({@link Random.normal}). */
  readonly noise?: number;
}

export interface NoisySineOptions extends Sine {
  readonly seed?: number;
  /** The step from which on `after` holds; never if left out. */
  readonly changeAt?: number;
  /** What is different then. The phase goes on: a change of the period makes no jump. */
  readonly after?: Sine;
}

/** Yields a noisy sine, which may change at one step: a regime change, for drift detectors and their demos. */
export function* noisySine({
  seed = 1,
  changeAt = Number.POSITIVE_INFINITY,
  after = {},
  ...before
}: NoisySineOptions = {}): Generator<number, never, void> {
  const random = Random.fromSeed(seed);
  let regime = { period: 50, amplitude: 1, offset: 0, noise: 0.1, ...before };
  let turn = 0;
  for (let t = 0; ; t++) {
    if (t === changeAt) regime = { ...regime, ...after };
    const { period, amplitude, offset, noise } = regime;
    yield offset + amplitude * sinTurn(turn) + noise * random.normal();
    turn += 1 / period;
    turn -= Math.floor(turn);
  }
}
