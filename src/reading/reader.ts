/**
 * Reads sensor files: text goes in as it comes, rows come out as soon as their lines have ended.
 *
 *     text | lines or values | head: layout, columns, time | rows
 */
import { EddyError } from '../errors.js';
import { BadRows } from './bad-rows.js';
import { chooseColumns, type Plan } from './columns/column-choice.js';
import { RowMaker } from './columns/row-maker.js';
import { formatOf, JsonSource } from './json/json-source.js';
import type { BadRow, Choice, ReadingOptions, ReadingReport, SensorRecord, SensorRow } from './reading.js';
import { CsvSource } from './table/csv-source.js';
import type { TableSource } from './table/table-source.js';
import { MissingWords } from './values/words.js';

/** Lines by which the columns are chosen, at most: 1,000 rows, and what stands above them. */
export const HEAD = 1024;
/** Lines at the end that may be no rows. */
const MAX_FOOTERS = 5;
const FOOTER = /^(total|sum|summe|somme|mean|average|avg|mittelwert|min|max|count|std|end|eof|ende|fin)\b/i;
const NONE = { count: 0, first: 0 };

export class Reader {
  private readonly missing: MissingWords;
  private readonly bad: BadRows;
  private source: TableSource | null = null;
  private begun = '';
  private hasEnded = false;
  private plan: Plan | null = null;
  private maker: RowMaker | null = null;
  /** The records of the head that are still to be given, the next one last. */
  private head: SensorRecord[] = [];
  /** Bad lines that are footers if nothing but their like follows. */
  private footers: (BadRow & { readonly text: string })[] = [];
  private readonly notes: string[] = [];
  private rows = 0;

  constructor(private readonly options: ReadingOptions = {}) {
    this.missing = new MissingWords(options.missing);
    this.bad = new BadRows(options.onBadRow ?? 'fail');
  }

  /** What was found and is taken; null until the reader is open. */
  get choice(): Choice | null {
    return this.plan?.choice ?? null;
  }

  push(text: string): void {
    if (this.source) this.source.push(text);
    else this.begin(text);
  }

  /** Says that no more text comes. */
  end(): void {
    this.hasEnded = true;
    if (!this.source) this.begin('');
    this.source!.end();
  }

  /**
   * Chooses the columns if enough has come: 1,024 lines or the end; or, if asked early, one row with a number.
   * Tells whether they are chosen.
   *
   * @throws EddyError `input-invalid` if the file cannot be read
   */
  open(isEarly = false): boolean {
    if (this.plan) return true;
    if (!this.source) return false;
    const isFull = this.source.fill(HEAD) || this.hasEnded;
    if (!isFull && !isEarly) return false;
    const table = this.source.look();
    if (table.records.length === 0) {
      if (isFull) throw new EddyError('input-invalid', 'no rows');
      return false;
    }
    const plan = chooseColumns(table, this.options, { missing: this.missing, isEarly: !isFull });
    const hasNumbers = plan.fields.some(({ kind }) => kind !== 'empty');
    if (!hasNumbers && !isFull) return false;
    if (plan.fields.length === 0) throw new EddyError('input-invalid', noNumbers(plan.choice));
    this.plan = plan;
    this.maker = new RowMaker(plan, this.options, this.missing);
    this.source.open(table);
    this.head = [...table.records].reverse();
    return true;
  }

  /**
   * Gives the next row whose line has ended, or null if more text is needed, or nothing follows.
   *
   * @throws EddyError `input-invalid` at a bad row, unless they are skipped
   */
  next(): SensorRow | null {
    const { source, maker } = this;
    if (!source || !maker) return null;
    for (;;) {
      const record = this.head.pop() ?? source.next();
      if (record === null) {
        if (this.hasEnded) this.settleFooters(true);
        return null;
      }
      const row = this.attempt(maker, record, source.names);
      if (row === null) continue;
      if (this.footers.length > 0) this.settleFooters(false);
      this.rows++;
      return row;
    }
  }

  /** Tells what has happened so far. */
  report(): ReadingReport {
    const { maker, bad, rows, notes } = this;
    return {
      rows,
      badRows: { count: bad.count, first: [...bad.first] },
      gaps: maker?.readGaps() ?? [],
      ...(maker?.times?.read() ?? { untimed: NONE, backwards: NONE, overlaps: NONE, skippedTimes: NONE }),
      notes: [...(this.source?.passedOver ?? []), ...(maker?.notes ?? []), ...notes],
    };
  }

  private begin(text: string): void {
    this.begun = (this.begun + text).replace(/^\ufeff/, '');
    const format = this.options.format ?? formatOf(this.begun, this.hasEnded);
    if (format === null) return;
    if (this.begun.includes('\u0000'))
      throw new EddyError('input-invalid', 'this is no text: it holds zero bytes');
    this.source =
      format === 'csv' ? new CsvSource(this.options, this.missing) : new JsonSource(format, this.options);
    this.source.push(this.begun);
    this.begun = '';
  }

  private attempt(maker: RowMaker, record: SensorRecord, names: readonly string[]): SensorRow | null {
    try {
      return maker.rowOf(record, names);
    } catch (error) {
      if (!(error instanceof EddyError)) throw error;
      this.refuse(record, error.message);
      return null;
    }
  }

  private refuse(record: SensorRecord, message: string): void {
    const { line } = record;
    if (this.mayBeFooter(record))
      this.footers.push({ line, message, text: String(record.cells[0]).slice(0, 40) });
    else {
      this.settleFooters(false);
      this.bad.take({ line, message });
    }
    if (this.footers.length > MAX_FOOTERS) this.settleFooters(false);
  }

  /** Does the line begin with a word where rows begin with a time or a number? */
  private mayBeFooter({ cells, fault }: SensorRecord): boolean {
    const first = cells.find((cell) => typeof cell !== 'string' || cell.trim() !== '');
    if (typeof first !== 'string' || !/^\s*[\p{L}#*=([-]/u.test(first) || this.plan!.choice.format !== 'csv')
      return false;
    const isAtTime = this.plan!.time?.indices.includes(cells.indexOf(first)) ?? false;
    return fault !== undefined || isAtTime || FOOTER.test(first.trim());
  }

  private settleFooters(isEnd: boolean): void {
    const footers = this.footers;
    this.footers = [];
    for (const { line, message, text } of footers)
      if (isEnd) this.notes.push(`line ${line} passed over as a footer: ${JSON.stringify(text)}`);
      else this.bad.take({ line, message });
  }
}

function noNumbers({ leftOut }: Choice): string {
  const reasons = leftOut.slice(0, 5).map(({ name, why }) => `${name}: ${why}`);
  return `no column holds a number${reasons.length > 0 ? ` (${reasons.join('; ')})` : ''}`;
}
