/** The mean of each number at each ten minutes of the day, in UTC: what the time of day lets expect. */
import type { Address } from './arena.js';

const SLOTS = 144;
const DAY_MS = 86_400_000;
/** The least weight of a new value in its slot's mean. */
const LEAST_WEIGHT = 1 / 12;
/** Numbers beyond these have no slots: they would take too much room. */
export const MOST_SLOTTED = 64;
/** Numbers of each: a mean and its count for every slot. */
export const SLOTS_WIDTH = 2 * SLOTS;

/** How many numbers it keeps of `size` numbers. */
export const slotsLength = (size: number): number => SLOTS_WIDTH * Math.min(size, MOST_SLOTTED);

/** Gives the slot of a time in milliseconds since 1970; -1 if it is unknown. */
export function slotOf(time: number): number {
  const day = time / DAY_MS;
  const part = day - Math.floor(day);
  return part >= 0 ? Math.min(SLOTS - 1, Math.floor(part * SLOTS + 1e-6)) : -1;
}

/** The mean of a number, whose slots begin `at`, in a slot; NaN where none is known. */
export function slotMean(c: Float64Array, at: Address, slot: number): number {
  const place = at + 2 * slot;
  return c[place + 1] > 0 ? c[place] : Number.NaN;
}

/** Lets a value join the mean of its slot. @param most how far off it may count, 0 for any */
export function slotTake(c: Float64Array, at: Address, slot: number, value: number, most: number): void {
  const place = at + 2 * slot;
  const count = ++c[place + 1];
  const off = value - c[place];
  const step = count > 1 && most > 0 ? Math.min(most, Math.max(-most, off)) : off;
  c[place] += count === 1 ? step : step * Math.max(1 / count, LEAST_WEIGHT);
}
