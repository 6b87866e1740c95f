/** Makes rows of records, once the columns are chosen. */
import { EddyError } from '../../errors.js';
import type { Cell, ReadingOptions, SensorRecord, SensorRow } from '../reading.js';
import { isNumberLike } from '../values/number-form.js';
import type { MissingWords } from '../values/words.js';
import type { ColumnPlan, Plan } from './column-choice.js';
import { isGap, switchValue } from './column-facts.js';
import { RowTimes } from './row-times.js';

/** Columns whose first number is told, at most. */
const MAX_WATCHED = 100;

export class RowMaker {
  /** Missing values of each field. */
  private readonly gaps: Float64Array;
  readonly times: RowTimes | null;
  readonly notes: string[] = [];
  private readonly watched: Map<number, string>;
  private readonly texts = new Set<number>();
  private known: number;
  private readonly hasMissingNumbers: boolean;

  constructor(
    private readonly plan: Plan,
    private readonly options: ReadingOptions,
    private readonly missing: MissingWords,
  ) {
    this.times = plan.time && new RowTimes(plan.time, options.timeZone);
    this.watched = new Map(plan.watched.slice(0, MAX_WATCHED).map(({ index, name }) => [index, name]));
    this.gaps = new Float64Array(plan.fields.length);
    this.known = plan.choice.columns.length;
    this.hasMissingNumbers = missing.numbers.size > 0;
  }

  /**
   * Makes a row; gives null if all its cells, the time too, are empty, as the last lines of a spreadsheet are.
   *
   * @param names all names so far; those behind the ones of the head are new
   * @throws EddyError `input-invalid`, which names line and column; the record then has no effect
   */
  rowOf(record: SensorRecord, names: readonly string[]): SensorRow | null {
    const { cells, line, fault } = record;
    if (fault !== undefined) throw new EddyError('input-invalid', `line ${line}: ${fault}`);
    const { fields, by } = this.plan;
    if (
      this.times &&
      !this.times.textOf(record) &&
      cells.every((cell) => cell === undefined || cell === null || cell === '')
    )
      return null;
    const values = new Array<number>(fields.length);
    for (let i = 0; i < fields.length; i++) {
      const value = this.valueOf(cells[fields[i]!.index], fields[i]!, line);
      values[i] = value;
    }
    const target = this.targetOf(record);
    const producer = by < 0 ? null : this.producerOf(record);
    const { t, timestamp } = this.timeOf(record, producer);
    if (this.watched.size > 0 || names.length > this.known) this.watch(record, names);
    for (let i = 0; i < values.length; i++) if (Number.isNaN(values[i]!)) this.gaps[i]!++;
    return { line, t, timestamp, values, target, by: producer };
  }

  readGaps(): { name: string; count: number }[] {
    return this.plan.fields.flatMap(({ name }, i) =>
      this.gaps[i]! > 0 ? [{ name, count: this.gaps[i]! }] : [],
    );
  }

  private valueOf(cell: Cell, column: ColumnPlan, line: number): number {
    const value =
      column.kind === 'switch'
        ? switchValue(cell)
        : typeof cell === 'string'
          ? this.plan.parse(cell)
          : Number(cell ?? Number.NaN);
    if (value - value === 0)
      return this.hasMissingNumbers && this.missing.numbers.has(value) ? Number.NaN : value;
    if (isGap(cell, this.missing)) return Number.NaN;
    // a column that had no value when it was taken may turn out to hold text
    if (column.kind === 'empty') return this.emptyValue(cell, column, line);
    throw new EddyError(
      'input-invalid',
      `line ${line}: ${column.name} is ${shown(cell)}, ${this.whyNot(cell, column)}`,
    );
  }

  private emptyValue(cell: Cell, { name, index }: ColumnPlan, line: number): number {
    const value = switchValue(cell);
    if (Number.isNaN(value) && !this.texts.has(index)) {
      this.texts.add(index);
      this.notes.push(
        `${name} was taken with no value yet and is text from line ${line} on: ${shown(cell)}; its values are gaps`,
      );
    }
    return value;
  }

  private whyNot(cell: Cell, { kind }: ColumnPlan): string {
    if (kind === 'switch') return 'which is neither of the words for 0 and 1';
    if (/^\s*[+-]?inf(inity)?\s*$/i.test(String(cell))) return 'which is not a finite number';
    const sign = this.plan.choice.decimal === '.' ? ',' : '.';
    if (isNumberLike(String(cell).trim()))
      return `which is not a number with a decimal ${JSON.stringify(this.plan.choice.decimal)}; --decimal ${sign} reads it`;
    return `which is not a number; if it stands for a missing value, say --missing ${JSON.stringify(String(cell).slice(0, 40))}`;
  }

  private targetOf({ cells, line }: SensorRecord): number[] | null {
    const { targets, choice } = this.plan;
    if (targets.length === 0) return null;
    if (!choice.classes) {
      const values = targets.map((column) => this.valueOf(cells[column.index], column, line));
      return values.every(Number.isNaN) ? null : values;
    }
    const cell = cells[targets[0]!.index];
    if (isGap(cell, this.missing)) return null;
    const name = String(cell).trim();
    if (choice.classes.includes(name)) return choice.classes.map((one) => Number(one === name));
    throw new EddyError(
      'input-invalid',
      `line ${line}: ${targets[0]!.name} is ${shown(cell)}, which is not one of the classes ${choice.classes.join(', ')}; name all with --classes`,
    );
  }

  private producerOf({ cells, line }: SensorRecord): string {
    const cell = cells[this.plan.by];
    if (!isGap(cell, this.missing)) return String(cell).trim();
    throw new EddyError(
      'input-invalid',
      `line ${line}: ${this.plan.choice.by} is empty, and says whose row it is`,
    );
  }

  private timeOf(record: SensorRecord, by: string | null): Pick<SensorRow, 't' | 'timestamp'> {
    const { times } = this;
    if (!times) return { t: null, timestamp: null };
    const { line } = record;
    const timestamp = times.textOf(record);
    if (this.missing.has(timestamp)) {
      if (this.options.requireTime)
        throw new EddyError('input-invalid', `line ${line}: ${this.timeName} is empty`);
      times.tallies.untimed.add(line);
      return { t: null, timestamp: null };
    }
    const t = times.timeOf(record, timestamp, by);
    if (t === null)
      throw new EddyError(
        'input-invalid',
        `line ${line}: ${this.timeName} is ${JSON.stringify(timestamp.slice(0, 60))}, which is not a time (${this.plan.time!.form.name})`,
      );
    times.passed(t, line);
    return { t, timestamp };
  }

  private get timeName(): string {
    return this.plan.choice.time!.columns.join(' and ');
  }

  /** Tells once of each column left out, or unknown before, that it holds numbers after all. */
  private watch({ cells, line }: SensorRecord, names: readonly string[]): void {
    for (; this.known < names.length; this.known++)
      if (!this.options.columns && this.watched.size < MAX_WATCHED)
        this.watched.set(this.known, names[this.known]!);
    for (const [index, name] of this.watched) {
      const cell = cells[index];
      if (cell === undefined || cell === null || cell === '' || this.missing.has(String(cell))) continue;
      const value = typeof cell === 'string' ? this.plan.parse(cell) : Number(cell);
      if (Number.isNaN(value)) continue;
      this.watched.delete(index);
      this.notes.push(
        `${name} holds numbers from line ${line} on, after the columns were chosen; --columns takes it`,
      );
    }
  }
}

const shown = (cell: Cell) => JSON.stringify(typeof cell === 'string' ? cell.trim().slice(0, 60) : cell);
