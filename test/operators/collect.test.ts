import { map, range, Subject, take, VirtualTimeScheduler } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { collect } from '../../src/operators/collect.js';
import { codeThrownBy, firehose, marbles, throws } from '../support/marbles.js';

const ROOMY = { capacity: 100 };

describe('collect', () => {
  it('[OPR1] is silent while the source is', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold('-');
      const expected = '   -';

      expectObservable(source.pipe(collect(4, ROOMY))).toBe(expected);
    });
  });

  it('[OPR2] completes with an empty source', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold('--|');
      const expected = '   --|';

      expectObservable(source.pipe(collect(4, ROOMY))).toBe(expected);
    });
  });

  it('[OPR25] emits one value everyMs after it came', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold('-a---------|');
      const expected = '   -----u-----|';

      expectObservable(source.pipe(collect(4, ROOMY))).toBe(expected, { u: ['a'] });
    });
  });

  it('[OPR25] emits many values in batches, everyMs after the first value of each', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold('-ab-c---de-----(fg)--h-----|');
      const expected = '   -----u------v------w-----x-|';

      expectObservable(source.pipe(collect(4, ROOMY))).toBe(expected, {
        u: ['a', 'b', 'c'],
        v: ['d', 'e'],
        w: ['f', 'g'],
        x: ['h'],
      });
    });
  });

  it('[OPR30] counts each value for what it weighs, and lets no batch grow over its capacity', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold('-a-b-----c-d-e----|');
      const expected = '   ---(uv)--w------x-|';

      const weights: Record<string, number> = { a: 1, b: 3, c: 7, d: 1, e: 1 };
      const weigh = (value: string) => weights[value] as number;
      expectObservable(source.pipe(collect(5, { capacity: 3, weigh }))).toBe(expected, {
        u: ['a'],
        v: ['b'],
        w: ['c'],
        x: ['d', 'e'],
      });
    });
  });

  it('[OPR26] emits a full batch at once and begins the next with its own time', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold('-ab-cd--e-------|');
      const expected = '   ----u------v----|';

      expectObservable(source.pipe(collect(6, { capacity: 3 }))).toBe(expected, {
        u: ['a', 'b', 'c'],
        // d came at 5, so its batch was due at 11
        v: ['d', 'e'],
      });
    });
  });

  it('[OPR26] emits every value at once where the capacity is 1', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold('-a-(bc)-|');
      const expected = '   -u-(vw)-|';

      const result = source.pipe(collect(4, { capacity: 1 }));
      expectObservable(result).toBe(expected, { u: ['a'], v: ['b'], w: ['c'] });
    });
  });

  it('[OPR27] emits the values that wait when the source completes', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold('-ab|');
      const expected = '   ---(u|)';

      expectObservable(source.pipe(collect(4, ROOMY))).toBe(expected, { u: ['a', 'b'] });
    });
  });

  it('[OPR27] loses none of many values and holds no more than its capacity', () => {
    const batches: number[][] = [];
    range(0, 1000)
      .pipe(collect(4, { capacity: 64 }))
      .subscribe((batch) => batches.push(batch));

    expect(batches.flat()).toEqual(Array.from({ length: 1000 }, (_, i) => i));
    expect(Math.max(...batches.map((batch) => batch.length))).toBe(64);
  });

  it('[OPR3] passes an error of the source on, after the values that wait', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-ab#', undefined, 'broken');
      const subs = '       ^--!';
      const expected = '   ---(u#)';

      expectObservable(source.pipe(collect(4, ROOMY))).toBe(expected, { u: ['a', 'b'] }, 'broken');
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it('[OPR4] passes on what throws behind it and unsubscribes from the source', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-ab---c|');
      const subs = '       ^----!';
      const expected = '   -----#';

      expectObservable(source.pipe(collect(4, ROOMY), map(throws))).toBe(expected, {}, 'thrown');
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it('[OPR5] lets go of the source and of the values that wait when unsubscribed early', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-ab------|');
      const unsub = '      ---!';
      const subs = '       ^--!';
      const expected = '   ----';

      expectObservable(source.pipe(collect(4, ROOMY)), unsub).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it('[OPR5] stops its timer when unsubscribed early', () => {
    const scheduler = new VirtualTimeScheduler();
    const source = new Subject<number>();
    const subscription = source.pipe(collect(4, { capacity: 8, scheduler })).subscribe();
    source.next(1);
    expect(scheduler.actions).toHaveLength(1);
    subscription.unsubscribe();

    expect(scheduler.actions).toHaveLength(0);
    expect(source.observed).toBe(false);
  });

  it('[OPR5] stops a source that emits while it is subscribed to', () => {
    const { source$, emitted } = firehose();
    source$.pipe(collect(4, { capacity: 2 }), take(2)).subscribe();

    expect(emitted()).toBe(4);
  });

  it('[OPR6] shares nothing between two subscriptions', () => {
    marbles(({ hot, expectObservable }) => {
      const source = hot('-ab-c------|');
      const sub2 = '      --^';
      const expected1 = ' -----u-----|';
      const expected2 = ' ------v----|';

      const result = source.pipe(collect(4, ROOMY));
      expectObservable(result).toBe(expected1, { u: ['a', 'b', 'c'] });
      expectObservable(result, sub2).toBe(expected2, { v: ['b', 'c'] });
    });
  });

  it('[OPR28] runs one timer while values wait, and none while there are none', () => {
    const scheduler = new VirtualTimeScheduler();
    const source = new Subject<number>();
    source.pipe(collect(4, { capacity: 3, scheduler })).subscribe();
    const timers: number[] = [scheduler.actions.length];
    for (const value of [1, 2, 3, 4]) {
      source.next(value);
      timers.push(scheduler.actions.length);
    }
    scheduler.flush();
    timers.push(scheduler.actions.length);

    expect(timers).toEqual([0, 1, 1, 0, 1, 0]);
    expect(scheduler.now()).toBe(4);
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31])(
    '[OPR7] refuses everyMs = %d',
    (everyMs) => {
      expect(codeThrownBy(() => collect(everyMs, ROOMY))).toBe('setting-invalid');
    },
  );

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])(
    '[OPR7] refuses a capacity of %d',
    (capacity) => {
      expect(codeThrownBy(() => collect(4, { capacity }))).toBe('setting-invalid');
    },
  );
});
