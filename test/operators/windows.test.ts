import { map, range, take } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { type StepWindow, windows } from '../../src/operators/windows.js';
import { codeThrownBy, firehose, marbles, throws } from '../support/marbles.js';

const cut = (steps: string, fresh: number) => ({ steps: [...steps], fresh });

describe('windows', () => {
  it('[OPR1] is silent while the source is', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold('-');
      const expected = '   -';

      expectObservable(source.pipe(windows({ k1: 1, k2: 2 }))).toBe(expected);
    });
  });

  it('[OPR2] completes with an empty source', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold('--|');
      const expected = '   --|';

      expectObservable(source.pipe(windows({ k1: 1, k2: 2 }))).toBe(expected);
    });
  });

  it('[OPR14] cuts a window after one step where k1 is 1', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold('-a-|');
      const expected = '   -u-|';

      expectObservable(source.pipe(windows({ k1: 1, k2: 3 }))).toBe(expected, { u: cut('a', 1) });
    });
  });

  it('[OPR14] cuts overlapping windows of the last k2 steps every k1 steps', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold('-a-b-c-d-e-f-|');
      const expected = '   ---u---v---w-|';

      expectObservable(source.pipe(windows({ k1: 2, k2: 5 }))).toBe(expected, {
        u: cut('ab', 2),
        v: cut('abcd', 2),
        w: cut('bcdef', 2),
      });
    });
  });

  it('[OPR14] cuts windows side by side where k1 = k2', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold('-a-b-c-(de)-f|');
      const expected = '   -----u------v|';

      expectObservable(source.pipe(windows({ k1: 3, k2: 3 }))).toBe(expected, {
        u: cut('abc', 3),
        v: cut('def', 3),
      });
    });
  });

  it('[OPR14] slides by one step where k1 is 1', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold('-a-b-c-d-|');
      const expected = '   -u-v-w-x-|';

      expectObservable(source.pipe(windows({ k1: 1, k2: 2 }))).toBe(expected, {
        u: cut('a', 1),
        v: cut('ab', 1),
        w: cut('bc', 1),
        x: cut('cd', 1),
      });
    });
  });

  it('[OPR14] holds no more than k2 steps of a long stream, and counts each as fresh once', () => {
    const fresh: number[] = [];
    let longest = 0;
    range(0, 10_007)
      .pipe(windows({ k1: 3, k2: 8 }))
      .subscribe((window) => {
        longest = Math.max(longest, window.steps.length);
        fresh.push(...window.steps.slice(window.steps.length - window.fresh));
      });

    expect(longest).toBe(8);
    expect(fresh).toEqual(Array.from({ length: 10_007 }, (_, i) => i));
  });

  it('[OPR14] emits windows that later steps leave alone', () => {
    const seen: StepWindow<number>[] = [];
    range(1, 4)
      .pipe(windows({ k1: 1, k2: 2 }))
      .subscribe((window) => seen.push(window));

    expect(seen.map(({ steps }) => steps)).toEqual([[1], [1, 2], [2, 3], [3, 4]]);
  });

  it('[OPR15] cuts a last window with the steps that remain when the source completes', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold('-a-b-c-d-e---|');
      const expected = '   -----u-------(v|)';

      expectObservable(source.pipe(windows({ k1: 3, k2: 4 }))).toBe(expected, {
        u: cut('abc', 3),
        v: cut('bcde', 2),
      });
    });
  });

  it('[OPR3] passes an error of the source on at once', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-b-c-#', undefined, 'broken');
      const subs = '       ^------!';
      const expected = '   ---u---#';

      const result = source.pipe(windows({ k1: 2, k2: 2 }));
      expectObservable(result).toBe(expected, { u: cut('ab', 2) }, 'broken');
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it('[OPR4] passes on what throws behind it and unsubscribes from the source', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-b-c|');
      const subs = '       ^--!';
      const expected = '   ---#';

      const result = source.pipe(windows({ k1: 2, k2: 2 }), map(throws));
      expectObservable(result).toBe(expected, {}, 'thrown');
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it('[OPR5] lets go of the source when unsubscribed early', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-b-c-d|');
      const unsub = '      -----!';
      const subs = '       ^----!';
      const expected = '   ---u--';

      const result = source.pipe(windows({ k1: 2, k2: 2 }));
      expectObservable(result, unsub).toBe(expected, { u: cut('ab', 2) });
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it('[OPR5] stops a source that emits while it is subscribed to', () => {
    const { source$, emitted } = firehose();
    source$.pipe(windows({ k1: 2, k2: 2 }), take(2)).subscribe();

    expect(emitted()).toBe(4);
  });

  it('[OPR6] shares nothing between two subscriptions', () => {
    marbles(({ hot, expectObservable }) => {
      const source = hot('-a-b-c-d-e-|');
      const sub2 = '      ----^';
      const expected1 = ' ---u---v---(w|)';
      const expected2 = ' -------x---(y|)';

      const result = source.pipe(windows({ k1: 2, k2: 3 }));
      expectObservable(result).toBe(expected1, { u: cut('ab', 2), v: cut('bcd', 2), w: cut('cde', 1) });
      expectObservable(result, sub2).toBe(expected2, { x: cut('cd', 2), y: cut('cde', 1) });
    });
  });

  it.each([
    { k1: 0, k2: 1 },
    { k1: 1.5, k2: 2 },
    { k1: 3, k2: 2 },
    { k1: 1, k2: Number.POSITIVE_INFINITY },
  ])('[OPR7] refuses k1 = $k1 with k2 = $k2', (options) => {
    expect(codeThrownBy(() => windows(options))).toBe('setting-invalid');
  });
});
