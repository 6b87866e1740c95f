import v8 from 'node:v8';
import vm from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Kernels } from '../../../src/kernels/kernels.js';
import { StandardScaler } from '../../../src/rnn/io/scaler.js';
import { bptt } from '../../../src/rnn/learning/bptt.js';
import type { Update } from '../../../src/rnn/learning/learner.js';
import { Model } from '../../../src/rnn/model.js';
import { type ModelSpec, type ModelSpecInput, reachOf } from '../../../src/rnn/spec/spec.js';
import { codeOf, fingerprint, norm, relativeError } from '../../support/numeric-compare.js';
import { centralDifferences } from '../../support/numeric-difference.js';
import { bareModel, float64, parametersOf, setParameters } from '../../support/numeric-models.js';
import { Numbers } from '../../support/numeric-random.js';

const [F, N, M] = [2, 4, 2];
/** Rounding of a few hundred float64 sums: what two ways to the same gradient may differ by. */
const ROUNDING = 1e-12;

type Task = NonNullable<ModelSpecInput['task']>;
type Shape = { k1: number; k2: number; task: Task; batch?: number; reduction?: 'mean' | 'sum' };

const tbpttModel = ({ k1, k2, task, batch = 1, reduction = 'sum' }: Shape): Model =>
  bareModel({ features: F, units: N, batch, task, learner: { kind: 'tbptt', k1, k2, reduction }, seed: 7 });

const supervised = (delay: number): Task => ({ kind: 'supervised', outputs: M, delay });
const forecast = (horizon: number) => ({ kind: 'forecast', horizon }) as const;

interface Data {
  readonly x: readonly number[][];
  /** Target of each step, [B,M]. */
  readonly targets: readonly number[][];
}

/** Draws `steps` steps for a task; the target of a forecast that its data does not reach is 0. */
function dataFor(task: Task, steps: number, batch = 1): Data {
  const numbers = new Numbers(steps);
  const x = numbers.rows(steps, batch * F);
  const truth = (t: number) => x[t] ?? new Array<number>(batch * F).fill(0);
  const horizon = task.kind === 'forecast' ? (task.horizon as number) : 1;
  const targets =
    task.kind === 'forecast' ? x.map((_, t) => truth(t + horizon)) : numbers.rows(steps, batch * M);
  return { x, targets };
}

/** Runs the model over the data, each target `delay` steps late, and gives what comes of every update. */
function run(model: Model, { x, targets }: Data, delay: number, onUpdate: (update: Update) => void): void {
  const give = (updates: readonly Update[]) => {
    for (const update of updates) onUpdate(update);
  };
  for (const [t, row] of x.entries()) {
    give(model.step(row).updates);
    if (model.spec.task?.kind === 'supervised' && t >= delay)
      give(model.learn(targets[t - delay]!, t - delay));
  }
}

/**
 * Gives the gradient of every block, all at the first weights: the learning rate is 0 but for the one update that is
 * looked at, which takes its gradient from the weights.
 */
function blockGradients(
  shape: Shape,
  data: Data,
  delay: number,
): { update: Update; gradient: Float64Array }[] {
  let count = 0;
  const silent = tbpttModel(shape);
  silent.learningRate = 0;
  run(silent, data, delay, () => count++);
  return Array.from({ length: count }, (_, wanted) => {
    const model = tbpttModel(shape);
    const before = parametersOf(model);
    const found: { update: Update; gradient: Float64Array }[] = [];
    let seen = 0;
    model.learningRate = wanted === 0 ? 1 : 0;
    run(model, data, delay, (update) => {
      if (seen === wanted) {
        const after = parametersOf(model);
        found.push({ update, gradient: before.map((weight, i) => weight - after[i]!) });
      }
      seen++;
      model.learningRate = seen === wanted ? 1 : 0;
    });
    return found[0]!;
  });
}

/** Full BPTT at a model's first weights. */
function fullBptt(
  spec: ModelSpec,
  x: readonly number[][],
  targets: readonly number[][],
  h0?: ArrayLike<number>,
) {
  const parameters = parametersOf(new Model(spec, { kernels: float64 }));
  const reduction = spec.learner.reduction;
  return bptt(
    { spec, parameters, x: x.flat(), targets: targets.flat(), reduction, ...(h0 && { h0 }) },
    float64,
  );
}

