import { concat, from, map, type Observable, of, pipe, take, throwError } from 'rxjs';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { learn } from '../../src/operators/learn.js';
import type { LearnedRun, Run, WindowedRun } from '../../src/operators/run.js';
import { type CellInput, runCell } from '../../src/operators/run-cell.js';
import { windows } from '../../src/operators/windows.js';
import { Model } from '../../src/rnn/model.js';
import type { ModelSpecInput } from '../../src/rnn/spec/spec.js';
import { ask } from '../support/ask.js';
import { errorCode, firehose, marbles, throws } from '../support/marbles.js';
import { createRegistry } from '../support/sequences.js';

const learner = { kind: 'tbptt', k1: 2, k2: 5 } as const;
const FORECAST: ModelSpecInput = { features: 2, units: 6, learner, inputs: { missing: 'hold' }, seed: 3 };
const AHEAD: ModelSpecInput = { ...FORECAST, task: { kind: 'forecast', horizon: [1, 3] } };
const SGD: ModelSpecInput = { ...FORECAST, optimizer: { kind: 'sgd', momentum: 0 } };
const SUPERVISED: ModelSpecInput = { ...FORECAST, task: { kind: 'supervised', outputs: 1, delay: 3 } };
const SNAP: ModelSpecInput = { ...FORECAST, learner: { kind: 'snap-1', k1: 2 } };

const SIZES = { k1: 2, k2: 5 };
const STEPS = Array.from({ length: 60 }, (_, t) =>
  [Math.sin(t * 0.4), t % 9 === 0 ? 2 : Math.cos(t * 0.3)].map(Math.fround),
);
const target = (t: number) => Math.cos(t * 0.7);

/** The sentence: steps through the cell, cut into windows, learned from. */
const train = (model: Model) => pipe(runCell(model), windows(SIZES), learn());

const bits = (model: Model) => {
  const { learner: _, ...rest } = model.snapshot();
  return JSON.stringify(rest);
};

/** What plain calls of `step`, and of `learn` where there are targets, leave behind. */
function stepped(spec: ModelSpecInput, hasTargets: (t: number) => boolean = () => true): Model {
  const model = new Model(spec);
  STEPS.forEach((x, t) => {
    model.step(x);
    if (spec.task?.kind === 'supervised' && hasTargets(t)) model.learn([target(t)]);
  });
  return model;
}

describe('runCell, windows and learn', () => {
  it.each([
    ['a forecast', FORECAST],
    ['a forecast at several horizons', AHEAD],
    ['SGD', SGD],
    ['SnAp-1', SNAP],
  ])('[OPR10] give the bits of the server for the same spec and steps: %s', (_, spec) => {
    const sizes = spec === SNAP ? undefined : SIZES;
    const { sequence } = createRegistry().registry.open('pump', 'create', { spec });
    const x = Float64Array.from(STEPS.flat());
    const times = Float64Array.from(STEPS, (_, t) => 60_000 * t);
    const plain = new Model(spec);
    for (let t = 0; t < STEPS.length; t++) plain.step(Float32Array.from(STEPS[t]!), times[t]);
    for (let t = 0; t < STEPS.length; t += 20)
      ask(sequence).push(
        t,
        x.subarray(2 * t, 2 * (t + 20)),
        undefined,
        () => undefined,
        20,
        times.subarray(t, t + 20),
      );
    expect(sequence.model.updates).toBeGreaterThan(20);
    expect(bits(sequence.model)).toBe(bits(plain));

    const floats = new Model(spec);
    from(STEPS.map((step, t) => ({ x: Float32Array.from(step), t: times[t]! })))
      .pipe(runCell(floats), windows(sizes), learn())
      .subscribe();
    expect(bits(floats)).toBe(bits(sequence.model));
    expect(JSON.stringify(floats.snapshot().learner)).toBe(JSON.stringify(sequence.model.snapshot().learner));
  });

  it('[OPR10] give the same bits for a block as for its steps', () => {
    const [single, block] = [new Model(FORECAST), new Model(FORECAST)];
    from(STEPS).pipe(train(single)).subscribe();
    of(STEPS.flat()).pipe(train(block)).subscribe();
    expect(bits(block)).toBe(bits(single));
    expect(bits(single)).toBe(bits(stepped(FORECAST)));
  });

  it('[OPR11] test, then train: each y comes from the weights before its target was seen', () => {
    const trained = new Model(SUPERVISED);
    const runs: LearnedRun[] = [];
    from(STEPS.map((x, t): CellInput => ({ x, targets: [target(t)] })))
      .pipe(train(trained))
      .subscribe((run) => runs.push(run));
    const model = new Model(SUPERVISED);
    STEPS.forEach((x, t) => {
      expect([...runs[t]!.y!]).toEqual([...model.step(x).y!]);
      const made = model.learn([target(t)]).map(({ loss, update }) => ({ loss, update }));
      expect(runs[t]!.updates.map(({ loss, update }) => ({ loss, update }))).toEqual(made);
    });
    expect(bits(trained)).toBe(bits(model));
  });

  it('[OPR11] learn from a window of which a target stays out when its time is over', () => {
    const has = (t: number) => t % 7 !== 3;
    const model = new Model(SUPERVISED);
    from(STEPS.map((x, t): CellInput => (has(t) ? { x, targets: [target(t)] } : x)))
      .pipe(train(model))
      .subscribe();
    expect(model.updates).toBeGreaterThan(20);
    expect(bits(model)).toBe(bits(stepped(SUPERVISED, has)));
  });

  it('[OPR10] learn nothing from what was only carried, and go on with what comes', () => {
    const model = new Model(FORECAST);
    from(STEPS.slice(0, 31)).pipe(runCell(model)).subscribe();
    expect(model.updates).toBe(0);
    const firsts: number[] = [];
    from(STEPS.slice(31))
      .pipe(train(model))
      .subscribe((run) => firsts.push(...run.windows.map(({ first }) => first)));
    expect(firsts[0]).toBeGreaterThanOrEqual(24);
    expect(firsts).toEqual(firsts.map((_, i) => firsts[0]! + 2 * i));
    expect(model.updates).toBe(firsts.length);
  });

  it('[OPR10] go on where another subscription has ended', () => {
    const model = new Model(FORECAST);
    const operator = train(model);
    for (const xs of [STEPS.slice(0, 17), STEPS.slice(17)]) from(xs).pipe(operator).subscribe();
    expect(bits(model)).toBe(bits(stepped(FORECAST)));
  });
});

