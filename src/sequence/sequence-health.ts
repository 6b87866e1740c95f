/** The health of a sequence: that of its model, or that no steps come any more. */
import type { Clock } from '../clock.js';
import type { Health } from '../rnn/model.js';
import type { Course } from './course.js';

export interface SequenceHealth {
  readonly state: Health['state'] | 'silent';
  /** Why, in words. */
  readonly why: string;
}

/** How steps came: what a silence is told by. */
export interface Arrivals {
  /** The usual milliseconds between two steps; null where that is not known. */
  readonly usual: number | null;
  /** When the last one came, in milliseconds since 1970; null where that is not known. */
  readonly last: number | null;
}

/** Usual intervals without a step that make a silence, and the least milliseconds of one. */
const INTERVALS = 10;
const LEAST_MS = 10_000;

/** Gives the milliseconds after which a sequence without steps is silent. */
export const silentAfter = (usual: number | null): number =>
  usual === null ? Number.POSITIVE_INFINITY : Math.max(LEAST_MS, INTERVALS * usual);

/** Gives the health after so many milliseconds without a step. */
export function afterQuiet(health: SequenceHealth, usual: number | null, quietMs: number): SequenceHealth {
  if (usual === null || quietMs < silentAfter(usual)) return health;
  const why = `No step has come for ${spanText(quietMs)}; they used to come every ${spanText(usual)}.`;
  return { state: 'silent', why };
}

/** What a sequence last told of how it does. */
interface Told {
  readonly health?: Health;
  readonly arrivals?: Arrivals;
}

/** A sequence in memory. */
interface Asked {
  readonly course: Pick<Course, 'model' | 'times'> | null;
  /** When its last step since it was loaded came, by the monotonic clock. */
  readonly lastStepAt: number | null;
  summary(): Told;
}

/** Gives the health of a sequence in memory, without waking it; null where it was never told. */
export function healthOf(sequence: Asked, clock: Pick<Clock, 'monotonic' | 'wall'>): SequenceHealth | null {
  const { course, lastStepAt } = sequence;
  if (lastStepAt === null) return toldHealth(sequence.summary(), clock.wall());
  const { health, usual } = course
    ? { health: course.model.health, usual: course.times.usual }
    : told(sequence);
  return health ? afterQuiet(health, usual, clock.monotonic() - lastStepAt) : null;
}

function told(sequence: Asked) {
  const { health, arrivals } = sequence.summary();
  return { health, usual: arrivals?.usual ?? null };
}

/** Gives the health by what a sequence last told of itself. @param now milliseconds since 1970 */
export function toldHealth({ health, arrivals }: Told, now: number): SequenceHealth | null {
  if (!health) return null;
  const { usual = null, last = null } = arrivals ?? {};
  return last === null ? health : afterQuiet(health, usual, now - last);
}

const UNITS = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
] as const;

/** Writes a span in the largest unit of which it has two, or in a smaller one: 3 minutes, 90 seconds. */
function spanText(ms: number): string {
  for (const [unit, size] of UNITS) if (ms >= 2 * size) return `${Math.round(ms / size)} ${unit}s`;
  if (ms >= 1000) return `${(ms / 1000).toFixed(1)} seconds`;
  return ms >= 1 ? `${Math.round(ms)} ms` : 'less than 1 ms';
}

/** A count of sequences by their health, at 0. */
export const noHealth = (): Record<SequenceHealth['state'], number> => ({
  'warming-up': 0,
  learning: 0,
  'no-better-than-baseline': 0,
  diverged: 0,
  silent: 0,
  paused: 0,
});
