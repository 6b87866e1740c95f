/** One sequence of the durable store: its records gather in a chunk, which the next write takes along. */
import { EddyError } from '../../errors.js';
import { finish, type Pieces } from '../../math/pieces.js';
import type {
  Checkpoint,
  LogRecord,
  SequenceStore,
  StoreDoubt,
  StoredCheckpoint,
  StoredRecord,
  StoreListener,
} from '../store.js';
import { writeCheckpoint, writeCheckpointInPieces } from './checkpoint-codec.js';
import { DurablePages, type PagedSequence, type PageOwner } from './durable-pages.js';
import {
  abandonmentTime,
  asideKey,
  before,
  checkpointKey,
  checkpointPosition,
  chunkRange,
  ledgerKey,
  logKey,
  summaryKey,
  within,
} from './keys.js';
import { writeNote } from './ledger.js';
import type { LedgerDisk } from './ledger-disk.js';
import { readChunk } from './read-records.js';
import { ChunkWriter } from './records.js';
import { ALL, StoredLog } from './stored-log.js';

/** A chunk of this many bytes is closed, and the next one begins. */
const CHUNK_BYTES = 1024 * 1024;
/** How many durable checkpoints are kept. */
const KEPT = 2;

/** What a sequence needs from its store. */
export interface SequenceOwner extends PageOwner {
  readonly ledgers: Pick<LedgerDisk, 'ledger' | 'doubts'>;
  /** Registers a sequence and gives its id. */
  register(name: string): string;
  /** Remembers that the sequence has records to write. */
  gathers(sequence: DurableSequence): void;
  released(sequence: DurableSequence): void;
}

export class DurableSequence implements SequenceStore, PagedSequence {
  end: number;
  durableEnd: number;
  readonly pages: { readonly steps: DurablePages; readonly states: DurablePages };
  doubt: StoreDoubt | null;
  /** The listener, while the sequence is open. */
  listener: StoreListener | null = null;
  /** Pending writes that contain changes of this sequence. */
  pending = 0;
  /** How many need the log as it is. */
  private holds = 0;
  /** Positions of the durable checkpoints, oldest first. */
  private durable: number[];
  private readonly chunk = new ChunkWriter();
  /** Is what was found wrong of it no longer to be told, from the next write on? */
  private isSettling = false;
  /** How often records were discarded; writes begun before the latest discard no longer count. */
  private abandonments = 0;

  /** @param id its id, or null if it has none yet */
  constructor(
    private readonly owner: SequenceOwner,
    readonly name: string,
    public id: string | null,
  ) {
    const stored = this.stored;
    this.durable = stored?.checkpointPositions() ?? [];
    this.doubt = stored?.doubt(owner.ledgers.doubts) ?? null;
    this.end = stored?.end ?? 0;
    this.durableEnd = this.end;
    this.pages = {
      steps: new DurablePages(owner, this, 'steps'),
      states: new DurablePages(owner, this, 'states'),
    };
  }

  get isKnown(): boolean {
    return this.id !== null;
  }

  append(record: LogRecord): number {
    if (this.chunk.count === 0) {
      this.know();
      this.owner.gathers(this);
    }
    this.chunk.append(record);
    const position = this.end++;
    if (this.chunk.byteLength >= CHUNK_BYTES) this.seal();
    return position;
  }

  /** Hands the gathered records to the next write. */
  seal(): void {
    const { chunk, end } = this;
    if (chunk.count === 0 || this.id === null) return;
    const first = end - chunk.count;
    const { abandonments } = this;
    const { count } = chunk;
    this.set(logKey(this.id, first, count), chunk.seal(first, this.id));
    this.whenDurable(() => {
      this.owner.commit.counters.records += count;
      if (abandonments !== this.abandonments) return;
      this.durableEnd = end;
      this.listener?.onDurable(end);
    });
  }

  *records(from: number): Generator<StoredRecord> {
    let position = from;
    while (position < this.end) {
      this.seal();
      const { first, records } = this.stored!.chunkAt(position, this.end);
      for (let i = position - first; i < records.length; i++)
        yield { position: first + i, record: records[i]! };
      position = first + records.length;
    }
  }

  checkpoint(checkpoint: Checkpoint): void {
    finish(this.checkpointInPieces(checkpoint));
  }

  *checkpointInPieces(checkpoint: Checkpoint): Pieces {
    this.seal();
    const { position } = checkpoint;
    const id = this.know();
    const bytes = yield* writeCheckpointInPieces(checkpoint, id);
    const key = checkpointKey(id, position);
    this.set(key, bytes);
    this.whenDurable(() => {
      this.owner.commit.counters.checkpoints++;
      this.owner.commit.counters.checkpointBytes += bytes.length;
      // it may have been discarded since
      if (this.owner.commit.has(key)) this.keepLast({ position, bytes: bytes.length });
    });
  }

  hold(): () => void {
    this.holds++;
    return () => {
      this.holds--;
    };
  }

