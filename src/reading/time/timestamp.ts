/** Times as files and sensors write them by themselves: ISO 8601 and its kin, and numbers since 1970. */

const NUMBER = /^[+-]?\d+(\.\d+)?$/;
const DATE = /^(?<year>\d{4})(?<dash>[-/])(?<month>\d{1,2})\k<dash>(?<day>\d{1,2})/;
const TIME = /(?:[Tt]| +)(?<hour>\d{1,2}):(?<minute>\d{2})(?::(?<second>\d{2})(?:[.,](?<fraction>\d+))?)?/;
/** A zone; Go and Influx write `+0000 UTC`, with the zone's own name behind the offset. */
const ZONE =
  /(?: ?(?<zone>[Zz]|UTC|GMT|(?<sign>[+-])(?<zoneHour>\d{2})(?::?(?<zoneMinute>\d{2}))?(?: [A-Z]{1,5})?))?/;
const TIMESTAMP = new RegExp(`${DATE.source}(?:${TIME.source}${ZONE.source})?$`);

/** Gives milliseconds since 1970 of what a clock on the wall shows, as if that were UTC. */
export type WallClock = (local: number) => number;
const UTC: WallClock = (local) => local;

/** The units of numbers since 1970: how many are in a millisecond, and the least number taken for one unasked. */
export const UNITS = { s: 1e-3, ms: 1, us: 1e3, ns: 1e6 } as const;
export type EpochUnit = keyof typeof UNITS;
const LEAST = [
  ['ns', 1e17],
  ['us', 1e14],
  ['ms', 1e11],
] as const;

/** Tells the unit of a number since 1970: 1e11 seconds are the year 5138, 1e11 ms 1973. */
export const unitOf = (value: number): EpochUnit =>
  LEAST.find(([, least]) => Math.abs(value) >= least)?.[0] ?? 's';

/** Gives a number since 1970 in milliseconds, to the microsecond. */
export function fromEpoch(value: number, unit: EpochUnit): number {
  return Math.round((value / UNITS[unit]) * 1000) / 1000 + 0; // no -0
}

/**
 * Parses a time into milliseconds since 1970 UTC, or null if `text` is not a time. It may be
 * - a date as `2024-01-31` or `2024/1/31`, alone or with a time of day after `T` or a space: `03:04`, `03:04:05`,
 *   `03:04:05.678901` (further digits are truncated). A zone may follow: `Z`, `UTC`, `+02:00`, `+0200`, `+02` or
 *   `+0200 CEST`; without one it is UTC
 * - a bare number: Unix seconds below 1e11, milliseconds below 1e14, microseconds below 1e17, else nanoseconds; refused
 *   from 1e20 on
 *
 * @example
 * parseTimestamp('2024-01-31 03:04') // 1706670240000
 */
export function parseTimestamp(text: string): number | null {
  const trimmed = text.trim();
  if (!NUMBER.test(trimmed)) return parseIso(trimmed);
  const value = Number(trimmed);
  return Math.abs(value) < 1e20 ? fromEpoch(value, unitOf(value)) : null;
}

/** Parses the dates among them. @param clock reads times that tell no zone */
export function parseIso(text: string, clock: WallClock = UTC): number | null {
  const groups = TIMESTAMP.exec(text.trim())?.groups;
  if (!groups) return null;
  const { year, month, day, hour, minute, second, fraction, zone, sign, zoneHour, zoneMinute } = groups;
  const local = momentOf({
    year: Number(year),
    month: Number(month),
    day: Number(day),
    hour: Number(hour ?? 0),
    minute: Number(minute ?? 0),
    second: Number(second ?? 0),
    fraction: fraction ?? '',
  });
  if (local === null) return null;
  const [zh, zm] = [Number(zoneHour ?? 0), Number(zoneMinute ?? 0)];
  if (zh > 23 || zm > 59) return null;
  if (zone === undefined) return clock(local);
  return local - (sign === '-' ? -1 : 1) * (zh * 60 + zm) * 60_000;
}

export interface ClockReading {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  /** Digits of the fraction of a second. */
  readonly fraction: string;
}

/** Gives milliseconds since 1970 of a date and time, as if it were UTC, or null if there is no such date or time. */
export function momentOf(reading: ClockReading): number | null {
  const { year, month, day, hour, minute, second, fraction } = reading;
  const date = new Date(0);
  const midnight = date.setUTCFullYear(year, month - 1, day);
  // Date would turn the 30th of February into the 1st of March
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null;
  const millis = fraction === '' ? 0 : Number(fraction.slice(0, 6).padEnd(6, '0')) / 1000;
  // 24:00 is the end of a day
  if (hour > 24 || minute > 59 || second > 59 || (hour === 24 && minute + second + millis > 0)) return null;
  return midnight + ((hour * 60 + minute) * 60 + second) * 1000 + millis;
}
