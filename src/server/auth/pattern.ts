/** Patterns of sequence names, as tokens carry them, such as `room-*`. */
import { z } from 'zod';
import { MAX_NAME } from '../../protocol/messages.js';

/** A pattern has the characters of names, and `*`. */
export const namePattern = z
  .string()
  .regex(/^[A-Za-z0-9._:/*-]{1,128}$/, 'a pattern must have 1 to 128 of A-Z a-z 0-9 . _ : / - *');

/**
 * Compiles a pattern into a test of names. `*` stands for any run of characters, including an empty one and one with
 * `/`. Every part between two stars is searched once, from left to right, without backtracking.
 */
export function matcherOf(pattern: string): (name: string) => boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop();
  if (last === undefined) return (name) => name === pattern;
  return (name) => {
    const end = name.length - last.length;
    if (name.length > MAX_NAME || end < first.length) return false;
    if (!name.startsWith(first) || !name.endsWith(last)) return false;
    let at = first.length;
    for (const part of rest) {
      const found = name.indexOf(part, at);
      if (found < 0 || found + part.length > end) return false;
      at = found + part.length;
    }
    return true;
  };
}