  checkpoints(): Iterable<StoredCheckpoint> {
    return this.stored?.checkpoints() ?? [];
  }

  setSummary(summary: Checkpoint): void {
    const { commit } = this.owner;
    const id = this.know();
    for (const key of commit.keys({ ...within(`about/${id}`), limit: ALL })) commit.set(key, null);
    this.set(summaryKey(id, summary.position), writeCheckpoint(summary, id));
  }

  abandon(position: number): void {
    this.seal();
    const { commit } = this.owner;
    const { id } = this;
    if (id === null) return;
    const checkpoints = commit.keys({ ...before('checkpoint', id, ALL), limit: ALL });
    const chunks = commit.keys({ ...before('log', id, ALL), limit: ALL });
    const keys = checkpoints
      .filter((key) => checkpointPosition(key) > position)
      .concat(chunks.filter((key) => chunkRange(key).end > position));
    const [latest] = commit.keys({ ...within(`aside/${id}`), limit: 1, last: true });
    const time = latest ? abandonmentTime(latest) + 1 : 0;
    for (const key of keys) {
      const bytes = commit.get(key) ?? new Uint8Array(0);
      commit.set(key, null);
      commit.set(asideKey(id, time, key), bytes);
      if (key.startsWith('log/')) this.keepBefore(position, key, bytes);
    }
    this.abandonments++;
    this.durable = this.durable.filter((kept) => kept <= position);
    this.end = position;
    this.durableEnd = Math.min(this.durableEnd, position);
    this.note();
    // it stays in memory until the write is durable
    this.whenDurable(() => undefined);
  }

  settle(): void {
    if (this.doubt === null) return;
    this.doubt = null;
    this.isSettling = true;
    this.note();
    this.whenDurable(() => {
      this.isSettling = false;
    });
  }

  close(): void {
    this.seal();
    this.listener = null;
    this.owner.released(this);
  }

  /** Gives its id, and registers the sequence first if necessary. */
  know(): string {
    if (this.id === null) {
      this.id = this.owner.register(this.name);
      this.note();
    }
    return this.id;
  }

  /** Tells its ledger where the log ends with the records that are in chunks; later chunks tell it by themselves. */
  private note(): void {
    const { id, name, isSettling, end, chunk } = this;
    if (id !== null)
      this.set(ledgerKey(id), writeNote({ name, end: end - chunk.count, isSettled: isSettling }));
  }

  private set(key: string, bytes: Uint8Array): void {
    this.owner.commit.set(key, bytes);
  }

  /** Calls `done` when the changes so far are durable, and stays in memory until then. */
  private whenDurable(done: () => void): void {
    this.pending++;
    this.owner.commit.whenDurable(() => {
      this.pending--;
      done();
      this.owner.released(this);
    });
  }

  /** Rewrites the part of a chunk before a position, if the chunk can be read. */
  private keepBefore(position: number, key: string, bytes: Uint8Array): void {
    const { first, end } = chunkRange(key);
    if (first >= position) return;
    let records: LogRecord[];
    try {
      records = readChunk(bytes, first, end - first, this.id ?? '');
    } catch (error) {
      if (error instanceof EddyError) return;
      throw error;
    }
    const kept = new ChunkWriter();
    for (const record of records.slice(0, position - first)) kept.append(record);
    this.set(logKey(this.id ?? '', first, position - first), kept.seal(first, this.id ?? ''));
  }

  /** Keeps the last checkpoints, deletes the others and the log that only they need, then reports the new one. */
  private keepLast(checkpoint: { readonly position: number; readonly bytes: number }): void {
    const { commit } = this.owner;
    const id = this.id ?? '';
    this.durable = [...new Set([...this.durable, checkpoint.position])].sort((a, b) => a - b);
    const kept = this.durable.slice(-KEPT);
    const [older = 0] = kept;
    const tell = () => {
      this.listener?.onCheckpoint(checkpoint);
    };
    if (kept.length < KEPT) {
      tell();
      return;
    }
    this.durable = kept;
    this.owner.sweep({
      keys: (limit) => {
        // the log that is held goes with the next checkpoint
        if (this.holds > 0) return [];
        const checkpoints = commit.keys({ ...before('checkpoint', id, older), limit });
        const chunks = commit.keys({ ...before('log', id, older), limit });
        return [...checkpoints, ...chunks.filter((key) => chunkRange(key).end <= older)].slice(0, limit);
      },
      done: tell,
    });
  }

  /** Looks it up, since keys that are being deleted no longer count. */
  get oldest(): number {
    if (this.id === null) return this.end;
    const [first] = this.owner.commit.keys({ ...before('log', this.id, ALL), limit: 1 });
    return first ? chunkRange(first).first : this.end - this.chunk.count;
  }

  /** What the disk has of it; null before its first record. */
  private get stored(): StoredLog | null {
    return this.id === null
      ? null
      : new StoredLog(this.owner.commit, this.name, this.id, this.owner.ledgers.ledger(this.id));
  }
}
