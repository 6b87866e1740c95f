/** Parsers of option values, with errors that say what is wrong. */
import { InvalidArgumentError } from 'commander';
import { parseDuration } from '../../features/duration.js';
import { DEFAULT_PORT } from '../../limits.js';
import { parseTimestamp } from '../../reading/time/timestamp.js';

export const DEFAULT_URL = `ws://127.0.0.1:${DEFAULT_PORT}`;

/** Makes a parser of integers from low to high. */
export const wholeNumber =
  (low: number, high = Number.MAX_SAFE_INTEGER) =>
  (text: string): number => {
    const value = Number(text);
    if (text.trim() !== '' && Number.isInteger(value) && value >= low && value <= high) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${low} to ${high}.`);
  };

/** Parses a number that is not negative. */
export function positiveNumber(text: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value >= 0) return value;
  throw new InvalidArgumentError('It must be a number of at least 0.');
}

/** Makes a parser of numbers from low to high. */
export const numberFrom =
  (low: number, high: number) =>
  (text: string): number => {
    const value = Number(text);
    if (text.trim() !== '' && value >= low && value <= high) return value;
    throw new InvalidArgumentError(`It must be a number from ${low} to ${high}.`);
  };

/** Makes a parser of a time, or of how long ago it was; gives milliseconds since 1970. @param now the clock */
export const pastTime =
  (now: () => number) =>
  (text: string): number => {
    const isDuration = /^\d+ ?(ms|s|m|h|d)$/.test(text.trim());
    const time = isDuration ? now() - durationOf(text) : parseTimestamp(text);
    if (time !== null) return time;
    throw new InvalidArgumentError(
      'It must be a time, as 2026-01-31T08:00Z, or a duration, as 10m, 2h or 3d.',
    );
  };

/** Makes a parser that checks a duration, and gives it as it is written. @param least the shortest, in milliseconds */
export const durationText = (least: number) => (text: string) => {
  durationOf(text, least);
  return text;
};

function durationOf(text: string, least = 0): number {
  try {
    return parseDuration(text, least);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

export const nameList = (text: string): string[] => text.split(',').map((name) => name.trim());

/** Gathers the values of a repeatable option. */
export const repeated = (text: string, before: readonly string[] = []): string[] => [...before, text];

/** Makes a parser of names separated by commas, each of which must be one of `known`. */
export const someOf =
  <T extends string>(known: readonly T[]) =>
  (text: string): T[] => {
    const names = nameList(text);
    const unknown = names.find((name) => !known.includes(name as T));
    if (unknown === undefined) return names as T[];
    throw new InvalidArgumentError(`Unknown kind ${unknown}; choose from ${known.join(', ')}.`);
  };
