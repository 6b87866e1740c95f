/** A store that lasts as long as its process: everything in it counts as durable at once. */
import { EddyError } from '../errors.js';
import { finish, type Pieces } from '../math/pieces.js';
import {
  readCheckpoint,
  readCheckpointInPieces,
  writeCheckpoint,
  writeCheckpointInPieces,
} from './log/checkpoint-codec.js';
import { readChunk } from './log/read-records.js';
import { ChunkWriter } from './log/records.js';
import { MemoryPages } from './memory-pages.js';
import { PageRoom } from './page-index.js';
import type {
  Checkpoint,
  LogRecord,
  SequenceStore,
  Store,
  StoredCheckpoint,
  StoredRecord,
  StoredSummary,
  StoreListener,
} from './store.js';

/** Bytes that all pages together are to have by default: 512 MiB. */
const PAGE_BYTES = 512 * 2 ** 20;

/** @param parts how many bytes the pages of all sequences are to have together */
export function createMemoryStore({ pageBytes = PAGE_BYTES }: { readonly pageBytes?: number } = {}): Store {
  return new MemoryStore(new PageRoom(pageBytes));
}

class MemoryStore implements Store {
  readonly failure = null;
  private readonly sequences = new Map<string, MemorySequence>();
  private known = 0;

  constructor(private readonly room: PageRoom) {}

  readonly fileBytes = 0;

  get pageBytes(): number {
    return this.room.bytes;
  }

  get size(): number {
    return this.known;
  }

  has(name: string): boolean {
    return this.sequences.get(name)?.isKnown ?? false;
  }

  names(after = ''): Iterable<string> {
    const known = Array.from(this.sequences.values()).filter(({ isKnown }) => isKnown);
    return known
      .map(({ name }) => name)
      .filter((name) => name > after)
      .sort();
  }

  open(name: string, listener: StoreListener): SequenceStore {
    const sequence = this.sequences.get(name) ?? new MemorySequence(name, this.room, () => this.known++);
    if (sequence.listener)
      throw new EddyError('store-locked', `the sequence ${name} is open and cannot be opened twice`);
    this.sequences.set(name, sequence);
    sequence.listener = listener;
    return sequence;
  }

  summary(name: string): StoredSummary | null {
    return this.has(name) ? this.sequences.get(name)!.told() : null;
  }

  remove(name: string): Promise<void> {
    const sequence = this.sequences.get(name);
    if (sequence?.listener)
      return Promise.reject(
        new EddyError('store-locked', `the sequence ${name} is open and cannot be removed`),
      );
    if (this.has(name)) this.known--;
    sequence?.pages.steps.dropBefore(Number.POSITIVE_INFINITY);
    sequence?.pages.states.dropBefore(Number.POSITIVE_INFINITY);
    this.sequences.delete(name);
    return Promise.resolve();
  }

  flushed(): Promise<void> {
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.sequences.clear();
    this.known = 0;
    return Promise.resolve();
  }
}

/** Consecutive records, as bytes. */
interface Chunk {
  readonly first: number;
  readonly count: number;
  readonly bytes: Uint8Array;
}

/** Bytes after which a new chunk begins. */
const CHUNK_BYTES = 64 * 1024;
/** How many checkpoints are kept. */
const KEPT = 2;

class MemorySequence implements SequenceStore {
  /** How many need the log as it is. */
  private holds = 0;
  listener: StoreListener | null = null;
  isKnown = false;
  end = 0;
  readonly pages: { readonly steps: MemoryPages; readonly states: MemoryPages };
  private summary: { readonly position: number; readonly bytes: Uint8Array } | null = null;
  private chunks: Chunk[] = [];
  private kept: { readonly position: number; readonly bytes: Uint8Array }[] = [];
  private readonly writer = new ChunkWriter();

  constructor(
    readonly name: string,
    room: PageRoom,
    private readonly onKnown: () => void,
  ) {
    this.pages = { steps: new MemoryPages(room), states: new MemoryPages(room) };
  }

  get durableEnd(): number {
    return this.end;
  }

