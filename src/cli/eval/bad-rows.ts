/** Handles unreadable rows: the first ends the pass, or all are counted and the first few named. */
import { EddyError } from '../../errors.js';

export const POLICIES = ['fail', 'skip'] as const;
export type BadRowPolicy = (typeof POLICIES)[number];

/** How many bad rows are named. */
const MAX_NAMED = 5;

export class BadRows {
  count = 0;
  /** The first ones in file order, whatever order the reader found them in. */
  readonly first: { readonly line: number; readonly message: string }[] = [];

  constructor(readonly policy: BadRowPolicy) {}

  /** Takes the error of the row at `line`; rethrows it if it ends the pass or concerns no row. */
  take(line: number, error: unknown): void {
    if (this.policy === 'fail' || !(error instanceof EddyError) || error.code !== 'input-invalid')
      throw error;
    this.count++;
    this.first.push({ line, message: error.message });
    this.first.sort((a, b) => a.line - b.line);
    this.first.length = Math.min(this.first.length, MAX_NAMED);
  }
}
