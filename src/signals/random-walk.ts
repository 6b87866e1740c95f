import { Random } from '../math/random.js';

export interface RandomWalkOptions {
  readonly seed?: number;
  readonly start?: number;
  /** Standard deviation of one step. */
  readonly step?: number;
  /** Fraction of the distance to `start` that each step returns: 0 is a plain walk, more keeps it near. */
  readonly pull?: number;
}

/** Yields a random walk from `start`. No forecast of a plain walk beats its last number. */
export function* randomWalk({
  seed = 1,
  start = 0,
  step = 1,
  pull = 0,
}: RandomWalkOptions = {}): Generator<number, never, void> {
  const random = Random.fromSeed(seed);
  let value = start;
  for (;;) {
    yield value;
    value += pull * (start - value) + step * random.normal();
  }
}
