/** How the numeric tests compare: by norm, bit by bit, and by error code. */
import { EddyError } from '../../src/errors.js';
import type { Reals } from '../../src/kernels/kernels.js';

/** Gives the Euclidean norm. */
export const norm = (values: ArrayLike<number>): number => Math.hypot(...Array.from(values));

/**
 * Gives ||got - want|| / ||want||, the error of a whole tensor. NaN, which no bound accepts, where the lengths differ or
 * where `want` is all zero, because such a comparison shows nothing.
 */
export function relativeError(got: ArrayLike<number>, want: ArrayLike<number>): number {
  if (got.length !== want.length) return Number.NaN;
  return norm(Array.from(want, (value, i) => got[i]! - value)) / norm(want);
}

/** Gives the bits of an array as text: equal exactly where every bit is, -0 and 0 apart. */
export const bits = (values: Reals): string =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength).toString('hex');

/** Gives plain data as text, numbers with all their bits: what {@link bits} is for an array, for a snapshot. */
export function fingerprint(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (part instanceof Float32Array || part instanceof Float64Array) return `bits ${bits(part)}`;
    if (part instanceof Uint8Array) return `bytes ${Buffer.from(part).toString('hex')}`;
    if (typeof part === 'number' && (!Number.isFinite(part) || Object.is(part, -0)))
      return Object.is(part, -0) ? '-0' : String(part);
    return part;
  });
}

/** Tells whether every number in plain data is finite, those in arrays too. */
export function allFinite(value: unknown): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (ArrayBuffer.isView(value)) return (value as Reals).every(Number.isFinite);
  return typeof value !== 'object' || value === null || Object.values(value).every(allFinite);
}

/** Writes `number` over every typed array in plain data. */
export function overwrite(value: unknown, number: number): void {
  if (ArrayBuffer.isView(value)) (value as Reals).fill(number);
  else if (typeof value === 'object' && value !== null)
    for (const part of Object.values(value)) overwrite(part, number);
}

/** Runs `act` and gives the code of the error that it throws; 'none' where it throws none. */
export function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof EddyError) return error.code;
    throw error;
  }
  return 'none';
}

/** Runs `act` and gives the message of the error that it throws; 'none' where it throws none. */
export function messageOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof EddyError) return error.message;
    throw error;
  }
  return 'none';
}
