import { Random } from '../math/random.js';
import { sinTurn } from '../math/sine.js';

export interface Sine {
  /** Steps per period. */
  readonly period?: number;
  readonly amplitude?: number;
  /** The centre of the oscillation. */
  readonly offset?: number;
  /** Standard deviation of the approximately normal noise ({@link Random.normal}). */
  readonly noise?: number;
}

export interface NoisySineOptions extends Sine {
  readonly seed?: number;
  /** The step from which `after` applies; never by default. */
  readonly changeAt?: number;
  /** The changed parameters. The phase is continuous: a change of the period causes no jump. */
  readonly after?: Sine;
}

/** Yields a noisy sine that may change at one step: a regime change, for drift detectors and demos. */
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
