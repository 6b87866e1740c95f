/** What the durable store needs from a disk: ordered keys, atomic writes, and a signal when they are durable. */

/** The changes of one write, all or nothing: each key with its new value, or null to delete it. */
export type Changes = ReadonlyMap<string, Uint8Array | null>;

/** Keys from `from` (included) to `to` (excluded): the first `limit` of them, or the last, greatest first. */
export interface KeyRange {
  readonly from: string;
  readonly to: string;
  readonly limit: number;
  readonly last?: boolean;
}

export interface Disk {
  /** Gives the value of a key, bytes that nobody may change, or undefined. */
  get(key: string): Uint8Array | undefined;
  /** Gives the written keys, which are ASCII, in the order of their characters. */
  keys(range: KeyRange): string[];
  /**
   * Writes the changes atomically. Resolves when they are *durable*: flushed, not merely committed. If it rejects, either
   * all of them were written or none; the same changes may be written again. One write at a time.
   */
  write(changes: Changes): Promise<void>;
  /** Why nothing can be written at present, as far as that can be told without writing, or null. It takes no time. */
  fault?(): string | null;
  /** Bytes of its file. */
  bytes?(): number;
  close(): Promise<void>;
}
