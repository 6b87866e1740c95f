/** Unreadable rows: the first ends the reading, or all are counted and the first few named. */
import { EddyError } from '../errors.js';
import type { BadRow, BadRowPolicy } from './reading.js';

/** How many bad rows are named. */
const MAX_NAMED = 5;

export class BadRows {
  count = 0;
  readonly first: BadRow[] = [];

  constructor(private readonly policy: BadRowPolicy) {}

  /** Takes a bad row. @throws EddyError `input-invalid` if it ends the reading */
  take(row: BadRow): void {
    if (this.policy === 'fail') throw new EddyError('input-invalid', row.message);
    if (this.count++ < MAX_NAMED) this.first.push(row);
  }
}
