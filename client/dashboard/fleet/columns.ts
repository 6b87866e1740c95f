/** The columns of the list of sequences, and how it is searched and sorted. */
import { formatNumber, formatStep } from '../charts/numbers.js';
import type { FleetRow } from './fleet-record.js';

export const COLUMNS = [
  'name',
  'model',
  'state',
  'learning',
  'steps',
  'steps/s',
  'last step',
  'error',
  'skill',
  'anomaly',
] as const;
export type Column = (typeof COLUMNS)[number];

export interface Order {
  readonly by: Column;
  readonly isDescending: boolean;
}

type Key = (row: FleetRow) => number | string | null;

const KEYS: Readonly<Record<Column, Key>> = {
  name: ({ name }) => name,
  model: ({ model }) => model || null,
  state: ({ awake }) => Number(awake),
  learning: ({ learning }) => (learning === null ? null : Number(learning)),
  steps: ({ steps }) => steps,
  'steps/s': ({ rate }) => rate,
  // the older, the greater
  'last step': ({ lastAt }) => (lastAt === null ? null : -lastAt),
  error: ({ error }) => error,
  skill: ({ skill }) => skill,
  anomaly: ({ anomaly }) => anomaly,
};

const NAMES = new Intl.Collator('en', { numeric: true });

/** Gives the rows that match all words of a search, in order; what is not known comes last either way. */
export function arrange(rows: readonly FleetRow[], search: string, { by, isDescending }: Order): FleetRow[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const matching = rows.filter(({ name, model, awake }) => {
    const text = `${name} ${model} ${awake ? 'awake' : 'asleep'}`.toLowerCase();
    return words.every((word) => text.includes(word));
  });
  const key = KEYS[by];
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
  isDescending: order.by === by ? !order.isDescending : !['name', 'model'].includes(by),
});

/** Says what stands in a column that has words only. @param now milliseconds */
export function cellWords(row: FleetRow, column: Column, now: number): string {
  switch (column) {
    case 'name':
      return row.name;
    case 'model':
      return row.model || '–';
    case 'state':
      return row.awake ? 'awake' : 'asleep';
    case 'learning':
      return row.learning === null ? '–' : row.learning ? 'on' : 'off';
    case 'steps':
      return row.steps === null ? '–' : formatStep(row.steps);
    case 'steps/s':
      return formatNumber(row.rate === null ? null : Math.round(row.rate * 10) / 10);
    case 'last step':
      return row.lastAt === null ? '–' : ageWords(now - row.lastAt);
    case 'error':
      return formatNumber(row.error);
    case 'skill':
      return hundredths(row.skill);
    case 'anomaly':
      return hundredths(row.anomaly);
  }
}

/** Adding 0 turns a -0 round. */
const hundredths = (value: number | null) =>
  value === null ? '–' : (Math.round(value * 100) / 100 + 0).toFixed(2);

/** Says how long ago something was: `now`, `12 s`, `3 min`, `5 h`, `2 d`. */
export function ageWords(ms: number): string {
  const seconds = ms / 1000;
  if (seconds < 2) return 'now';
  if (seconds < 120) return `${Math.floor(seconds)} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}
