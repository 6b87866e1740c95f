/** Reads one sequence's log, checkpoints and summary from a disk. */
import { EddyError } from '../../errors.js';
import { finish, type Pieces } from '../../math/pieces.js';
import type { Checkpoint, LogRecord, StoreDoubt, StoredCheckpoint, StoredSummary } from '../store.js';
import { readCheckpoint, readCheckpointInPieces } from './checkpoint-codec.js';
import type { GroupCommit } from './group-commit.js';
import { before, checkpointPosition, chunkRange, ledgerKey, logKey, within } from './keys.js';
import { ENTRY_KINDS, type EntryKind, flagOf, type Ledger, LOST, readNote } from './ledger.js';
import { readChunk } from './read-records.js';

/** A bound beyond all positions. */
export const ALL = Number.MAX_SAFE_INTEGER;

const HOW = 'were not as they should be when the store was opened';
const NAMES: Readonly<Record<EntryKind, string>> = {
  log: 'records in the log',
  checkpoint: 'the checkpoints',
  about: 'the summaries',
  past: 'pages of the past',
  aside: 'records put aside',
};

export class StoredLog {
  constructor(
    private readonly commit: GroupCommit,
    private readonly name: string,
    readonly id: string,
    private readonly ledger: Ledger | null,
  ) {}

  /** Position after the last record. */
  get end(): number {
    const told = this.toldEnd;
    if (told === null) return Math.max(this.lastChunkEnd, this.checkpointPositions().at(-1) ?? 0);
    if (this.ledger === null || (this.ledger.flags & flagOf('log')) === 0) return told;
    // an older ledger may have come back: what follows it without a gap is its own
    let end = told;
    for (const key of this.commit.keys({
      from: logKey(this.id, told, 0),
      to: before('log', this.id, ALL).to,
      limit: ALL,
    }))
      if (chunkRange(key).first === end) end = chunkRange(key).end;
    return end;
  }

  /** Where the log ends by its ledger, or by the note that waits to be written; null if it is not known. */
  private get toldEnd(): number | null {
    const waiting = this.commit.get(ledgerKey(this.id));
    const note = waiting ? readNote(waiting) : null;
    if (note) return note.end;
    return this.ledger === null || this.ledger.flags & LOST ? null : this.ledger.end;
  }

  /** What was wrong of it when the store was opened, or null. @param doubts how often the whole store was in doubt */
  doubt(doubts: number): StoreDoubt | null {
    const { ledger, name } = this;
    if (ledger === null || (ledger.flags === 0 && ledger.settled >= doubts)) return null;
    const errors: EddyError[] = [];
    const say = (what: string) =>
      errors.push(new EddyError('store-damaged', `${what} of the sequence ${name} ${HOW}`));
    for (const kind of ENTRY_KINDS) if (ledger.flags & flagOf(kind)) say(NAMES[kind]);
    if (ledger.flags & LOST) say('the ledger');
    if (ledger.settled < doubts) say('the last steps');
    const isLogOpen = (ledger.flags & flagOf('log')) !== 0 && !this.isLogExplained();
    return { errors, isUncertain: isLogOpen || (ledger.flags & LOST) !== 0 || ledger.settled < doubts };
  }

  /** Does its log show by itself what is wrong with it: a gap, or a chunk that cannot be read? */
  private isLogExplained(): boolean {
    const { end, commit, id } = this;
    const keys = commit.keys({ ...before('log', id, ALL), limit: ALL });
    let position = keys[0] === undefined ? end : chunkRange(keys[0]).first;
    if (position > (this.checkpointPositions()[0] ?? 0)) return true;
    while (position < end) {
      try {
        const { first, records } = this.chunkAt(position, end);
        position = first + records.length;
      } catch (error) {
        if (error instanceof EddyError) return true;
        throw error;
      }
    }
    return false;
  }

  private get lastChunkEnd(): number {
    const [last] = this.commit.keys({ ...before('log', this.id, ALL), limit: 1, last: true });
    return last ? chunkRange(last).end : 0;
  }

