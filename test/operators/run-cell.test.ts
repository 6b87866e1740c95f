import { from, map, type OperatorFunction, of, pipe, take, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { Reals } from '../../src/kernels/kernels.js';
import type { Run } from '../../src/operators/run.js';
import { type CellInput, runCell as runModel } from '../../src/operators/run-cell.js';
import { Model } from '../../src/rnn/model.js';
import type { ModelSpecInput } from '../../src/rnn/spec/spec.js';
import { errorCode, firehose, marbles, throws } from '../support/marbles.js';

const CELL: ModelSpecInput = { features: 2, units: 4, readout: { kind: 'none' } };
const FORECAST: ModelSpecInput = {
  features: 2,
  units: 4,
  learner: { kind: 'tbptt', k1: 1, k2: 4 },
  scaler: { kind: 'none' },
};

const SUPERVISED: ModelSpecInput = { ...FORECAST, task: { kind: 'supervised', outputs: 1, delay: 2 } };

/** Steps of a fixed signal. */
const many = (count: number) =>
  Array.from({ length: count }, (_, t) => [Math.sin(t * 0.4), Math.cos(t * 0.3)]);

const X = { a: [1, 2], b: [0.5, -1], c: [-2, 0.25], d: [3, 3] };
const XS = Object.values(X);

interface HiddenState {
  readonly seq: number;
  readonly h: Reals;
}

/** The operator, and of its runs what every one has. */
const runCell = (model: Model): OperatorFunction<CellInput, HiddenState> =>
  pipe(
    runModel(model),
    map(({ seq, h }) => ({ seq, h: h! })),
  );

/** What plain calls of `step` give. */
const stepped = (spec: ModelSpecInput, xs: readonly number[][]): HiddenState[] => {
  const model = new Model(spec);
  return xs.map((x) => {
    const { seq, h } = model.step(x);
    return { seq, h: h.slice() };
  });
};
const named = ([a, b, c, d]: HiddenState[]) => ({ a, b, c, d });

describe('runCell', () => {
  it('[OPR1] is silent while the source is', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold<number[]>('-');
      const expected = '             -';

      expectObservable(source.pipe(runCell(new Model(CELL)))).toBe(expected);
    });
  });

  it('[OPR2] completes with an empty source', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold<number[]>('--|');
      const expected = '             --|';

      expectObservable(source.pipe(runCell(new Model(CELL)))).toBe(expected);
    });
  });

  it('[OPR8] emits the hidden state of one step', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold('-a|', X);
      const expected = '   -a|';

      expectObservable(source.pipe(runCell(new Model(CELL)))).toBe(expected, named(stepped(CELL, XS)));
    });
  });

  it('[OPR8] carries the state over many steps', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold('-a--(bc)-d|', X);
      const expected = '   -a--(bc)-d|';

      expectObservable(source.pipe(runCell(new Model(CELL)))).toBe(expected, named(stepped(CELL, XS)));
    });
  });

  it('[OPR8] carries every row of a batch', () => {
    const spec: ModelSpecInput = { ...CELL, batch: 2 };
    const xs = [
      [1, 2, -1, 0],
      [3, 4, 0.5, 0.5],
    ];
    let states: HiddenState[] = [];
    from(xs)
      .pipe(runCell(new Model(spec)), toArray())
      .subscribe((all) => {
        states = all;
      });

    expect(states).toEqual(stepped(spec, xs));
    expect(states[0]!.h).toHaveLength(2 * 4);
  });

  it('[OPR8] emits copies that later steps leave alone', () => {
    const states: HiddenState[] = [];
    from(XS)
      .pipe(runCell(new Model(CELL)))
      .subscribe((state) => states.push(state));

    expect(states).toEqual(stepped(CELL, XS));
  });

  it('[OPR3] passes an error of the source on', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-#', X, 'broken');
      const subs = '       ^--!';
      const expected = '   -a-#';

      const result = source.pipe(runCell(new Model(CELL)));
      expectObservable(result).toBe(expected, named(stepped(CELL, XS)), 'broken');
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it('[OPR4] passes an error of the model on and unsubscribes from the source', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-x-b|', { ...X, x: [1, 2, 3] });
      const subs = '       ^--!';
      const expected = '   -a-#';

      const result = source.pipe(runCell(new Model(CELL)), errorCode());
      expectObservable(result).toBe(expected, named(stepped(CELL, XS)), 'step-shape');
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it('[OPR4] passes on what throws behind it and unsubscribes from the source', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-b|', X);
      const subs = '       ^!';
      const expected = '   -#';

      const result = source.pipe(runCell(new Model(CELL)), map(throws));
      expectObservable(result).toBe(expected, {}, 'thrown');
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it('[OPR5] lets go of the source when unsubscribed early', () => {
    const model = new Model(CELL);
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-b-c|', X);
      const unsub = '      ---!';
      const subs = '       ^--!';
      const expected = '   -a--';

      expectObservable(source.pipe(runCell(model), take(4)), unsub).toBe(expected, named(stepped(CELL, XS)));
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
    expect(model.seq).toBe(0);
  });

  it('[OPR5] stops a source that emits while it is subscribed to', () => {
    const model = new Model(CELL);
    const { source$, emitted } = firehose();
    source$
      .pipe(
        map((i) => [i, -i]),
        runCell(model),
        take(3),
      )
      .subscribe();

    expect(emitted()).toBe(3);
    expect(model.seq).toBe(2);
  });

  it('[OPR6] shares only the model between two subscriptions', () => {
    const model = new Model(CELL);
    const operator = runCell(model);
    const states: HiddenState[] = [];
    for (const xs of [XS.slice(0, 2), XS.slice(2)])
      from(xs)
        .pipe(operator)
        .subscribe((state) => states.push(state));

    expect(states).toEqual(stepped(CELL, XS));
  });

  it('[OPR13] goes on from the last good step when subscribed to again after an error', () => {
    const operator = runCell(new Model(CELL));
    const states: HiddenState[] = [];
    const errors: unknown[] = [];
    for (const xs of [
      [X.a, X.b, [Number.NaN, 0]],
      [X.c, X.d],
    ])
      from(xs)
        .pipe(operator, errorCode())
        .subscribe({ next: (state) => states.push(state), error: (error) => errors.push(error) });

    expect(errors).toEqual(['step-non-finite']);
    expect(states).toEqual(stepped(CELL, XS));
  });

  it('[OPR9] changes no weight, of a model that learns neither', () => {
    for (const spec of [FORECAST, SUPERVISED]) {
      const model = new Model(spec);
      const before = model.weights;
      from(many(40)).pipe(runCell(model)).subscribe();

      expect(model.weights).toEqual(before);
      expect([model.updates, model.learning]).toEqual([0, true]);
    }
  });

  it('[OPR9] scores a forecast all the same', () => {
    const model = new Model(FORECAST);
    from(many(40)).pipe(runCell(model)).subscribe();
    expect(model.metrics.scored).toBe(39);
  });

  it('[OPR8] gives the same bits for a block as for its steps, and as many runs as there may be updates', () => {
    const spec: ModelSpecInput = { ...FORECAST, learner: { kind: 'tbptt', k1: 3, k2: 4 } };
    const runs: Run[] = [];
    from([many(10).flat()])
      .pipe(runModel(new Model(spec)))
      .subscribe((run) => runs.push(run));

    const model = new Model(spec);
    model.learning = false;
    const states = many(10).map((x) => [...model.step(x).h]);
    expect(runs.flatMap(({ h }) => [...h!])).toEqual(states.flat());
    expect(runs.map(({ seq, count, isLast }) => [seq, count, isLast])).toEqual([
      [0, 4, false],
      [4, 1, false],
      [5, 1, false],
      [6, 1, false],
      [7, 1, false],
      [8, 1, false],
      [9, 1, true],
    ]);
  });

  describe('with features of time', () => {
    const TIMED: ModelSpecInput = { ...FORECAST, inputs: { time: ['hour', 'elapsed'] } };
    const xs = many(12);
    const times = xs.map((_, t) => 1.7e12 + t * 60_000 + (t % 3) * 500);

    it('[OPR8] gives the same bits for a block with its times as for its steps with theirs', () => {
      const run = (values: readonly CellInput[]) => {
        const model = new Model(TIMED);
        const states: number[] = [];
        from(values)
          .pipe(runCell(model))
          .subscribe(({ h }) => states.push(...h));
        return { states, last: model.metrics };
      };
      const model = new Model(TIMED);
      model.learning = false;
      const want = xs.flatMap((x, t) => Array.from(model.step(x, times[t]).h));
      const block = run([{ x: xs.flat(), t: times }]);
      expect(block).toEqual({ states: want, last: model.metrics });
      expect(run(xs.map((x, t) => ({ x, t: times[t]! })))).toEqual(block);
      expect(run(xs.map((x, t) => ({ x, t: [times[t]!] })))).toEqual(block);
    });

    it.each<{ why: string; t: number[] | null | undefined; code: string }>([
      { why: 'no times', t: undefined, code: 'step-time' },
      { why: 'null for its times', t: null, code: 'step-time' },
      { why: 'an unknown time', t: times.with(7, Number.NaN), code: 'step-time' },
      { why: 'a time too few', t: times.slice(1), code: 'step-shape' },
    ])('[OPR8] refuses a block with $why, and the model is unchanged', ({ t, code }) => {
      const model = new Model(TIMED);
      const errors: unknown[] = [];
      of<CellInput>({ x: xs.flat(), t })
        .pipe(runCell(model), errorCode())
        .subscribe({ error: (code) => errors.push(code) });
      expect([errors, model.seq]).toEqual([[code], -1]);
    });
  });

  it('[OPR8] carries steps with their targets, and scores them', () => {
    const model = new Model(SUPERVISED);
    const runs: Run[] = [];
    from([
      { x: [1, 2, 3, 4], targets: [0.5, -0.5] },
      { x: [5, 6], targets: [1] },
    ])
      .pipe(runModel(model))
      .subscribe((run) => runs.push(run));

    expect(runs.map(({ seq, count }) => [seq, count])).toEqual([
      [0, 1],
      [1, 1],
      [2, 1],
    ]);
    expect(model.metrics.scored).toBe(3);
  });

  it('[OPR4] says of a bare number that it is no step', () => {
    const errors: unknown[] = [];
    of(0.5 as unknown as number[])
      .pipe(runCell(new Model(CELL)), errorCode())
      .subscribe({ error: (error) => errors.push(error) });
    expect(errors).toEqual(['step-shape']);
  });

  it('[OPR12] ends with the error of a target that the model refuses; its step has been carried', () => {
    const model = new Model(SUPERVISED);
    const errors: unknown[] = [];
    of({ x: [1, 2], targets: [Number.NaN] })
      .pipe(runCell(model), errorCode())
      .subscribe({ error: (error) => errors.push(error) });
    expect([errors, model.seq]).toEqual([['target-non-finite'], 0]);
  });
});
