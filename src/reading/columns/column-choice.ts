/** Chooses what is taken of a table by its head, and says what is left out and why. */
import { EddyError } from '../../errors.js';
import type { Choice, Field, ReadingOptions } from '../reading.js';
import { defaultNames, unitIn } from '../table/header-names.js';
import type { Table } from '../table/table-source.js';
import { quoted } from '../text/csv-cells.js';
import {
  findNumberForm,
  isNumberLike,
  type NumberForm,
  type NumberParser,
  numberParser,
} from '../values/number-form.js';
import type { MissingWords } from '../values/words.js';
import { type ColumnFacts, type ColumnKind, factsOf } from './column-facts.js';
import { type Asides, chooseTime, type TimeChoice } from './time-choice.js';

/** How a column is read. */
export interface ColumnPlan {
  readonly name: string;
  readonly index: number;
  readonly kind: ColumnKind;
}

/** The choice, and what a reader of rows needs of it. */
export interface Plan {
  readonly choice: Choice;
  readonly parse: NumberParser;
  readonly fields: readonly ColumnPlan[];
  readonly targets: readonly ColumnPlan[];
  readonly time: TimeChoice | null;
  /** Index of the column that says whose row it is, or -1. */
  readonly by: number;
  /** Columns left out that held no number so far, whose first one is to be told. */
  readonly watched: readonly ColumnPlan[];
}

/**
 * Chooses fields, time and targets.
 *
 * @param isEarly has only part of the head come, so that an empty column may yet be a field?
 * @throws EddyError `input-invalid` if a column is missing, or what it holds can be read in two ways
 */
export function chooseColumns(
  table: Table,
  options: ReadingOptions,
  { missing, isEarly }: { missing: MissingWords; isEarly: boolean },
): Plan {
  const form = formOf(table, options, missing);
  const parse = numberParser(form);
  const facts = table.names.map((name, i) => factsOf(name, i, table.records, { missing, parse }));
  const columns = table.isNamed ? facts : named(facts, options);
  const names = columns.map(({ name }) => name);
  checkNames(names, options);
  const { time, asides } = chooseTime(columns, options, table.isNamed);
  const { columns: wanted, also = [], targets: wantedTargets = [], by } = options;
  const columnOf = (name: string) => columns[names.indexOf(name)]!;
  /** Is a column one that makes the row and no field of it? */
  const isApart = ({ name, index }: ColumnFacts) => name === by || (time?.indices.includes(index) ?? false);
  const isField = (column: ColumnFacts) =>
    also.includes(column.name) ||
    (holdsNumbers(column, isEarly) &&
      !isApart(column) &&
      !wantedTargets.includes(column.name) &&
      !asides.has(column.index));
  const fields = wanted ? wanted.map(columnOf) : columns.filter(isField);
  const targets = wantedTargets.map(columnOf);
  const rest = columns.filter(
    (column) => !fields.includes(column) && !targets.includes(column) && !isApart(column),
  );
  const early = fields.filter(({ kind }) => kind === 'empty').map(({ name }) => name);
  return {
    choice: {
      format: table.format,
      delimiter: table.delimiter,
      decimal: form.decimal,
      columns: names,
      fields: fields.map((column) => fieldOf(column, table)),
      time: time && {
        columns: time.indices.map((i) => names[i]!),
        format: time.form.name,
        zone: options.timeZone ?? 'UTC',
      },
      targets: targets.map((column) => fieldOf(column, table)),
      classes: classesOf(targets, options.classes),
      by: by ?? null,
      leftOut: rest.map((column) => ({
        name: column.name,
        why: whyNot(column, asides, wanted !== undefined, form),
      })),
      notes: [
        ...table.notes,
        ...(form.decimal === ',' ? ['the comma is decimal'] : []),
        ...(form.isGrouped && options.decimal === undefined ? ['separators of thousands are read'] : []),
        ...(early.length > 0 ? [`${early.map(quoted).join(', ')} taken with no value yet`] : []),
      ],
    },
    parse,
    fields,
    targets,
    time,
    by: by === undefined ? -1 : names.indexOf(by),
    watched: wanted ? [] : rest.filter((column) => !holdsNumbers(column, false) && !asides.has(column.index)),
  };
}

