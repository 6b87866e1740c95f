/** Which rows a sequence has already: those up to its last step, by time or by number. */
import { EddyError } from '../../errors.js';
import type { SensorRow } from '../../reading/index.js';

/** Where a sequence stands. */
export interface Standing {
  /** Its last step; -1 before the first. */
  readonly seq: number;
  /** The time of that step, in milliseconds since 1970; null if it has none, or it may not be known. */
  readonly t: number | null;
  /** How many steps have that time; null if that is not known. */
  readonly sameTime: number | null;
  /** The length of a bin, of a resampled sequence. */
  readonly every: number | null;
}

/** Tells of each row, in order, whether it is passed over. */
export type Passing = (row: Pick<SensorRow, 't'>) => boolean;

const none: Passing = () => false;

/** @throws EddyError `setting-invalid` where it cannot be known which rows the sequence has */
export function resuming(
  sequence: string,
  { seq, t: last, sameTime, every }: Standing,
  isTimed: boolean,
): Passing {
  if (seq < 0) return none;
  if (!isTimed) {
    if (every !== null)
      throw new EddyError(
        'setting-invalid',
        `--resume: ${sequence} is resampled, so that rows without times cannot be found by their number; --skip passes over some`,
      );
    let left = seq + 1;
    return () => left > 0 && left-- > 0;
  }
  if (last === null)
    throw new EddyError(
      'setting-invalid',
      `--resume: the time of the last step of ${sequence} is not known; that needs a token with the role subscribe. --skip passes over rows by their number`,
    );
  if (every !== null) return ({ t }) => t !== null && t < last + every;
  let same = sameTime ?? Number.POSITIVE_INFINITY;
  return ({ t }) => t !== null && (t < last || (t === last && same-- > 0));
}
