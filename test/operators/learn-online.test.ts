import { from, map, take } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { type LabelledStep, type LearnedStep, learnOnline } from '../../src/operators/learn-online.js';
import { Model } from '../../src/rnn/model.js';
import type { ModelSpecInput } from '../../src/rnn/spec/spec.js';
import { errorCode, firehose, marbles, throws } from '../support/marbles.js';

const learner = { kind: 'tbptt', k1: 1, k2: 4 } as const;
const scaler = { kind: 'none' } as const;
const FORECAST: ModelSpecInput = { features: 2, units: 4, learner, scaler };
const SUPERVISED: ModelSpecInput = {
  features: 2,
  units: 4,
  learner,
  task: { kind: 'supervised', outputs: 1 },
};

type Value = readonly number[] | LabelledStep;

const V = {
  a: { x: [1, 2], target: [1] },
  b: { x: [0.5, -1], target: [-2] },
  c: { x: [-2, 0.25], target: [0.5] },
  d: { x: [3, 3], target: [4] },
};
const VALUES = Object.values(V);
const XS = VALUES.map(({ x }) => x);

/** What plain calls of `step` and then `learn` give. */
const learned = (spec: ModelSpecInput, values: readonly Value[]): LearnedStep[] => {
  const model = new Model(spec);
  return values.map((value) => {
    const { x, target }: LabelledStep = 'x' in value ? value : { x: value };
    const { seq, h, y, updates } = model.step(x);
    const kept = { seq, h: h.slice(), y: y ? y.slice() : null };
    const late = target ? model.learn(target) : [];
    return { ...kept, updates: [...updates, ...late], metrics: model.metrics };
  });
};
const named = ([a, b, c, d]: LearnedStep[]) => ({ a, b, c, d });

/** Everything that a source of `values` gives. */
const run = (model: Model, values: readonly Value[]): { steps: LearnedStep[]; errors: unknown[] } => {
  const steps: LearnedStep[] = [];
  const errors: unknown[] = [];
  from(values)
    .pipe(learnOnline(model), errorCode())
    .subscribe({ next: (step) => steps.push(step), error: (error) => errors.push(error) });
  return { steps, errors };
};

