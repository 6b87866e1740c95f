import type { Resampling } from '../features/resampling.js';
import type { LogRecord } from '../store/store.js';

/** A span without readings of which not every empty bin became a step. */
export interface Silence {
  /** Number of the step after it. */
  readonly seq: number;
  /** From the end of the last bin before it to the begin of the next, in milliseconds since 1970. */
  readonly from: number;
  readonly to: number;
  /** The steps that were left out. */
  readonly steps: number;
}

/**
 * Gives the silences before the steps of a record from number `begin` on, up to `end`.
 *
 * @param before the time of the step before the record; NaN if there is none
 */
export function* silencesOf(
  { first, t }: Extract<LogRecord, { kind: 'steps' }>,
  before: number,
  resampling: Resampling | null,
  begin: number,
  end: number,
): Generator<Silence> {
  if (!resampling || !t) return;
  const { every } = resampling;
  for (let i = begin - first; i < end - first; i++) {
    const [from, to] = [(t[i - 1] ?? before) + every, t[i]!];
    if (to > from) yield { seq: first + i, from, to, steps: (to - from) / every };
  }
}
