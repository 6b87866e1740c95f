/** Chooses what is taken of a table by its head, and says what is left out and why. */
import { EddyError } from '../../errors.js';
import type { Choice, Field, LeftOut, ReadingOptions } from '../reading.js';
import { defaultNames, unitIn } from '../table/header-names.js';
import type { Table } from '../table/table-source.js';
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
  const { columns: wanted, also = [], targets: wantedTargets = [], by, classes } = options;
  checkNames(table.names, [
    ...(wanted ?? []),
    ...also,
    ...wantedTargets,
    ...(options.time ?? []),
    ...(by === undefined ? [] : [by]),
  ]);
  const form = formOf(table, options, missing);
  const parse = numberParser(form);
  const facts = table.names.map((name, i) => factsOf(name, i, table.records, { missing, parse }));
  const { time, asides } = chooseTime(facts, options, table.isNamed);
  const columns = table.isNamed || !time ? facts : renamed(facts, time);
  const names = columns.map(({ name }) => name);
  const isAside = ({ name, index }: ColumnFacts) =>
    time?.indices.includes(index) ||
    name === by ||
    (!wanted && (wantedTargets.includes(name) || asides.has(index)));
  const isTaken = ({ kind }: ColumnFacts) =>
    kind === 'number' || kind === 'switch' || (kind === 'empty' && isEarly);
  const chosen = wanted
    ? wanted.map((name) => columns[names.indexOf(name)]!)
    : columns.filter((column) => also.includes(column.name) || (!isAside(column) && isTaken(column)));
  const targets = wantedTargets.map((name) => columns[names.indexOf(name)]!);
  const rest = columns.filter((column) => !chosen.includes(column) && !targets.includes(column));
  const leftOut = rest
    .filter(({ name, index }) => name !== by && !time?.indices.includes(index))
    .map((column) => ({ name: column.name, why: whyNot(column, asides, wanted !== undefined, form) }));
  const unitOf = ({ index, name }: ColumnFacts) => table.units[index] ?? unitIn(name);
  const fieldOf = (column: ColumnFacts): Field => {
    const unit = unitOf(column);
    return unit === undefined ? { name: column.name } : { name: column.name, unit };
  };
  const early = chosen.filter(({ kind }) => kind === 'empty').map(({ name }) => name);
  return {
    choice: {
      format: table.format,
      delimiter: table.delimiter,
      decimal: form.decimal,
      columns: names,
      fields: chosen.map(fieldOf),
      time: time && {
        columns: time.indices.map((i) => names[i]!),
        format: time.form.name,
        zone: options.timeZone ?? 'UTC',
      },
      targets: targets.map(fieldOf),
      classes: classesOf(targets, classes),
      by: by ?? null,
      leftOut: leftOut satisfies LeftOut[],
      notes: [
        ...table.notes,
        ...(form.decimal === ',' ? ['the comma is decimal'] : []),
        ...(form.isGrouped && options.decimal === undefined ? ['separators of thousands are read'] : []),
        ...(early.length > 0 ? [`${early.join(', ')} taken with no value yet`] : []),
      ],
    },
    parse,
    fields: chosen,
    targets,
    time,
    by: by === undefined ? -1 : names.indexOf(by),
    watched: wanted
      ? []
      : rest.filter(
          ({ kind, index }) =>
            kind !== 'number' && kind !== 'switch' && !asides.has(index) && index !== names.indexOf(by ?? ''),
        ),
  };
}

function checkNames(names: readonly string[], asked: readonly string[]): void {
  const unknown = asked.find((name) => !names.includes(name));
  if (unknown === undefined) return;
  const hint = names.some((name) => name.includes(','))
    ? '; a name that holds a comma goes in quotes, as \'"Hum, %"\''
    : '';
  throw new EddyError(
    'input-invalid',
    `unknown column ${JSON.stringify(unknown)}; the columns are ${names.join(', ')}${hint}`,
  );
}

/** Finds the form of the numbers in the columns that may be taken. */
function formOf({ names, records }: Table, options: ReadingOptions, missing: MissingWords): NumberForm {
  const { columns: wanted, also = [], targets = [], decimal } = options;
  const cells: string[] = [];
  for (const [i, name] of names.entries()) {
    if (wanted && ![...wanted, ...also, ...targets].includes(name)) continue;
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
function renamed(facts: readonly ColumnFacts[], { indices }: TimeChoice): ColumnFacts[] {
  const names = defaultNames(facts.map(({ index }) => (index === indices[0] ? 'time' : 'number')));
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