describe('learnOnline', () => {
  it('[OPR1] is silent while the source is', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold<Value>('-');
      const expected = '          -';

      expectObservable(source.pipe(learnOnline(new Model(SUPERVISED)))).toBe(expected);
    });
  });

  it('[OPR2] completes with an empty source', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold<Value>('--|');
      const expected = '          --|';

      expectObservable(source.pipe(learnOnline(new Model(SUPERVISED)))).toBe(expected);
    });
  });

  it('[OPR10] emits what one step gave and what was learned from it', () => {
    marbles(({ cold, expectObservable }) => {
      const source = cold('-a|', V);
      const expected = '   -a|';

      const result = source.pipe(learnOnline(new Model(SUPERVISED)));
      expectObservable(result).toBe(expected, named(learned(SUPERVISED, VALUES)));
    });
  });

  it('[OPR10] learns from many steps, one after the other', () => {
    const model = new Model(SUPERVISED);
    marbles(({ cold, expectObservable }) => {
      const source = cold('-a--(bc)-d|', V);
      const expected = '   -a--(bc)-d|';

      const result = source.pipe(learnOnline(model));
      expectObservable(result).toBe(expected, named(learned(SUPERVISED, VALUES)));
    });
    expect(model.updates).toBe(VALUES.length);
  });

  it('[OPR10] takes plain steps and steps with a target in one stream', () => {
    const mixed = [V.a, V.b.x, V.c, V.d.x];
    const { steps } = run(new Model(SUPERVISED), mixed);

    expect(steps).toEqual(learned(SUPERVISED, mixed));
    expect(steps.map(({ metrics }) => metrics.scored)).toEqual([1, 1, 2, 2]);
  });

  it('[OPR10] learns a forecast from plain steps', () => {
    const model = new Model(FORECAST);
    const { steps } = run(model, XS);

    expect(steps).toEqual(learned(FORECAST, XS));
    expect(steps.map(({ updates }) => updates.length)).toEqual([0, 1, 1, 1]);
    expect(model.updates).toBe(3);
  });

  it('[OPR10] carries a model without a readout, which predicts and learns nothing', () => {
    const spec: ModelSpecInput = { features: 2, units: 4, readout: { kind: 'none' } };
    const { steps } = run(new Model(spec), XS);

    expect(steps).toEqual(learned(spec, XS));
    expect(steps.map(({ y, updates }) => [y, updates.length])).toEqual(XS.map(() => [null, 0]));
  });

  it('[OPR11] predicts before it sees the target', () => {
    const right = new Model(SUPERVISED);
    const wrong = new Model(SUPERVISED);
    const before = run(right, [V.a, V.b, V.c]).steps.at(-1)!;
    const after = run(wrong, [V.a, V.b, { x: V.c.x, target: [99] }]).steps.at(-1)!;

    expect(after.y).toEqual(before.y);
    expect(after.h).toEqual(before.h);
    expect(wrong.weights).not.toEqual(right.weights);
  });

  it('[OPR11] scores the prediction that it emits', () => {
    const { steps } = run(new Model(SUPERVISED), [V.a]);

    expect(steps[0]!.metrics.mae).toBeCloseTo(Math.abs(steps[0]!.y![0]! - V.a.target[0]!), 6);
  });

  it('[OPR11] scores without learning while the model does not learn', () => {
    const model = new Model(SUPERVISED);
    model.learning = false;
    const before = model.weights;
    const { steps } = run(model, VALUES);

    expect(model.weights).toEqual(before);
    expect(steps.flatMap(({ updates }) => updates)).toEqual([]);
    expect(steps.at(-1)!.metrics.scored).toBe(VALUES.length);
  });

  it('[OPR3] passes an error of the source on', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-#', V, 'broken');
      const subs = '       ^--!';
      const expected = '   -a-#';

      const result = source.pipe(learnOnline(new Model(SUPERVISED)));
      expectObservable(result).toBe(expected, named(learned(SUPERVISED, VALUES)), 'broken');
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it('[OPR4] passes an error of the model on and unsubscribes from the source', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold<Value>('-a-x-b|', { ...V, x: [Number.POSITIVE_INFINITY, 0] });
      const subs = '              ^--!';
      const expected = '          -a-#';

      const result = source.pipe(learnOnline(new Model(SUPERVISED)), errorCode());
      expectObservable(result).toBe(expected, named(learned(SUPERVISED, VALUES)), 'step-non-finite');
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it('[OPR4] passes on what throws behind it and unsubscribes from the source', () => {
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-b|', V);
      const subs = '       ^!';
      const expected = '   -#';

      const result = source.pipe(learnOnline(new Model(SUPERVISED)), map(throws));
      expectObservable(result).toBe(expected, {}, 'thrown');
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
  });

  it('[OPR12] errors on a target that a forecast model cannot take, with the step carried', () => {
    const model = new Model(FORECAST);

    expect(run(model, [V.a.x, V.b, V.c.x])).toEqual({
      steps: learned(FORECAST, [V.a.x]),
      errors: ['target-unexpected'],
    });
    expect(model.seq).toBe(1);
  });

  it('[OPR12] errors on a target of the wrong shape, with the step carried', () => {
    const model = new Model(SUPERVISED);

    expect(run(model, [{ x: V.a.x, target: [] }]).errors).toEqual(['target-shape']);
    expect(model.seq).toBe(0);
    expect(model.updates).toBe(0);
  });

  it('[OPR5] lets go of the source when unsubscribed early', () => {
    const model = new Model(SUPERVISED);
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('-a-b-c|', V);
      const unsub = '      ---!';
      const subs = '       ^--!';
      const expected = '   -a--';

      const result = source.pipe(learnOnline(model));
      expectObservable(result, unsub).toBe(expected, named(learned(SUPERVISED, VALUES)));
      expectSubscriptions(source.subscriptions).toBe(subs);
    });
    expect(model.updates).toBe(1);
  });

  it('[OPR5] stops a source that emits while it is subscribed to', () => {
    const model = new Model(SUPERVISED);
    const { source$, emitted } = firehose();
    source$
      .pipe(
        map((i) => [i, -i]),
        learnOnline(model),
        take(3),
      )
      .subscribe();

    expect(emitted()).toBe(3);
    expect(model.seq).toBe(2);
  });

  it('[OPR6] shares only the model between two subscriptions', () => {
    const model = new Model(SUPERVISED);
    const first = run(model, VALUES.slice(0, 2));
    const second = run(model, VALUES.slice(2));

    expect([...first.steps, ...second.steps]).toEqual(learned(SUPERVISED, VALUES));
  });

  it('[OPR13] goes on from the last good step when subscribed to again after an error', () => {
    const model = new Model(SUPERVISED);
    const first = run(model, [V.a, V.b, [1]]);
    const second = run(model, [V.c, V.d]);

    expect(first.errors).toEqual(['step-shape']);
    expect([...first.steps, ...second.steps]).toEqual(learned(SUPERVISED, VALUES));
  });
});
