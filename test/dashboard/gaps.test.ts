import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aloneAt, GapCount } from '../../client/dashboard/charts/gaps.js';

describe('gaps', () => {
  it('are counted for each field over the last steps', () => {
    const rows = fc.array(fc.tuple(fc.boolean(), fc.boolean()), { maxLength: 60 });
    fc.assert(
      fc.property(rows, fc.integer({ min: 1, max: 20 }), (given, window) => {
        const gaps = new GapCount(2, window);
        // the second row of a batch
        for (const row of given) gaps.add([0, 0, ...row.map((isGap) => (isGap ? Number.NaN : 1))], 2);
        const last = given.slice(-window);
        expect([gaps.of(0), gaps.of(1)]).toEqual([0, 1].map((i) => last.filter((row) => row[i]).length));
        expect(gaps.steps).toBe(last.length);
        const since = given.length - 1 - given.findLastIndex(([isGap]) => !isGap);
        expect(gaps.since(0)).toBe(since);
      }),
    );
  });

  it('leave readings alone that have one to either side', () => {
    expect(aloneAt([1, null, 2, 3, null, 4])).toEqual([0, 5]);
    expect(aloneAt([null, 1, undefined, null, 2, undefined, 3])).toEqual([1]);
    expect(aloneAt([7])).toEqual([0]);
    expect(aloneAt([1, 2])).toEqual([]);
    expect(aloneAt([])).toEqual([]);
  });
});
