import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseInPieces, stringInPieces, TooDeep, TooManyValues } from '../../src/formats/json-pieces.js';
import { finish, PIECE } from '../../src/math/pieces.js';
import { costsOf } from '../support/pieces.js';

const MANY = 2 ** 20;
/** So long that a text is not left to JSON.parse: spaces change no value. */
const PADDING = ' '.repeat(70_000);
const parse = (text: string) => finish(parseInPieces(text, MANY, 1000));
/** Gives the value that `read` reads, or that it is none. */
const outcome = (read: () => unknown): unknown => {
  try {
    return { value: read() };
  } catch (error) {
    expect(error).toBeInstanceOf(SyntaxError);
    return 'no JSON';
  }
};
const same = (text: string): void => {
  expect(outcome(() => parse(PADDING + text))).toStrictEqual(outcome(() => JSON.parse(text)));
};

describe('JSON in pieces', () => {
  it('[PCS4] parses any JSON as JSON.parse does, to the order of the keys', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (text) => {
        same(text);
        expect(JSON.stringify(parse(PADDING + text))).toBe(JSON.stringify(JSON.parse(text)));
      }),
    );
  });

  it('[PCS4] takes for JSON what JSON.parse does, whatever characters come', () => {
    const token = fc.constantFrom(
      ...[
        '{',
        '}',
        '[',
        ']',
        ',',
        ':',
        '"',
        '\\',
        '\\u00',
        '\\n',
        'true',
        'null',
        '1',
        '-',
        '.5',
        'e3',
        '01',
        ' ',
      ],
      ...['\n', '\u00a0', '\u0001', 'NaN', '"a"', '"a":', '"__proto__":', '1e999', '-0', '/', '\ud800', "'"],
    );
    fc.assert(
      fc.property(fc.array(token, { maxLength: 12 }), (tokens) => {
        same(tokens.join(''));
      }),
      { numRuns: 3000 },
    );
    for (const text of ['', '{"a":1,"a":2}', '{"2":1,"1":2}', '[1,]', '{"a":1,}', '{,}', '[,]', '1 2', '"a'])
      same(text);
  });

  it('[PCS4] parses and writes long strings in pieces, whatever lies where they are cut', () => {
    const special = ['"', '\\', '\u0007', '\ud83d\ude00', '\ud800', '\udc00', 'é', '\\u0041'];
    for (const [i, part] of special.entries())
      for (let shift = 0; shift < 14; shift++) {
        const text = `${'a'.repeat(65_536 - 7 + shift)}${part}${'b'.repeat(i)}${part.repeat(40_000)}`;
        const { costs, value } = costsOf(stringInPieces(text));
        expect(value === JSON.stringify(text), `${part} ${shift}`).toBe(true);
        expect(costs.length).toBeGreaterThan(0);
        const read = costsOf(parseInPieces(`{"key":${value}}`, MANY, 9));
        expect((read.value as { key: string }).key === text, `${part} ${shift}`).toBe(true);
        expect(read.costs.length).toBeGreaterThan(0);
      }
  });

  it('[PCS2] many values are parsed in pieces', () => {
    const { costs, value } = costsOf(parseInPieces(JSON.stringify(Array(50_000).fill([1])), MANY, 9));
    expect(value).toHaveLength(50_000);
    expect(costs.length).toBeGreaterThan(10);
    expect(Math.max(...costs)).toBeLessThanOrEqual(PIECE);
  });

  it('stops at more values, and at values nested deeper, than it is told', () => {
    const text = `${PADDING}[[1],[2]]`;
    const read = (most: number, depth: number) => () => finish(parseInPieces(text, most, depth));
    expect(read(5, 2)()).toEqual([[1], [2]]);
    expect(read(4, 2)).toThrow(TooManyValues);
    expect(read(5, 1)).toThrow(TooDeep);
  });
});
