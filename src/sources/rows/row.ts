/** A row as somebody sent it: readings by name, or x; or why it cannot be one. */
import type { EddyError } from '../../errors.js';
import type { Reading } from '../../fields/field.js';

export interface Row {
  readonly values?: Readonly<Record<string, Reading>>;
  readonly x?: Float64Array;
  readonly targets?: Float64Array;
  /** Milliseconds since 1970; without it the row is stamped when it is taken. */
  readonly t?: number;
  /** The same key is the same row, however often it comes. */
  readonly key?: string;
}

/** A row, or what is wrong with it. */
export type Given = { readonly row: Row } | { readonly fault: EddyError };

/** A stretch of a body without rows: who reads it can let others have a turn. */
export const NOTHING = { nothing: true } as const;
export type Piece = Given | typeof NOTHING;