/**
 * Full BPTT cut by hand to the block that begins at `start`: only the k2 steps up to its last, from the state that enters
 * them, and no loss but the block's. The other steps get their own prediction as target, so that their error is 0.
 */
function cutByHand(spec: ModelSpec, { x, targets }: Data, start: number): Float64Array {
  const width = spec.batch * N;
  const { k1 } = spec.learner;
  const k2 = reachOf(spec);
  const end = start + k1;
  const from = Math.max(0, end - k2);
  const { h, y } = fullBptt(spec, x, targets);
  const predictions = x.map((_, t) => Array.from(y.slice(t * spec.batch * M, (t + 1) * spec.batch * M)));
  const losses = x.map((_, t) => (t >= start && t < end ? targets[t]! : predictions[t]!));
  const h0 = from > 0 ? h.slice((from - 1) * width, from * width) : undefined;
  return Float64Array.from(fullBptt(spec, x.slice(from, end), losses.slice(from, end), h0).parameters);
}

const sumOf = (gradients: readonly Float64Array[]): Float64Array =>
  gradients.reduce((total, gradient) => total.map((value, i) => value + gradient[i]!));

describe('TBPTT against full BPTT', () => {
  const cases = [
    { name: 'on time', task: supervised(0), delay: 0 },
    { name: 'on time where they may be 5 steps late', task: supervised(5), delay: 0 },
    { name: '3 steps late', task: supervised(3), delay: 3 },
    { name: 'at horizon 1', task: forecast(1), delay: 1 },
    { name: 'at horizon 3', task: forecast(3), delay: 3 },
  ];

  it.each(cases)('[TBP1] k2 >= length gives the gradient of full BPTT, targets $name', ({ task, delay }) => {
    for (const batch of [1, 3])
      for (const [length, k2] of [
        [9, 9],
        [9, 20],
        [1, 1],
      ] as const) {
        const data = dataFor(task, length + delay, batch);
        const shape = { k1: length, k2, task, batch };
        const [only, ...others] = blockGradients(shape, data, delay);
        const spec = tbpttModel(shape).spec;
        const full = fullBptt(spec, data.x.slice(0, length), data.targets.slice(0, length));
        expect(others).toEqual([]);
        expect(relativeError(only!.gradient, full.parameters)).toBeLessThan(ROUNDING);
        expect(relativeError([only!.update.loss], [full.loss])).toBeLessThan(ROUNDING);
        expect(only!.update.losses).toBe(length);
      }
  });

  it.each(cases)(
    '[TBP2] every block is full BPTT cut to k2 steps and its own k1 losses, targets $name',
    ({ task, delay }) => {
      for (const [k1, k2] of [
        [1, 1],
        [1, 4],
        [2, 5],
        [3, 3],
        [4, 10],
        [5, 7],
      ] as const) {
        const steps = 24;
        const data = dataFor(task, steps, 1);
        const shape = { k1, k2, task };
        const spec = tbpttModel(shape).spec;
        const blocks = blockGradients(shape, data, delay);
        expect(blocks).toHaveLength(Math.floor((steps - delay) / k1));
        for (const [i, { update, gradient }] of blocks.entries()) {
          const name = `k1 = ${k1}, k2 = ${k2}, block ${i}`;
          expect(relativeError(gradient, cutByHand(spec, data, i * k1)), name).toBeLessThan(ROUNDING);
          const to = i * k1 + k1 - 1;
          expect(update, name).toMatchObject({ from: Math.max(0, to - k2 + 1), to, losses: k1 });
        }
      }
    },
  );

  it.each(cases)(
    '[TBP3] counts each loss once: the blocks add up to full BPTT, targets $name',
    ({ task, delay }) => {
      const length = 12;
      const data = dataFor(task, length + delay, 3);
      for (const k1 of [1, 2, 3, 4, 6]) {
        const shape = { k1, k2: length, task, batch: 3 };
        const blocks = blockGradients(shape, data, delay);
        const spec = tbpttModel(shape).spec;
        const full = fullBptt(spec, data.x.slice(0, length), data.targets.slice(0, length));
        const total = sumOf(blocks.map(({ gradient }) => gradient));
        expect(relativeError(total, full.parameters), `k1 = ${k1}`).toBeLessThan(ROUNDING);
        const losses = blocks.reduce((sum, { update }) => sum + update.loss, 0);
        expect(relativeError([losses], [full.loss]), `k1 = ${k1}`).toBeLessThan(ROUNDING);
      }
    },
  );

  it('[TBP11] goes back through the activations that were served, with the weights of now', () => {
    const k2 = 4;
    const model = bareModel({
      features: 1,
      units: 1,
      task: { kind: 'supervised', outputs: 1, delay: 0 },
      learner: { kind: 'tbptt', k1: 1, k2, reduction: 'sum' },
      optimizer: { kind: 'sgd', learningRate: 0.3, momentum: 0, clipNorm: null },
    });
    const x = new Numbers(4).many(20, 2);
    const h: number[] = [];
    for (const [t, value] of x.entries()) {
      const result = model.step([value]);
      h.push(result.h[0]!);
      const [Wx, Wh, b, Wy, by] = parametersOf(model);
      const dy = 2 * (result.y![0]! - Math.sin(t));
      const want = [Wx!, Wh!, b!, Wy! - 0.3 * dy * h[t]!, by! - 0.3 * dy];
      let dh = dy * Wy!;
      for (let s = t; s > t - k2 && s >= 0; s--) {
        const da = dh * (1 - h[s]! ** 2);
        want[0]! -= 0.3 * da * x[s]!;
        want[1]! -= 0.3 * da * (h[s - 1] ?? 0);
        want[2]! -= 0.3 * da;
        dh = da * Wh!;
      }
      model.learn([Math.sin(t)]);
      expect(relativeError(parametersOf(model), want), `step ${t}`).toBeLessThan(ROUNDING);
    }
  });

  it('[TBP4] a mean divides the sum by losses, batch rows and outputs; one for a distribution', () => {
    const [k1, batch] = [5, 3];
    const readouts = [
      { readout: { kind: 'linear' as const }, M: 2, perRow: 2 },
      { readout: { kind: 'softmax' as const, dense: true }, M: 3, perRow: 1 },
    ];
    for (const { readout, M, perRow } of readouts)
      for (const missing of [[], [1], [0, 3]]) {
        const numbers = new Numbers(5);
        const x = numbers.rows(k1, batch * F);
        const targets = x.map(() => numbers.distributions(batch, M));
        const learn = (reduction: 'mean' | 'sum') => {
          const model = bareModel({
            features: F,
            units: N,
            batch,
            readout,
            task: { kind: 'supervised', outputs: M, delay: 0 },
            learner: { kind: 'tbptt', k1, k2: k1, reduction },
          });
          const before = parametersOf(model);
          for (const [t, row] of x.entries()) {
            model.step(row);
            if (t < k1 - 1 && !missing.includes(t)) model.learn(targets[t]!, t);
          }
          // A block without a gap is due with its last target, one with a gap at the next step.
          const updates = [...model.learn(targets[k1 - 1]!), ...model.step(x[0]!).updates];
          expect(updates).toHaveLength(1);
          const after = parametersOf(model);
          return { update: updates[0]!, gradient: before.map((weight, i) => weight - after[i]!) };
        };
        const [mean, sum] = [learn('mean'), learn('sum')];
        const count = k1 - missing.length;
        const divisor = count * batch * perRow;
        expect(mean.update.losses).toBe(count);
        expect(relativeError([mean.update.loss * divisor], [sum.update.loss])).toBeLessThan(ROUNDING);
        expect(
          relativeError(
            mean.gradient.map((value) => value * divisor),
            sum.gradient,
          ),
        ).toBeLessThan(ROUNDING);
      }
  });
});

