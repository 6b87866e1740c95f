import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Numbers } from '../../../src/sequence/past/pack-field.js';
import {
  latestOf,
  type PageColumn,
  type PageContent,
  readPage,
  writePage,
} from '../../../src/sequence/past/page-codec.js';

/** Numbers of every kind a field may have. */
const decimal = fc
  .tuple(fc.integer({ min: -(10 ** 9), max: 10 ** 9 }), fc.integer({ min: 0, max: 11 }))
  .map(([integer, digits]) => integer / 10 ** digits);
const kinds = [
  fc.double(),
  fc.double().map(Math.fround),
  fc.integer({ min: -100, max: 100 }),
  decimal,
  decimal.map(Math.fround),
  fc.oneof(decimal, fc.constantFrom(Number.NaN, 0, -0)),
  fc.oneof(fc.double(), fc.constantFrom(Number.NaN, -0, Number.POSITIVE_INFINITY, 5e-324)),
  fc.integer({ min: 1.7e12, max: 1.8e12 }),
];
const column = (count: number): fc.Arbitrary<PageColumn> =>
  fc
    .tuple(
      fc.boolean(),
      fc.array(
        fc.constantFrom(...kinds).chain((kind) => fc.array(kind, { minLength: count, maxLength: count })),
        {
          maxLength: 4,
        },
      ),
    )
    .map(([isWide, fields]) => {
      const width = fields.length;
      const values: Numbers = new (isWide ? Float64Array : Float32Array)(count * width);
      for (const [i, field] of fields.entries())
        for (const [row, value] of field.entries()) values[row * width + i] = value;
      return { values, width };
    });
const content = fc.integer({ min: 0, max: 40 }).chain((count) =>
  fc.record({
    first: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
    count: fc.constant(count),
    latest: fc.double({ noNaN: true }),
    text: fc.string({ unit: 'grapheme' }).map((text) => text.repeat(1 + (text.length % 60))),
    columns: fc.array(column(count), { maxLength: 4 }),
  }),
);
const example: PageContent = {
  first: 7,
  count: 3,
  latest: 1.7e12,
  text: '{"epoch":"e1"}',
  columns: [
    { values: new Float64Array([1.7e12, 1.7e12 + 1000, 1.7e12 + 2000]), width: 1 },
    { values: new Float32Array([1.5, Number.NaN, -0, 3.25, 0.1, 1e30]), width: 2 },
  ],
};

describe('the bytes of a page', () => {
  it('gives back every number, to the bit', () => {
    fc.assert(
      fc.property(content, fc.boolean(), (page, isPacked) => {
        const bytes = writePage(page, isPacked);
        expect(readPage(bytes)).toEqual(page);
        expect(latestOf(bytes)).toBe(page.latest);
      }),
    );
  });

  it('takes the rows in use only', () => {
    const values = new Float32Array([1, 2, 3, 4, 5, 6]);
    for (const isPacked of [true, false]) {
      const { columns } = readPage(
        writePage({ ...example, count: 2, columns: [{ values, width: 2 }] }, isPacked),
      );
      expect(columns[0]?.values).toEqual(new Float32Array([1, 2, 3, 4]));
    }
  });

  it('keeps decimals in a few bytes, from 0 or from far away', () => {
    const count = 1000;
    const sizeOf = (numberAt: (i: number) => number) =>
      writePage(
        {
          ...example,
          count,
          text: '',
          columns: [{ values: Float64Array.from({ length: count }, (_, i) => numberAt(i)), width: 1 }],
        },
        true,
      ).length;
    expect(sizeOf((i) => 1.7e12 + 60_000 * i)).toBeLessThan(count / 5);
    expect(sizeOf((i) => Number((20 + ((i * 7) % 13) / 10).toFixed(1)))).toBeLessThan(1.5 * count);
    expect(sizeOf((i) => Number((123_465_789 + ((i * 7) % 13) / 100).toFixed(2)))).toBeLessThan(1.5 * count);
  });

  it('detects every flipped bit and every truncation', () => {
    for (const isPacked of [true, false]) {
      const bytes = writePage(example, isPacked);
      for (let i = 0; i < 8 * bytes.length; i++) {
        const flipped = bytes.slice();
        flipped[i >> 3]! ^= 1 << (i & 7);
        expect(() => readPage(flipped)).toThrow(expect.objectContaining({ code: 'store-damaged' }));
      }
      for (let length = 0; length < bytes.length; length++)
        expect(() => readPage(bytes.slice(0, length))).toThrow(
          expect.objectContaining({ code: 'store-damaged' }),
        );
    }
  });
});
