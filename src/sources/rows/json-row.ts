/**
 * A row in JSON: `{"temperature": 21.5, "time": "2026-11-27T12:00:00Z"}`, or with the readings under `values`. A time is milliseconds
 * since 1970, or text in ISO 8601 with a zone. `time`, `key` and `targets` are fields where the sequence has such a field.
 */
import { EddyError } from '../../errors.js';
import { isTime } from '../../features/time-features.js';
import type { Reading } from '../../fields/field.js';
import { MAX_KEY } from '../../protocol/messages.js';
import { parseIso } from '../../reading/time/timestamp.js';
import type { Given, Row } from './row.js';

/** What a row may say besides its readings. */
const BESIDE = ['time', 'key', 'targets'] as const;
/** How much of a value an error shows. */
const SHOWN = 40;

export const shownValue = (value: unknown): string => {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
};

/** Reads a row out of parsed JSON. @param isField is it the name of a field of the sequence? */
export function rowOfJson(value: unknown, isField: (name: string) => boolean): Given {
  try {
    return { row: readRow(value, isField) };
  } catch (error) {
    if (error instanceof EddyError) return { fault: error };
    throw error;
  }
}

function readRow(value: unknown, isField: (name: string) => boolean): Row {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new EddyError(
      'step-shape',
      `a row is an object such as {"temperature": 21.5}, and this is ${shownValue(value)}`,
    );
  const given = value as Record<string, unknown>;
  const isNested = typeof given.values === 'object' && given.values !== null && !isField('values');
  const isBeside = (name: string) =>
    (BESIDE as readonly string[]).includes(name) && (isNested || !isField(name));
  const row: { -readonly [K in keyof Row]: Row[K] } = {};
  if (isBeside('time') && given.time !== undefined && given.time !== null) row.t = timeOf(given.time);
  if (isBeside('key') && given.key !== undefined) row.key = keyOf(given.key);
  if (isBeside('targets') && given.targets !== undefined) row.targets = numbersOf(given.targets, 'targets');
  if (!isNested && Array.isArray(given.x) && !isField('x')) row.x = numbersOf(given.x, 'x');
  else
    row.values = readingsOf(
      isNested ? (given.values as Record<string, unknown>) : given,
      isNested ? null : isBeside,
    );
  return row;
}

function readingsOf(
  given: Record<string, unknown>,
  isBeside: ((name: string) => boolean) | null,
): Record<string, Reading> {
  // a name may be one that objects have
  const readings: Record<string, Reading> = Object.create(null);
  for (const name in given) {
    if (isBeside?.(name)) continue;
    const value = given[name];
    if (typeof value === 'boolean' || value === null || Number.isFinite(value))
      readings[name] = value as Reading;
    else if (typeof value === 'number')
      throw new EddyError('step-non-finite', `${JSON.stringify(name)} is a number that is too large`);
    else
      throw new EddyError(
        'step-shape',
        `${JSON.stringify(name)} is ${shownValue(value)}; it must be a number, true, false or null`,
      );
  }
  return readings;
}

function numbersOf(value: unknown, name: string): Float64Array {
  const isNumbers = Array.isArray(value) && value.every((one) => typeof one === 'number' || one === null);
  if (!isNumbers)
    throw new EddyError('step-shape', `${name} is ${shownValue(value)}; it must be a list of numbers`);
  return Float64Array.from(value as (number | null)[], (one) => one ?? Number.NaN);
}

/** @throws EddyError `step-time` */
export function timeOf(value: unknown): number {
  if (typeof value === 'number' && isTime(value)) return value;
  const parsed = typeof value === 'string' ? parseIso(value) : null;
  if (parsed !== null) return parsed;
  throw new EddyError(
    'step-time',
    `the time is ${shownValue(value)}; it must be milliseconds since 1970, or ISO 8601 such as 2026-11-27T12:00:00Z`,
  );
}

/** @throws EddyError `message-invalid` */
export function keyOf(value: unknown): string {
  if (typeof value === 'string' && value.length > 0 && value.length <= MAX_KEY) return value;
  throw new EddyError(
    'message-invalid',
    `a key is text of 1 to ${MAX_KEY} characters, and this is ${shownValue(value)}`,
  );
}
