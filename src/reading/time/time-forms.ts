/** The forms of time that a file may have: which of them a column has, and how each is read. */
import type { Cell } from '../reading.js';
import { type TimeParser, timePattern } from './time-pattern.js';
import { type EpochUnit, fromEpoch, momentOf, parseIso, UNITS, unitOf, type WallClock } from './timestamp.js';

/** How the times of a column are read. */
export interface TimeForm {
  readonly name: string;
  /** Gives milliseconds since 1970, or null if the cell is no time. */
  readonly parse: (cell: Cell, clock: WallClock) => number | null;
}

const ofText = (name: string, parse: TimeParser): TimeForm => ({
  name,
  parse: (cell, clock) => (typeof cell === 'string' ? parse(cell, clock) : null),
});

const ofNumber = (name: string, parse: (value: number, clock: WallClock) => number): TimeForm => ({
  name,
  parse: (cell, clock) => {
    const value = typeof cell === 'string' && cell.trim() !== '' ? Number(cell.replace(',', '.')) : cell;
    return typeof value === 'number' && Number.isFinite(value) ? parse(value, clock) : null;
  },
});

const DAY = 86_400_000;
/** Days from the first day of Excel, which counts a 29th of February 1900, to 1970. */
const EXCEL_1970 = 25_569;

const BASIC = /^(\d{4})(\d{2})(\d{2})(?:[T ]?(\d{2})(\d{2})(\d{2})?(?:\.(\d+))?)?(Z?)$/;

function parseBasic(text: string, clock: WallClock): number | null {
  const [, year, month, day, hour, minute, second, fraction = '', zone] = BASIC.exec(text.trim()) ?? [];
  if (year === undefined || Number(year) < 1900 || Number(year) > 2199) return null;
  const [y, mo, d, h, mi, s] = [year, month, day, hour ?? 0, minute ?? 0, second ?? 0].map(Number);
  const local = momentOf({ year: y!, month: mo!, day: d!, hour: h!, minute: mi!, second: s!, fraction });
  return local === null || zone === 'Z' ? local : clock(local);
}

const ISO = ofText('iso', parseIso);
const BASIC_FORM: TimeForm = {
  name: 'YYYYMMDDHHmmss',
  parse: (cell, clock) =>
    typeof cell === 'string' || typeof cell === 'number' ? parseBasic(String(cell), clock) : null,
};
const epoch = (unit: EpochUnit) => ofNumber(unit, (value) => fromEpoch(value, unit));
const EXCEL = ofNumber('excel', (value, clock) => clock(Math.round((value - EXCEL_1970) * DAY)));

const pattern = (name: string) => ofText(name, timePattern(name));
/** Two forms that the same text may have. */
const TWINS = [
  [pattern('DD/MM/YYYY'), pattern('MM/DD/YYYY')],
  [pattern('DD-MM-YYYY'), pattern('MM-DD-YYYY')],
] as const;
const TEXT_FORMS: readonly TimeForm[] = [
  ISO,
  pattern('DD.MM.YYYY'),
  pattern('DD.MM.YY'),
  pattern('YYYY.MM.DD'),
  ...['DD MMM YYYY', 'DD-MMM-YYYY', 'DD/MMM/YYYY', 'MMM DD YYYY', 'MMM DD, YYYY'].map(pattern),
  ...['ddd, DD MMM YYYY', 'ddd DD MMM YYYY'].map(pattern),
  pattern('ddd MMM DD HH:mm:ss YYYY'),
  pattern('DD/MMM/YYYY:HH:mm:ss Z'),
  BASIC_FORM,
];

const LOOKS =
  /^(?:\d{1,4}[./-](?:\d{1,2}|[A-Za-z]{3,9})[./-]\d{1,4}(?!\d)|\d{8}T\d|(?:[A-Za-z]{3,9},? )?\d{1,2} [A-Za-z]{3,9} \d{4}|[A-Za-z]{3,9} [A-Za-z ]{0,4}\d{1,2},? )/;
const CLOCK = /^\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?: ?[AaPp]\.?[Mm]\.?)?$/;

/** Is the text a time of day alone? */
export const isTimeOfDay = (text: string): boolean => CLOCK.test(text.trim());

const asUtc: WallClock = (local) => local;
const reads = (form: TimeForm, cell: Cell) => form.parse(cell, asUtc) !== null;

/** Is the text a time that no number is? */
export const looksLikeTime = (text: string): boolean =>
  isTimeOfDay(text) ||
  (LOOKS.test(text) && [...TEXT_FORMS, ...TWINS.flat()].some((form) => reads(form, text)));

/** Gives the form of a name or pattern. @throws EddyError `input-invalid` if it is neither */
export function timeForm(told: string): TimeForm {
  const name = told
    .trim()
    .toLowerCase()
    .replace('µ', 'u')
    .replace(/^(unix|epoch)[-_ ]?(?=.)/, '');
  if (name === 'unix' || name === 'epoch') return epoch('s');
  if (Object.hasOwn(UNITS, name)) return epoch(name as EpochUnit);
  if (name === 'iso' || name === 'iso8601') return ISO;
  return name === 'excel' ? EXCEL : pattern(told);
}

export type FoundTime =
  | { readonly kind: 'time'; readonly form: TimeForm }
  | { readonly kind: 'two-ways'; readonly forms: readonly [TimeForm, TimeForm] }
  | { readonly kind: 'none' };

const NONE: FoundTime = { kind: 'none' };

