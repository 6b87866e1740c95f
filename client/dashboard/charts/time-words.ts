/** Times in words, in the time zone of the browser. */

const two = (value: number) => String(value).padStart(2, '0');
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

const [DAY, MINUTE, SECOND] = [86_400_000, 60_000, 1000];

const dateOf = (at: Date) => `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
const minuteOf = (at: Date) => `${two(at.getHours())}:${two(at.getMinutes())}`;
const secondOf = (at: Date) => `${minuteOf(at)}:${two(at.getSeconds())}`;
const millisecondsOf = (at: Date) => `.${String(at.getMilliseconds()).padStart(3, '0')}`;

/** Writes a time: 2026-11-27 14:03:05, with milliseconds where it has any; a dash where it is not known. */
export function formatTime(t: number | null): string {
  if (t === null || Number.isNaN(t)) return '–';
  const at = new Date(t);
  return `${dateOf(at)} ${secondOf(at)}${at.getMilliseconds() > 0 ? millisecondsOf(at) : ''}`;
}

/** Writes from when to when, the day once where it is the same. */
export function formatSpan(from: number, to: number): string {
  if (Number.isNaN(from) || Number.isNaN(to)) return '–';
  const [begin, end] = [new Date(from), new Date(to)];
  const fraction = to - from < 10 * SECOND;
  const clock = (at: Date) => secondOf(at) + (fraction ? millisecondsOf(at) : '');
  const isSameDay = dateOf(begin) === dateOf(end);
  return `${dateOf(begin)} ${clock(begin)} – ${isSameDay ? '' : `${dateOf(end)} `}${clock(end)}`;
}

/** Writes a time for other programs: ISO 8601 in UTC; nothing where it is not known. */
export const isoTime = (t: number): string => (Number.isNaN(t) ? '' : new Date(t).toISOString());

/** Names the time zone of the browser at a time: Europe/Berlin, GMT+1. */
export function zoneWords(t: number): string {
  const format = new Intl.DateTimeFormat('en', { timeZoneName: 'short' });
  const { timeZone } = format.resolvedOptions();
  const at = Number.isNaN(t) ? Date.now() : t;
  const short = format.formatToParts(at).find(({ type }) => type === 'timeZoneName')?.value;
  return short && short !== timeZone ? `${timeZone}, ${short}` : timeZone;
}

/** Writes the ticks of a time axis that are `step` milliseconds apart: a new second, day or year tells itself. */
export const timeTicks = (ticks: readonly number[], step: number): string[] =>
  ticks.map((t) => tickOf(new Date(t), step));

function tickOf(at: Date, step: number): string {
  const day = `${at.getDate()} ${MONTHS[at.getMonth()]}`;
  const isNewYear = at.getMonth() === 0 && at.getDate() === 1;
  if (step >= 360 * DAY) return String(at.getFullYear());
  if (step >= 28 * DAY) return isNewYear ? String(at.getFullYear()) : `${MONTHS[at.getMonth()]}`;
  if (step >= DAY) return isNewYear ? String(at.getFullYear()) : day;
  const isMidnight = at.getHours() + at.getMinutes() + at.getSeconds() + at.getMilliseconds() === 0;
  if (isMidnight) return day;
  if (step >= MINUTE) return minuteOf(at);
  return step >= SECOND || at.getMilliseconds() === 0 ? secondOf(at) : millisecondsOf(at);
}
