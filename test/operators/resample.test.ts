import fc from 'fast-check';
import { from, map, merge, of, Subject, take, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { ResampledStep } from '../../src/features/resampler.js';
import { Resampler } from '../../src/features/resampler.js';
import { type Reading, resample } from '../../src/operators/resample.js';
import { codeThrownBy, errorCode, firehose, marbles, throws } from '../support/marbles.js';

const at = (t: number, value = t): Reading => ({ t, x: [value] });
const step = (t: number, value: number, readings = 1, skipped = 0) => ({
  t,
  x: Float64Array.of(value),
  readings,
  skipped,
});
/** One field in bins of 10 ms. */
const tens = () => resample({ every: 10 }, ['a']);
const VALUES = { a: at(1), b: at(5), c: at(12), d: at(19), e: at(25), l: at(3) };

describe('resample', () => {
  it('[OPR1] is silent while the source is', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold<Reading>('-');
      const expected = '            -';

      expectObservable(source.pipe(tens())).toBe(expected);
    });
  });

  it('[OPR2] completes with an empty source', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold<Reading>('--|');
      const expected = '            --|';

      expectObservable(source.pipe(tens())).toBe(expected);
    });
  });

  it('[RSM12] emits a step the moment its bin is closed, and those of the open bins when the source completes', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold('-ab--c-de--|', VALUES);
      const expected = '   -----u--v--(w|)';

      const steps = { u: step(0, 5, 2), v: step(10, 19, 2), w: step(20, 25) };
      expectObservable(source.pipe(tens())).toBe(expected, steps);
    });
  });

  it('[RSM12] emits gaps for empty bins, and counts those it skips', () => {
    const steps: ResampledStep[] = [];
    from([at(1), at(31), at(1_000_000)])
      .pipe(tens())
      .subscribe((value) => steps.push(value));
    expect(steps.slice(0, 4)).toEqual([
      step(0, 1),
      step(10, Number.NaN, 0),
      step(20, Number.NaN, 0),
      step(30, 31),
    ]);
    expect(steps.at(-1)).toEqual(step(1_000_000, 1_000_000, 1, 100_000 - 4 - 256));
    expect(steps).toHaveLength(4 + 256 + 1);
  });

  it('[RSM12] takes the values of some fields by name', () => {
    const readings = [
      { t: 1000, x: { pressure: 990 } },
      { t: 2000, x: { flow: 5 } },
      { t: 3000, x: { flow: 6, pressure: null } },
      { t: 12_000, x: { pressure: 991, flow: Number.NaN } },
    ];
    const steps: unknown[] = [];
    from(readings)
      .pipe(resample({ every: '10s', of: { flow: 'sum' } }, ['pressure', 'flow']))
      .subscribe(({ t, x }) => steps.push([t, ...x]));
    expect(steps).toEqual([
      [0, 990, 11],
      [10_000, 991, Number.NaN],
    ]);
  });

  it('[RSM12] makes one step of three sources with one field each', () => {
    const [pressure$, flow$, level$] = [new Subject<number>(), new Subject<number>(), new Subject<number>()];
    const steps: unknown[] = [];
    let now = 0;
    const named = (name: string) => map((value: number): Reading => ({ t: now, x: { [name]: value } }));
    merge(pressure$.pipe(named('pressure')), flow$.pipe(named('flow')), level$.pipe(named('level')))
      .pipe(resample({ every: '10s', of: { flow: 'sum', level: 'mean' } }, ['pressure', 'flow', 'level']))
      .subscribe(({ t, x }) => steps.push([t, ...x]));
    for (; now < 30_000; now += 500) {
      if (now % 3000 === 0) pressure$.next(now);
      if (now % 1000 === 500) flow$.next(2);
      if (now % 5000 === 2000) level$.next(now / 1000);
    }
    for (const source$ of [pressure$, flow$, level$]) source$.complete();
    expect(steps).toEqual([
      [0, 9000, 20, 4.5],
      [10_000, 18_000, 20, 14.5],
      [20_000, 27_000, 20, 24.5],
    ]);
  });

  it('[RSM12] emits what a Resampler gives for the same readings', () => {
    const readings = fc.array(fc.tuple(fc.integer({ min: 0, max: 300 }), fc.option(fc.integer())));
    fc.assert(
      fc.property(readings, (all) => {
        const settings = { every: 7, lateness: 300, of: 'mean' } as const;
        const resampler = new Resampler(settings, ['a']);
        const expected = all.flatMap(([t, value]) => resampler.take(t, [value]));
        expected.push(...resampler.flush());
        let emitted: unknown;
        from(all.map(([t, value]) => ({ t, x: value === null ? {} : { a: value } })))
          .pipe(resample(settings, ['a']), toArray())
          .subscribe((steps) => {
            emitted = steps;
          });
        expect(emitted).toEqual(expected);
      }),
    );
  });

  it('[RSM13] ends with the first late reading if nobody takes it', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-c-l-e|', VALUES);
      const subs = '       ^----!';
      const expected = '   ---u-#';

      expectObservable(source.pipe(tens(), errorCode())).toBe(expected, { u: step(0, 1) }, 'step-late');
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it('[RSM13] hands late readings to onLate and goes on', () => {
    const late: unknown[] = [];
    marbles(({ cold, expectObservable }) => {
      const source = cold('-a-c-l-e|', VALUES);
      const expected = '   ---u---v(w|)';

      const onLate = (error: Error & { code: string }, reading: Reading) => late.push(error.code, reading);
      expectObservable(source.pipe(resample({ every: 10 }, ['a'], { onLate }))).toBe(expected, {
        u: step(0, 1),
        v: step(10, 12),
        w: step(20, 25),
      });
    });
    expect(late).toEqual(['step-late', VALUES.l]);
  });

  it.each([
    ['step-shape', { t: 1, x: [1, 2] }],
    ['step-shape', { t: 1, x: { b: 1 } }],
    ['step-non-finite', { t: 1, x: { a: Number.POSITIVE_INFINITY } }],
    ['input-invalid', { t: Number.NaN, x: [1] }],
  ])('[RSM13] ends with %s for %j, whether late readings are taken or not', (code, reading) => {
    let ended: unknown;
    of(reading as Reading)
      .pipe(resample({ every: 10 }, ['a'], { onLate: throws }))
      .subscribe({
        error: (error) => {
          ended = error.code;
        },
      });
    expect(ended).toBe(code);
  });

  it('[RSM14] keeps the order of times when a step calls forth the next reading', () => {
    const source = new Subject<Reading>();
    const emitted: number[] = [];
    let isComplete = false;
    source.pipe(tens()).subscribe({
      next: ({ t }) => {
        emitted.push(t);
        if (t === 0) source.next(at(52));
        if (t === 10) source.complete();
      },
      complete: () => {
        isComplete = true;
      },
    });
    source.next(at(1));
    source.next(at(33));
    expect(emitted).toEqual([0, 10, 20, 30, 40, 50]);
    expect(isComplete).toBe(true);
  });

  it('[OPR3] passes an error of the source on, without the open bins', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-c#', VALUES, 'broken');
      const subs = '       ^---!';
      const expected = '   ---u#';

      expectObservable(source.pipe(tens())).toBe(expected, { u: step(0, 1) }, 'broken');
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it('[OPR4] passes on what throws behind it and unsubscribes from the source', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-c-e|', VALUES);
      const subs = '       ^--!';
      const expected = '   ---#';

      expectObservable(source.pipe(tens(), map(throws))).toBe(expected, {}, 'thrown');
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it('[OPR4] passes on what onLate throws and unsubscribes from the source', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-c-l-e|', VALUES);
      const subs = '       ^----!';
      const expected = '   ---u-#';

      const result = source.pipe(resample({ every: 10 }, ['a'], { onLate: throws }));
      expectObservable(result).toBe(expected, { u: step(0, 1) }, 'thrown');
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it('[OPR5] lets go of the source and of the open bins when unsubscribed early', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-c---|', VALUES);
      const unsub = '      ----!';
      const subs = '       ^---!';
      const expected = '   ---u-';

      expectObservable(source.pipe(tens()), unsub).toBe(expected, { u: step(0, 1) });
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it('[OPR5] stops a source that emits while it is subscribed to, and amid its own steps', () => {
    const { source$, emitted } = firehose();
    source$
      .pipe(
        map((i) => at(50 * i)),
        tens(),
        take(7),
      )
      .subscribe();

    expect(emitted()).toBe(3);
  });

  it('[OPR6] shares nothing between two subscriptions', () => {
    marbles(({ hot, expectObservable }) => {
      const source = hot('-ab-c------|', VALUES);
      const sub2 = '      --^';
      const expected1 = ' ----u------(v|)';

      const result = source.pipe(tens());
      expectObservable(result).toBe(expected1, { u: step(0, 5, 2), v: step(10, 12) });
      expectObservable(result, sub2).toBe(expected1, { u: step(0, 5), v: step(10, 12) });
    });
  });

  it.each([
    [{ every: 0 }],
    [{ every: 'soon' }],
    [{ every: 1, lateness: '1h' }],
    [{ every: 1, of: { b: 'sum' } }],
    [{ every: 1, of: 'median' as 'mean' }],
  ] as const)('[OPR7] refuses %j', (settings) => {
    expect(codeThrownBy(() => resample(settings, ['a']))).toBe('setting-invalid');
  });
});
