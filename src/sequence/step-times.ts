import { EddyError } from '../errors.js';
import { isTime } from '../features/time-features.js';
import type { Plain } from '../formats/typed-json.js';

/** What no sensor's clock does: to be so far ahead of the server's, and so long after the last step. */
const AHEAD_MS = 24 * 3_600_000;
const LEAP_MS = 366 * AHEAD_MS;
/** Differences of times that have to agree before steps count as regular, and how far one may be off. */
const AGREEING = 8;
const TOLERANCE = 0.05;
const TOLERANCE_MS = 1;
/** Differences that the mean of them forgets over. */
const MEMORY = 32;
/** How many times the usual interval one difference counts as at most: a pause is not usual. */
const MOST_INTERVALS = 4;

/** The times of a sequence's steps: the last one, and how far apart they are where they come regularly. */
export class StepTimes {
  /** The time of the last step, in milliseconds since 1970; NaN before the first. */
  last = Number.NaN;
  /** The time of the step before those that were taken last. */
  before = Number.NaN;
  /** The mean difference of the times that agreed, and how many did. */
  private mean = 0;
  private agreed = 0;
  /** The mean difference of all times, and how many there were. */
  private spread = 0;
  private differences = 0;

  /** The milliseconds between two steps, or null where they do not come regularly. */
  get interval(): number | null {
    return this.agreed >= AGREEING && this.mean > 0 ? this.mean : null;
  }

  /** The usual milliseconds between two steps, however regular; null where there were too few. */
  get usual(): number | null {
    return this.differences >= AGREEING ? this.spread : null;
  }

  /** Takes the times of the next steps; NaN is a time that is not known. */
  take(t: ArrayLike<number>): void {
    this.before = this.last;
    for (let i = 0; i < t.length; i++) this.takeOne(t[i]!);
  }

  /**
   * Gives the times of new steps: those that came, or else the arrival. Time never goes back by itself: a
   * step without a time is no older than the last one.
   *
   * @throws EddyError `step-time` for what is no time, `step-late` for a step older than the one before it
   */
  stamp(
    t: Float64Array | null,
    count: number,
    arrival: () => number,
    first: number,
    mayBeLate: boolean,
  ): Float64Array {
    const { last } = this;
    const stamps = new Float64Array(count);
    let latest = Number.isNaN(last) ? Number.NEGATIVE_INFINITY : last;
    let now = Number.NaN;
    for (let i = 0; i < count; i++) {
      const given = t?.[i] ?? Number.NaN;
      const isGiven = !Number.isNaN(given);
      if (!isGiven && Number.isNaN(now)) now = arrival();
      const time = isGiven ? given : Math.max(now, latest);
      if (!isTime(time)) throw noTime(time, `step ${first + i}`);
      if (time < latest && !mayBeLate) throw late(first + i, time, latest);
      if (isGiven) checkLeap(time, latest, arrival);
      stamps[i] = time;
      latest = Math.max(latest, time);
    }
    return stamps;
  }

  state(): Plain {
    const { last, mean, agreed, spread, differences } = this;
    return { last: Number.isNaN(last) ? null : last, mean, agreed, spread, differences };
  }

  restore(state: unknown): void {
    const {
      last = null,
      mean = 0,
      agreed = 0,
      spread = 0,
      differences = 0,
    } = (state ?? {}) as { last?: number | null } & Record<string, number>;
    this.last = last ?? Number.NaN;
    this.before = this.last;
    this.mean = mean;
    this.agreed = agreed;
    this.spread = spread;
    this.differences = differences;
  }

  private takeOne(time: number): void {
    const difference = time - this.last;
    this.last = time;
    if (Number.isNaN(difference)) return;
    this.takeUsual(difference);
    const { mean } = this;
    const isAgreeing = Math.abs(difference - mean) <= Math.max(TOLERANCE * mean, TOLERANCE_MS);
    this.agreed = isAgreeing ? this.agreed + 1 : 1;
    this.mean = isAgreeing ? mean + (difference - mean) / Math.min(this.agreed, MEMORY) : difference;
  }

  private takeUsual(difference: number): void {
    if (difference < 0) return;
    const count = Math.min(++this.differences, MEMORY);
    const isKnown = this.differences > AGREEING && this.spread > 0;
    const most = isKnown ? MOST_INTERVALS * this.spread : difference;
    this.spread += (Math.min(difference, most) - this.spread) / count;
  }
}

export const noTime = (time: number, what: string) =>
  new EddyError('step-time', `the time of ${what} is ${time}, no milliseconds since 1970`);

/**
 * Checks that a wrong clock does not carry a sequence into a far future, from which no later step would bring it back.
 *
 * @param last the time of the last step; no number before the first
 * @throws EddyError `step-time`
 */
export function checkLeap(time: number, last: number, arrival: () => number): void {
  if (!Number.isFinite(last) || !(time - last > LEAP_MS) || time - arrival() <= AHEAD_MS) return;
  throw new EddyError(
    'step-time',
    `a step came of ${timeText(time)}, which is in the future, and over a year after the last one, of ${timeText(last)}: is the clock of its source right?`,
  );
}

const late = (seq: number, time: number, last: number) =>
  new EddyError(
    'step-late',
    `step ${seq} is of ${timeText(time)}, ${last - time} ms older than the one before it; ` +
      'put times in order, leave them out to be stamped on arrival, or open the sequence with inputs.late: "take"',
  );

const timeText = (time: number) => new Date(time).toISOString();
