/** The features of a step's time by name: its place in the calendar, and the seconds since the step before. */
import { CALENDAR_KINDS, calendarNames } from './calendar.js';

/** The calendar's kinds, and `elapsed`: seconds since the step before, 0 at the first; for irregular sensors. */
export const TIME_KINDS = [...CALENDAR_KINDS, 'elapsed'] as const;
export type TimeKind = (typeof TIME_KINDS)[number];

/** Times in milliseconds since 1970 lie within this of it: some 250,000 years, which the calendar holds. */
export const MAX_TIME = 8e15;

/** Tells whether a time is one at all: NaN, null and undefined are unknown ones. */
export const isTime = (time: number | null | undefined): time is number =>
  Math.abs(time ?? Number.NaN) <= MAX_TIME;

/** Gives a name for each feature of `kinds`: `hour_sin`, `hour_cos`, `weekend`, `elapsed`. */
export const timeNames = (kinds: readonly TimeKind[]): string[] =>
  kinds.flatMap((kind) => (kind === 'elapsed' ? [kind] : calendarNames([kind])));
