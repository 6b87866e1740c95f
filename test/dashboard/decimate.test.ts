import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bucketLength, decimate, type Points } from '../../client/dashboard/charts/decimate.js';

const steps = (n: number) => Float64Array.from({ length: n }, (_, i) => i);

describe('thinning out', () => {
  it('leaves rows as they are where a chart can show them all, gaps as null', () => {
    const [x, y] = decimate(steps(4), [Float64Array.of(1, Number.NaN, 3, 4)], 10);
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
      fc.property(numbers, fc.integer({ min: 2, max: 20 }), (values, buckets) => {
        const [x, y] = decimate(steps(values.length), [Float64Array.from(values)], buckets);
        const shown = y as number[];
        expect(Math.max(...shown)).toBe(Math.max(...values));
        expect(Math.min(...shown)).toBe(Math.min(...values));
        expect(x).toEqual([...x].sort((a, b) => a - b));
        expect(x.length).toBe(shown.length);
        expect(shown.length).toBeLessThanOrEqual(2 * buckets + 4);
      }),
    );
  });

  it('cuts at the same places while a chart scrolls', () => {
    const values = Float64Array.from({ length: 1000 }, (_, i) => Math.sin(i / 7));
    const at = (from: number) =>
      decimate(steps(1000).subarray(from, from + 900), [values.subarray(from, from + 900)], 30)[0];
    const [one, other] = [at(0), at(1)];
    expect(other.filter((x) => x > 40 && x < 860 && !one.includes(x))).toEqual([]);
  });

  it('puts nothing further from its place than a bucket is long, however unevenly the rows lie', () => {
    const x = Float64Array.from({ length: 300 }, (_, i) => (i < 200 ? i : 1e6 + i));
    const values = Float64Array.from({ length: 300 }, (_, i) => (i === 150 ? 9 : i === 250 ? 7 : 0));
    const [at, y = []] = decimate(x, [values], 100);
    const most = bucketLength(1e6 + 299, 100);
    expect(Math.abs((at[y.indexOf(9)] as number) - 150)).toBeLessThan(most);
    expect(Math.abs((at[y.indexOf(7)] as number) - (1e6 + 250))).toBeLessThan(most);
  });

  it('shows a bucket without numbers as a gap', () => {
    const values = Float64Array.from({ length: 100 }, (_, i) => (i < 50 ? i : Number.NaN));
    const [, y] = decimate(steps(100), [values], 10);
    expect((y as Points).slice(-3)).toEqual([null, null, null]);
    expect((y as Points)[0]).toBe(0);
    expect(Math.max(...(y as Points).map((value) => value ?? 0))).toBe(49);
  });

  it('keeps a break for every gap between readings, and makes none where there is no gap', () => {
    const numbers = fc.array(fc.option(fc.integer({ min: -9, max: 9 }), { nil: Number.NaN }), {
      minLength: 60,
      maxLength: 400,
    });
    fc.assert(
      fc.property(numbers, fc.integer({ min: 2, max: 20 }), (values, buckets) => {
        const [, y] = decimate(steps(values.length), [Float64Array.from(values)], buckets);
        const inner = (from: Points) => {
          const known = from.filter((value) => value !== undefined);
          const isNumber = (value: unknown) => value !== null && !Number.isNaN(value);
          return known.slice(known.findIndex(isNumber), known.findLastIndex(isNumber) + 1);
        };
        expect(inner(y as Points).includes(null)).toBe(inner(values).some((value) => Number.isNaN(value)));
      }),
    );
  });

  it('breaks a line before, between or after the extremes, as the gap lies, and leaves the others whole', () => {
    const broken = Float64Array.from({ length: 64 }, (_, i) => (i === 35 ? Number.NaN : i));
    const [at, y, whole] = decimate(steps(64), [broken, steps(64)], 8);
    const gap = (y as Points).indexOf(null);
    expect([(y as Points)[gap - 1], (y as Points)[gap + 1]]).toEqual([32, 39]);
    expect((whole as Points)[gap]).toBeUndefined();
    expect(at).toHaveLength((whole as Points).length);
  });
});
