/** Parses timestamps as CSV files and sensors write them; never in the machine's own time zone. */

const NUMBER = /^[+-]?\d+(\.\d+)?$/;
const DATE = /^(?<year>\d{4})(?<dash>[-/])(?<month>\d{1,2})\k<dash>(?<day>\d{1,2})/;
const TIME = /(?:[Tt]| +)(?<hour>\d{1,2}):(?<minute>\d{2})(?::(?<second>\d{2})(?:[.,](?<fraction>\d+))?)?/;
const ZONE = /(?: ?(?:[Zz]|(?<sign>[+-])(?<zoneHour>\d{2})(?::?(?<zoneMinute>\d{2}))?))?/;
const TIMESTAMP = new RegExp(`${DATE.source}(?:${TIME.source}${ZONE.source})?$`);

/** A bare number below this is in seconds (up to the year 5138), from here on in milliseconds (from 1973 on). */
const MILLISECONDS = 1e11;
/** From here on it would be microseconds, or not a time at all. */
const TOO_LARGE = 1e14;

/**
 * Parses a time into milliseconds since 1970 UTC, or null if `text` is not a time. It may be
 * - a date as `2024-01-31` or `2024/1/31`, alone or with a time of day after `T` or a space: `03:04`, `03:04:05`,
 *   `03:04:05.678` (further digits are truncated). A zone may follow: `Z`, `+02:00`, `+0200` or `+02`; without one it is UTC
 * - a bare number: Unix seconds below 1e11, else milliseconds; refused from 1e14 on
 *
 * @example
 * parseTimestamp('2024-01-31 03:04') // 1706670240000
 */
export function parseTimestamp(text: string): number | null {
  const trimmed = text.trim();
  if (NUMBER.test(trimmed)) return fromUnix(Number(trimmed));
  const groups = TIMESTAMP.exec(trimmed)?.groups;
  if (!groups) return null;
  const { year, month, day, hour, minute, second, fraction, sign, zoneHour, zoneMinute } = groups;
  const [y, mo, d] = [Number(year), Number(month), Number(day)];
  const date = new Date(0);
  const midnight = date.setUTCFullYear(y, mo - 1, d);
  // Date would turn the 30th of February into the 1st of March
  if (date.getUTCMonth() !== mo - 1 || date.getUTCDate() !== d) return null;
  const [h, mi, s, ms] = [Number(hour ?? 0), Number(minute ?? 0), Number(second ?? 0), millis(fraction)];
  const [zh, zm] = [Number(zoneHour ?? 0), Number(zoneMinute ?? 0)];
  // 24:00 is the end of a day
  if (h > 24 || mi > 59 || s > 59 || (h === 24 && mi + s + ms > 0) || zh > 23 || zm > 59) return null;
  const zone = (sign === '-' ? -1 : 1) * (zh * 60 + zm);
  return midnight + ((h * 60 + mi - zone) * 60 + s) * 1000 + ms;
}

function fromUnix(value: number): number | null {
  const size = Math.abs(value);
  if (size >= TOO_LARGE) return null;
  return Math.round(size < MILLISECONDS ? value * 1000 : value) + 0; // no -0
}

const millis = (fraction = ''): number => Number(fraction.slice(0, 3).padEnd(3, '0'));
