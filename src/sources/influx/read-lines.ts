/**
 * InfluxDB's line protocol: `measurement,tag=value field=1.5,other=2i 1465839830100400200`. A body is read byte by byte, without a
 * string for each of its parts: what stands before the fields is looked up whole, and fields are compared with those of the line
 * before it.
 *
 * Source: InfluxDB's documentation of the line protocol (v2): escapes, types and comments.
 */
import type { Pieces } from '../../math/pieces.js';
import { type AgentReading, TOO_WIDE } from '../agent-readings.js';
import { type OnKept, RequestMemory } from '../request-memory.js';
import { BodyLines } from './body-lines.js';
import { SeriesTable } from './series-table.js';

/** Nanoseconds, microseconds and so on: what a time counts. */
export const PRECISIONS = { ns: 1e-6, us: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;
export type Precision = keyof typeof PRECISIONS;

export interface ReadLines {
  /** Readings by the name of their sequence, in the order of their times. */
  readonly readings: ReadonlyMap<string, readonly AgentReading[]>;
  readonly lines: number;
  readonly faults: readonly { readonly line: number; readonly column: number; readonly message: string }[];
  /** Lines that were refused; of the first of them `faults` tells. */
  readonly refused: number;
  /** Fields that are text, and were left out. */
  readonly texts: number;
}

/** How many lines are told of that were refused. */
const TOLD = 100;
/** A piece is over after so many bytes, or so many lines. */
const [PIECE_BYTES, PIECE_LINES] = [2 ** 14, 2 ** 6];
/** What a byte and a line cost, nearly, in multiply-adds. */
const [BYTE_WORK, LINE_WORK] = [2 ** 5, 2 ** 12];

export class LineReader {
  private readonly series: SeriesTable;

  /** @param template names sequences: `{measurement}.{host}`. @throws EddyError `setting-invalid` */
  constructor(template: string) {
    this.series = new SeriesTable(template);
  }

  /** How many series are remembered, and their bytes. */
  get remembered(): SeriesTable['size'] {
    return this.series.size;
  }

  /**
   * Reads a body, some lines in each piece; several bodies may be read in turn. A line that cannot be read harms no other.
   *
   * @throws EddyError `message-too-large` where it has more readings than one request may have, and what `onKept` throws
   */
  *read(body: Uint8Array, precision: Precision, onKept?: OnKept): Pieces<ReadLines> {
    const memory = new RequestMemory(onKept);
    const lines = new BodyLines(body, { series: this.series, scale: PRECISIONS[precision], memory });
    const faults: { line: number; column: number; message: string }[] = [];
    let refused = 0;
    for (let from = 0; !lines.isOver; from = lines.place) {
      let count = 0;
      while (!lines.isOver && count++ < PIECE_LINES && lines.place - from < PIECE_BYTES) {
        const fault = lines.next();
        if (!fault) continue;
        refused++;
        if (faults.length < TOLD) faults.push(fault);
      }
      memory.tell();
      yield count * LINE_WORK + (lines.place - from) * BYTE_WORK;
    }
    const readings = new Map<string, readonly AgentReading[]>();
    const onTooWide = (line: number) => {
      refused++;
      if (faults.length < TOLD) faults.push({ line, column: 1, message: TOO_WIDE });
    };
    for (const [name, one] of lines.found) {
      readings.set(name, yield* one.inOrder(onTooWide));
      yield LINE_WORK;
    }
    return { readings, lines: lines.count, faults, refused, texts: lines.texts };
  }
}
