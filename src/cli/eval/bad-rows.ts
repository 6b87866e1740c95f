/** What becomes of rows that cannot be read: the first ends the pass, or all are counted and the first few named. */
import { EddyError } from '../../errors.js';

export const POLICIES = ['fail', 'skip'] as const;
export type BadRowPolicy = (typeof POLICIES)[number];

/** Bad rows that are named. */
const MAX_NAMED = 5;

export class BadRows {
  count = 0;
  /** The first in the file, however early the reader came upon them. */
  readonly first: { readonly line: number; readonly message: string }[] = [];

  constructor(readonly policy: BadRowPolicy) {}

  /** Takes an error of the row in `line`; throws it again where it ends the pass or is of no row. */
  take(line: number, error: unknown): void {
    if (this.policy === 'fail' || !(error instanceof EddyError) || error.code !== 'input-invalid')
      throw error;
    this.count++;
    this.first.push({ line, message: error.message });
    this.first.sort((a, b) => a.line - b.line);
    this.first.length = Math.min(this.first.length, MAX_NAMED);
  }
}
