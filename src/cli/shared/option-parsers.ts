/** Parsers of option values, with errors that say what is wrong. */
import { InvalidArgumentError } from 'commander';
import { DEFAULT_PORT } from '../../limits.js';

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
