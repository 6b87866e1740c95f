/**
 * InfluxDB's line protocol: `measurement,tag=value field=1.5,other=2i 1465839830100400200`. A body is read byte by byte, without a
 * string for each of its parts: what stands before the fields is looked up whole, and fields are compared with those of the line
 * before it.
 *
 * Source: InfluxDB's documentation of the line protocol (v2): escapes, types and comments.
 */
import { EddyError } from '../../errors.js';
import { LineCursor } from './line-cursor.js';
import { type LineReading, SeriesReadings } from './series-readings.js';
import { LineFault, type Series, SeriesTable } from './series-table.js';

export type { LineReading };

/** Nanoseconds, microseconds and so on: what a time counts. */
export const PRECISIONS = { ns: 1e-6, us: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;
export type Precision = keyof typeof PRECISIONS;

export interface ReadLines {
  /** Readings by the name of their sequence, in the order of their times. */
  readonly readings: ReadonlyMap<string, LineReading[]>;
  readonly lines: number;
  readonly faults: readonly { readonly line: number; readonly column: number; readonly message: string }[];
  /** Lines that were refused; of the first of them `faults` tells. */
  readonly refused: number;
  /** Fields that are text, and were left out. */
  readonly texts: number;
}

const [LF, CR, SPACE, HASH, COMMA, EQUALS, BACKSLASH] = [10, 13, 32, 35, 44, 61, 92];
/** How many lines are told of that were refused. */
const TOLD = 100;

export class LineReader extends LineCursor {
  private readonly series: SeriesTable;
  private texts = 0;

  /** @param template names sequences: `{measurement}.{host}`. @throws EddyError `setting-invalid` */
  constructor(template: string) {
    super();
    this.series = new SeriesTable(template);
  }

  /** Reads a body. A line that cannot be read harms no other. */
  read(body: Uint8Array, precision: Precision): ReadLines {
    this.bytes = Buffer.from(body.buffer, body.byteOffset, body.length);
    this.at = 0;
    this.texts = 0;
    const found = new Map<string, SeriesReadings>();
    const faults: { line: number; column: number; message: string }[] = [];
    let [lines, line, refused] = [0, 0, 0];
    while (this.at < this.bytes.length) {
      line += 1 + this.newlines;
      this.newlines = 0;
      this.lineStart = this.at;
      try {
        if (this.readLine(PRECISIONS[precision], found, line)) lines++;
      } catch (error) {
        if (!(error instanceof LineFault || error instanceof EddyError)) throw error;
        refused++;
        lines++;
        const at = error instanceof LineFault ? error.at : this.lineStart;
        if (faults.length < TOLD)
          faults.push({ line, column: at - this.lineStart + 1, message: error.message });
        this.skipLine();
      }
    }
    this.bytes = Buffer.alloc(0);
    const readings = new Map(Array.from(found, ([name, one]) => [name, one.inOrder()]));
    return { readings, lines, faults, refused, texts: this.texts };
  }

  /** Reads a line, and gives whether there was anything in it. */
  private readLine(scale: number, found: Map<string, SeriesReadings>, line: number): boolean {
    const { bytes } = this;
    this.skipSpaces();
    const first = bytes[this.at];
    if (first === HASH || first === LF || first === CR || first === undefined) {
      this.skipLine();
      return false;
    }
    const series = this.readSeries();
    this.skipSpaces();
    const values: Record<string, number | boolean> = {};
    const count = this.readFields(series, values);
    this.skipSpaces();
    const t = this.readTime(scale);
    this.endLine();
    if (count === 0) return true;
    readingsOf(series, found).add(t, values, line);
    return true;
  }

  /** What stands before the fields. */
  private readSeries(): Series {
    const { bytes, at: start } = this;
    let at = start;
    for (; ; at++) {
      const byte = bytes[at];
      if (byte === BACKSLASH && bytes[at + 1] !== LF) at++;
      else if (byte === SPACE) break;
      else if (byte === LF || byte === undefined)
        throw new LineFault(
          Math.min(at, bytes.length),
          'the line ends before its fields, as in `measurement field=1`',
        );
    }
    this.at = at;
    return this.series.find(bytes, start, at);
  }

  /** Reads fields into `values`, and gives how many there were that count. */
  private readFields(series: Series, values: Record<string, number | boolean>): number {
    const { bytes } = this;
    let count = 0;
    for (let i = 0; ; i++) {
      const name = this.readFieldName(series, i);
      const value = this.readValue();
      if (this.isText) this.texts++;
      else {
        values[name] = value;
        count++;
      }
      if (bytes[this.at] !== COMMA) return count;
      this.at++;
    }
  }

  private readFieldName({ fields }: Series, place: number): string {
    const { bytes, at: start } = this;
    const known = fields[place];
    if (known) {
      const { key } = known;
      let i = 0;
      while (i < key.length && bytes[start + i] === key[i]) i++;
      if (i === key.length) {
        this.at = start + i;
        return known.name;
      }
    }
    let at = start;
    let isEscaped = false;
    for (; ; at++) {
      const byte = bytes[at];
      if (byte === BACKSLASH && bytes[at + 1] !== LF) {
        isEscaped = true;
        at++;
      } else if (byte === EQUALS) break;
      else if (byte === SPACE || byte === COMMA || byte === LF || byte === undefined)
        throw new LineFault(start, `a field is name=value, and ${this.shown(start, at)} has no value`);
    }
    if (at === start) throw new LineFault(at, 'a field has no name');
    const text = bytes.toString('utf8', start, at);
    const name = isEscaped ? text.replaceAll(/\\([,= ])/g, '$1') : text;
    if (name === '__proto__') throw new LineFault(start, 'a field cannot have this name');
    fields[place] = { name, key: Buffer.from(bytes.subarray(start, at + 1)) };
    this.at = at + 1;
    return name;
  }

  private endLine(): void {
    this.skipSpaces();
    const byte = this.bytes[this.at];
    if (byte === CR) this.at++;
    const end = this.bytes[this.at];
    if (end !== LF && end !== undefined)
      throw new LineFault(
        this.at,
        `the line goes on behind its time with ${this.shown(this.at, this.at + 1)}`,
      );
    this.at++;
  }
}

/** The readings of a series in the body that is being read. */
function readingsOf(series: Series, found: Map<string, SeriesReadings>): SeriesReadings {
  if (series.body === found && series.readings) return series.readings;
  const readings = found.get(series.name) ?? new SeriesReadings();
  found.set(series.name, readings);
  series.readings = readings;
  series.body = found;
  return readings;
}
