/** What the durable store needs of a disk: keys in order, atomic writes, and to be told when they are durable. */

/** What one write changes, all or nothing: a key with its new value, or null to delete it. */
export type Changes = ReadonlyMap<string, Uint8Array | null>;

/** Keys from `from` on and before `to`: the first `limit` of them, or the last, greatest first. */
export interface KeyRange {
  readonly from: string;
  readonly to: string;
  readonly limit: number;
  readonly last?: boolean;
}

export interface Disk {
  /** Gives what was written under a key: bytes that nobody changes, or undefined. */
  get(key: string): Uint8Array | undefined;
  /** Gives the keys that were written. They are ASCII, in the order of their characters. */
  keys(range: KeyRange): string[];
  /**
   * Writes changes at once. Resolves when they are *durable*: flushed, not merely committed. When it rejects, either
   * all of them were written or none; the same changes may be written again. One write at a time.
   */
  write(changes: Changes): Promise<void>;
  close(): Promise<void>;
}
