import { describe, expect, it } from 'vitest';
import type { Pieces } from '../../../src/math/pieces.js';
import { UnderWay } from '../../../src/sequence/work/under-way.js';

describe('what is under way', () => {
  it('[FAR1] goes on with what was begun last, and then with what began it', () => {
    const underWay = new UnderWay();
    const order: string[] = [];
    function* inner(): Pieces {
      order.push('inner 1');
      yield 1;
      order.push('inner 2');
    }
    function* outer(): Pieces {
      order.push('outer 1');
      underWay.begin(inner());
      yield 2;
      order.push('outer 2');
      underWay.begin(inner());
    }
    underWay.begin(outer());
    const costs: number[] = [];
    while (!underWay.isEmpty) costs.push(underWay.next());
    expect(order).toEqual(['outer 1', 'inner 1', 'inner 2', 'outer 2', 'inner 1', 'inner 2']);
    expect(costs).toEqual([2, 1, 0, 0, 1, 0]);
    expect(underWay.next()).toBe(0);
  });

  it('[FAR1] ends everything that was begun when it is given up, also from within a piece', () => {
    const underWay = new UnderWay();
    const ended: string[] = [];
    function* work(name: string, act: () => void): Pieces {
      try {
        for (;;) {
          act();
          yield 1;
        }
      } finally {
        ended.push(name);
      }
    }
    underWay.begin(work('below', () => undefined));
    underWay.next();
    underWay.begin(work('top', () => underWay.drop()));
    underWay.next();
    expect(ended.sort()).toEqual(['below', 'top']);
    expect(underWay.isEmpty).toBe(true);
  });

  it('[FAR1] goes on below what throws', () => {
    const underWay = new UnderWay();
    let isDone = false;
    underWay.begin(
      (function* (): Pieces {
        yield 1;
        isDone = true;
      })(),
    );
    underWay.begin(
      // biome-ignore lint/correctness/useYield: it throws before it could
      (function* (): Pieces {
        throw new Error('broken');
      })(),
    );
    expect(() => underWay.next()).toThrow('broken');
    while (!underWay.isEmpty) underWay.next();
    expect(isDone).toBe(true);
  });
});