/** Finds the form of times written as text: the one that reads most of the cells. */
export function findTextTime(cells: readonly Cell[]): FoundTime {
  const texts = cells.filter((cell) => typeof cell === 'string' && LOOKS.test(cell.trim()));
  if (texts.length * 2 < cells.length || texts.length === 0) return NONE;
  const enough = cells.length / 2;
  const form = TEXT_FORMS.find((form) => texts.filter((cell) => reads(form, cell)).length >= enough);
  if (form) return { kind: 'time', form };
  for (const forms of TWINS) {
    const [first = 0, second = 0] = forms.map((form) => texts.filter((cell) => reads(form, cell)).length);
    if (Math.max(first, second) < enough) continue;
    if (first === second) return { kind: 'two-ways', forms };
    return { kind: 'time', form: first > second ? forms[0] : forms[1] };
  }
  return NONE;
}

/** Seconds of 2010 to 2040, between which a number may be a time without being named so. */
const MODERN = { from: 1_262_304_000, to: 2_208_988_800 };
/** The least number of seconds that is a time and no counter: 1973. */
const LEAST = 1e8;

/** Why a column of numbers may hold times: its name says so, it is the first of a file without names, or neither. */
export type TimeHint = 'name' | 'place' | 'none';

/**
 * Finds the form of times written as numbers. Some may be none, such as the 0 of a clock that was not set.
 *
 * Without a hint they have to be whole, of this time and rising: milliseconds or finer, or seconds in even steps.
 *
 * @param values the numbers that `cells` hold
 */
export function findNumericTime(
  cells: readonly Cell[],
  values: readonly number[],
  hint: TimeHint,
): FoundTime {
  if (values.length === 0) return NONE;
  const middle = [...values].sort((a, b) => a - b)[values.length >> 1]!;
  const unit = unitOf(middle);
  if (hint === 'name') {
    if (isMost(cells, (cell) => reads(BASIC_FORM, cell))) return { kind: 'time', form: BASIC_FORM };
    const isTime = isMost(values, (value) => isPlausible(value, unit));
    return isTime ? { kind: 'time', form: epoch(unit) } : NONE;
  }
  const isRising = values.every(
    (value, i) => Number.isInteger(value) && (i === 0 || value >= values[i - 1]!),
  );
  if (!isRising) return NONE;
  if (middle > 1e10 && cells.every((cell) => reads(BASIC_FORM, cell)))
    return { kind: 'time', form: BASIC_FORM };
  const isModern = values.every((value) => {
    const seconds = fromEpoch(value, unit) / 1000;
    return seconds >= MODERN.from && seconds < MODERN.to;
  });
  return isModern && (hint === 'place' || unit !== 's' || isEven(values))
    ? { kind: 'time', form: epoch(unit) }
    : NONE;
}

const isMost = <T>(items: readonly T[], test: (item: T) => boolean) =>
  items.filter(test).length * 2 > items.length;

function isPlausible(value: number, unit: EpochUnit): boolean {
  const seconds = fromEpoch(value, unit) / 1000;
  return unitOf(value) === unit && seconds >= LEAST && seconds < 1e11;
}

/** Are most steps between the values the same, of at least three values? */
function isEven(values: readonly number[]): boolean {
  const step = values.length > 1 ? values[1]! - values[0]! : 0;
  return (
    values.length > 2 && step > 0 && isMost(values.slice(1), (value) => (value - values[0]!) % step === 0)
  );
}

const HINTS = new Set([
  ...[
    'time',
    'timestamp',
    'date',
    'datetime',
    'ts',
    't',
    'epoch',
    'unix',
    'utc',
    'when',
    'stamp',
    'created',
    'updated',
  ],
  ...[
    'recorded',
    'logged',
    'received',
    'measured',
    'seen',
    'changed',
    'at',
    'zeit',
    'zeitstempel',
    'zeitpunkt',
    'datum',
    'uhrzeit',
    'fecha',
  ],
  ...['hora', 'heure', 'horodatage', 'tijd', 'tijdstip', 'tid', 'tidspunkt', 'dato', 'ora'],
]);
const USUAL = ['timestamp', 'time', 'datetime', 'date', 'ts', 't', '_time', 'date_time'];

/** Ranks a name as that of the time: 0 for the most usual one, Infinity if it says nothing of a time. */
export function rankOf(name: string): number {
  const at = USUAL.indexOf(name.trim().toLowerCase());
  if (at >= 0) return at;
  const words =
    name
      .replace(/([a-z])([A-Z])/g, '$1 $2')
      .toLowerCase()
      .match(/\p{L}+/gu) ?? [];
  return words.some((word) => HINTS.has(word)) ? USUAL.length : Number.POSITIVE_INFINITY;
}

const SHORT_NAMES = /^(t|ts)$/i;
const TIME_NAMES = /^(t|ts|time|timestamp|elapsed)([ _-]?(s|secs?|seconds?|ms|us|min|minutes?))?$/i;
const ROW_NAMES = /^(column 1|unnamed: 0|index|idx|i|n|no\.?|nr\.?|#|id|row|step|seq|sample|record)$/i;

/** Do the numbers count the rows, or the time since the beginning? A name may be followed by its unit. */
export function isCounter(name: string, values: readonly number[]): boolean {
  const bare = name.replace(/\s*[([].*$/, '').trim();
  const isTime = TIME_NAMES.test(bare);
  const [first = Number.NaN, second] = values;
  if (!(isTime || ROW_NAMES.test(bare))) return false;
  if (second === undefined)
    return SHORT_NAMES.test(bare) ? first === 0 || first === 1 : Number.isInteger(first);
  const isRising = values.every((value, i) => i === 0 || value > values[i - 1]!);
  // a temperature may be named t
  if (isTime) return isRising && (!SHORT_NAMES.test(bare) || first === 0 || values.every(Number.isInteger));
  return isRising && values.every((value, i) => i === 0 || value - values[i - 1]! === second - first);
}
