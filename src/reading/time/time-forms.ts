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

/** 2000 to 2100, in seconds. */
const MODERN = { from: 946_684_800, to: 4_102_444_800 };
/** The least number of seconds that is a time and no counter: 1973. */
const LEAST = 1e8;

/**
 * Finds the form of times written as numbers. Some may be none, such as the 0 of a clock that was not set.
 *
 * @param values the numbers that `cells` hold
 * @param isHinted does the column's name say that it is a time? Without, only whole numbers of this century that go up are
 */
export function findNumericTime(
  cells: readonly Cell[],
  values: readonly number[],
  isHinted: boolean,
): FoundTime {
  const isRising = values.every((value, i) => i === 0 || value > values[i - 1]!);
  if (values.length === 0 || !(isHinted || isRising)) return NONE;
  const middle = [...values].sort((a, b) => a - b)[values.length >> 1]!;
  const isDate =
    (isHinted || middle > 1e10) && cells.filter((cell) => reads(BASIC_FORM, cell)).length * 2 > values.length;
  if (isDate) return { kind: 'time', form: BASIC_FORM };
  const unit = unitOf(middle);
  const seconds = values
    .filter((value) => unitOf(value) === unit)
    .map((value) => fromEpoch(value, unit) / 1000);
  const isTime = isHinted
    ? seconds.filter((second) => second >= LEAST && second < 1e11).length * 2 > values.length
    : seconds.length === values.length &&
      values.every(Number.isInteger) &&
      seconds.every((second) => second >= MODERN.from && second < MODERN.to);
  return isTime ? { kind: 'time', form: epoch(unit) } : NONE;
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

const TIME_NAMES = /^(t|ts|time|timestamp)$/i;
const ROW_NAMES = /^(column 1|unnamed: 0|index|idx|i|n|no\.?|nr\.?|#|id|row|step|seq|sample|record)$/i;

/** Do the numbers count the rows, or the time since the beginning? */
export function isCounter(name: string, values: readonly number[]): boolean {
  const trimmed = name.trim();
  const [first = Number.NaN, second] = values;
  if (second === undefined)
    return (TIME_NAMES.test(trimmed) && trimmed.length > 2) || ROW_NAMES.test(trimmed)
      ? Number.isInteger(first)
      : TIME_NAMES.test(trimmed) && (first === 0 || first === 1);
  if (TIME_NAMES.test(trimmed)) return values.every((value, i) => i === 0 || value > values[i - 1]!);
  const step = second - first;
  return (
    ROW_NAMES.test(trimmed) &&
    step > 0 &&
    values.every((value, i) => i === 0 || value - values[i - 1]! === step)
  );
}
