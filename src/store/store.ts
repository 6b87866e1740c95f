/**
 * Where sequences are kept: for each a log of all that ever changed it, in order, and checkpoints of what it was. The
 * last good checkpoint and the records after it give the sequence back, to the bit.
 *
 * Nothing here knows what a model is: a checkpoint's state is plain data. What a store gives back of what was appended
 * or checkpointed is there at once, durable or not; a process that ends loses what is not durable, and no more.
 */
import type { EddyError } from '../errors.js';
import type { Plain } from '../formats/typed-json.js';

/** What changes a sequence. Positions count them from 0; the first is `created`. */
export type LogRecord =
  | { readonly kind: 'created'; readonly epoch: string; readonly spec: Plain }
  /** Steps from number `first` on: x [T,B,F], targets [T,B,M] or none. */
  | {
      readonly kind: 'steps';
      readonly first: number;
      readonly x: Float32Array;
      readonly targets: Float32Array | null;
    }
  /** Late targets for the steps from number `first` on, [T,B,M]. */
  | { readonly kind: 'targets'; readonly first: number; readonly targets: Float32Array }
  /** A learning rate of null leaves it, and its schedule, as they are. */
  | { readonly kind: 'configured'; readonly learning: boolean; readonly learningRate: number | null }
  | { readonly kind: 'reset'; readonly what: 'state' | 'weights'; readonly epoch: string };

export interface Checkpoint {
  /** Position of the first record that is not in it. */
  readonly position: number;
  /** When it was made, in milliseconds since 1970. */
  readonly savedAt: number;
  readonly state: Plain;
}

/** A checkpoint as it lies in the store: reading it may find that it is broken. */
export interface StoredCheckpoint {
  readonly position: number;
  /** Bytes that it takes. */
  readonly bytes: number;
  /** @throws EddyError `store-damaged`, which names the sequence, the checkpoint and what is wrong with it */
  read(): Checkpoint;
}

export interface StoredRecord {
  readonly position: number;
  readonly record: LogRecord;
}

export interface StoreListener {
  /** The records before position `end` are durable. */
  onDurable(end: number): void;
  /** A checkpoint is durable, and the log may have been cut behind the one before it. */
  onCheckpoint(checkpoint: { readonly position: number; readonly bytes: number }): void;
}

/** One sequence in a store. */
export interface SequenceStore {
  /** Position of the next record. */
  readonly end: number;
  /** Position after the last record that is durable. */
  readonly durableEnd: number;
  /**
   * Takes a record and gives its position. Arrays in it are the caller's: the store copies what it keeps.
   * It never fails at once: a store that cannot write holds it until it can again (see `Store.failure`).
   */
  append(record: LogRecord): number;
  /** Position of the oldest record that is kept. */
  readonly oldest: number;
  /**
   * Gives the records from a position on, in order.
   *
   * @throws EddyError `store-damaged` when it comes to one that is broken or not kept, naming the sequence and the
   * positions
   */
  records(from: number): Iterable<StoredRecord>;
  /** Takes a checkpoint; the last two durable ones are kept, and of the log what comes after the older of them. */
  checkpoint(checkpoint: Checkpoint): void;
  /** Gives the checkpoints that are kept, newest first. */
  checkpoints(): Iterable<StoredCheckpoint>;
  /**
   * Gives up all records from a position on, and checkpoints of later positions, because they are broken. They are moved
   * aside in the store, not deleted; new records go on from that position.
   */
  abandon(position: number): void;
  /** Lets go of it: listeners hear no more. What was taken becomes durable all the same. */
  close(): void;
}

export interface Store {
  /** How many sequences are known. */
  readonly size: number;
  /** Why it cannot make anything durable now, or null: `store-unavailable`. It recovers by itself. */
  readonly failure: EddyError | null;
  has(name: string): boolean;
  /** Gives the names of sequences in the order of their bytes, from the first after `after`. */
  names(after?: string): Iterable<string>;
  /**
   * Opens a sequence; one that is not known begins with an empty log, and is known from its first record on.
   *
   * @throws EddyError `store-locked` where it is open already
   */
  open(name: string, listener: StoreListener): SequenceStore;
  /** Forgets a sequence; resolves when that is durable, or rejects with `store-locked` where it is open. */
  remove(name: string): Promise<void>;
  /** Resolves when all that was taken is durable, or rejects with `failure`. */
  flushed(): Promise<void>;
  close(): Promise<void>;
}
