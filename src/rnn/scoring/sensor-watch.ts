/**
 * Tells what a sensor does that no error of a forecast shows: it sends nothing, or the same number again and again, for
 * much longer than it is used to. Each is told once when it is one, and once when it is over.
 *
 * A run of missing or of equal values is one from PATIENCE times the longest run of late on, but no shorter than the least
 * of its kind. A feature that has hardly varied yet is never stuck.
 */

import { type Put, putNow, type Take, takeNow } from '../state-copies.js';

/** A gap or a stuck phase of one feature of one batch row. */
export interface SensorNotice {
  readonly what: 'gap' | 'stuck';
  readonly feature: number;
  readonly row: number;
  /** Its first step; the number that is stuck, null of a gap. */
  readonly since: number;
  readonly value: number | null;
  /** Its steps so far, or all of them where it is over; gaps within a stuck phase count. */
  readonly steps: number;
  readonly isOver: boolean;
}

/** A run that is told is this many times the longest of late. */
const PATIENCE = 4;
const LEAST_GAP = 10;
const LEAST_STUCK = 24;
/** Changes of a feature before it can be stuck; values before it can have a gap. */
const WARM = 50;
/** A run of as many values as this halves the longest one before it, as it is over; short runs take about 2,000 values to. */
const FORGOTTEN = 3000;
/** What a value takes off the longest gap of late: half in about 10,000 values. */
const FADE = 1 - Math.LN2 / 10_000;

/** Of each feature: the last value, values seen, changes seen, equal values in a row, longest run, is it told; missing ones likewise. */
const [LAST, SEEN, CHANGES, EQUAL, LONGEST, STUCK, MISSING, LONGEST_GAP, GAP] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
/** Where equal values began. */
const SINCE = 9;
const WIDTH = 10;
const NONE: readonly SensorNotice[] = [];

export class SensorWatch {
  private readonly c: Float64Array;
  private notices: SensorNotice[] | null = null;

  constructor(
    batch: number,
    private readonly features: number,
  ) {
    this.c = new Float64Array(batch * features * WIDTH);
  }

  /** Takes the values [B,F] of a step from `from` on, NaN for missing ones, and gives what is to be told of them. */
  take(values: ArrayLike<number>, seq: number, from = 0): readonly SensorNotice[] {
    const count = this.c.length / WIDTH;
    for (let i = 0; i < count; i++) {
      const value = values[from + i]!;
      if (Number.isNaN(value)) this.miss(i, seq);
      else this.see(i, value, seq);
    }
    const { notices } = this;
    if (notices === null) return NONE;
    this.notices = null;
    return notices;
  }

  private miss(i: number, seq: number): void {
    const { c } = this;
    const at = i * WIDTH;
    const run = ++c[at + MISSING]!;
    if (c[at + GAP] === 1 || c[at + SEEN]! < WARM || run < bound(c[at + LONGEST_GAP]!, LEAST_GAP)) return;
    c[at + GAP] = 1;
    this.tell(i, 'gap', seq - run + 1, seq, null, false);
  }

  private see(i: number, value: number, seq: number): void {
    const { c } = this;
    const at = i * WIDTH;
    c[at + SEEN]!++;
    if (c[at + MISSING]! > 0) this.endGap(i, seq);
    c[at + LONGEST_GAP] = c[at + LONGEST_GAP]! * FADE;
    if (value === c[at + LAST]) {
      const run = ++c[at + EQUAL]!;
      if (run === 1) c[at + SINCE] = seq;
      if (c[at + STUCK] === 1 || c[at + CHANGES]! < WARM || run < bound(c[at + LONGEST]!, LEAST_STUCK))
        return;
      c[at + STUCK] = 1;
      this.tell(i, 'stuck', c[at + SINCE]!, seq, value, false);
      return;
    }
    if (c[at + STUCK] === 1) this.tell(i, 'stuck', c[at + SINCE]!, seq - 1, c[at + LAST]!, true);
    const run = c[at + EQUAL]!;
    c[at + LONGEST] = joined((c[at + LONGEST]! * FORGOTTEN) / (FORGOTTEN + run), run, LEAST_STUCK);
    c[at + STUCK] = 0;
    c[at + CHANGES]!++;
    c[at + EQUAL] = 1;
    c[at + SINCE] = seq;
    c[at + LAST] = value;
  }

  private endGap(i: number, seq: number): void {
    const { c } = this;
    const at = i * WIDTH;
    if (c[at + GAP] === 1) this.tell(i, 'gap', seq - c[at + MISSING]!, seq - 1, null, true);
    c[at + LONGEST_GAP] = joined(c[at + LONGEST_GAP]!, c[at + MISSING]!, LEAST_GAP);
    c[at + GAP] = 0;
    c[at + MISSING] = 0;
  }

  /** @param last the last step of it so far */
  private tell(
    i: number,
    what: SensorNotice['what'],
    since: number,
    last: number,
    value: number | null,
    isOver: boolean,
  ): void {
    const { features } = this;
    const [row, feature] = [Math.floor(i / features), i % features];
    this.notices ??= [];
    this.notices.push({ what, feature, row, since, value, steps: last - since + 1, isOver });
  }

  /** Begins a new history: what was under way is over, and not told. */
  restart(): void {
    for (let at = 0; at < this.c.length; at += WIDTH)
      for (const k of [EQUAL, STUCK, MISSING, GAP]) this.c[at + k] = 0;
  }

  state(take: Take = takeNow): Float64Array {
    return take([{ array: this.c }]);
  }

  restore(state: Float64Array, put: Put = putNow): void {
    put({ array: this.c }, state);
  }
}

const bound = (longest: number, least: number): number => Math.max(least, PATIENCE * longest);

/** A run joins the longest of late as what would have been told, at most: that it was unusual does not make it usual. */
const joined = (longest: number, run: number, least: number): number =>
  Math.max(longest, Math.min(run, bound(longest, least)));