describe('the loss of a model with a scaler', () => {
  it.each([
    { baseline: 'none', centre: 'mean', halfLife: null },
    { baseline: 'last', centre: 'zero', halfLife: 30 },
  ] as const)(
    '[TBP12] is in present deviations, and its gradient goes through those that the prediction was served with, baseline $baseline',
    ({ baseline, centre, halfLife }) => {
      const [k1, k2, horizon, batch, wanted] = [4, 9, 2, 2, 3];
      const task: Task = { kind: 'forecast', horizon, targets: [1, 0], baseline };
      const learner = { kind: 'tbptt', k1, k2 } as const;
      const model = bareModel({
        features: F,
        units: N,
        batch,
        task,
        inputs: { changes: [] },
        learner,
        scaler: { kind: 'standard', halfLife },
      });
      setParameters(model, new Numbers(8).many(parametersOf(model).length, 0.6));
      const parameters = parametersOf(model);
      const inputs = new StandardScaler(F, { halfLife, centre: 'mean' });
      const outputs = new StandardScaler(M, { halfLife, centre });
      const served: {
        x: number[];
        h: number[];
        truth: number[];
        toUser: (logit: number, i: number) => number;
      }[] = [];
      let made: Update | undefined;
      for (let t = 0; made === undefined; t++) {
        // Readings that spread further and further, so that the deviations of then and now are apart.
        const x = new Numbers(t).many(batch * F, 5 + t).map((value) => value + 100);
        const truth = x.map((_, i) => x[i % 2 === 0 ? i + 1 : i - 1]!);
        const scaled = x.map((value, i) => inputs.scale(value, i % F));
        inputs.observe(x, batch);
        const last = served[t - horizon];
        if (baseline === 'none') outputs.observe(truth, batch);
        else if (last)
          outputs.observe(
            truth.map((value, i) => value - last.truth[i]!),
            batch,
          );
        const [mean, deviation] = [[0, 1].map((j) => outputs.unscale(0, j)), outputs.deviation.slice()];
        model.learningRate = model.updates === wanted ? 1 : 0;
        const { h, updates } = model.step(x);
        const toUser = (logit: number, i: number) =>
          (baseline === 'none' ? mean[i % M]! : truth[i]!) + deviation[i % M]! * logit;
        served.push({ x: scaled, h: Array.from(h), truth, toUser });
        made = updates.find(({ update }) => update === wanted + 1);
      }
      const { from, to, losses } = made;
      expect({ from, to, losses }).toEqual({ from: 7, to: 15, losses: k1 });

      const loss = () => {
        const { y } = bptt(
          {
            spec: { ...model.spec, task: { kind: 'supervised', outputs: M, delay: 0 } },
            parameters,
            x: served.slice(from, to + 1).flatMap(({ x }) => x),
            targets: new Array<number>((to - from + 1) * batch * M).fill(0),
            h0: served[from - 1]!.h,
          },
          float64,
        );
        let sum = 0;
        for (let t = to - k1 + 1; t <= to; t++)
          for (let i = 0; i < batch * M; i++) {
            const prediction = served[t]!.toUser(y[(t - from) * batch * M + i]!, i);
            sum += ((prediction - served[t + horizon]!.truth[i]!) / outputs.deviation[i % M]!) ** 2;
          }
        return sum / (k1 * batch * M);
      };
      expect(relativeError([made.loss], [loss()])).toBeLessThan(ROUNDING);
      const gradient = centralDifferences(loss, parameters);
      const after = parametersOf(model);
      expect(
        relativeError(
          parameters.map((weight, i) => weight - after[i]!),
          gradient,
        ),
      ).toBeLessThan(1e-7);
    },
  );
});

