import type { Clock } from '../clock.js';
import type { Sequence } from './sequence.js';
import { healthOf } from './sequence-health.js';

/** How a sequence does. */
export interface Learning {
  readonly name: string;
  readonly recentSkill: number | null;
  readonly recentMae: number | null;
  readonly anomaly: number | null;
  readonly health: string | null;
  readonly steps: number;
}

export interface LearningOfMany {
  readonly sequences: readonly Learning[];
  /** How many more fit. */
  readonly leftOut: number;
}

/** Tells how sequences do whose names fit, up to so many in the order of their names. It wakes none. */
export function learningOf(
  all: Iterable<Sequence>,
  isWanted: (name: string) => boolean,
  most: number,
  clock: Pick<Clock, 'monotonic' | 'wall'>,
): LearningOfMany {
  const wanted = [...all].filter(({ name }) => isWanted(name));
  wanted.sort((a, b) => (a.name < b.name ? -1 : 1));
  const sequences = wanted.slice(0, most).map((sequence): Learning => {
    const { recentSkill = null, recentMae = null, anomaly = null } = sequence.summary();
    const health = healthOf(sequence, clock)?.state ?? null;
    return { name: sequence.name, recentSkill, recentMae, anomaly, health, steps: sequence.seq + 1 };
  });
  return { sequences, leftOut: wanted.length - sequences.length };
}
