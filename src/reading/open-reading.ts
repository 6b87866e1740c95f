/** Opens a reading: chunks in, rows out, each as soon as its line has ended. */
import { type Chunk, type Chunks, iterate, unpacked } from './chunks.js';
import { Reader } from './reader.js';
import type { Choice, ReadingOptions, ReadingReport, SensorRow } from './reading.js';
import { TextDecoding } from './text/text-decoding.js';

export interface Reading {
  readonly choice: Choice;
  /** May be gone through once. */
  readonly rows: AsyncIterable<SensorRow>;
  /** Tells what has happened so far. */
  report(): ReadingReport;
}

export interface SourceOptions {
  /** Do the chunks come as they happen, so that the columns are chosen when they pause? If not, by 1,000 lines or all. */
  readonly isLive?: boolean;
  /** Calls back after so many milliseconds, and gives what cancels that. */
  readonly after?: (ms: number, callback: () => void) => () => void;
}

/** Milliseconds without a chunk that are a pause, and those that chunks without a pause are gathered for. */
const QUIET = 20;
const PATIENCE = 25;

/**
 * Chooses the columns by the head of a file, and gives its rows.
 *
 * @throws EddyError `input-invalid` if the file cannot be read; while the rows are gone through, at a bad one
 *
 * @example
 * const { choice, rows } = await openReading(file.stream(), { missing: ['-999'] });
 * for await (const { t, values } of rows) console.log(t, values, choice.fields);
 */
export async function openReading(
  chunks: Chunks,
  options: ReadingOptions = {},
  { isLive = false, after = timer }: SourceOptions = {},
): Promise<Reading> {
  const feed = new Feed(chunks, new Reader(options));
  try {
    await feed.open(isLive ? after : null);
  } catch (error) {
    feed.close();
    throw error;
  }
  return { choice: feed.reader.choice!, rows: feed.rows(), report: () => feed.reader.report() };
}

function timer(ms: number, callback: () => void): () => void {
  const id = setTimeout(callback, ms);
  return () => clearTimeout(id);
}

class Feed {
  private readonly iterator: AsyncIterator<Chunk>;
  private readonly decoding = new TextDecoding();
  /** The chunk that is waited for. */
  private pending: Promise<IteratorResult<Chunk>> | null = null;
  private hasBegun = false;
  private hasEnded = false;

  constructor(
    chunks: Chunks,
    readonly reader: Reader,
  ) {
    this.iterator = unpacked(iterate(chunks))[Symbol.asyncIterator]();
  }

  /** @param after the clock of a live source; null for one that waits for its head */
  async open(after: SourceOptions['after'] | null): Promise<void> {
    const wait = { isOver: false, cancel: null as (() => void) | null };
    while (!this.reader.open(wait.isOver)) {
      if (after && !wait.isOver && this.hasBegun) {
        wait.cancel ??= after(PATIENCE, () => {
          wait.isOver = true;
        });
        if (!(await this.takeWithin(QUIET, after))) wait.isOver = true;
      } else {
        // what has come is not enough, however long it takes
        wait.cancel?.();
        wait.cancel = null;
        wait.isOver = false;
        await this.take();
      }
    }
    wait.cancel?.();
  }

  async *rows(): AsyncGenerator<SensorRow> {
    const { reader } = this;
    try {
      for (;;) {
        for (let row = reader.next(); row !== null; row = reader.next()) yield row;
        if (this.hasEnded) return;
        await this.take();
      }
    } finally {
      this.close();
    }
  }

  /** Lets the source go; a chunk that is waited for may take for ever, so nobody waits for it. */
  close(): void {
    this.pending?.catch(ignored);
    this.iterator.return?.().catch(ignored);
  }

  private async take(): Promise<void> {
    const { reader, decoding } = this;
    const { done, value } = await this.coming();
    this.pending = null;
    this.hasBegun = true;
    if (!done) reader.push(typeof value === 'string' ? value : decoding.push(value));
    else {
      this.hasEnded = true;
      reader.push(decoding.end());
      reader.end();
    }
  }

  /** Takes the next chunk if it comes within so many milliseconds, and tells whether it did. */
  private async takeWithin(ms: number, after: NonNullable<SourceOptions['after']>): Promise<boolean> {
    const coming = this.coming();
    const came = await new Promise<boolean>((resolve, reject) => {
      const cancel = after(ms, () => resolve(false));
      coming.then(() => resolve(true), reject).finally(cancel);
    });
    if (came) await this.take();
    return came;
  }

  private coming(): Promise<IteratorResult<Chunk>> {
    this.pending ??= this.iterator.next();
    return this.pending;
  }
}

const ignored = () => undefined;
