/**
 * Where sequences are stored: for each, a log of everything that ever changed it, in order, and checkpoints of its state.
 * The last intact checkpoint and the records after it restore the sequence, to the bit.
 *
 * Nothing here knows what a model is: a checkpoint's state is plain data. Records and checkpoints can be read back at
 * once, durable or not; a process that ends loses only those that are not durable.
 */
import type { EddyError } from '../errors.js';
import type { Plain } from '../formats/typed-json.js';
import type { Pieces } from '../math/pieces.js';

/** The key of an append, a checksum of what was appended with it, and which step of its record it became. */
export type StepKey = readonly [key: string, checksum: number, step: number];

/** A change of a sequence. Positions count records from 0; the first is `created`. */
export type LogRecord =
  | { readonly kind: 'created'; readonly epoch: string; readonly spec: Plain; readonly schema?: Plain }
  /**
   * Steps from number `first` on: x [T,B,F], targets [T,B,M] or none, and the times t [T] in milliseconds since 1970; null
   * in a log of version 0.1. `keys` are those of the appends that became these steps.
   */
  | {
      readonly kind: 'steps';
      readonly first: number;
      readonly t: Float64Array | null;
      readonly x: Float64Array;
      readonly targets: Float64Array | null;
      readonly keys?: readonly StepKey[] | null;
    }
  /** Late targets for the steps from number `first` on, [T,B,M]. */
  | { readonly kind: 'targets'; readonly first: number; readonly targets: Float64Array }
  /** A learning rate of null leaves the rate and its schedule unchanged. */
  | { readonly kind: 'configured'; readonly learning: boolean; readonly learningRate: number | null }
  /** Names for the fields of a sequence of version 0.1, which had none. */
  | { readonly kind: 'named'; readonly schema: Plain }
  | { readonly kind: 'reset'; readonly what: 'state' | 'weights'; readonly epoch: string };

export interface Checkpoint {
  /** Position of the first record after it. */
  readonly position: number;
  /** When it was made, in milliseconds since 1970. */
  readonly savedAt: number;
  readonly state: Plain;
}

/** A checkpoint in the store; reading it may reveal that it is damaged. */
export interface StoredCheckpoint {
  readonly position: number;
  /** Its size in bytes. */
  readonly bytes: number;
  /** @throws EddyError `store-damaged`, which names the sequence, the checkpoint and the damage */
  read(): Checkpoint;
  /** Does the same in pieces. */
  readInPieces(): Pieces<Checkpoint>;
}

export interface StoredRecord {
  readonly position: number;
  readonly record: LogRecord;
}

/** A page: bytes that hold consecutive steps of a sequence's past. */
export interface PageHead {
  /** Number of its first step, and how many steps it holds, possibly none. */
  readonly first: number;
  readonly count: number;
  /** When it was last written, in milliseconds since 1970. */
  readonly savedAt: number;
  readonly bytes: number;
}

/** The pages of one kind that a sequence has, in the order of their first steps. What is in them is the sequence's affair. */
export interface PageStore {
  /** The pages, oldest first. Not to be changed; valid until the next call. */
  readonly heads: readonly PageHead[];
  /** Do all sequences together have more bytes of pages than the store is to hold? */
  readonly isFull: boolean;
  /** Gives the bytes of a page, which nobody may change, or null if it is no longer there. */
  read(head: PageHead): Uint8Array | null;
  /**
   * Takes a page, in place of the one with the same first step. It becomes durable with the records appended so far, or
   * after them, and never before. Its bytes belong to the store from then on.
   */
  write(page: Omit<PageHead, 'bytes'>, bytes: Uint8Array): void;
  /** Deletes the pages whose first step is before a number. */
  dropBefore(first: number): void;
  /** Deletes the pages whose first step is a number or after it. */
  dropFrom(first: number): void;
}

/** The kinds of pages: of what was taken and served, and of hidden states. */
export type PageKind = 'steps' | 'states';

