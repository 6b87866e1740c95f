/** Records of delimited text. */
import type { ReadingOptions, SensorRecord } from '../reading.js';
import { cellsOf } from '../text/csv-cells.js';
import { type Line, LineSplitter } from '../text/line-splitter.js';
import type { MissingWords } from '../values/words.js';
import { findLayout } from './layout.js';
import type { Table, TableSource } from './table-source.js';

export class CsvSource implements TableSource {
  names: readonly string[] = [];
  private readonly splitter = new LineSplitter();
  private readonly head: Line[] = [];
  private readonly comments: readonly string[];
  private readonly skipLines: number;
  /** The comment right before the first line of the table. */
  private comment: string | null = null;
  private commentCount = 0;
  private header: string | null = null;
  private repeats = 0;
  private delimiter = ',';

  constructor(
    private readonly options: ReadingOptions,
    private readonly missing: MissingWords,
  ) {
    this.comments = (options.comment ?? ['#']).filter((sign) => sign !== '');
    this.skipLines = options.skipLines ?? 0;
    if (options.delimiter !== undefined) this.splitter.delimiters = options.delimiter;
  }

  push(text: string): void {
    this.splitter.push(text);
  }

  end(): void {
    this.splitter.end();
  }

  fill(limit: number): boolean {
    while (this.head.length < limit) {
      const line = this.nextLine();
      if (line === null) return false;
      this.head.push(line);
    }
    return true;
  }

  look(): Table {
    const { header, delimiter, names, isNamed, units, before, notes } = findLayout(this.head, {
      ...this.options,
      missing: this.missing,
      comment: this.comment,
    });
    const rows = this.head.slice(before).filter(({ text }) => text !== header);
    const records = rows.map((line) => recordOf(line, delimiter, names.length));
    this.header = header;
    this.repeats = this.head.length - before - rows.length;
    return {
      format: 'csv',
      delimiter,
      names,
      isNamed,
      units: units.map((unit) => unit || undefined),
      records,
      notes,
    };
  }

  open({ names, delimiter }: Table): void {
    this.names = names;
    this.delimiter = delimiter ?? ',';
    this.splitter.delimiters = this.delimiter;
    this.head.length = 0;
  }

  next(): SensorRecord | null {
    for (;;) {
      const line = this.nextLine();
      if (line === null) return null;
      if (line.text !== this.header) return recordOf(line, this.delimiter, this.names.length);
      this.repeats++;
    }
  }

  get passedOver(): string[] {
    return [
      ...(this.commentCount > 0
        ? [`${this.commentCount === 1 ? 'a comment' : `${this.commentCount} comments`} passed over`]
        : []),
      ...(this.repeats > 0
        ? [
            `the line of names came ${this.repeats === 1 ? 'once more' : `${this.repeats} times more`} and was passed over`,
          ]
        : []),
    ];
  }

  private nextLine(): Line | null {
    for (;;) {
      const line = this.splitter.next();
      if (line === null) return null;
      if (line.number <= this.skipLines || isBlank(line.text)) continue;
      const sign = this.comments.find((sign) => line.text.startsWith(sign));
      if (sign === undefined) return line;
      this.commentCount++;
      if (this.head.length === 0 && this.names.length === 0)
        this.comment = line.text.slice(sign.length).trim();
    }
  }
}

const isBlank = (text: string) => text.length < 16 && text.trim() === '';

function recordOf({ number, text, hasQuotes, fault }: Line, delimiter: string, size: number): SensorRecord {
  if (fault !== undefined) return { line: number, cells: [text], fault };
  const cells = cellsOf(text, delimiter, hasQuotes);
  while (cells.length > size && cells.at(-1)!.trim() === '') cells.pop();
  if (cells.length === size) return { line: number, cells };
  const count = cells.length === 1 ? '1 cell' : `${cells.length} cells`;
  return { line: number, cells, fault: `${count}, where the table has ${size} columns` };
}
