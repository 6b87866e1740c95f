/** The results of a view as rows with named columns: what a table, a spreadsheet or a chart reads. */
import { isTime } from '../../../features/time-features.js';
import type { Field } from '../../../fields/field.js';
import { outputLabels } from '../../../fields/output-labels.js';
import type { ViewMessage } from '../../../protocol/views/index.js';
import type { SequenceHandle } from '../../../sequence/handle.js';

export const TABLE_VIEWS = ['inputs', 'predictions', 'states', 'metrics', 'events'] as const;
export type TableView = (typeof TABLE_VIEWS)[number];

type Cell = number | string | null | Readonly<Record<string, unknown>>;

export interface ViewRow {
  readonly seq: number;
  /** Milliseconds since 1970; NaN where that is not known. */
  readonly t: number;
  /** Where a reader goes on after it. */
  readonly mark: string;
  readonly cells: readonly Cell[];
}

export interface ViewTable {
  readonly columns: readonly string[];
  rowsOf(message: ViewMessage): ViewRow[];
}

/** What `metrics` tells, in this order. */
const SCORES = [
  'scored',
  'mae',
  'recentMae',
  'rmse',
  'skill',
  'recentSkill',
  'coverage',
  'recentCoverage',
  'anomaly',
  'updates',
] as const;

export function viewTable(view: TableView, handle: SequenceHandle): ViewTable {
  const { spec, schema } = handle;
  const { batch, units } = spec;
  if (view === 'inputs') {
    const columns = perRow(
      schema.fields.map(({ name }) => name),
      batch,
    );
    return { columns: ['seq', 'time', ...clear(columns)], rowsOf: inputRows };
  }
  if (view === 'states') {
    const columns = perRow(
      Array.from({ length: units }, (_, i) => `h${i}`),
      batch,
    );
    return { columns: ['seq', 'time', ...columns], rowsOf: stateRows };
  }
  if (view === 'predictions') return predictionTable(handle);
  if (view === 'events')
    return {
      columns: ['seq', 'time', 'event', 'detail'],
      rowsOf: (message) =>
        message.type !== 'events'
          ? []
          : message.events.map(({ event, seq, t, detail, number }) =>
              row(seq, t ?? Number.NaN, [event, detail], number),
            ),
    };
  return {
    columns: ['seq', 'time', ...SCORES, 'health'],
    rowsOf: (message) =>
      message.type !== 'metrics'
        ? []
        : [
            row(message.seq, message.t ?? Number.NaN, [
              ...SCORES.map((name) => message[name] ?? null),
              message.health?.state ?? null,
            ]),
          ],
  };
}

function row(seq: number, t: number, cells: readonly Cell[], number?: number): ViewRow {
  const mark = number === undefined ? String(seq) : `${seq}:${number}`;
  return { seq, t, mark, cells: [seq, timeText(t), ...cells.map(finite)] };
}

/** A number that JSON has no word for is null. */
const finite = (cell: Cell): Cell => (typeof cell === 'number' && !Number.isFinite(cell) ? null : cell);
export const timeText = (t: number): string | null => (isTime(t) ? new Date(t).toISOString() : null);

const inputRows = (message: ViewMessage): ViewRow[] =>
  message.type === 'inputs' ? rowsFrom(message, message.x) : [];
const stateRows = (message: ViewMessage): ViewRow[] =>
  message.type === 'states' ? rowsFrom(message, message.h) : [];

function rowsFrom(
  { seq, count, t }: { readonly seq: number; readonly count: number; readonly t: Float64Array },
  values: Float32Array | Float64Array,
): ViewRow[] {
  const size = values.length / count;
  return Array.from({ length: count }, (_, i) =>
    row(seq + i, t[i] ?? Number.NaN, [...values.subarray(i * size, (i + 1) * size)]),
  );
}

/** Steps that are closer together came in one piece: what is next has no time of its own. */
const LEAST_MS = 1;

/** Each output, what it is for, and the ends of its range where that is known. */
function predictionTable({ spec, schema }: SequenceHandle): ViewTable {
  const labels = outputLabels(spec, schema.fields, schema.targets);
  const horizons = new Set(labels.map(({ horizon }) => horizon));
  const names = labels.map(({ name, horizon }) => (horizons.size > 1 ? `${name}_${horizon}` : name));
  const columns = perRow(names, spec.batch).flatMap((name) => [name, `${name}_low`, `${name}_high`]);
  const [horizon = null] = horizons;
  const ahead = horizons.size === 1 ? horizon : null;
  return {
    columns: ['seq', 'time', 'for', ...clear(columns)],
    rowsOf(message) {
      if (message.type !== 'predictions') return [];
      const { seq, count, t, y, range, interval = null } = message;
      const size = y.length / count;
      return Array.from({ length: count }, (_, i) => {
        const cells: Cell[] = [];
        for (let j = i * size; j < (i + 1) * size; j++) {
          const half = range?.[j] || Number.NaN;
          cells.push(y[j]!, y[j]! - half, y[j]! + half);
        }
        const at = t[i] ?? Number.NaN;
        const goal =
          ahead === null || interval === null || interval < LEAST_MS ? null : timeText(at + ahead * interval);
        return row(seq + i, at, [goal, ...cells]);
      });
    },
  };
}

/** Names of several batch rows. */
const perRow = (names: readonly string[], batch: number): string[] =>
  batch === 1
    ? [...names]
    : Array.from({ length: batch }, (_, b) => names.map((name) => `${name}[${b}]`)).flat();

/** A field may be called like a column that is always there. */
const TAKEN = new Set(['seq', 'time', 'for']);
const clear = (names: readonly string[]): string[] =>
  names.map((name) => (TAKEN.has(name) ? `${name}_` : name));

/** Units of the fields, by name. */
export const unitsOf = (fields: readonly Field[]) =>
  fields.map(({ name, unit }) => ({ name, ...(unit && { unit }) }));