  /** Gives the positions of the checkpoints, oldest first. */
  checkpointPositions(): number[] {
    return this.commit.keys({ ...before('checkpoint', this.id, ALL), limit: ALL }).map(checkpointPosition);
  }

  /** Gives the checkpoints, newest first. */
  *checkpoints(): Generator<StoredCheckpoint> {
    const { commit, id } = this;
    for (const key of commit.keys({ ...before('checkpoint', id, ALL), limit: ALL, last: true })) {
      const position = checkpointPosition(key);
      const bytes = commit.get(key);
      if (!bytes) continue;
      const readInPieces = () => this.readCheckpoint(position, bytes);
      yield { position, bytes: bytes.length, read: () => finish(readInPieces()), readInPieces };
    }
  }

  /** Gives the chunk that holds a position below `end`. @throws EddyError `store-damaged` */
  chunkAt(position: number, end: number): { first: number; records: LogRecord[] } {
    const { commit, id } = this;
    const [key = ''] = commit.keys({ ...before('log', id, position + 1), limit: 1, last: true });
    const range = chunkRange(key);
    if (!(range.end > position)) {
      const after = { from: logKey(id, position, 0), to: before('log', id, ALL).to };
      const [next] = commit.keys({ ...after, limit: 1 });
      return this.damaged(position, next ? chunkRange(next).first : end, 'are missing');
    }
    const { first } = range;
    try {
      return {
        first,
        records: readChunk(commit.get(key) ?? new Uint8Array(0), first, range.end - first, id),
      };
    } catch (cause) {
      return this.damaged(first, range.end, `are damaged: ${messageOf(cause)}`, cause);
    }
  }

  /** Gives what is told of the sequence while it is closed. Damage is left for whoever opens it. */
  summary(): StoredSummary {
    const { commit, id, lastChunkEnd } = this;
    const [key] = commit.keys({ ...within(`about/${id}`), limit: 1, last: true });
    const position = key === undefined ? 0 : checkpointPosition(key);
    // a list asks this of thousands, so it looks no further than it has to
    const end = position <= lastChunkEnd ? lastChunkEnd : this.end;
    const summary =
      key === undefined || position > end
        ? null
        : unlessDamaged(() => readCheckpoint(commit.get(key) ?? new Uint8Array(0), position, id));
    const from = summary ? position : 0;
    return { summary, last: from === end ? null : unlessDamaged(() => this.lastSteps(from, end)) };
  }

  /** Gives the last steps between two positions, if there are any. */
  private lastSteps(from: number, end: number): StoredSummary['last'] {
    const [oldest] = this.commit.keys({ ...before('log', this.id, ALL), limit: 1 });
    const start = Math.max(from, oldest ? chunkRange(oldest).first : end);
    for (let position = end; position > start; ) {
      const { first, records } = this.chunkAt(position - 1, end);
      for (let i = position - first - 1; i >= 0 && first + i >= start; i--) {
        const record = records[i]!;
        if (record.kind === 'steps') return record;
      }
      position = first;
    }
    return null;
  }

  private *readCheckpoint(position: number, bytes: Uint8Array): Pieces<Checkpoint> {
    try {
      return yield* readCheckpointInPieces(bytes, position, this.id);
    } catch (cause) {
      const what = `the checkpoint at ${position} of the sequence ${this.name}`;
      throw new EddyError('store-damaged', `${what} is damaged: ${messageOf(cause)}`, { cause });
    }
  }

  private damaged(first: number, end: number, how: string, cause?: unknown): never {
    const what = `records ${first} to ${end - 1} of the sequence ${this.name}`;
    throw new EddyError('store-damaged', `${what} ${how}`, { cause });
  }
}

function unlessDamaged<T>(read: () => T): T | null {
  try {
    return read();
  } catch (error) {
    if (error instanceof EddyError) return null;
    throw error;
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
