import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decimate } from '../../client/dashboard/charts/decimate.js';

const steps = (n: number) => Float64Array.from({ length: n }, (_, i) => i);

describe('thinning out', () => {
  it('leaves rows as they are where a chart can show them all, gaps as null', () => {
    const [x, y] = decimate(steps(4), [Float64Array.of(1, Number.NaN, 3, 4)], 10, 0);
    expect([x, y]).toEqual([
      [0, 1, 2, 3],
      [1, null, 3, 4],
    ]);
  });

  it('keeps the least and the greatest number of every bucket, in their order', () => {
    const numbers = fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), {
      minLength: 1,
      maxLength: 400,
    });
    fc.assert(
      fc.property(numbers, fc.integer({ min: 2, max: 20 }), fc.nat(50), (values, buckets, origin) => {
        const [x, y] = decimate(steps(values.length), [Float64Array.from(values)], buckets, origin);
        const shown = y as number[];
        expect(Math.max(...shown)).toBe(Math.max(...values));
        expect(Math.min(...shown)).toBe(Math.min(...values));
        expect(x).toEqual([...x].sort((a, b) => a - b));
        expect(x.length).toBe(shown.length);
        expect(shown.length).toBeLessThanOrEqual(2 * buckets + 4);
      }),
    );
  });

  it('cuts at the same rows while a chart scrolls', () => {
    const values = Float64Array.from({ length: 1000 }, (_, i) => Math.sin(i / 7));
    const at = (from: number) => {
      const [x] = decimate(
        steps(1000).subarray(from, from + 900),
        [values.subarray(from, from + 900)],
        30,
        from,
      );
      return x.filter((_, i) => i % 2 === 0).slice(1);
    };
    expect(at(1).filter((x) => x < 900 && !at(0).includes(x))).toEqual([]);
  });

  it('shows a bucket without numbers as a gap', () => {
    const values = Float64Array.from({ length: 100 }, (_, i) => (i < 50 ? i : Number.NaN));
    const [, y] = decimate(steps(100), [values], 10, 0);
    expect((y as (number | null)[]).slice(-10)).toEqual(Array(10).fill(null));
    expect((y as (number | null)[]).slice(0, 2)).toEqual([0, 9]);
  });
});