/**
 * x_{t+1} = w x_t, w = .2, x_0 = .9, of which a recipe that is often copied gets dx_3/dw wrong (.288). The cell is linear
 * to working precision where its numbers are small: tanh(a) = a (1 - a^2 / 3 ...), so with a scale of 1e-6 it is off by
 * less than 1e-12. All gradients are in units of that scale.
 */
describe('the linear check case', () => {
  const [w, scale, x0] = [0.2, 1e-6, 0.9];
  const cell = { features: 1, units: 1, batch: 1 };
  const truth = [0.9, 0.36, 0.108];

  it('[TBP5] full BPTT gives dx1/dw = .9, dx2/dw = .36, dx3/dw = .108', () => {
    const derivatives = [1, 2, 3].map((T) => {
      const { h, parameters } = bptt(
        {
          spec: { ...cell, readout: { kind: 'none' } },
          parameters: [0, w, 0],
          x: new Array<number>(T).fill(0),
          h0: [x0 * scale],
          targets: [...new Array<number>(T - 1).fill(0), 1],
        },
        float64,
      );
      expect(relativeError([h[T - 1]!], [x0 * scale * w ** T])).toBeLessThan(1e-12);
      return parameters[1]! / scale;
    });
    for (const [i, derivative] of derivatives.entries()) expect(derivative).toBeCloseTo(truth[i]!, 11);
  });

  it('[TBP5] a model with k2 of 3, 2 and 1 gives .108, .072 and .036 for dx3/dw', () => {
    const derivatives = [3, 2, 1].map((k2) => {
      const model = bareModel({
        ...cell,
        task: { kind: 'supervised', outputs: 1, delay: 0 },
        learner: { kind: 'tbptt', k1: 1, k2, reduction: 'sum' },
        optimizer: { kind: 'sgd', learningRate: 100, momentum: 0, clipNorm: null },
      });
      // Wx = 1 takes x_0 in; Wy = 1 reads x_3 out; a target .5 below it makes dL/dx_3 = 1.
      setParameters(model, [1, w, 0, 1, 0]);
      for (const x of [x0 * scale, 0, 0]) model.step([x]);
      const { y } = model.step([0]);
      model.learn([y![0]! - 0.5]);
      return (w - model.weights.W[1]!) / 100 / scale;
    });
    for (const [i, want] of [0.108, 0.072, 0.036].entries()) expect(derivatives[i]).toBeCloseTo(want, 10);
  });
});

