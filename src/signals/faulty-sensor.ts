import { Random } from '../math/random.js';
import { randomWalk } from './random-walk.js';

/**
 * - `stuck`: the sensor repeats its last reading
 * - `spike`: one reading is far off
 * - `dropout`: there is no reading, null
 * - `shift`: all readings are off by the same amount
 */
export const FAULTS = ['stuck', 'spike', 'dropout', 'shift'] as const;
export type Fault = (typeof FAULTS)[number];

export interface Reading {
  /** The reading. */
  readonly value: number | null;
  /** The true value. */
  readonly truth: number;
  /** The current fault. */
  readonly fault: Fault | null;
}

export interface FaultySensorOptions {
  readonly seed?: number;
  /** The truth is a random walk pulled back to `mean`, with steps of this standard deviation. */
  readonly mean?: number;
  readonly step?: number;
  readonly pull?: number;
  /** Probability that a sound sensor fails at a step. */
  readonly rate?: number;
  /** The possible faults, equally likely. */
  readonly faults?: readonly Fault[];
  /** The least size of spikes and shifts, up or down; each is up to half as much larger, at random. */
  readonly size?: number;
}

/** The duration of a fault in steps, from .. to. */
const DURATIONS: Record<Fault, readonly [number, number]> = {
  stuck: [20, 100],
  spike: [1, 1],
  dropout: [5, 50],
  shift: [100, 500],
};

/** Yields a sensor that wanders around its mean and fails from time to time, with the fault as the label. */
export function* faultySensor({
  seed = 1,
  mean = 20,
  step = 0.1,
  pull = 0.01,
  rate = 0.002,
  faults = FAULTS,
  size = 5,
}: FaultySensorOptions = {}): Generator<Reading, never, void> {
  const random = Random.fromSeed(seed);
  let fault: Fault | null = null;
  let left = 0;
  let offset = 0;
  let last = mean;
  // the truth has a random stream of its own, so that faults do not change it
  const walk = randomWalk({ seed: seed ^ 0x5eed, start: mean, step, pull });
  for (;;) {
    const truth = walk.next().value;
    if (left === 0) {
      fault = random.uniform(0, 1) < rate ? pick(faults, random) : null;
      if (fault !== null) {
        left = whole(random, DURATIONS[fault]);
        offset = random.uniform(size, 1.5 * size) * (random.uniform(0, 1) < 0.5 ? 1 : -1);
      }
    }
    if (left > 0) left--;
    const value = read(fault, truth, offset, last);
    if (fault === null) last = truth;
    yield { value, truth, fault };
  }
}

function read(fault: Fault | null, truth: number, offset: number, last: number): number | null {
  switch (fault) {
    case null:
      return truth;
    case 'stuck':
      return last;
    case 'spike':
    case 'shift':
      return truth + offset;
    case 'dropout':
      return null;
  }
}

function pick(faults: readonly Fault[], random: Random): Fault | null {
  return faults[Math.floor(random.uniform(0, faults.length))] ?? null;
}

/** Draws an integer from [low, high], both included. */
function whole(random: Random, [low, high]: readonly [number, number]): number {
  return Math.floor(random.uniform(low, high + 1));
}
