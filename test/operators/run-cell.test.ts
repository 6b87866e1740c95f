import { from, map, take, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { type HiddenState, runCell } from '../../src/operators/run-cell.js';
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

const X = { a: [1, 2], b: [0.5, -1], c: [-2, 0.25], d: [3, 3] };
const XS = Object.values(X);

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

  it('[OPR9] leaves a model that does not learn with its weights', () => {
    const model = new Model(FORECAST);
    model.learning = false;
    const before = model.weights;
    from(XS).pipe(runCell(model)).subscribe();

    expect(model.weights).toEqual(before);
    expect(model.learning).toBe(false);
  });

  it('[OPR9] lets a forecast model that learns go on learning', () => {
    const model = new Model(FORECAST);
    const states: HiddenState[] = [];
    from(XS)
      .pipe(runCell(model))
      .subscribe((state) => states.push(state));

    expect(model.updates).toBe(XS.length - 1);
    expect(model.learning).toBe(true);
    expect(states).toEqual(stepped(FORECAST, XS));
  });
});