describe('windows', () => {
  const cut = (sizes?: { k1: number; k2: number }, spec: ModelSpecInput = FORECAST, xs = STEPS) => {
    const found: unknown[] = [];
    from(xs)
      .pipe(runCell(new Model(spec)), windows(sizes))
      .subscribe(({ seq, windows: due }) => found.push(...due.map((part) => ({ at: seq, ...part }))));
    return found;
  };

  it('[OPR14] are the last k2 steps every k1 steps, as soon as their targets are there', () => {
    expect(cut(SIZES, FORECAST, STEPS.slice(0, 10))).toEqual([
      { at: 2, from: 0, first: 0, last: 1 },
      { at: 4, from: 0, first: 2, last: 3 },
      { at: 6, from: 1, first: 4, last: 5 },
      { at: 8, from: 3, first: 6, last: 7 },
    ]);
  });

  it('[OPR14] lie side by side where k1 = k2, and wait for the longest horizon', () => {
    expect(cut({ k1: 2, k2: 2 }, AHEAD, STEPS.slice(0, 9))).toEqual([
      { at: 4, from: 0, first: 0, last: 1 },
      { at: 6, from: 2, first: 2, last: 3 },
      { at: 8, from: 4, first: 4, last: 5 },
    ]);
  });

  it('[OPR14] have the sizes of the spec where none are said', () => {
    expect(cut()).toEqual(cut(SIZES));
  });

  it('[OPR15] count each loss once, whatever the sizes', () => {
    for (const sizes of [SIZES, { k1: 1, k2: 4 }, { k1: 2, k2: 3 }]) {
      const steps = (cut(sizes) as { first: number; last: number }[]).flatMap(({ first, last }) =>
        Array.from({ length: last - first + 1 }, (_, i) => first + i),
      );
      expect(steps).toEqual(steps.map((_, i) => i));
      expect(steps.length).toBeGreaterThanOrEqual(STEPS.length - 1 - sizes.k1);
    }
  });

  it.each([
    [{ k1: 0, k2: 1 }],
    [{ k1: 3, k2: 5 }],
    [{ k1: 2, k2: 6 }],
    [{ k1: 2, k2: 1 }],
    [{ k1: 1.5, k2: 2 }],
  ])('[OPR7] refuse sizes that the model has no room for: %j', (sizes) => {
    const errors: unknown[] = [];
    of(STEPS[0]!)
      .pipe(runCell(new Model(FORECAST)), windows(sizes), errorCode())
      .subscribe({ error: (error) => errors.push(error) });
    expect(errors).toEqual(['setting-invalid']);
  });
});

