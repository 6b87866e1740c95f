/** Durations as people write them in settings. */
import { z } from 'zod';
import { EddyError } from '../errors.js';

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const DURATION = /^(?<count>\d+) ?(?<unit>ms|s|m|h|d)$/;
/** 366 days. */
const LONGEST = 366 * UNITS.d;
const HELP =
  'a duration is a whole number of milliseconds, or a whole number and its unit: 250ms, 10s, 5m, 1h, 1d';

/**
 * Parses a duration into milliseconds: `"250ms"`, `"10s"`, `"5m"`, `"1h"`, `"1d"`, or a number of milliseconds.
 *
 * @param least the shortest duration allowed, in milliseconds
 * @throws EddyError `setting-invalid` for anything else, and for a duration that is not from `least` to 366 days
 * @example
 * parseDuration('10s') // 10000
 */
export function parseDuration(value: string | number, least = 1): number {
  const ms = typeof value === 'number' ? value : fromText(value);
  if (!Number.isInteger(ms))
    throw new EddyError('setting-invalid', `${JSON.stringify(value)} is not a duration; ${HELP}`);
  if (ms < least || ms > LONGEST)
    throw new EddyError('setting-invalid', `${value} is not from ${least} ms to 366 days; ${HELP}`);
  return ms + 0; // no -0
}

function fromText(text: string): number {
  const groups = DURATION.exec(text.trim())?.groups;
  return groups ? Number(groups.count) * UNITS[groups.unit as keyof typeof UNITS] : Number.NaN;
}

/** A duration in a schema; its output is in milliseconds. */
export const duration = (least: number) =>
  z.union([z.number(), z.string()], { error: HELP }).transform((value, context) => {
    try {
      return parseDuration(value, least);
    } catch (error) {
      context.addIssue({ code: 'custom', message: (error as EddyError).message });
      return z.NEVER;
    }
  });
