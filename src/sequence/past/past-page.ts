/** A page in memory: consecutive steps of one epoch, column by column, and what happened meanwhile. */
import { EddyError } from '../../errors.js';
import { Entries, type PastEntry } from './entry.js';
import type { Numbers } from './pack-field.js';
import type { PageContent } from './page-codec.js';

/** One column: are its numbers float64 or float32, and how many are in a row? The first column of a page is the time. */
export interface ColumnShape {
  readonly isWide: boolean;
  readonly width: number;
}

/** Where the numbers of a column come from: rows from number `from` on. */
export interface Source {
  values: ArrayLike<number>;
  from: number;
}

/** Rows of a page that is new; they double up to its limit. */
const FIRST_ROWS = 8;
/** Fewer numbers are copied in a loop, without an object to describe them. */
const FEW_NUMBERS = 32;

export class Page {
  count = 0;
  columns: Numbers[];
  /** Has it changed since it was written? */
  isChanged = false;
  private room: number;

  /** @param rows the most it may have */
  constructor(
    readonly first: number,
    readonly epoch: string,
    private readonly shapes: readonly ColumnShape[],
    private readonly rows: number,
    /** The latest time up to its end. */
    public latest: number,
    readonly entries = new Entries(),
    /** When it was begun, in milliseconds since 1970. */
    readonly begunAt = Number.NEGATIVE_INFINITY,
    /** A full page that is stored, whose arrays it may have. */
    before?: Page,
  ) {
    this.room = before?.room ?? Math.min(rows, FIRST_ROWS);
    this.columns = before?.columns ?? shapes.map((shape) => arrayOf(shape, this.room));
  }

  /** Number of the step after its last. */
  get end(): number {
    return this.first + this.count;
  }

  get isFull(): boolean {
    return this.count === this.rows;
  }

  get isEmpty(): boolean {
    return this.count === 0 && this.entries.all.length === 0;
  }

  /** Takes rows `from` to `to` of the sources, one source for each column. There must be room. */
  add(sources: readonly Source[], from: number, to: number): void {
    const { shapes, count } = this;
    this.grow(count + to - from);
    for (let i = 0; i < shapes.length; i++) {
      const { width } = shapes[i]!;
      const source = sources[i]!;
      copy(source.values, (source.from + from) * width, (to - from) * width, this.columns[i]!, count * width);
    }
    const { values, from: at } = sources[0]!;
    for (let i = at + from; i < at + to; i++) if (values[i]! > this.latest) this.latest = values[i]!;
    this.count += to - from;
    this.isChanged = true;
  }

  note(entry: PastEntry): void {
    this.entries.add(entry);
    this.isChanged = true;
  }

  /** Forgets everything from a step of its own on. @param before the latest time before its first step */
  cut(end: number, before: number): void {
    this.count = end - this.first;
    this.latest = before;
    for (let i = 0; i < this.count; i++) this.latest = Math.max(this.latest, this.columns[0]![i]!);
    this.entries.cut(end);
    this.isChanged = true;
  }

  /** Gives what is to be stored. */
  content(): PageContent {
    const { first, count, latest, epoch, entries, shapes } = this;
    const text = JSON.stringify({ epoch, entries: entries.all, leftOut: entries.leftOut });
    const columns = shapes.map(({ width }, i) => ({ values: this.columns[i]!, width }));
    return { first, count, latest, text, columns };
  }

  /**
   * Makes a page of stored content.
   *
   * @throws EddyError `store-damaged` if it is not of these shapes
   */
  static of(content: PageContent, shapes: readonly ColumnShape[], rows: number): Page {
    const { first, count, latest, columns } = content;
    const isSame =
      columns.length === shapes.length &&
      shapes.every(
        ({ isWide, width }, i) =>
          columns[i]!.width === width && columns[i]!.values instanceof Float64Array === isWide,
      );
    if (!isSame) throw new EddyError('store-damaged', `the page of step ${first} has other columns`);
    const { epoch, entries, leftOut } = JSON.parse(content.text) as {
      epoch: string;
      entries: PastEntry[];
      leftOut: Record<string, number>;
    };
    const page = new Page(first, epoch, shapes, Math.max(rows, count), latest, new Entries(entries, leftOut));
    page.columns = columns.map(({ values }) => values);
    page.count = count;
    page.room = count;
    return page;
  }

  /** Makes room for rows. */
  private grow(needed: number): void {
    if (needed <= this.room) return;
    let room = Math.max(this.room, FIRST_ROWS);
    while (room < needed) room *= 2;
    this.room = Math.min(room, this.rows);
    this.columns = this.columns.map((values, i) => {
      const grown = arrayOf(this.shapes[i]!, this.room);
      grown.set(values);
      return grown;
    });
  }
}

const arrayOf = ({ isWide, width }: ColumnShape, rows: number): Numbers =>
  isWide ? new Float64Array(rows * width) : new Float32Array(rows * width);

function copy(values: ArrayLike<number>, from: number, length: number, to: Numbers, at: number): void {
  if (length > FEW_NUMBERS && ArrayBuffer.isView(values))
    to.set((values as Float64Array).subarray(from, from + length), at);
  else if (values instanceof Float64Array && to instanceof Float64Array)
    copyWide(values, from, length, to, at);
  else if (values instanceof Float32Array && to instanceof Float32Array)
    copyNarrow(values, from, length, to, at);
  else for (let i = 0; i < length; i++) to[at + i] = values[from + i]!;
}

/** Both do the same, each with arrays of one kind, which is faster. */
function copyWide(values: Float64Array, from: number, length: number, to: Float64Array, at: number): void {
  for (let i = 0; i < length; i++) to[at + i] = values[from + i]!;
}

function copyNarrow(values: Float32Array, from: number, length: number, to: Float32Array, at: number): void {
  for (let i = 0; i < length; i++) to[at + i] = values[from + i]!;
}
