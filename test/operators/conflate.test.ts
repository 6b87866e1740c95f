import { map, reduce, Subject, take, VirtualTimeScheduler } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { type Conflated, conflate } from '../../src/operators/conflate.js';
import { codeThrownBy, firehose, marbles, throws } from '../support/marbles.js';

const of = (value: string, skipped: number) => ({ value, skipped });

describe('conflate', () => {
  it('[OPR1] is silent while the source is', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold('-');
      const expected = '   -';

      expectObservable(source.pipe(conflate(4))).toBe(expected);
    });
  });

  it('[OPR2] completes with an empty source', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold('--|');
      const expected = '   --|';

      expectObservable(source.pipe(conflate(4))).toBe(expected);
    });
  });

  it('[OPR22] emits one value at once', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold('-a---------|');
      const expected = '   -u---------|';

      expectObservable(source.pipe(conflate(4))).toBe(expected, { u: of('a', 0) });
    });
  });

  it('[OPR22] emits the newest of many values every everyMs and counts those it skipped', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold('ab-cdef-g----|');
      const expected = '   u---v---w----|';

      expectObservable(source.pipe(conflate(4))).toBe(expected, {
        u: of('a', 0),
        v: of('d', 2),
        w: of('g', 2),
      });
    });
  });

  it('[OPR22] emits at once again after a pause', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold('ab------cd-----|');
      const expected = '   u---v---w---x--|';

      expectObservable(source.pipe(conflate(4))).toBe(expected, {
        u: of('a', 0),
        v: of('b', 0),
        w: of('c', 0),
        x: of('d', 0),
      });
    });
  });

  it('[OPR22] holds its rate when what it emits calls forth the next value', () => {
    const scheduler = new VirtualTimeScheduler();
    const source = new Subject<number>();
    const emitted: [number, number][] = [];
    source.pipe(conflate(4, scheduler)).subscribe(({ value }) => {
      emitted.push([scheduler.now(), value]);
      if (value < 3) source.next(value + 1);
    });
    source.next(0);
    scheduler.flush();

    expect(emitted).toEqual([
      [0, 0],
      [4, 1],
      [8, 2],
      [12, 3],
    ]);
  });

  it('[OPR23] emits the value that waits when the source completes', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold('abc|');
      const expected = '   u--(v|)';

      expectObservable(source.pipe(conflate(5))).toBe(expected, { u: of('a', 0), v: of('c', 1) });
    });
  });

  it('[OPR24] emits and skips as many values as came', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold('a--bcd-e-fgh--(ijk)l-m|');
      const expected = '   ----------------------(t|)';

      const count = reduce((sum: number, { skipped }: Conflated<string>) => sum + 1 + skipped, 0);
      expectObservable(source.pipe(conflate(5), count)).toBe(expected, { t: 13 });
    });
  });

  it('[OPR3] passes an error of the source on, after the value that waits', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('abc#', undefined, 'broken');
      const subs = '       ^--!';
      const expected = '   u--(v#)';

      const values = { u: of('a', 0), v: of('c', 1) };
      expectObservable(source.pipe(conflate(5))).toBe(expected, values, 'broken');
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it('[OPR4] passes on what throws behind it and unsubscribes from the source', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-ab-c-|');
      const subs = '       ^----!';
      const expected = '   -u---#';

      const second = map((result: Conflated<string>) => (result.value === 'a' ? result : throws()));
      const result = source.pipe(conflate(4), second);
      expectObservable(result).toBe(expected, { u: of('a', 0) }, 'thrown');
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it('[OPR5] lets go of the source and of the value that waits when unsubscribed early', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('ab-c------|');
      const unsub = '      --!';
      const subs = '       ^-!';
      const expected = '   u--';

      expectObservable(source.pipe(conflate(4)), unsub).toBe(expected, { u: of('a', 0) });
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it('[OPR5] stops its timer when unsubscribed early', () => {
    const scheduler = new VirtualTimeScheduler();
    const source = new Subject<number>();
    const subscription = source.pipe(conflate(4, scheduler)).subscribe();
    source.next(1);
    expect(scheduler.actions).toHaveLength(1);
    subscription.unsubscribe();

    expect(scheduler.actions).toHaveLength(0);
    expect(source.observed).toBe(false);
  });

  it('[OPR5] stops its timer when the source ends', () => {
    const scheduler = new VirtualTimeScheduler();
    const source = new Subject<number>();
    source.pipe(conflate(4, scheduler)).subscribe();
    source.next(1);
    source.next(2);
    source.complete();

    expect(scheduler.actions).toHaveLength(0);
  });

  it('[OPR5] stops a source that emits while it is subscribed to', () => {
    const { source$, emitted } = firehose();
    source$.pipe(conflate(4), take(1)).subscribe();

    expect(emitted()).toBe(1);
  });

  it('[OPR6] shares nothing between two subscriptions', () => {
    marbles(({ hot, expectObservable }) => {
      const source = hot('-ab-c------|');
      const sub2 = '      ---^';
      const expected1 = ' -u---v-----|';
      const expected2 = ' ----w------|';

      const result = source.pipe(conflate(4));
      expectObservable(result).toBe(expected1, { u: of('a', 0), v: of('c', 1) });
      expectObservable(result, sub2).toBe(expected2, { w: of('c', 0) });
    });
  });

  it('[OPR28] runs one timer at most, and none everyMs after its last emission', () => {
    const scheduler = new VirtualTimeScheduler();
    const source = new Subject<number>();
    const emitted: number[] = [];
    source.pipe(conflate(4, scheduler)).subscribe(({ value }) => emitted.push(value));
    expect(scheduler.actions).toHaveLength(0);
    for (let value = 0; value < 100; value++) source.next(value);
    expect(scheduler.actions).toHaveLength(1);
    scheduler.flush();

    expect(scheduler.actions).toHaveLength(0);
    expect(scheduler.now()).toBe(8);
    expect(emitted).toEqual([0, 99]);
  });

  it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 31])(
    '[OPR7] refuses everyMs = %d',
    (everyMs) => {
      expect(codeThrownBy(() => conflate(everyMs))).toBe('setting-invalid');
    },
  );
});
