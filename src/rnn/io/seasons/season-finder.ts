/**
 * Finds the seasons of live series by itself, from their own past: keeps recent values and searches them now and then,
 * one series in one step. What was found is told once; whether it helps a forecast, its errors have to show.
 */
import type { Address } from '../../../kernels/arena.js';
import { type ColumnStore, looseColumns } from '../../../kernels/columns.js';
import type { Put, Take } from '../../state-copies.js';
import { isRingState, type RingState, ValueRing } from './recent-values.js';
import { findSeasons, type Season } from './search.js';

/** Values that are kept of a series, of all of them, and of each at the least. */
const MOST_ROWS = 4096;
const MOST_NUMBERS = 65_536;
const FEWEST_ROWS = 256;
/** Rows before the first search. */
const FIRST_SEARCH = 48;
/** The most rows from one round of searches to the next, for each of so many series: a search costs as much as many steps. */
const LONGEST_REST = 2048;
const MOST_RESTS = 8;

export interface FinderState extends RingState {
  /** At how many rows the next round of searches begins. */
  readonly due: number;
  /** The series that is searched next. */
  readonly cursor: number;
}

export interface Finding {
  /** The series that was searched. */
  readonly series: number;
  /** Its seasons, strongest first; there may be none. */
  readonly seasons: readonly Season[];
}

/** Does a state of this form fit together? */
export const isFinderState = ({ due, cursor, ...ring }: FinderState): boolean =>
  isRingState(ring) && due >= 0 && Number.isInteger(cursor) && cursor >= 0 && cursor < ring.unknown.length;

/** Of how many series, the first ones, seasons are searched: as many as the fewest rows of each leave room for. */
const searchedOf = (series: number): number => Math.min(series, MOST_NUMBERS / FEWEST_ROWS);

/** Rows that are kept of each series, at most. */
const rowsOf = (series: number, least: number): number =>
  Math.max(Math.min(MOST_ROWS, Math.floor(MOST_NUMBERS / searchedOf(series))), least);

export class SeasonFinder {
  /** Gives how many numbers it keeps at most. */
  static most(series: number, least: number): number {
    return searchedOf(series) * (rowsOf(series, least) + 1) + 3;
  }

  private readonly ring: ValueRing;
  private due = FIRST_SEARCH;
  private cursor = 0;
  /** How many of the series, the first ones, are searched. */
  readonly searched: number;

  /**
   * @param series how many series there are: batch rows * targets
   * @param least rows that are kept in any case
   */
  constructor(series: number, least = 0, store: ColumnStore = looseColumns) {
    this.searched = searchedOf(series);
    this.ring = new ValueRing(this.searched, rowsOf(series, least), store);
  }

  /** Where the ring of values lies in the columns: a kernel may push the next row once there is room for it. */
  get ringAt(): Address {
    return this.ring.at;
  }

  /** Makes room for the next row. */
  prepare(): void {
    this.ring.prepare();
  }

  /** How many values of a series are known, the newest ones. */
  known(i: number): number {
    return i < this.searched ? this.ring.known(i) : 0;
  }

  /** Gives all known values of a series, oldest first. */
  values(i: number): Float64Array {
    return this.ring.read(i);
  }

  /** Searches one series if that is due, and gives what it found; else null. To be called once a step. */
  work(): Finding | null {
    const { ring, cursor: series } = this;
    if (ring.pushed < this.due) return null;
    const seasons = findSeasons(ring.read(series));
    this.cursor++;
    if (this.cursor === this.searched) {
      this.cursor = 0;
      this.due =
        ring.pushed +
        Math.min(Math.ceil(ring.pushed / 2), LONGEST_REST * Math.min(this.searched, MOST_RESTS));
    }
    return { series, seasons };
  }

  /** Holds no value of a series for known that it had before now. */
  forget(i: number): void {
    if (i < this.searched) this.ring.forget(i);
  }

  clear(): void {
    this.ring.clear();
    this.due = FIRST_SEARCH;
    this.cursor = 0;
  }

  state(take?: Take): FinderState {
    return { ...this.ring.state(take), due: this.due, cursor: this.cursor };
  }

  restore({ due, cursor, ...ring }: FinderState, put?: Put): void {
    this.ring.restore(ring, put);
    this.due = due;
    this.cursor = cursor;
  }
}
