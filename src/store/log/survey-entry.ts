/** An entry of a disk as it is met on a walk over all of them. */

/** How much of a value a walk looks at: headers with their checksums, and small values completely. */
export const HEAD_BYTES = 64;

/** Valid only while it is visited. */
export interface SurveyedEntry {
  /** The key is from `keyFrom` to `keyEnd` in these bytes. */
  readonly key: Uint8Array;
  readonly keyFrom: number;
  readonly keyEnd: number;
  /** The first bytes of the value, `HEAD_BYTES` at most. */
  readonly head: Uint8Array;
  readonly headFrom: number;
  readonly headEnd: number;
  /** Bytes of the value. */
  readonly size: number;
  /** Gives the whole value, valid only while the entry is visited. */
  value(): Uint8Array;
  /** The key as text. */
  text(): string;
}

export type Visit = (entry: SurveyedEntry) => void;
