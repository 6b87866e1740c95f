/** Records of JSON: one a line, or the items of an array that is the whole file. */
import type { ReadingOptions, SensorRecord } from '../reading.js';
import type { Table, TableSource } from '../table/table-source.js';
import { type Line, LineSplitter } from '../text/line-splitter.js';
import { Flattener } from './flatten.js';
import { ValueSplitter } from './value-splitter.js';

export class JsonSource implements TableSource {
  readonly passedOver: readonly string[] = [];
  private readonly splitter: LineSplitter | ValueSplitter;
  private readonly flattener: Flattener;
  private readonly head: SensorRecord[] = [];
  private readonly skipLines: number;

  constructor(
    private readonly format: 'ndjson' | 'json',
    { header, skipLines = 0 }: ReadingOptions,
  ) {
    this.splitter = format === 'json' ? new ValueSplitter() : new LineSplitter();
    // a quote holds no lines of NDJSON together
    if (this.splitter instanceof LineSplitter) this.splitter.delimiters = null;
    this.flattener = new Flattener(Array.isArray(header) ? header : []);
    this.skipLines = skipLines;
  }

  get names(): readonly string[] {
    return this.flattener.names;
  }

  push(text: string): void {
    this.splitter.push(text);
  }

  end(): void {
    this.splitter.end();
  }

  fill(limit: number): boolean {
    while (this.head.length < limit) {
      const record = this.next();
      if (record === null) return false;
      this.head.push(record);
    }
    return true;
  }

  look(): Table {
    const { format, head: records } = this;
    return {
      format,
      delimiter: null,
      names: [...this.names],
      isNamed: true,
      units: [],
      records: [...records],
      notes: [],
    };
  }

  open(): void {
    this.head.length = 0;
  }

  next(): SensorRecord | null {
    for (;;) {
      const line = this.splitter.next();
      if (line === null) return null;
      if (line.number > this.skipLines && line.text.trim() !== '') return this.recordOf(line);
    }
  }

  private recordOf({ number, text }: Line): SensorRecord {
    let value: unknown;
    try {
      value = parseJson(text);
    } catch (error) {
      return { line: number, cells: [text], fault: String(error) };
    }
    const cells = this.flattener.cellsOf(value);
    return typeof cells === 'string'
      ? { line: number, cells: [text], fault: cells }
      : { line: number, cells };
  }
}

/** Parses JSON in which numbers may be NaN or infinite, as Python writes them. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const strict = text.replace(/"(?:[^"\\]|\\.)*"|-?\bNaN\b|-?\bInfinity\b/g, (part) =>
      part[0] === '"' ? part : part.includes('NaN') ? 'null' : `"${part}"`,
    );
    if (strict === text) throw error;
    return JSON.parse(strict);
  }
}

/**
 * Tells the format by the first characters of a text, or null if they are too few.
 *
 * @param isEnd is this all there is?
 */
export function formatOf(text: string, isEnd: boolean): 'csv' | 'ndjson' | 'json' | null {
  const head = text.trimStart();
  if (head === '') return isEnd ? 'csv' : null;
  if (head[0] !== '{' && head[0] !== '[') return 'csv';
  if (head[0] === '[') {
    const next = head.slice(1).trimStart()[0];
    if (next === '{' || next === '[') return 'json';
    if (next === undefined) return isEnd ? 'ndjson' : null;
  }
  const end = head.search(/[\r\n]/);
  if (end < 0 && !isEnd) return head.length > 1 << 16 ? 'ndjson' : null;
  const first = end < 0 ? head : head.slice(0, end);
  if (isWhole(first)) return 'ndjson';
  if (/^[{[]\s*$|,\s*$/.test(first)) return 'json';
  return head[0] === '{' ? 'ndjson' : 'csv';
}

function isWhole(text: string): boolean {
  try {
    parseJson(text);
    return true;
  } catch {
    return false;
  }
}
