import { EMPTY, firstValueFrom, map, NEVER, Observable, of, range, Subject, take, toArray } from 'rxjs';
import { describe, expect, it, vi } from 'vitest';
import { boundedBuffer } from '../../src/operators/bounded-buffer.js';
import { codeThrownBy, errorCode, firehose, marbles, throws } from '../support/marbles.js';

const FAIL = { capacity: 2, overflow: 'fail' } as const;

describe('boundedBuffer', () => {
  it('[OPR1] is silent while the source is', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold('-');
      const expected = '   -';

      expectObservable(source.pipe(boundedBuffer((value) => of(value), FAIL))).toBe(expected);
    });
  });

  it('[OPR2] completes with an empty source', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold('--|');
      const expected = '   --|';

      expectObservable(source.pipe(boundedBuffer((value) => of(value), FAIL))).toBe(expected);
    });
  });

  it('[OPR16] runs the inner Observable of one value and completes when both have', () => {
    marbles(({ cold, expectObservable }) => {
      const inner = cold('  x-y--|');
      const source = cold('-a|');
      const expected = '   -x-y--|';

      expectObservable(source.pipe(boundedBuffer(() => inner, FAIL))).toBe(expected);
    });
  });

  it('[OPR16] waits for the source to complete after the inner Observables', () => {
    marbles(({ cold, expectObservable }) => {
      const inner = cold('  x|');
      const source = cold('-a-----|');
      const expected = '   -x-----|';

      expectObservable(source.pipe(boundedBuffer(() => inner, FAIL))).toBe(expected);
    });
  });

  it('[OPR16] runs many inner Observables one after the other, in order', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const a = cold('      x---x|');
      const b = cold('           y---y|');
      const c = cold('                z---z|');
      const source = cold('-abc|');
      const aSubs = '      -^----!';
      const bSubs = '      ------^----!';
      const cSubs = '      -----------^----!';
      const expected = '   -x---xy---yz---z|';

      const inner: Record<string, Observable<string>> = { a, b, c };
      expectObservable(source.pipe(boundedBuffer((name) => inner[name]!, FAIL))).toBe(expected);
      expectSubscriptions(a.subscriptions).toBe(aSubs);
      expectSubscriptions(b.subscriptions).toBe(bSubs);
      expectSubscriptions(c.subscriptions).toBe(cSubs);
    });
  });

  it('[OPR16] tears an inner Observable down before it starts the next', () => {
    const log: string[] = [];
    const inner = (value: number) =>
      new Observable<never>((subscriber) => {
        log.push(`start ${value}`);
        subscriber.complete();
        return () => log.push(`end ${value}`);
      });
    range(0, 2).pipe(boundedBuffer(inner, FAIL)).subscribe();

    expect(log).toEqual(['start 0', 'end 0', 'start 1', 'end 1']);
  });

  it('[OPR16] takes promises and iterables as inner Observables', async () => {
    const project = (value: string) => (value === 'a' ? Promise.resolve('one') : ['two', 'three']);
    const results = of('a', 'b').pipe(boundedBuffer(project, FAIL), toArray());

    expect(await firstValueFrom(results)).toEqual(['one', 'two', 'three']);
  });

  it('[OPR17] lets capacity values wait besides the one that runs', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold('(abc)------|');
      const expected = '   -----a----b----(c|)';

      const inner = (value: string) => cold('-----(v|)', { v: value });
      expectObservable(source.pipe(boundedBuffer(inner, FAIL))).toBe(expected);
    });
  });

  it('[OPR18] errors when a value finds the queue full and the policy is fail', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const inner = cold('  ------x|');
      const source = cold('-abcd-e|');
      const subs = '       ^---!';
      const innerSubs = '  -^--!';
      const expected = '   ----#';

      const result = source.pipe(
        boundedBuffer(() => inner, FAIL),
        errorCode(),
      );
      expectObservable(result).toBe(expected, {}, 'buffer-overflow');
      expectSubscriptions(source.subscriptions).toBe(subs);
      expectSubscriptions(inner.subscriptions).toBe(innerSubs);
    });
  });

  it('[OPR18] starts no value that waited when it errors', () => {
    const project = vi.fn((_: number) => NEVER);
    const error = vi.fn();
    range(0, 10).pipe(boundedBuffer(project, FAIL), errorCode()).subscribe({ error });

    expect(error.mock.calls).toEqual([['buffer-overflow']]);
    expect(project.mock.calls).toEqual([[0]]);
  });

  it('[OPR19] drops the value that waited longest and tells which', () => {
    const dropped: string[] = [];
    marbles(({ cold, expectObservable }) => {
      const source = cold('abcde-----|');
      const expected = '   ------a-----d-----(e|)';

      const inner = (value: string) => cold('------(v|)', { v: value });
      const onDrop = (value: string) => dropped.push(value);
      const result = source.pipe(boundedBuffer(inner, { capacity: 2, overflow: 'drop-oldest', onDrop }));
      expectObservable(result).toBe(expected);
    });
    expect(dropped).toEqual(['b', 'c']);
  });

  it('[OPR20] drops the value that came and tells which', () => {
    const dropped: string[] = [];
    marbles(({ cold, expectObservable }) => {
      const source = cold('abcde-----|');
      const expected = '   ------a-----b-----(c|)';

      const inner = (value: string) => cold('------(v|)', { v: value });
      const onDrop = (value: string) => dropped.push(value);
      const result = source.pipe(boundedBuffer(inner, { capacity: 2, overflow: 'drop-newest', onDrop }));
      expectObservable(result).toBe(expected);
    });
    expect(dropped).toEqual(['d', 'e']);
  });

  it.each([
    { overflow: 'drop-oldest', kept: [0, 4, 5, 6], lost: [1, 2, 3] },
    { overflow: 'drop-newest', kept: [0, 1, 2, 3], lost: [4, 5, 6] },
  ] as const)('[OPR17] holds capacity values with $overflow also when onDrop feeds it', (expected) => {
    const source = new Subject<number>();
    const first = new Subject<never>();
    const kept: number[] = [];
    const lost: number[] = [];
    const onDrop = (value: number) => {
      lost.push(value);
      if (lost.length === 1) source.next(5);
      if (lost.length === 2) source.next(6);
    };
    source
      .pipe(
        boundedBuffer((value) => (kept.push(value) === 1 ? first : EMPTY), {
          capacity: 3,
          overflow: expected.overflow,
          onDrop,
        }),
      )
      .subscribe();
    for (const value of [0, 1, 2, 3, 4]) source.next(value);
    first.complete();

    expect({ kept, lost }).toEqual({ kept: expected.kept, lost: expected.lost });
  });

  it('[OPR21] keeps the stack flat over many inner Observables that complete at once', () => {
    const source = new Subject<number>();
    const first = new Subject<number>();
    const results: number[] = [];
    const error = vi.fn();
    source
      .pipe(
        boundedBuffer((value) => (value === 0 ? first : of(value)), { capacity: 10_000, overflow: 'fail' }),
      )
      .subscribe({ next: (value) => results.push(value), error });
    for (let value = 0; value <= 10_000; value++) source.next(value);
    first.complete();

    expect(error).not.toHaveBeenCalled();
    expect(results).toEqual(Array.from({ length: 10_000 }, (_, i) => i + 1));
  });

  it('[OPR3] passes an error of the source on at once', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const inner = cold('  x-----|');
      const source = cold('-ab-#', undefined, 'broken');
      const innerSubs = '  -^--!';
      const expected = '   -x--#';

      expectObservable(source.pipe(boundedBuffer(() => inner, FAIL))).toBe(expected, undefined, 'broken');
      expectSubscriptions(inner.subscriptions).toBe(innerSubs);
    });
  });

  it('[OPR3] passes an error of an inner Observable on and starts no other', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const inner = cold('  x-#', undefined, 'broken');
      const source = cold('-ab----|');
      const subs = '       ^--!';
      const innerSubs = '  -^-!';
      const expected = '   -x-#';

      expectObservable(source.pipe(boundedBuffer(() => inner, FAIL))).toBe(expected, undefined, 'broken');
      expectSubscriptions(source.subscriptions).toBe(subs);
      expectSubscriptions(inner.subscriptions).toBe(innerSubs);
    });
  });

  it('[OPR4] errors when project throws', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-b|');
      const subs = '       ^!';
      const expected = '   -#';

      expectObservable(source.pipe(boundedBuffer(throws, FAIL))).toBe(expected, {}, 'thrown');
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it('[OPR4] errors when project throws for a value that waited', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const inner = cold('  x---|');
      const source = cold('-ab----|');
      const subs = '       ^----!';
      const expected = '   -x---#';

      const project = (value: string) => (value === 'a' ? inner : throws());
      expectObservable(source.pipe(boundedBuffer(project, FAIL))).toBe(expected, undefined, 'thrown');
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it.each(['drop-oldest', 'drop-newest'] as const)('[OPR4] errors when onDrop throws with %s', (overflow) => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const inner = cold('  ------x|');
      const source = cold('-abc---|');
      const subs = '       ^--!';
      const innerSubs = '  -^-!';
      const expected = '   ---#';

      const result = source.pipe(boundedBuffer(() => inner, { capacity: 1, overflow, onDrop: throws }));
      expectObservable(result).toBe(expected, {}, 'thrown');
      expectSubscriptions(source.subscriptions).toBe(subs);
      expectSubscriptions(inner.subscriptions).toBe(innerSubs);
    });
  });

  it('[OPR4] passes on what throws behind it and lets go of source and inner Observable', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const inner = cold('  --x--|');
      const source = cold('-ab---|');
      const subs = '       ^--!';
      const innerSubs = '  -^-!';
      const expected = '   ---#';

      const result = source.pipe(
        boundedBuffer(() => inner, FAIL),
        map(throws),
      );
      expectObservable(result).toBe(expected, {}, 'thrown');
      expectSubscriptions(source.subscriptions).toBe(subs);
      expectSubscriptions(inner.subscriptions).toBe(innerSubs);
    });
  });

  it('[OPR5] lets go of source, inner Observable and queue when unsubscribed early', () => {
    const started: string[] = [];
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const inner = cold('  x----|');
      const source = cold('-ab-----|');
      const unsub = '      ----!';
      const subs = '       ^---!';
      const innerSubs = '  -^--!';
      const expected = '   -x---';

      const project = (value: string) => {
        started.push(value);
        return inner;
      };
      expectObservable(source.pipe(boundedBuffer(project, FAIL)), unsub).toBe(expected);
      expectSubscriptions(source.subscriptions).toBe(subs);
      expectSubscriptions(inner.subscriptions).toBe(innerSubs);
    });
    expect(started).toEqual(['a']);
  });

  it('[OPR5] stops a source and an inner Observable that emit while they are subscribed to', () => {
    const outer = firehose();
    const inner = firehose();
    outer.source$
      .pipe(
        boundedBuffer(() => inner.source$, FAIL),
        take(3),
      )
      .subscribe();

    expect(outer.emitted()).toBe(1);
    expect(inner.emitted()).toBe(3);
  });

  it('[OPR6] shares nothing between two subscriptions', () => {
    marbles(({ hot, cold, expectObservable }) => {
      const source = hot('-a-b-----|');
      const sub2 = '      --^';
      const expected1 = ' ------a----(b|)';
      const expected2 = ' --------b|';

      const inner = (value: string) => cold('-----(v|)', { v: value });
      const result = source.pipe(boundedBuffer(inner, { capacity: 1, overflow: 'fail' }));
      expectObservable(result).toBe(expected1);
      expectObservable(result, sub2).toBe(expected2);
    });
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])(
    '[OPR7] refuses a capacity of %d',
    (capacity) => {
      expect(codeThrownBy(() => boundedBuffer(of, { capacity, overflow: 'fail' }))).toBe('setting-invalid');
    },
  );
});
