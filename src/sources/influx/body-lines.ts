/** The lines of one body, read one after the other. */
import { EddyError } from '../../errors.js';
import { MAX_FIELDS } from '../../protocol/messages.js';
import { AgentReadings, TOO_WIDE } from '../agent-readings.js';
import { MOST_SEQUENCES, type RequestMemory } from '../request-memory.js';
import { LineCursor } from './line-cursor.js';
import { LineFault } from './line-fault.js';
import type { Series, SeriesTable } from './series-table.js';

export interface BodyParts {
  readonly series: SeriesTable;
  /** Milliseconds in what a time counts. */
  readonly scale: number;
  readonly memory: RequestMemory;
}

const [LF, CR, SPACE, HASH, COMMA, EQUALS, BACKSLASH] = [10, 13, 32, 35, 44, 61, 92];
/** The most bytes of a line besides its texts, as of InfluxDB's series. */
const MOST_LINE = 2 ** 16;

export class BodyLines extends LineCursor {
  /** Readings by the name of their sequence. */
  readonly found = new Map<string, AgentReadings<number | boolean>>();
  /** Lines that had something in them. */
  count = 0;
  /** Fields that are text, and were left out. */
  texts = 0;
  private line = 0;
  private readonly bySeries = new Map<Series, AgentReadings<number | boolean>>();

  constructor(
    body: Uint8Array,
    private readonly parts: BodyParts,
  ) {
    super(Buffer.from(body.buffer, body.byteOffset, body.length));
  }

  get isOver(): boolean {
    return this.at >= this.bytes.length;
  }

  /** The byte that is read next. */
  get place(): number {
    return this.at;
  }

  /** Reads a line, and gives why it cannot be read. */
  next(): { line: number; column: number; message: string } | null {
    this.line += 1 + this.newlines;
    this.newlines = 0;
    this.textBytes = 0;
    this.lineStart = this.at;
    try {
      if (this.readLine()) this.count++;
      return null;
    } catch (error) {
      if (!(error instanceof LineFault || error instanceof EddyError)) throw error;
      this.count++;
      const at = error instanceof LineFault ? error.at : this.lineStart;
      this.skipLine();
      return { line: this.line, column: at - this.lineStart + 1, message: error.message };
    }
  }

  /** Reads a line, and gives whether there was anything in it. */
  private readLine(): boolean {
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
    const t = this.readTime(this.parts.scale);
    this.endLine();
    if (count === 0) return true;
    if (!this.readingsOf(series).add(t, values, count, this.line))
      throw new LineFault(this.lineStart, TOO_WIDE);
    return true;
  }

  /** What stands before the fields. */
  private readSeries(): Series {
    const { bytes, at: start } = this;
    const most = start + MOST_LINE;
    let at = start;
    for (; at < most; at++) {
      const byte = bytes[at];
      if (byte === BACKSLASH && bytes[at + 1] !== LF) at++;
      else if (byte === SPACE) break;
      else if (byte === LF || byte === undefined)
        throw new LineFault(
          Math.min(at, bytes.length),
          'the line ends before its fields, as in `measurement field=1`',
        );
    }
    if (at >= most) throw new LineFault(start, `measurement and tags have more than ${MOST_LINE} bytes`);
    this.at = at;
    return this.parts.series.find(bytes, start, at);
  }

  /** Reads fields into `values`, and gives how many there were that count. */
  private readFields(series: Series, values: Record<string, number | boolean>): number {
    const { bytes } = this;
    let count = 0;
    for (let i = 0; ; i++) {
      if (i >= MAX_FIELDS || this.at - this.lineStart - this.textBytes > MOST_LINE)
        throw new LineFault(
          this.at,
          `a line has at most ${MAX_FIELDS} fields, and ${MOST_LINE} bytes besides its texts`,
        );
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

  private readFieldName(series: Series, place: number): string {
    const { bytes, at: start } = this;
    const known = series.fields[place];
    if (known) {
      const { key } = known;
      let i = 0;
      while (i < key.length && bytes[start + i] === key[i]) i++;
      if (i === key.length) {
        this.at = start + i;
        return known.name;
      }
    }
    const most = start + MOST_LINE;
    let at = start;
    let isEscaped = false;
    for (; at < most; at++) {
      const byte = bytes[at];
      if (byte === BACKSLASH && bytes[at + 1] !== LF) {
        isEscaped = true;
        at++;
      } else if (byte === EQUALS) break;
      else if (byte === SPACE || byte === COMMA || byte === LF || byte === undefined)
        throw new LineFault(start, `a field is name=value, and ${this.shown(start, at)} has no value`);
    }
    if (at >= most) throw new LineFault(start, `the name of a field has more than ${MOST_LINE} bytes`);
    if (at === start) throw new LineFault(at, 'a field has no name');
    const text = bytes.toString('utf8', start, at);
    const name = isEscaped ? text.replaceAll(/\\([,= ])/g, '$1') : text;
    if (name === '__proto__') throw new LineFault(start, 'a field cannot have this name');
    this.parts.series.learn(series, place, name, Buffer.from(bytes.subarray(start, at + 1)));
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

  /** The readings of a series. @throws LineFault where the body has too many sequences */
  private readingsOf(series: Series): AgentReadings<number | boolean> {
    const known = this.bySeries.get(series) ?? this.found.get(series.name);
    if (!known && this.found.size >= MOST_SEQUENCES)
      throw new LineFault(
        this.lineStart,
        `lines of one body belong to at most ${MOST_SEQUENCES} sequences; send it in several requests`,
      );
    const readings = known ?? new AgentReadings<number | boolean>(this.parts.memory);
    if (!known) this.found.set(series.name, readings);
    this.bySeries.set(series, readings);
    return readings;
  }
}