const XS = { a: STEPS[0]!, b: STEPS[1]!, c: STEPS[2]!, d: STEPS[3]! };

/** The number of each run, of either operator behind `runCell`. */
const chains: readonly (readonly [
  string,
  (model: Model) => (xs: Observable<number[]>) => Observable<number>,
])[] = [
  [
    'windows',
    (model) =>
      pipe(
        runCell(model),
        windows(),
        map(({ seq }) => seq),
      ),
  ],
  [
    'learn',
    (model) =>
      pipe(
        runCell(model),
        windows(),
        learn(),
        map(({ seq }) => seq),
      ),
  ],
];

describe.each(chains)('%s as an operator', (_name, chain) => {
  const SEQS = { a: 0, b: 1, c: 2, d: 3 };
  const run = () => chain(new Model(FORECAST));

  it('[OPR1] is silent while the source is', () => {
    marbles(({ cold, expectObservable }) => {
      expectObservable(cold<number[]>('-').pipe(run())).toBe('-');
    });
  });

  it('[OPR2] completes with an empty source', () => {
    marbles(({ cold, expectObservable }) => {
      expectObservable(cold<number[]>('--|').pipe(run())).toBe('--|');
    });
  });

  it('[OPR10] passes one run on, and many', () => {
    marbles(({ cold, expectObservable }) => {
      expectObservable(cold('-a|', XS).pipe(run())).toBe('-a|', SEQS);
      expectObservable(cold('-a-(bc)d|', XS).pipe(run())).toBe('-a-(bc)d|', SEQS);
    });
  });

  it('[OPR3] passes an error of the source on', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-#', XS, 'broken');
      expectObservable(source.pipe(run())).toBe('-a-#', SEQS, 'broken');
      expectSubscriptions(source.subscriptions).toBe('^--!');
    });
  });

  it('[OPR4] passes on what throws behind it and unsubscribes from the source', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-b|', XS);
      expectObservable(source.pipe(run(), map(throws))).toBe('-#', {}, 'thrown');
      expectSubscriptions(source.subscriptions).toBe('^!');
    });
  });

  it('[OPR5] lets go of the source when unsubscribed early', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-b-c|', XS);
      expectObservable(source.pipe(run(), take(4)), '---!').toBe('-a--', SEQS);
      expectSubscriptions(source.subscriptions).toBe('^--!');
    });
  });

  it('[OPR5] stops a source that emits while it is subscribed to', () => {
    const { source$, emitted } = firehose();
    source$
      .pipe(
        map((i) => [i, -i]),
        run(),
        take(3),
      )
      .subscribe();
    expect(emitted()).toBe(3);
  });

  it('[OPR6] shares only the model between two subscriptions', () => {
    const operator = run();
    const seqs: number[] = [];
    for (const xs of [STEPS.slice(0, 3), STEPS.slice(3, 6)])
      from(xs)
        .pipe(operator)
        .subscribe((seq) => seqs.push(seq));
    expect(seqs).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('[OPR13] goes on from the last good step when subscribed to again after an error', () => {
    const operator = run();
    const seqs: number[] = [];
    for (const end of [throwError(() => 'broken'), of(STEPS[2]!)])
      concat(from(STEPS.slice(0, 2)), end)
        .pipe(operator)
        .subscribe({ next: (seq) => seqs.push(seq), error: () => undefined });
    expect(seqs).toEqual([0, 1, 2, 3, 4]);
  });
});

describe('the types', () => {
  it('[OPR31] say in which order the operators come', () => {
    const model = new Model(FORECAST);
    const runs$ = of([1, 2]).pipe(runCell(model));
    expectTypeOf(runs$).toEqualTypeOf<Observable<Run>>();
    expectTypeOf(runs$.pipe(windows(SIZES))).toExtend<Observable<WindowedRun>>();
    expectTypeOf(runs$.pipe(windows(), learn())).toExtend<Observable<LearnedRun>>();
    expectTypeOf<Parameters<ReturnType<typeof runCell>>[0]>().toEqualTypeOf<Observable<CellInput>>();
    expectTypeOf(learn()).parameter(0).toEqualTypeOf<Observable<WindowedRun>>();
    expectTypeOf(windows()).parameter(0).toEqualTypeOf<Observable<Run>>();
    expectTypeOf(of(1)).not.toExtend<Parameters<ReturnType<typeof windows>>[0]>();
    expectTypeOf(runs$).not.toExtend<Parameters<ReturnType<typeof learn>>[0]>();
  });
});
