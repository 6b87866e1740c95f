/**
 * The recent values of some series, a row of one of each per step, in a ring:
 *
 *   address of the rows | rows | rows ever pushed | series | where the next row goes | nothing | unknown [series]
 *
 * `unknown` tells how many rows there were before the first known value of each.
 */
import type { Address } from './arena.js';

const RING_VALUES = 0;
export const [RING_ROWS, RING_SEEN, RING_SERIES, RING_NEXT, RING_UNKNOWN] = [1, 2, 3, 4, 6] as const;

/** Takes the next value of series i; one that is missing (NaN) is as the last one was. The row is complete with ringEnd. */
export function ringPush(c: Float64Array, at: Address, i: number, value: number): void {
  const [values, rows, seen] = [c[at + RING_VALUES], c[at + RING_ROWS], c[at + RING_SEEN]];
  const [series, next] = [c[at + RING_SERIES], c[at + RING_NEXT]];
  const to = values + next * series + i;
  if (Number.isFinite(value)) {
    c[to] = value;
    return;
  }
  c[to] = seen === 0 ? 0 : c[values + (next === 0 ? rows - 1 : next - 1) * series + i];
  if (c[at + RING_UNKNOWN + i] === seen) c[at + RING_UNKNOWN + i] = seen + 1;
}

export function ringEnd(c: Float64Array, at: Address): void {
  c[at + RING_SEEN]++;
  c[at + RING_NEXT] = c[at + RING_NEXT] + 1 === c[at + RING_ROWS] ? 0 : c[at + RING_NEXT] + 1;
}

/** How many of the kept values of series i are known: the newest ones. */
export function ringKnown(c: Float64Array, at: Address, i: number): number {
  if (i >= c[at + RING_SERIES]) return 0;
  const seen = c[at + RING_SEEN];
  return Math.max(0, seen - Math.max(0, seen - c[at + RING_ROWS], c[at + RING_UNKNOWN + i]));
}

/** Gives the value of series i of `back` steps ago, which must be known; 0 is the last. */
export function ringRead(c: Float64Array, at: Address, back: number, i: number): number {
  const row = c[at + RING_NEXT] - 1 - back;
  return c[c[at + RING_VALUES] + (row < 0 ? row + c[at + RING_ROWS] : row) * c[at + RING_SERIES] + i];
}
