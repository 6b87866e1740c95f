/** Checks the options of operators, when an operator is created, not when it runs. */
import { EddyError } from '../errors.js';

/** A longer delay would fire at once: timers count in signed 32 bits. */
const MAX_MS = 2 ** 31 - 1;

/** @throws EddyError `setting-invalid` unless `value` is an integer of at least `least` */
export function requireCount(name: string, value: number, least = 1): void {
  if (!Number.isSafeInteger(value) || value < least)
    throw new EddyError('setting-invalid', `${name} is ${value}; it must be an integer of at least ${least}`);
}

/** @throws EddyError `setting-invalid` unless `value` is in (0, 2^31 - 1] */
export function requireMs(name: string, value: number): void {
  if (!(value > 0 && value <= MAX_MS))
    throw new EddyError('setting-invalid', `${name} is ${value}; it must be in (0, ${MAX_MS}] milliseconds`);
}
