import { describe, expect, it } from 'vitest';
import { finish, inRanges, PIECE, type Pieces } from '../../src/math/pieces.js';
import { costsOf } from '../support/pieces.js';

describe('pieces', () => {
  function* three(): Pieces<string> {
    for (let i = 1; i <= 3; i++) yield i;
    return 'done';
  }

  it('are run to their end at once by finish', () => {
    expect(finish(three())).toBe('done');
    expect(costsOf(three())).toEqual({ costs: [1, 2, 3], value: 'done' });
  });

  it.each([
    [0, 1],
    [1, 1],
    [10, PIECE / 3],
    [7, 10 * PIECE],
    [1000, 0],
  ])('inRanges covers all of %i items that cost %i each, once, in order', (count, each) => {
    const seen: number[] = [];
    const { costs } = costsOf(
      inRanges(count, each, (from, to) => {
        for (let i = from; i < to; i++) seen.push(i);
      }),
    );
    expect(seen).toEqual(Array.from({ length: count }, (_, i) => i));
    expect(costs.reduce((sum, cost) => sum + cost, 0)).toBeCloseTo(count * each, 3);
    for (const cost of costs) expect(cost).toBeLessThanOrEqual(Math.max(PIECE, each));
  });
});