const holdsNumbers = ({ kind }: ColumnFacts, isEarly: boolean) =>
  kind === 'number' || kind === 'switch' || (kind === 'empty' && isEarly);

function fieldOf({ name, index }: ColumnFacts, { units }: Table): Field {
  const unit = units[index] ?? unitIn(name);
  return unit === undefined ? { name } : { name, unit };
}

/** @throws EddyError `input-invalid` if a column is unknown, or named twice */
function checkNames(names: readonly string[], options: ReadingOptions): void {
  const { columns = [], also = [], targets = [], time = [], by } = options;
  const twice = columns.find((name, i) => columns.indexOf(name) !== i);
  if (twice !== undefined)
    throw new EddyError('input-invalid', `the column ${JSON.stringify(twice)} is named twice in --columns`);
  const asked = [...columns, ...also, ...targets, ...time, ...(by === undefined ? [] : [by])];
  const unknown = asked.find((name) => !names.includes(name));
  if (unknown === undefined) return;
  const hint = names.some((name) => name.includes(','))
    ? '; a name that holds a comma goes in quotes, as \'"Hum, %"\''
    : '';
  throw new EddyError(
    'input-invalid',
    `unknown column ${JSON.stringify(unknown)}; the columns are ${names.map(quoted).join(', ')}${hint}`,
  );
}

/** Finds the form of the numbers in the columns that may be taken. */
function formOf(
  { names, isNamed, records }: Table,
  options: ReadingOptions,
  missing: MissingWords,
): NumberForm {
  const { columns: wanted, also = [], targets = [], decimal } = options;
  const cells: string[] = [];
  for (const [i, name] of names.entries()) {
    if (wanted && isNamed && ![...wanted, ...also, ...targets].includes(name)) continue;
    const texts = records.flatMap(({ cells, fault }) => {
      const cell = fault === undefined ? cells[i] : null;
      return typeof cell === 'string' && !missing.has(cell) ? [cell.trim()] : [];
    });
    const numbers = texts.filter(isNumberLike);
    if (numbers.length * 2 >= texts.length) for (const number of numbers) cells.push(number);
  }
  const form = findNumberForm(cells, decimal);
  if (form.ambiguous === null) return form;
  throw new EddyError(
    'input-invalid',
    `${JSON.stringify(form.ambiguous)} may be ${form.ambiguous.replace(',', '')} or ${form.ambiguous.replace(',', '.')}; say which with --decimal . or --decimal ,`,
  );
}

/** Names the columns of a file without names, once it is known which is the time. */
function named(facts: readonly ColumnFacts[], { timeFormat }: ReadingOptions): readonly ColumnFacts[] {
  const { time } = chooseTime(facts, { timeFormat }, false);
  if (!time) return facts;
  const names = defaultNames(facts.map(({ index }) => (index === time.indices[0] ? 'time' : 'number')));
  return facts.map((column, i) => ({ ...column, name: names[i]! }));
}

function whyNot(
  { kind, index, sample, cells }: ColumnFacts,
  asides: Asides,
  isTold: boolean,
  { decimal }: NumberForm,
): string {
  const aside = asides.get(index);
  if (aside !== undefined) return aside;
  if (kind === 'empty') return 'no value in the rows looked at';
  if (kind === 'number' || kind === 'switch') return isTold ? 'not named' : 'a target';
  const other = decimal === '.' ? ',' : '.';
  const isOther = sample !== null && isNumberLike(sample);
  const isTimeLike = sample !== null && /^\W?\d{1,4}[/:. -]\d{1,2}[/:. -]\d/.test(sample);
  return `text, such as ${JSON.stringify(String(sample ?? cells[0]).slice(0, 40))}${isOther ? `; if that is a number, say --decimal ${other}` : isTimeLike ? '; if that is a time, say how it is written with --time-format' : ''}`;
}

function classesOf(
  targets: readonly ColumnFacts[],
  told: ReadingOptions['classes'],
): readonly string[] | null {
  if (told === undefined) return null;
  if (targets.length !== 1)
    throw new EddyError('input-invalid', '--classes needs one --target, the column of the classes');
  const found = [...new Set(targets[0]!.cells.map((cell) => String(cell).trim()))].sort();
  return told === true ? found : told;
}
