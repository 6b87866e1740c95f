import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { matcherOf, namePattern } from '../../../src/server/auth/pattern.js';

/** Tries every way of giving characters to the stars. */
function slow(pattern: string, name: string): boolean {
  if (pattern === '') return name === '';
  if (pattern[0] !== '*') return pattern[0] === name[0] && slow(pattern.slice(1), name.slice(1));
  return slow(pattern.slice(1), name) || (name !== '' && slow(pattern, name.slice(1)));
}

describe('a pattern of names', () => {
  it.each([
    ['room-*', 'room-1', true],
    ['room-*', 'room-', true],
    ['room-*', 'room', false],
    ['room-*', 'bedroom-1', false],
    ['plant/*/temp', 'plant/a/temp', true],
    ['plant/*/temp', 'plant/a/b/temp', true],
    ['plant/*/temp', 'plant/temp', false],
    ['*', 'anything/at:all', true],
    ['a.c', 'abc', false],
    ['ab*ba', 'aba', false],
    ['a*b*c', 'a-c-b', false],
  ])('[ACC2] %s takes %s: %s', (pattern, name, matches) => {
    expect(matcherOf(pattern)(name)).toBe(matches);
  });

  it('[ACC2] takes the same names as a slow search through all possibilities', () => {
    const text = (alphabet: string, maxLength: number) =>
      fc.string({ unit: fc.constantFrom(...alphabet), maxLength });
    fc.assert(
      fc.property(text('ab*', 8), text('ab', 9), (pattern, name) => {
        expect(matcherOf(pattern)(name)).toBe(slow(pattern, name));
      }),
      { numRuns: 5000 },
    );
  });

  it('[ACC2] takes no name that is longer than names are, and looks for no part twice', () => {
    expect(matcherOf('*')('a'.repeat(128))).toBe(true);
    expect(matcherOf('*')('a'.repeat(129))).toBe(false);
    const searched: number[] = [];
    const name = Object.assign(new String('a'.repeat(127)), {
      indexOf: (part: string, from: number) => {
        searched.push(from);
        return 'a'.repeat(127).indexOf(part, from);
      },
    });
    expect(matcherOf(`${'*a'.repeat(63)}*b*`)(name as unknown as string)).toBe(false);
    expect(searched).toHaveLength(64);
  });

  it('[ACC2] has the characters of names, and stars', () => {
    for (const pattern of ['', 'a b', 'a?', '[a]', 'a'.repeat(129), 'ä'])
      expect(namePattern.safeParse(pattern).success).toBe(false);
    expect(namePattern.safeParse('plant/*/t_1:x.y-*').success).toBe(true);
  });
});
