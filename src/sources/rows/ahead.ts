/** Rows of which the first good one can be seen before they are taken. */
import { EddyError } from '../../errors.js';
import { inTurns, type Turns } from '../in-turns.js';
import type { Given, Piece, Row } from './row.js';

/** Rows that are looked at for the first good one. */
const MOST_AHEAD = 1000;
/** What it costs to read one, nearly, in multiply-adds. */
const ROW_WORK = 2 ** 16;

export class Ahead implements Iterable<Piece> {
  private readonly rows: Iterator<Piece>;
  private readonly seen: Given[] = [];

  constructor(rows: Iterable<Piece>) {
    this.rows = rows[Symbol.iterator]();
  }

  /** The first row that is one. @throws EddyError why the first of them is none; `input-invalid` if there is no row at all */
  async first(turns: Turns, owner: object): Promise<Row> {
    let found: Row | null = null;
    await inTurns(turns, owner, () => {
      const { done, value } = this.rows.next();
      if (done) return null;
      if (!('nothing' in value)) this.seen.push(value);
      if ('row' in value) found = value.row;
      return found || this.seen.length >= MOST_AHEAD ? null : ROW_WORK;
    });
    if (found) return found;
    const [none] = this.seen;
    if (!none || !('fault' in none)) throw new EddyError('input-invalid', 'the body has no rows');
    const { code, message } = none.fault;
    throw new EddyError(
      code,
      `none of the first ${this.seen.length} rows can be taken; the first: ${message}`,
    );
  }

  *[Symbol.iterator](): Iterator<Piece> {
    yield* this.seen;
    for (let next = this.rows.next(); !next.done; next = this.rows.next()) yield next.value;
  }
}