  get oldest(): number {
    return this.chunks[0]?.first ?? this.end - this.writer.count;
  }

  append(record: LogRecord): number {
    this.know();
    this.writer.append(record);
    const position = this.end++;
    if (this.writer.byteLength >= CHUNK_BYTES) this.seal();
    this.listener?.onDurable(this.end);
    return position;
  }

  *records(from: number): Iterable<StoredRecord> {
    for (let position = from; position < this.end; ) {
      if (position >= this.end - this.writer.count) this.seal();
      const chunk = this.chunks.find(({ first, count }) => position >= first && position < first + count);
      if (!chunk) throw this.gap(position);
      const { first, count, bytes } = chunk;
      for (const record of readChunk(bytes, first, count).slice(position - first))
        yield { position: position++, record };
    }
  }

  checkpoint(checkpoint: Checkpoint): void {
    finish(this.checkpointInPieces(checkpoint));
  }

  *checkpointInPieces(checkpoint: Checkpoint): Pieces {
    this.know();
    this.seal();
    const { position } = checkpoint;
    const bytes = yield* writeCheckpointInPieces(checkpoint);
    const others = this.kept.filter((kept) => kept.position !== position);
    const most = this.holds > 0 ? others.length + 1 : KEPT;
    this.kept = [{ position, bytes }, ...others].slice(0, most);
    const cut = this.kept.length < KEPT ? 0 : this.kept.at(-1)!.position;
    this.chunks = this.chunks.filter(({ first, count }) => first + count > cut);
    this.listener?.onCheckpoint({ position, bytes: bytes.length });
  }

  hold(): () => void {
    this.holds++;
    return () => {
      this.holds--;
    };
  }

  checkpoints(): Iterable<StoredCheckpoint> {
    return this.kept.map(({ position, bytes }) => ({
      position,
      bytes: bytes.length,
      read: () => readCheckpoint(bytes, position),
      readInPieces: () => readCheckpointInPieces(bytes, position),
    }));
  }

  /** Nothing in memory is ever damaged. */
  readonly doubt = null;

  settle(): void {
    // there is nothing to settle
  }

  abandon(position: number): void {
    this.seal();
    const kept = this.chunks.filter(({ first }) => first < position);
    const last = kept.at(-1);
    if (last && last.first + last.count > position) {
      kept.pop();
      for (const record of readChunk(last.bytes, last.first, last.count).slice(0, position - last.first))
        this.writer.append(record);
    }
    this.chunks = kept;
    this.kept = this.kept.filter((checkpoint) => checkpoint.position <= position);
    this.end = position;
  }

  setSummary(summary: Checkpoint): void {
    this.summary = { position: summary.position, bytes: writeCheckpoint(summary) };
  }

  /** Gives the summary, and the last steps after it. */
  told(): StoredSummary {
    this.seal();
    const summary = this.summary && this.summary.position <= this.end ? this.summary : null;
    const start = summary?.position ?? 0;
    let last: StoredSummary['last'] = null;
    for (let i = this.chunks.length - 1; i >= 0 && !last; i--) {
      const { first, count, bytes } = this.chunks[i]!;
      if (first + count <= start) break;
      last = readChunk(bytes, first, count)
        .slice(Math.max(0, start - first))
        .findLast((record) => record.kind === 'steps') as StoredSummary['last'];
    }
    return { summary: summary && readCheckpoint(summary.bytes, summary.position), last: last ?? null };
  }

  close(): void {
    this.listener = null;
  }

  private gap(position: number): EddyError {
    const next = this.chunks.find(({ first }) => first > position)?.first ?? this.end;
    const which = `records ${position} to ${next - 1} of the sequence ${this.name}`;
    return new EddyError('store-damaged', `${which} are missing`);
  }

  private know(): void {
    if (!this.isKnown) this.onKnown();
    this.isKnown = true;
  }

  private seal(): void {
    const { count } = this.writer;
    const first = this.end - count;
    if (count > 0) this.chunks.push({ first, count, bytes: this.writer.seal(first).slice() });
  }
}
