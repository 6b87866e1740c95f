import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addExactly, meanOf, sumOf } from '../../src/math/exact-sum.js';
import { inexactOperations } from '../support/arithmetic.js';
import { exactMean, exactSum } from '../support/exact.js';

const parts = (values: readonly number[]): number[] => {
  const sum: number[] = [];
  for (const value of values) addExactly(sum, value);
  return sum;
};
const sum = (values: readonly number[]) => sumOf(parts(values));
const mean = (values: readonly number[]) => meanOf(parts(values), values.length);

/** Numbers as sensors give them: multiples of 2^-40. */
const similar = fc
  .double({ min: -1e6, max: 1e6, noNaN: true })
  .map((value) => Math.round(value * 2 ** 40) / 2 ** 40);
/** Numbers of very different sizes, many of which cancel out: multiples of 2^-300. */
const number = fc.oneof(
  fc.constantFrom(0, 1, -1, 0.1, -0.1, 1e100, -1e100, 2 ** 53, 1 + 2 ** -52, 2 ** -53, -(2 ** -53)),
  similar,
  fc
    .tuple(fc.integer({ min: -(2 ** 53), max: 2 ** 53 }), fc.integer({ min: -240, max: 300 }))
    .map(([whole, power]) => whole * 2 ** power),
);

describe('the exact sum', () => {
  it('[RSM3] is correctly rounded', () => {
    fc.assert(
      fc.property(fc.array(number, { maxLength: 60 }), (values) => {
        expect(sum(values)).toBe(exactSum(values) + 0);
      }),
      { numRuns: 3000 },
    );
  });

  it('[RSM3] has a correctly rounded mean, of numbers of similar sizes', () => {
    fc.assert(
      fc.property(fc.array(similar, { minLength: 1, maxLength: 60 }), (values) => {
        expect(mean(values)).toBe(exactMean(values) + 0);
      }),
      { numRuns: 3000 },
    );
  });

  it('[RSM3] has a mean within one rounding of the truth, of any numbers', () => {
    fc.assert(
      fc.property(fc.array(number, { minLength: 1, maxLength: 60 }), (values) => {
        const truth = exactMean(values);
        expect(Math.abs(mean(values) - truth)).toBeLessThanOrEqual(Math.abs(truth) * 2 ** -52);
      }),
      { numRuns: 3000 },
    );
  });

  it('[RSM3] has the same bits in any order, for all finite numbers', () => {
    const any = fc.array(fc.double({ noNaN: true, noDefaultInfinity: true }), { minLength: 1 });
    const shuffled = any.chain((values) =>
      fc.tuple(fc.constant(values), fc.shuffledSubarray(values, { minLength: values.length })),
    );
    fc.assert(
      fc.property(shuffled, ([values, others]) => {
        expect(sum(others)).toBe(sum(values));
        expect(mean(others)).toBe(mean(values));
      }),
      { numRuns: 3000 },
    );
  });

  it('[RSM3] of equal numbers has them as its mean, and a mean is between the least and the largest', () => {
    const value = fc.double({ min: -1e300, max: 1e300, noNaN: true }).filter((x) => Math.abs(x) > 1e-280);
    fc.assert(
      fc.property(value, fc.integer({ min: 1, max: 300 }), (x, count) => {
        expect(mean(new Array<number>(count).fill(x))).toBe(x);
      }),
    );
    fc.assert(
      fc.property(fc.array(value, { minLength: 1 }), (values) => {
        expect(mean(values)).toBeGreaterThanOrEqual(Math.min(...values));
        expect(mean(values)).toBeLessThanOrEqual(Math.max(...values));
      }),
    );
  });

  it('[RSM3] does not overflow on the way, and ends at the largest number', () => {
    const { MAX_VALUE } = Number;
    expect(sum([MAX_VALUE, MAX_VALUE, -MAX_VALUE, -MAX_VALUE, 3])).toBe(3);
    expect(sum([MAX_VALUE, MAX_VALUE])).toBe(MAX_VALUE);
    expect(sum([-MAX_VALUE, -MAX_VALUE])).toBe(-MAX_VALUE);
    expect(mean([MAX_VALUE, MAX_VALUE, MAX_VALUE])).toBe(MAX_VALUE);
  });

  it('is 0 of nothing, and never -0', () => {
    expect(sum([])).toBe(0);
    expect(sum([-0])).toBe(0);
    expect(mean([-0, -0])).toBe(0);
    expect(mean([1, -1])).toBe(0);
  });

  it('keeps few parts of many numbers', () => {
    const many = Array.from(
      { length: 20_000 },
      (_, i) => (i % 2 ? -1 : 1) * (i + 0.1) * 2 ** (((i * 37) % 1900) - 950),
    );
    expect(parts(many).length).toBeLessThanOrEqual(48);
  });

  it('uses only arithmetic that is exactly rounded everywhere', () => {
    expect(inexactOperations('src/math/exact-sum.ts')).toEqual([]);
  });
});
