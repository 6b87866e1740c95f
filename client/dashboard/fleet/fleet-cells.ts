/** The columns of the list of sequences, and how it is searched and sorted. */
import { countWords, formatNumber, formatReading, formatStep, hundredths } from '../charts/numbers.js';
import { formatTime } from '../charts/time-words.js';
import { HEALTH } from '../ui/health-names.js';
import type { FleetRow } from './fleet-record.js';

interface ColumnKind {
  /** What it is sorted by; null where that is not known. */
  key(row: FleetRow): number | string | null;
  /** What stands in it. @param now milliseconds */
  words(row: FleetRow, now: number): string;
  /** What it says at length; its words if left out. */
  title?(row: FleetRow): string;
}

const DASH = '–';

/** Fields of which the last values stand in the list. */
const FEW = 3;

/** The longest number that stands in the list with all its digits, in characters. */
const LENGTH = 12;

function shortReading(value: number): string {
  const text = formatReading(value);
  return text.length <= LENGTH ? text : formatNumber(value);
}

/** Writes the last values by name: `temperature 21.4 °C, humidity gap`. */
const valueWords = (
  fields: FleetRow['fields'],
  x: FleetRow['x'],
  format: (value: number) => string,
): string =>
  fields
    .map(({ name, unit }, i) => {
      const value = x[i] ?? null;
      return value === null ? `${name} gap` : `${name} ${format(value)}${unit ? ` ${unit}` : ''}`;
    })
    .join(', ');

const KINDS = {
  name: { key: ({ name }) => name, words: ({ name }) => name },
  fields: {
    key: ({ fields }) => fields.length || null,
    words: ({ fields, x }) =>
      fields.length === 0
        ? DASH
        : fields.length <= FEW && x.length === fields.length
          ? valueWords(fields, x, shortReading)
          : countWords(fields.length, 'field'),
    title: ({ fields, x }) =>
      x.length === fields.length
        ? valueWords(fields, x, formatReading)
        : fields.map(({ name }) => name).join(', '),
  },
  model: { key: ({ model }) => model || null, words: ({ model }) => model || DASH },
  state: { key: ({ awake }) => Number(awake), words: ({ awake }) => (awake ? 'awake' : 'asleep') },
  health: {
    // the worse, the greater
    key: ({ health }) => (health ? -Object.keys(HEALTH).indexOf(health.state) : null),
    words: ({ health }) => (health ? (HEALTH[health.state] ?? health.state) : DASH),
    title: ({ health }) => health?.why ?? '',
  },
  learning: {
    key: ({ learning }) => (learning === null ? null : Number(learning)),
    words: ({ learning }) => (learning === null ? DASH : learning ? 'on' : 'off'),
  },
  steps: { key: ({ steps }) => steps, words: ({ steps }) => (steps === null ? DASH : formatStep(steps)) },
  'steps/s': {
    key: ({ rate }) => rate,
    words: ({ rate }) => formatNumber(rate === null ? null : Math.round(rate * 10) / 10),
  },
  'last step': {
    // the older, the greater
    key: ({ lastAt }) => (lastAt === null ? null : -lastAt),
    words: ({ lastAt }, now) => (lastAt === null ? DASH : ageWords(now - lastAt)),
    title: ({ t }) => (t === null ? '' : formatTime(t)),
  },
  error: { key: ({ error }) => error, words: ({ error }) => formatNumber(error) },
  skill: { key: ({ skill }) => skill, words: ({ skill }) => hundredths(skill) },
  anomaly: { key: ({ anomaly }) => anomaly, words: ({ anomaly }) => hundredths(anomaly) },
} satisfies Readonly<Record<string, ColumnKind>>;

export type Column = keyof typeof KINDS;
export const COLUMNS = Object.keys(KINDS) as Column[];

export interface Order {
  readonly by: Column;
  readonly isDescending: boolean;
}

const NAMES = new Intl.Collator('en', { numeric: true });

/** Gives the rows that match all words of a search, in order; what is not known comes last either way. */
export function arrange(rows: readonly FleetRow[], search: string, { by, isDescending }: Order): FleetRow[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const matching = rows.filter(({ name, model, awake, fields, health }) => {
    const names = fields.map((field) => field.name).join(' ');
    const text =
      `${name} ${model} ${awake ? 'awake' : 'asleep'} ${HEALTH[health?.state ?? ''] ?? ''} ${names}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const { key } = KINDS[by];
  const direction = isDescending ? -1 : 1;
  return matching.sort((a, b) => {
    const [p, q] = [key(a), key(b)];
    if (p === null || q === null) return p === q ? NAMES.compare(a.name, b.name) : p === null ? 1 : -1;
    const difference = typeof p === 'string' ? NAMES.compare(p, String(q)) : p - Number(q);
    return direction * difference || NAMES.compare(a.name, b.name);
  });
}

/** Gives the order after a press on a column: the other way round where it is the one that is sorted by. */
export const pressed = (order: Order, by: Column): Order => ({
  by,
  isDescending: order.by === by ? !order.isDescending : !['name', 'model', 'fields'].includes(by),
});

/** Says what stands in a column that has words only. @param now milliseconds */
export const cellWords = (row: FleetRow, column: Column, now: number): string =>
  (KINDS[column] as ColumnKind).words(row, now);

/** Says at length what a column says. @param now milliseconds */
export const cellTitle = (row: FleetRow, column: Column, now: number): string => {
  const kind = KINDS[column] as ColumnKind;
  return kind.title ? kind.title(row) : kind.words(row, now);
};

/** Says how long ago something was: `now`, `12 s`, `3 min`, `5 h`, `2 d`, `3 y`. */
export function ageWords(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 2) return 'now';
  if (seconds < 120) return `${Math.floor(seconds)} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h`;
  if (seconds < 63_115_200) return `${Math.floor(seconds / 86_400)} d`;
  return `${Math.floor(seconds / 31_557_600)} y`;
}