describe('targets that come late', () => {
  const learner = { kind: 'tbptt', k1: 4, k2: 7 } as const;
  const lateModel = (delay: number, k1: number = learner.k1) =>
    bareModel({
      features: F,
      units: N,
      task: supervised(delay),
      learner: { ...learner, k1 },
      optimizer: { kind: 'sgd', learningRate: 0.1, momentum: 0.9, clipNorm: 1 },
    });

  it('[TBP6] targets that come in any order before the next step give the weights that come of them on time', () => {
    const data = dataFor(supervised(0), 24);
    const onTime = lateModel(3);
    run(onTime, data, 0, () => undefined);
    expect(onTime.updates).toBe(6);
    fc.assert(
      fc.property(
        fc.array(fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 }), { minLength: 6, maxLength: 6 }),
        (orders) => {
          const late = lateModel(3);
          for (const [t, row] of data.x.entries()) {
            late.step(row);
            if (t % 4 === 3)
              for (const i of orders[(t - 3) / 4]!) late.learn(data.targets[t - 3 + i]!, t - 3 + i);
          }
          expect(fingerprint(late.weights)).toBe(fingerprint(onTime.weights));
        },
      ),
    );
  });

  it('[TBP6] a block whose targets come late, in any order, makes the update that it makes on time', () => {
    const delay = 5;
    const data = dataFor(supervised(delay), 4 + delay);
    const onTime = lateModel(delay);
    const updates: Update[] = [];
    run(onTime, { ...data, x: data.x.slice(0, 4) }, 0, (update) => updates.push(update));
    const weights = fingerprint(onTime.weights);
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 3 + delay }), { minLength: 4, maxLength: 4 }),
        (arrivals) => {
          const late = lateModel(delay);
          const made: Update[] = [];
          for (const [t, row] of data.x.entries()) {
            made.push(...late.step(row).updates);
            for (const [step, arrival] of arrivals.entries())
              if (Math.max(step, arrival) === t) made.push(...late.learn(data.targets[step]!, step));
          }
          expect(made).toEqual(updates);
          expect(fingerprint(late.weights)).toBe(weights);
        },
      ),
    );
  });

  it('[TBP7] however the targets come, every one that came is counted once, and blocks are learned in order', () => {
    const steps = 30;
    const arrival = fc.option(fc.integer({ min: 0, max: 5 }), { nil: null });
    fc.assert(
      fc.property(
        fc.array(arrival, { minLength: steps, maxLength: steps }),
        fc.integer({ min: 1, max: 5 }),
        (lateness, k1) => {
          const delay = 5;
          const model = lateModel(delay, k1);
          const data = dataFor(supervised(delay), steps + delay + k1 + 1);
          const made: Update[] = [];
          for (const [t, row] of data.x.entries()) {
            made.push(...model.step(row).updates);
            for (const [step, late] of lateness.entries())
              if (late !== null && step + late === t) made.push(...model.learn(data.targets[step]!, step));
          }
          const came = lateness.filter((late) => late !== null).length;
          expect(made.reduce((sum, { losses }) => sum + losses, 0)).toBe(came);
          expect(model.metrics.scored).toBe(came);
          const ends = made.map(({ to }) => to);
          expect(ends).toEqual([...new Set(ends)].sort((a, b) => a - b));
          expect(ends.every((to) => (to + 1) % k1 === 0)).toBe(true);
          for (const { to, losses } of made)
            expect(losses).toBe(lateness.slice(to - k1 + 1, to + 1).filter((late) => late !== null).length);
        },
      ),
    );
  });

  it('[TBP8] where a target stays out, its block is due `delay` steps after its last, without that loss', () => {
    const delay = 5;
    const data = dataFor(supervised(delay), 12);
    const model = lateModel(delay);
    const made: { at: number; update: Update }[] = [];
    for (const [t, row] of data.x.entries()) {
      for (const update of model.step(row).updates) made.push({ at: t, update });
      if (t < 4 && t !== 2) expect(model.learn(data.targets[t]!, t)).toEqual([]);
    }
    // Step 3 is the block's last. Its targets may come until step 8 is over: step 9 finds the block due.
    expect(made.map(({ at, update: { from, to, losses } }) => ({ at, from, to, losses }))).toEqual([
      { at: 9, from: 0, to: 3, losses: 3 },
    ]);
  });

  it('[TBP8] a target that comes `delay` steps after its block is still counted, and one step later is refused', () => {
    const delay = 5;
    const data = dataFor(supervised(delay), 10);
    for (const [last, code] of [
      [8, 'none'],
      [9, 'target-expired'],
    ] as const) {
      const model = lateModel(delay);
      for (const [t, row] of data.x.slice(0, last + 1).entries()) {
        model.step(row);
        if (t < 4 && t !== 2) model.learn(data.targets[t]!, t);
      }
      expect(codeOf(() => model.learn(data.targets[2]!, 2))).toBe(code);
      expect(model.updates).toBe(1);
    }
  });

  it('[TBP8] a block none of whose targets came makes no update', () => {
    const model = lateModel(0);
    for (const row of dataFor(supervised(0), 12).x) expect(model.step(row).updates).toEqual([]);
    expect(model.updates).toBe(0);
  });
});

