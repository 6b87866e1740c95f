/** Times by a pattern: `DD/MM/YYYY HH:mm:ss`, `dd.MM.yyyy`, `%d/%m/%Y %H:%M`. */
import { EddyError } from '../../errors.js';
import { type ClockReading, momentOf, parseIso, type WallClock } from './timestamp.js';

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];

/** The letters of strptime, as the others have them. */
const PERCENT: Readonly<Record<string, string>> = {
  ...{ Y: 'YYYY', y: 'YY', m: 'MM', d: 'DD', e: 'D', b: 'MMM', B: 'MMM', h: 'MMM', a: 'ddd', A: 'ddd' },
  ...{ H: 'HH', I: 'hh', M: 'mm', S: 'ss', f: 'SSS', p: 'A', z: 'Z', Z: 'Z' },
  ...{ F: 'YYYY-MM-DD', T: 'HH:mm:ss', R: 'HH:mm', '%': '%' },
};

const TOKEN = /\[([^\]]*)\]|YYYY|YY|MMMM|MMM|MM|M|DD|D|dddd|ddd|HH|H|hh|h|mm|m|ss|s|S+|A|a|ZZ|Z| +|./g;

const DIGITS = '(\\d{1,2})';
const PARTS: Readonly<Record<string, readonly [part: string, expression: string]>> = {
  YYYY: ['year', '(\\d{4})'],
  YY: ['shortYear', '(\\d{2})'],
  ...{ MMMM: ['name', '(\\p{L}{3,9})\\.?'], MMM: ['name', '(\\p{L}{3,9})\\.?'] },
  ...{ MM: ['month', DIGITS], M: ['month', DIGITS], DD: ['day', DIGITS], D: ['day', DIGITS] },
  ...{ dddd: ['weekday', '(\\p{L}+)\\.?'], ddd: ['weekday', '(\\p{L}+)\\.?'] },
  ...{ HH: ['hour', DIGITS], H: ['hour', DIGITS], hh: ['hour', DIGITS], h: ['hour', DIGITS] },
  ...{ mm: ['minute', '(\\d{2})'], m: ['minute', DIGITS], ss: ['second', '(\\d{2})'], s: ['second', DIGITS] },
  ...{ A: ['half', '([AaPp])\\.?[Mm]\\.?'], a: ['half', '([AaPp])\\.?[Mm]\\.?'] },
  ...{ Z: ['zone', '(Z|UTC|GMT|[+-]\\d{2}:?\\d{2})'], ZZ: ['zone', '(Z|UTC|GMT|[+-]\\d{2}:?\\d{2})'] },
};

/** A time of day that may follow a pattern of a date alone. */
const TIME_OF_DAY =
  '(?:[T ]\\s*(\\d{1,2}):(\\d{2})(?::(\\d{2})(?:[.,](\\d+))?)?(?:\\s?([AaPp])\\.?[Mm]\\.?)?\\s?(Z|UTC|GMT|[+-]\\d{2}:?\\d{2})?)?';
const TIME_PARTS = ['hour', 'minute', 'second', 'fraction', 'half', 'zone'];

export type TimeParser = (text: string, clock: WallClock) => number | null;

/** Compiles a pattern. @throws EddyError `input-invalid` if it names no day, month and year */
export function timePattern(pattern: string): TimeParser {
  const parts: string[] = [];
  let source = '';
  for (const [token, literal] of commonForm(pattern).matchAll(TOKEN)) {
    const part = /^S+$/.test(token) ? (['fraction', '(\\d{1,9})'] as const) : PARTS[token];
    if (part) {
      parts.push(part[0]);
      source += part[1];
    } else if (token.trim() === '') source += '\\s+';
    else source += (literal ?? token).replace(/[\^$\\.*+?()[\]{}|/]/g, '\\$&');
  }
  const hasDate =
    parts.includes('day') &&
    (parts.includes('month') || parts.includes('name')) &&
    (parts.includes('year') || parts.includes('shortYear'));
  if (!hasDate)
    throw new EddyError(
      'input-invalid',
      `the time format ${JSON.stringify(pattern)} has no day, month and year; give it as "DD/MM/YYYY HH:mm:ss"`,
    );
  if (!parts.includes('hour')) {
    source += TIME_OF_DAY;
    parts.push(...TIME_PARTS);
  }
  const expression = new RegExp(`^${source}$`, 'u');
  return (text, clock) => {
    const match = expression.exec(text.trim());
    return match && timeOf(parts, match, clock);
  };
}

/** Turns strptime's and Java's letters into those of the table. */
function commonForm(pattern: string): string {
  if (pattern.includes('%'))
    return pattern.replace(/\.?%([A-Za-z%])/g, (all, letter) => percent(all, letter));
  const letters = /y/.test(pattern)
    ? pattern.replaceAll('y', 'Y').replace(/d+/g, (d) => d.toUpperCase())
    : pattern;
  // minutes that are written as months
  return letters.replace(/([Hh]+[:.])MM/, '$1mm').replace(/(mm:)SS/, '$1ss');
}

function percent(all: string, letter: string): string {
  const token = PERCENT[letter];
  if (token === undefined) throw new EddyError('input-invalid', `a time format has no ${all}`);
  return (all.startsWith('.') ? '.' : '') + token;
}

function timeOf(parts: readonly string[], match: RegExpExecArray, clock: WallClock): number | null {
  let [year, month, day, hour, minute, second] = [0, 1, 1, 0, 0, 0];
  let [fraction, half, zone] = ['', '', ''];
  for (const [i, part] of parts.entries()) {
    const text = match[i + 1] ?? '';
    if (text === '') continue;
    if (part === 'year') year = Number(text);
    else if (part === 'shortYear') year = Number(text) + (Number(text) < 70 ? 2000 : 1900);
    else if (part === 'month') month = Number(text);
    else if (part === 'name') month = MONTHS.indexOf(text.slice(0, 3).toLowerCase()) + 1;
    else if (part === 'day') day = Number(text);
    else if (part === 'hour') hour = Number(text);
    else if (part === 'minute') minute = Number(text);
    else if (part === 'second') second = Number(text);
    else if (part === 'fraction') fraction = text;
    else if (part === 'half') half = text.toLowerCase();
    else if (part === 'zone') zone = text;
  }
  if (half !== '' && (hour < 1 || hour > 12)) return null;
  if (half !== '') hour = (hour % 12) + (half === 'p' ? 12 : 0);
  const reading: ClockReading = { year, month, day, hour, minute, second, fraction };
  const local = momentOf(reading);
  if (local === null || zone === '') return local === null ? null : clock(local);
  const shift = parseIso(`1970-01-01T00:00${zone}`);
  return shift === null ? null : local + shift;
}
