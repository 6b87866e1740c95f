/** Finds the column with the time, and the columns that hold times too. */
import { EddyError } from '../../errors.js';
import type { ReadingOptions } from '../reading.js';
import {
  type FoundTime,
  findNumericTime,
  findTextTime,
  isCounter,
  isTimeOfDay,
  rankOf,
  type TimeForm,
  timeForm,
} from '../time/time-forms.js';
import type { ColumnFacts } from './column-facts.js';

export interface TimeChoice {
  /** Indices of the column, or of those of the date and of the time of day. */
  readonly indices: readonly number[];
  readonly form: TimeForm;
}

/** What a column that is no field holds, by index. */
export type Asides = ReadonlyMap<number, string>;

/**
 * Chooses the time among the columns.
 *
 * @param isNamed are the names the file's own?
 * @throws EddyError `input-invalid` if the time can be read in two ways, or not in the way that was told
 */
export function chooseTime(
  columns: readonly ColumnFacts[],
  { time: told, timeFormat, columns: wanted = [] }: ReadingOptions,
  isNamed: boolean,
): { time: TimeChoice | null; asides: Asides } {
  const asides = new Map<number, string>();
  const form = timeFormat === undefined ? null : timeForm(timeFormat);
  const found = columns.map((column) => findTime(column, isNamed));
  for (const [i, { kind }] of found.entries())
    if (kind !== 'none') asides.set(i, 'a time, and not that of the rows');
  for (const { name, index, numbers, kind, cells } of columns) {
    if (kind === 'number' && isNamed && found[index]!.kind === 'none' && isCounter(name, numbers))
      asides.set(
        index,
        'counts up and is no time since 1970; --columns takes it as a field, --timestamp with --time-format as the time',
      );
    if (kind === 'text' && areTimesOfDay(cells)) asides.set(index, 'a time of day without a date');
  }
  if (told) return { time: toldTime(told, columns, found, form), asides };
  const candidates = columns
    .filter(({ index, name }) => found[index]!.kind !== 'none' && !wanted.includes(name))
    .sort((a, b) => rank(a, isNamed) - rank(b, isNamed));
  const [chosen] = candidates;
  if (form) return { time: byForm(columns, form, wanted), asides };
  if (!chosen) return { time: null, asides };
  return {
    time: { indices: withClock(chosen, columns), form: formOf(chosen, found[chosen.index]!) },
    asides,
  };
}

/** Gives the index of a column, and if it holds dates alone that of the first with times of day. */
function withClock({ index, cells }: ColumnFacts, columns: readonly ColumnFacts[]): number[] {
  const isDate = cells.every((cell) => typeof cell === 'string' && !cell.includes(':'));
  const clock = isDate
    ? columns.find((column) => column.index !== index && areTimesOfDay(column.cells))
    : undefined;
  return clock ? [index, clock.index] : [index];
}

const rank = ({ name }: ColumnFacts, isNamed: boolean) => (isNamed ? Math.min(rankOf(name), 99) : 99);

const areTimesOfDay = (cells: ColumnFacts['cells']) =>
  cells.length > 0 &&
  cells.filter((cell) => typeof cell === 'string' && isTimeOfDay(cell)).length * 2 > cells.length;

function findTime({ name, index, kind, cells, numbers }: ColumnFacts, isNamed: boolean): FoundTime {
  if (kind === 'text') return findTextTime(cells);
  if (kind !== 'number') return { kind: 'none' };
  const isHinted = isNamed && Number.isFinite(rankOf(name));
  return findNumericTime(cells, numbers, isHinted ? 'name' : index === 0 && !isNamed ? 'place' : 'none');
}

function formOf({ name, cells }: ColumnFacts, found: FoundTime): TimeForm {
  if (found.kind === 'time') return found.form;
  const ways = found.kind === 'two-ways' ? found.forms.map((form) => form.name) : [];
  throw new EddyError(
    'input-invalid',
    `${name} is ${JSON.stringify(cells[0] ?? null)}: day or month first? Say which with --time-format ${ways.join(' or --time-format ')}`,
  );
}

/** Takes the column by which the form that was told can be read. */
function byForm(
  columns: readonly ColumnFacts[],
  form: TimeForm,
  wanted: readonly string[],
): TimeChoice | null {
  const isText = !['s', 'ms', 'us', 'ns', 'excel'].includes(form.name);
  const fits = columns
    .filter(({ name, cells, kind }) => {
      if (wanted.includes(name) || cells.length === 0) return false;
      if (!isText && (kind !== 'number' || !(Number.isFinite(rankOf(name)) || columns[0]?.name === name)))
        return false;
      return cells.filter((cell) => form.parse(cell, (local) => local) !== null).length * 2 >= cells.length;
    })
    .sort((a, b) => Math.min(rankOf(a.name), 99) - Math.min(rankOf(b.name), 99));
  const [first] = fits;
  if (first) return { indices: withClock(first, columns), form };
  throw new EddyError(
    'input-invalid',
    `no column holds times as --time-format ${form.name}; name the column with --timestamp`,
  );
}

function toldTime(
  told: readonly string[],
  columns: readonly ColumnFacts[],
  found: readonly FoundTime[],
  form: TimeForm | null,
): TimeChoice {
  const [first, second] = told.map((name) => columns.find((column) => column.name === name)!);
  const indices = second ? [first!.index, second.index] : [first!.index];
  if (form) return { indices, form };
  const { name, cells, numbers, index } = first!;
  let way = found[index]!;
  // named by the user, whatever its name says
  if (way.kind === 'none' && numbers.length > 0) way = findNumericTime(cells, numbers, 'name');
  if (way.kind !== 'none') return { indices, form: formOf(first!, way) };
  if (cells.length === 0) return { indices, form: timeForm('iso') };
  throw new EddyError(
    'input-invalid',
    `${name} is ${JSON.stringify(cells[0])}, which is not a time; if it is one, say how it is written with --time-format`,
  );
}