describe('targets that are refused', () => {
  const run4 = (model: Model) => {
    for (const row of dataFor(supervised(0), 4).x) model.step(row);
    return model;
  };
  const linear = () =>
    new Model({ features: F, units: N, task: supervised(3), learner: { kind: 'tbptt', k1: 2, k2: 4 } });
  const softmax = () =>
    new Model({
      features: F,
      units: N,
      readout: { kind: 'softmax' },
      task: { kind: 'supervised', outputs: 2 },
    });
  const learned = () => {
    const model = run4(linear());
    model.learn([1, 2], 0);
    model.learn([1, 2], 1);
    model.learn([1, 2], 2);
    return model;
  };

  const refusals = [
    { code: 'target-early', why: 'its step has not happened', model: learned, target: [1, 2], seq: 4 },
    { code: 'target-early', why: 'there is no such step', model: learned, target: [1, 2], seq: 2.5 },
    { code: 'target-early', why: 'its step is no number', model: learned, target: [1, 2], seq: Number.NaN },
    { code: 'target-expired', why: 'its block was learned', model: learned, target: [1, 2], seq: 1 },
    { code: 'target-expired', why: 'its step is below 0', model: learned, target: [1, 2], seq: -1 },
    { code: 'target-expired', why: 'there was no step yet', model: linear, target: [1, 2], seq: -1 },
    { code: 'target-duplicate', why: 'it is there already', model: learned, target: [1, 2], seq: 2 },
    { code: 'target-shape', why: 'it is too short', model: learned, target: [1], seq: 3 },
    { code: 'target-shape', why: 'it is too long', model: learned, target: [1, 2, 3], seq: 3 },
    { code: 'target-shape', why: 'it is empty', model: learned, target: [], seq: 3 },
    { code: 'target-non-finite', why: 'it holds NaN', model: learned, target: [1, Number.NaN], seq: 3 },
    {
      code: 'target-non-finite',
      why: 'it holds Infinity',
      model: learned,
      target: [Number.POSITIVE_INFINITY, 1],
      seq: 3,
    },
    { code: 'target-non-finite', why: 'float32 cannot hold it', model: learned, target: [1, -1e39], seq: 3 },
    {
      code: 'target-distribution',
      why: 'it is negative',
      model: () => run4(softmax()),
      target: [1.5, -0.5],
      seq: 3,
    },
    {
      code: 'target-distribution',
      why: 'it sums to .9',
      model: () => run4(softmax()),
      target: [0.5, 0.4],
      seq: 3,
    },
    {
      code: 'target-distribution',
      why: 'it sums to 1.002',
      model: () => run4(softmax()),
      target: [0.5, 0.502],
      seq: 3,
    },
    {
      code: 'target-unexpected',
      why: 'a forecast has its own',
      model: () => run4(new Model({ features: F, units: N })),
      target: [1, 2],
      seq: 3,
    },
    {
      code: 'target-unexpected',
      why: 'without a readout there is nothing to learn',
      model: () => run4(new Model({ features: F, units: N, readout: { kind: 'none' } })),
      target: [1, 2],
      seq: 3,
    },
  ];

  it.each(refusals)('[TBP9] $code and nothing changed where $why', ({ code, model: create, target, seq }) => {
    const model = create();
    const before = fingerprint(model.snapshot());
    expect(codeOf(() => model.learn(target, seq))).toBe(code);
    expect(fingerprint(model.snapshot())).toBe(before);
  });

  it('[TBP9] a distribution may be off its sum by a thousandth, as rounding makes it', () => {
    const model = run4(softmax());
    expect(codeOf(() => model.learn([0.5, 0.5009], 3))).toBe('none');
  });
});