/** What a store tells of a sequence without opening it. */
export interface StoredSummary {
  /** What the sequence last told of itself; null if it never did, or if that is damaged. */
  readonly summary: Checkpoint | null;
  /** The newest steps in the log, if they came after the summary. */
  readonly last: Extract<LogRecord, { kind: 'steps' }> | null;
}

export interface StoreListener {
  /** The records before position `end` are durable. */
  onDurable(end: number): void;
  /** A checkpoint is durable; the log before the previous checkpoint may be gone. */
  onCheckpoint(checkpoint: { readonly position: number; readonly bytes: number }): void;
}

/** What a store found wrong of a sequence when it was opened. */
export interface StoreDoubt {
  /** `store-damaged`, each with the name of the sequence and what is wrong. */
  readonly errors: readonly EddyError[];
  /** May steps that were reported durable be missing, although the log can be read to its end? */
  readonly isUncertain: boolean;
}

/** One sequence in a store. */
export interface SequenceStore {
  /** Position of the next record. */
  readonly end: number;
  /** Position after the last durable record. */
  readonly durableEnd: number;
  /**
   * Takes a record and gives its position. Its arrays belong to the caller: the store copies what it keeps.
   * It never throws: a store that cannot write holds the record until it can again (see `Store.failure`).
   */
  append(record: LogRecord): number;
  /** Position of the oldest record in the log. */
  readonly oldest: number;
  /**
   * Gives the records from a position on, in order.
   *
   * @throws EddyError `store-damaged` at a record that is damaged or no longer kept, naming the sequence and the
   * positions
   */
  records(from: number): Iterable<StoredRecord>;
  /** Takes a checkpoint; the store keeps the last two durable ones, and the log after the older of them. */
  checkpoint(checkpoint: Checkpoint): void;
  /** Does the same in pieces, between which the state must not change and no record may be appended. */
  checkpointInPieces(checkpoint: Checkpoint): Pieces;
  /** Keeps the log and the checkpoints that there are until what it gives is called, though newer checkpoints come. */
  hold(): () => void;
  /** Gives the stored checkpoints, newest first. */
  checkpoints(): Iterable<StoredCheckpoint>;
  /**
   * Discards all records from a position on, and checkpoints of later positions, because they are damaged. They are moved
   * aside in the store, not deleted; new records continue from that position.
   */
  abandon(position: number): void;
  /** What was found wrong of it when the store was opened, until it is settled; null if nothing was. */
  readonly doubt: StoreDoubt | null;
  /** Everything that was wrong was told and dealt with: it counts as it is, with the next write. */
  settle(): void;
  /** The pages of its past. */
  readonly pages: Readonly<Record<PageKind, PageStore>>;
  /** Takes what the store shall tell of the sequence at this position of its log, in place of what it took before. */
  setSummary(summary: Checkpoint): void;
  /** Closes it: the listener gets no more calls. Records taken so far still become durable. */
  close(): void;
}

export interface Store {
  /** The number of known sequences. */
  readonly size: number;
  /** Why the store cannot write at present (`store-unavailable`), or null. It recovers by itself. */
  readonly failure: EddyError | null;
  has(name: string): boolean;
  /** Gives the names of all sequences after `after`, in byte order. */
  names(after?: string): Iterable<string>;
  /**
   * Opens a sequence; an unknown one starts with an empty log and is known from its first record on.
   *
   * @throws EddyError `store-locked` if it is already open
   */
  open(name: string, listener: StoreListener): SequenceStore;
  /** Tells of a sequence without opening it; null if it is unknown. It may be open. */
  summary(name: string): StoredSummary | null;
  /** Bytes of its file; 0 without one. */
  readonly fileBytes: number;
  /** Bytes of the pages of all sequences. */
  readonly pageBytes: number;
  /** Removes a sequence; resolves when that is durable, or rejects with `store-locked` if it is open. */
  remove(name: string): Promise<void>;
  /** Resolves when everything taken so far is durable, or rejects with `failure`. */
  flushed(): Promise<void>;
  close(): Promise<void>;
}
