/**
 * Calendar features: the place of a time in its day, week, month and year, as numbers that a model can use. A cycle is a
 * pair, sine and cosine, so that 23:59 is near 00:00. All times are UTC, and the bits are the same everywhere.
 */
import { cosTurn, sinTurn } from '../math/sine.js';

/**
 * - `hour`: the time of day, from midnight on
 * - `weekday`: the time of the week, from Monday 00:00 on
 * - `monthday`: the time of the month, one full turn whether it has 28 days or 31
 * - `yearday`: the time of the year, one full turn in leap years too
 * - `weekend`: 1 on Saturday and Sunday, else 0; a single number
 */
export const CALENDAR_KINDS = ['hour', 'weekday', 'monthday', 'yearday', 'weekend'] as const;
export type CalendarKind = (typeof CALENDAR_KINDS)[number];

const DAY = 86_400_000;
const WEEK = 7 * DAY;
/** 1969-12-29, a Monday. */
const MONDAY = -3 * DAY;

/**
 * Gives the features of `time`, in milliseconds since 1970 UTC, in the order of `kinds`: two for each, one for
 * `weekend`. They are appended to `out`, which is returned.
 *
 * @example
 * calendarFeatures(['hour', 'weekend'], Date.UTC(2024, 0, 6, 6)) // [1, 0, 1]: a Saturday at six
 */
export function calendarFeatures(kinds: readonly CalendarKind[], time: number, out: number[] = []): number[] {
  for (const kind of kinds) {
    if (kind === 'weekend') out.push(share(time - MONDAY, WEEK) >= 5 / 7 ? 1 : 0);
    else {
      const turn = turnOf(kind, time);
      out.push(sinTurn(turn), cosTurn(turn));
    }
  }
  return out;
}

/** Gives a name for each feature of {@link calendarFeatures}: `hour_sin`, `hour_cos`, `weekend`. */
export function calendarNames(kinds: readonly CalendarKind[]): string[] {
  return kinds.flatMap((kind) => (kind === 'weekend' ? [kind] : [`${kind}_sin`, `${kind}_cos`]));
}

/** Gives the elapsed fraction of the cycle, in [0, 1). */
function turnOf(kind: Exclude<CalendarKind, 'weekend'>, time: number): number {
  switch (kind) {
    case 'hour':
      return share(time, DAY);
    case 'weekday':
      return share(time - MONDAY, WEEK);
    case 'monthday': {
      const date = new Date(time);
      const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
      return between(time, midnight(year, month, 1), midnight(year, month + 1, 1));
    }
    case 'yearday': {
      const year = new Date(time).getUTCFullYear();
      return between(time, midnight(year, 0, 1), midnight(year + 1, 0, 1));
    }
  }
}

const between = (time: number, begin: number, end: number): number => (time - begin) / (end - begin);

const share = (time: number, cycle: number): number => (time - cycle * Math.floor(time / cycle)) / cycle;

/** Date.UTC, except that it would read the years 0 to 99 as 1900 to 1999. */
const midnight = (year: number, month: number, day: number): number =>
  new Date(0).setUTCFullYear(year, month, day);