describe('an endless stream', () => {
  v8.setFlagsFromString('--expose-gc');
  const collect = vm.runInNewContext('gc') as () => void;
  const retained = () => {
    collect();
    collect();
    return process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
  };

  /** Kernels that note every arena they give. */
  function watched(): { kernels: Kernels; lengths: number[] } {
    const lengths: number[] = [];
    const allocate = (length: number) => {
      lengths.push(length);
      return float64.allocate(length);
    };
    return { kernels: { ...float64, allocate }, lengths };
  }

  const streams = [
    { name: 'forecasts', task: forecast(3), steps: 1_000_000, delay: 0 },
    { name: 'late targets, every fifth of them lost', task: supervised(4), steps: 200_000, delay: 3 },
  ];

  // Were one byte kept at each step, the retained bytes would grow by the number of steps.
  it.each(streams)('[TBP10] memory stays flat over $steps steps of $name', ({ task, steps, delay }) => {
    const { kernels, lengths } = watched();
    const optimizer = { kind: 'sgd', learningRate: 0.01 } as const;
    const learner = { kind: 'tbptt', k1: 4, k2: 6 } as const;
    const inputs = { changes: [1], lags: [3] };
    const model = new Model({ features: 1, units: 2, task, inputs, learner, optimizer }, { kernels });
    const made = lengths.length;
    const [x, target] = [new Float64Array(1), new Float64Array(2)];
    const advance = (count: number) => {
      for (let i = 0; i < count; i++) {
        x[0] = Math.sin(model.seq / 7);
        model.step(x);
        const due = model.seq - delay;
        if (task.kind === 'supervised' && due >= 0 && due % 5 > 0) model.learn(target.fill(x[0]), due);
      }
    };
    const warm = steps / 10;
    advance(warm);
    const [numbers, bytes] = [model.snapshot().numbers.length, retained()];
    advance(steps - warm);
    expect(retained() - bytes).toBeLessThan((steps - warm) / 2);
    expect(model.snapshot().numbers).toHaveLength(numbers);
    expect(lengths, 'the model allocates nothing after it was made').toHaveLength(made);
    expect(model.seq).toBe(steps - 1);
    expect(model.updates).toBeGreaterThan(steps / 4 - 5);
    expect(norm(parametersOf(model))).toBeLessThan(100);
  });
});
