import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Kernels } from '../../src/kernels/kernels.js';
import { createReferenceKernels } from '../../src/kernels/reference.js';
import { bptt } from '../../src/rnn/learning/bptt.js';
import type { Update } from '../../src/rnn/learning/learner.js';
import { Model } from '../../src/rnn/model.js';
import type { Metrics } from '../../src/rnn/scoring/prequential.js';
import type { ModelSnapshot } from '../../src/rnn/snapshot.js';
import type { ModelSpecInput } from '../../src/rnn/spec/spec.js';
import { allFinite, bits, codeOf, fingerprint, overwrite } from '../support/numeric-compare.js';
import { bareModel, float64, parametersOf, traceStep } from '../support/numeric-models.js';
import { Numbers } from '../support/numeric-random.js';

const float32 = createReferenceKernels('float32');
const PRECISIONS = [float32, float64];

/** Something that happens to a model. */
type Happening =
  | { readonly x: readonly (number | null)[] }
  | { readonly target: readonly number[]; readonly seq: number }
  | { readonly reset: 'state' | 'weights' }
  | { readonly learning: boolean }
  | { readonly learningRate: number };

/** Lets it happen and gives all that shows of it, bit by bit. */
function happen(model: Model, happening: Happening): string {
  if ('x' in happening) return traceStep(model, happening.x);
  if ('reset' in happening) model.reset(happening.reset);
  if ('learning' in happening) model.learning = happening.learning;
  if ('learningRate' in happening) model.learningRate = happening.learningRate;
  const updates = 'target' in happening ? model.learn(happening.target, happening.seq) : [];
  return fingerprint({ updates, weights: model.weights, metrics: model.metrics });
}

/** A forecast of x itself, by a cell that gets x alone; a scaler that does not forget. */
const FORECAST: ModelSpecInput = {
  features: 2,
  units: 5,
  task: { kind: 'forecast', horizon: 3, baseline: 'none' },
  inputs: { changes: [] },
  learner: { kind: 'tbptt', k1: 3, k2: 7 },
  optimizer: { kind: 'sgd', learningRate: 0.05, momentum: 0.9, schedule: { kind: 'inverse', decay: 0.1 } },
  scaler: { kind: 'standard', halfLife: null },
};
const NESTEROV: ModelSpecInput = {
  ...FORECAST,
  batch: 2,
  optimizer: { kind: 'sgd', learningRate: 0.05, momentum: 0.8, nesterov: true, clipNorm: 0.5 },
};
const SUPERVISED: ModelSpecInput = {
  ...FORECAST,
  task: { kind: 'supervised', outputs: 2, delay: 4 },
};
/** A forecast with all that there is: horizons, season, mixture, what is looked back at, missing numbers, forgetting. */
const SEASONAL: ModelSpecInput = {
  features: 2,
  units: 4,
  season: 5,
  task: { kind: 'forecast', horizon: [1, 3] },
  inputs: { changes: [1, 2], lags: [3], missing: 'hold' },
  learner: { kind: 'tbptt', k1: 3, k2: 7 },
  optimizer: { kind: 'adam', learningRate: 0.02 },
  scaler: { kind: 'standard', halfLife: 30 },
};

const LEARNERS: NonNullable<ModelSpecInput['learner']>[] = [
  { kind: 'tbptt', k1: 3, k2: 7 },
  { kind: 'rtrl', k1: 3 },
  { kind: 'snap-1', k1: 3 },
];
const OPTIMIZERS: NonNullable<ModelSpecInput['optimizer']>[] = [
  { kind: 'sgd', learningRate: 0.05, nesterov: true },
  { kind: 'rmsprop', learningRate: 0.01 },
  { kind: 'adam', learningRate: 0.02, schedule: { kind: 'cosine', updates: 20 } },
  { kind: 'adamw', learningRate: 0.02, weightDecay: 0.1 },
];

/** What happens besides the steps, so that settings and random state count too: after which step, and what. */
const BESIDES = new Map<number, Happening>([
  [12, { learningRate: 0.02 }],
  [16, { learning: false }],
  [22, { learning: true }],
  [26, { reset: 'weights' }],
  [38, { reset: 'state' }],
]);

function forecastHappenings(steps: number, batch = 1): Happening[] {
  const rows = new Numbers(steps).rows(steps, batch * 2, 3);
  return rows.flatMap((x, t) => [{ x }, BESIDES.get(t) ?? []].flat());
}

/** Steps of which about every fifth number is missing. */
function seasonalHappenings(steps: number, batch = 1): Happening[] {
  const numbers = new Numbers(steps + 1);
  return forecastHappenings(steps, batch).map((happening) =>
    'x' in happening ? { x: happening.x.map((value) => (numbers.one() < -0.6 ? null : value)) } : happening,
  );
}

/** Steps whose targets come 0 to 4 steps late, out of order; every seventh stays out. */
function supervisedHappenings(steps: number): Happening[] {
  const numbers = new Numbers(steps);
  const rows = numbers.rows(steps, 2, 3);
  const targets = numbers.rows(steps, 2, 3);
  return rows.flatMap((x, t) => {
    const due = [4, 3, 2, 1, 0]
      .map((late) => t - late)
      .filter((seq) => seq >= 0 && seq + ((seq * 3) % 5) === t);
    return [{ x }, ...due.filter((seq) => seq % 7 !== 6).map((seq) => ({ target: targets[seq]!, seq }))];
  });
}

const STREAMS = [
  { name: 'pending forecasts and momentum', spec: FORECAST, happenings: forecastHappenings(45) },
  { name: 'pending forecasts and Nesterov, B = 2', spec: NESTEROV, happenings: forecastHappenings(45, 2) },
  { name: 'late targets', spec: SUPERVISED, happenings: supervisedHappenings(40) },
  {
    name: 'horizons, a season, missing numbers and Adam',
    spec: SEASONAL,
    happenings: seasonalHappenings(45),
  },
];
const LEARNED = LEARNERS.flatMap((learner) =>
  OPTIMIZERS.map((optimizer) => ({
    name: `${learner.kind} with ${optimizer.kind}`,
    spec: { ...SEASONAL, batch: 2, learner, optimizer },
    happenings: seasonalHappenings(45, 2),
  })),
);

describe('steps', () => {
  it('[MOD1] are numbered from 0 and give h in [B,N], y in [B,M] and no update between the due ones', () => {
    const model = new Model(NESTEROV);
    expect(model.seq).toBe(-1);
    const made = new Numbers(1).rows(12, 4).map((x, t) => {
      const { seq, h, y, updates } = model.step(x);
      expect({ seq, h: h.length, y: y?.length }).toEqual({ seq: t, h: 10, y: 4 });
      return updates.map(({ from, to, losses, update }) => ({ from, to, losses, update }));
    });
    // A block of 3 is due when the last of its forecasts, 3 steps ahead, has met its truth.
    const wanted = new Array<unknown[]>(12).fill([]);
    wanted[5] = [{ from: 0, to: 2, losses: 3, update: 1 }];
    wanted[8] = [{ from: 0, to: 5, losses: 3, update: 2 }];
    wanted[11] = [{ from: 2, to: 8, losses: 3, update: 3 }];
    expect(made).toEqual(wanted);
    expect(model.updates).toBe(3);
  });

  it('[MOD1] without a readout give no prediction and no update, and learning cannot be turned on', () => {
    const model = new Model({ features: 2, units: 5, readout: { kind: 'none' } });
    for (const x of new Numbers(2).rows(50, 2)) expect(model.step(x)).toMatchObject({ y: null, updates: [] });
    expect(model.learning).toBe(false);
    expect(codeOf(() => (model.learning = true))).toBe('setting-invalid');
  });

  it.each(['none', 'standard'] as const)('[MOD1] with softmax give distributions, scaler %s', (kind) => {
    const task = { kind: 'supervised', outputs: 3, delay: 0 } as const;
    const learner = { kind: 'tbptt', k1: 8, k2: 32 } as const;
    const model = new Model({
      features: 2,
      units: 5,
      readout: { kind: 'softmax' },
      task,
      learner,
      scaler: { kind },
    });
    const numbers = new Numbers(2);
    for (const x of numbers.rows(50, 2)) {
      const y = Array.from(model.step(x).y!);
      expect(y.every((p) => p > 0 && p < 1)).toBe(true);
      expect(y.reduce((sum, p) => sum + p, 0)).toBeCloseTo(1, 6);
      model.learn(numbers.distributions(1, 3));
    }
    expect(model.updates).toBe(6);
  });

  it('[MOD1] time their updates by the clock that was given', () => {
    let now = 0;
    const clock = () => (now += 5);
    const timed = new Model({ ...FORECAST, seed: 3 }, { now: clock });
    const untimed = new Model({ ...FORECAST, seed: 3 });
    const durations = (model: Model) =>
      new Numbers(3).rows(20, 2).flatMap((x) => model.step(x).updates.map(({ duration }) => duration));
    expect(durations(timed)).toEqual([5, 5, 5, 5, 5]);
    expect(durations(untimed)).toEqual([0, 0, 0, 0, 0]);
  });

  const refused = [
    { why: 'too short', x: [1], code: 'step-shape' },
    { why: 'too long', x: [1, 2, 3], code: 'step-shape' },
    { why: 'empty', x: [], code: 'step-shape' },
    { why: 'NaN', x: [Number.NaN, 1], code: 'step-non-finite' },
    { why: 'Infinity', x: [1, Number.POSITIVE_INFINITY], code: 'step-non-finite' },
    { why: '-Infinity', x: [Number.NEGATIVE_INFINITY, 1], code: 'step-non-finite' },
    { why: '1e39, which float32 cannot hold', x: [1, 1e39], code: 'step-non-finite' },
  ];

  it.each(refused)('[MOD2] refuse an x that is $why with $code, and leave the model', ({ x, code }) => {
    for (const steps of [0, 14]) {
      const model = new Model(FORECAST);
      for (const row of new Numbers(4).rows(steps, 2)) model.step(row);
      const before = fingerprint(model.snapshot());
      expect(codeOf(() => model.step(x))).toBe(code);
      expect(codeOf(() => model.step(Float32Array.from(x)))).toBe(code);
      expect(fingerprint(model.snapshot())).toBe(before);
    }
  });

  const readouts: { name: string; spec: Partial<ModelSpecInput> }[] = [
    { name: 'none', spec: { readout: { kind: 'none' } } },
    { name: 'linear', spec: { readout: { kind: 'linear' } } },
    { name: 'softmax', spec: { readout: { kind: 'softmax' }, task: { kind: 'supervised', outputs: 3 } } },
    {
      name: 'softmax of h',
      spec: { readout: { kind: 'softmax', dense: false }, task: { kind: 'supervised', outputs: 5 } },
    },
  ];

  it.each(readouts)(
    '[MOD3] give each of 3 batch rows the bits that it has alone, readout $name',
    ({ spec }) => {
      for (const kernels of PRECISIONS) {
        const base: ModelSpecInput = { features: 2, units: 5, scaler: { kind: 'none' }, ...spec };
        const together = new Model({ ...base, batch: 3 }, { kernels });
        const alone = [0, 1, 2].map(() => new Model(base, { kernels }));
        for (const model of [together, ...alone]) if (model.learning) model.learning = false;
        for (const x of new Numbers(5).rows(60, 6, 2)) {
          const { h, y } = together.step(x);
          for (const [row, model] of alone.entries()) {
            const single = model.step(x.slice(row * 2, row * 2 + 2));
            expect(bits(h.slice(row * 5, row * 5 + 5))).toBe(bits(single.h));
            if (!y || !single.y) expect(y).toBe(single.y);
            else
              expect(bits(y.slice(row * single.y.length, (row + 1) * single.y.length))).toBe(bits(single.y));
          }
        }
      }
    },
  );
});

describe('causality', () => {
  const altered = (happening: Happening): Happening => {
    if ('x' in happening)
      return { x: happening.x.map((value) => (value === null ? 0.7 : value * -1.7 + 0.3)) };
    if ('target' in happening) return { ...happening, target: happening.target.map((value) => 2 - value) };
    return happening;
  };
  const trace = (spec: ModelSpecInput, happenings: readonly Happening[], seed: number) => {
    const model = new Model({ ...spec, seed });
    return happenings.map((happening) => `${happen(model, happening)} ${fingerprint(model.metrics)}`);
  };

  it.each(STREAMS)(
    '[MOD4] what comes later never changes h, y, updates, weights or scores before it: $name',
    (stream) => {
      const { spec, happenings } = stream;
      fc.assert(
        fc.property(fc.nat(happenings.length - 1), fc.nat(1000), (last, seed) => {
          const other = happenings.map((happening, i) => (i > last ? altered(happening) : happening));
          const [as, asOther] = [trace(spec, happenings, seed), trace(spec, other, seed)];
          expect(asOther.slice(0, last + 1)).toEqual(as.slice(0, last + 1));
        }),
      );
    },
  );

  it.each(STREAMS)('[MOD4] what comes does change what follows: $name', ({ spec, happenings }) => {
    const at = 10;
    const other = happenings.map((happening, i) => (i === at ? altered(happening) : happening));
    const [as, asOther] = [trace(spec, happenings, 1), trace(spec, other, 1)];
    expect(as.findIndex((text, i) => text !== asOther[i])).toBe(at);
  });
});

describe('seeds', () => {
  const trace = (seed: number) => {
    const model = new Model({ ...NESTEROV, seed });
    return forecastHappenings(30, 2).map((happening) => happen(model, happening));
  };

  it('[MOD5] the same seed gives the same bits', () => {
    for (const seed of [0, 1, 0xffff_ffff]) expect(trace(seed)).toEqual(trace(seed));
  });

  it('[MOD5] another seed gives other weights and other states', () => {
    const first = [0, 1, 2, 3].map((seed) => new Model({ ...NESTEROV, seed }).weights);
    expect(new Set(first.map(({ W }) => bits(W))).size).toBe(4);
    const readouts = [0, 1, 2, 3].map((seed) => new Model({ ...SUPERVISED, seed }).weights.Wy);
    expect(new Set(readouts.map(bits)).size).toBe(4);
    expect(new Set([0, 1, 2, 3].map((seed) => trace(seed)[20])).size).toBe(4);
  });
});

describe('settings', () => {
  it('[MOD6] a model that does not learn keeps its weights, is carried and scored', () => {
    for (const { spec, happenings } of STREAMS) {
      const model = new Model(spec);
      model.learning = false;
      const first = fingerprint(model.weights);
      const states = new Set<string>();
      let scored = 0;
      for (const happening of happenings) {
        if (!('x' in happening || 'target' in happening)) continue;
        expect(happen(model, happening)).toContain('"updates":[]');
        if ('x' in happening) states.add(fingerprint(model.snapshot().numbers));
        if ('target' in happening || ('x' in happening && spec === FORECAST && model.seq >= 3)) scored++;
      }
      expect(fingerprint(model.weights)).toBe(first);
      expect(states.size).toBe(model.seq + 1);
      expect(model.updates).toBe(0);
      if (spec === FORECAST || spec === SUPERVISED) expect(model.metrics.scored).toBe(scored);
      expect(model.metrics.mae).toBeGreaterThan(0);
    }
  });

  it('[MOD6] a model whose learning is turned on again learns from the targets that come after that only', () => {
    const model = bareModel({ features: 1, units: 3, learner: { kind: 'tbptt', k1: 2, k2: 4 } });
    const steps = new Numbers(6).rows(12, 1).map((x) => {
      if (model.seq === 5) model.learning = true;
      if (model.seq === -1) model.learning = false;
      return model.step(x).updates.map(({ to, losses }) => ({ to, losses }));
    });
    // The truth of step 4 came while nothing was learned, that of step 5 after.
    expect(steps.flat()).toEqual([
      { to: 5, losses: 1 },
      { to: 7, losses: 2 },
      { to: 9, losses: 2 },
    ]);
  });

  it('[MOD7] the learning rate may be set in [0, 100], and another is refused', () => {
    const model = new Model(FORECAST);
    for (const rate of [0, 0.5, 100]) {
      model.learningRate = rate;
      expect(model.learningRate).toBe(rate);
    }
    for (const rate of [-1e-9, 100.001, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(codeOf(() => (model.learningRate = rate))).toBe('setting-invalid');
      expect(model.learningRate).toBe(100);
    }
  });

  it('[MOD7] the rate that is set is where the schedule starts from, and at 0 an update changes no weight', () => {
    const model = new Model({
      ...FORECAST,
      optimizer: { kind: 'sgd', momentum: 0, schedule: { kind: 'inverse', decay: 1 } },
    });
    const before = fingerprint(model.weights);
    model.learningRate = 0;
    const rates: number[] = [];
    for (const x of new Numbers(7).rows(12, 2)) {
      rates.push(...model.step(x).updates.map(({ learningRate }) => learningRate));
      if (model.updates < 2) expect(fingerprint(model.weights)).toBe(before);
      if (model.updates === 2) model.learningRate = 0.6;
    }
    expect(rates).toEqual([0, 0, 0.6 / 3]);
    expect(fingerprint(model.weights)).not.toBe(before);
  });
});

describe('reset', () => {
  /** Scores but for those of ranges, whose widths go on from the errors before the reset. */
  const withoutRanges = ({ outputs, ...metrics }: Metrics) =>
    [metrics, ...outputs].map((scores) =>
      Object.entries(scores).filter(([name]) => !/coverage|interval/i.test(name)),
    );

  it('[MOD8] of the state begins a new history from h = 0 with the weights that are there; step numbers go on', () => {
    const spec: ModelSpecInput = {
      ...FORECAST,
      scaler: { kind: 'none' },
      optimizer: { kind: 'sgd', momentum: 0 },
    };
    const rows = new Numbers(8).rows(40, 2);
    const model = new Model(spec);
    for (const x of rows.slice(0, 17)) model.step(x);
    const { weights, updates, metrics } = model;
    model.reset('state');
    expect({ weights: model.weights, updates: model.updates, seq: model.seq }).toEqual({
      weights,
      updates,
      seq: 16,
    });
    expect(model.metrics).toEqual(metrics);

    const fresh = new Model(spec);
    const begun = fresh.snapshot();
    begun.numbers.set(model.snapshot().numbers.subarray(0, parametersOf(model).length));
    fresh.restore(begun);
    model.resetMetrics();
    expect(model.metrics).toEqual(fresh.metrics);
    for (const x of rows.slice(17)) {
      const [after, anew] = [model.step(x), fresh.step(x)];
      expect(after.seq).toBe(anew.seq + 17);
      expect(bits(after.h)).toBe(bits(anew.h));
      expect(bits(after.y!)).toBe(bits(anew.y!));
      const shifted = anew.updates.map((u) => ({
        ...u,
        from: u.from + 17,
        to: u.to + 17,
        update: u.update + updates,
      }));
      expect(after.updates).toEqual(shifted);
      expect(withoutRanges(model.metrics)).toEqual(withoutRanges(fresh.metrics));
      expect(fingerprint(model.weights)).toBe(fingerprint(fresh.weights));
    }
  });

  it('[MOD8] makes the targets of the steps before it too late', () => {
    const model = new Model(SUPERVISED);
    for (const x of new Numbers(9).rows(4, 2)) model.step(x);
    model.reset('state');
    expect(codeOf(() => model.learn([1, 2], 3))).toBe('target-expired');
    model.step([1, 2]);
    expect(codeOf(() => model.learn([1, 2], 4))).toBe('none');
  });

  it('[MOD8] of the weights draws new ones and begins velocity, schedule and metrics anew', () => {
    const [model, twin] = [new Model(FORECAST), new Model(FORECAST)];
    const first = fingerprint(model.weights);
    for (const one of [model, twin]) for (const x of new Numbers(10).rows(20, 2)) one.step(x);
    const count = parametersOf(model).length;
    const velocity = () => model.snapshot().numbers.subarray(count, 2 * count);
    expect(velocity().some((value) => value !== 0)).toBe(true);
    model.reset('weights');
    expect(velocity().every((value) => value === 0)).toBe(true);
    expect(model.updates).toBe(0);
    expect(model.learningRate).toBe(0.05);
    expect(model.metrics).toMatchObject({ scored: 0, mae: null, naiveMae: null });
    expect(fingerprint(model.weights)).not.toBe(first);
    twin.reset('weights');
    expect(fingerprint(twin.weights)).toBe(fingerprint(model.weights));
    twin.reset('weights');
    expect(fingerprint(twin.weights)).not.toBe(fingerprint(model.weights));
  });
});

describe('the input gradient', () => {
  it('[MOD9] of an update is dL/dx of its block', () => {
    const [k, batch, features, units] = [4, 2, 3, 5];
    const model = bareModel({
      features,
      units,
      batch,
      task: { kind: 'supervised', outputs: 2, delay: 0 },
      learner: { kind: 'tbptt', k1: k, k2: k },
      optimizer: { kind: 'sgd', learningRate: 0.1, momentum: 0.9 },
    });
    const numbers = new Numbers(11);
    for (let block = 0; block < 4; block++) {
      const x = numbers.rows(k, batch * features);
      const targets = numbers.rows(k, batch * 2);
      const parameters = parametersOf(model);
      const made: Update[] = [];
      const states: number[][] = [];
      const h0 = block > 0 ? { h0: lastState } : {};
      for (const [t, row] of x.entries()) {
        states.push(Array.from(model.step(row).h));
        made.push(...model.learn(targets[t]!));
      }
      const want = bptt(
        { spec: model.spec, parameters, x: x.flat(), targets: targets.flat(), ...h0 },
        float64,
      );
      expect(made).toHaveLength(1);
      expect(bits(model.inputGradient(made[0]!)!)).toBe(bits(want.x));
      expect(want.x.every((value) => value !== 0)).toBe(true);
      lastState = states.at(-1)!;
    }
  });
  let lastState: number[] = [];
});

describe('numbers that are too large', () => {
  const wild = (optimizer: Partial<NonNullable<ModelSpecInput['optimizer']>>): ModelSpecInput => ({
    features: 1,
    units: 3,
    task: { kind: 'supervised', outputs: 2, delay: 0 },
    learner: { kind: 'tbptt', k1: 1, k2: 2, reduction: 'sum' },
    optimizer: { kind: 'sgd', learningRate: 100, clipNorm: null, ...optimizer },
    scaler: { kind: 'none' },
  });

  it.each([0, 0.9])(
    '[MOD10] an update that would be non-finite is skipped and counted, momentum %d',
    (momentum) => {
      const model = new Model(wild({ momentum }));
      model.step([1]);
      model.learn([1, 1]);
      model.step([1]);
      const [before, kept] = [fingerprint(model.weights), model.snapshot()];
      const [update] = model.learn([3e38, -3e38]);
      expect(update).toMatchObject({ applied: false, update: 1 });
      expect(fingerprint(model.weights)).toBe(before);
      const after = model.snapshot();
      const count = parametersOf(model).length * (momentum > 0 ? 2 : 1);
      expect(bits(after.numbers.slice(0, count))).toBe(bits(kept.numbers.slice(0, count)));
      expect(after.learner).toMatchObject({ updates: 1, skipped: 1 });
      model.step([1]);
      expect(model.learn([1, 1])).toMatchObject([{ applied: true, update: 2 }]);
    },
  );

  const extreme = fc.oneof(
    fc.double({ min: -3.4e38, max: 3.4e38, noNaN: true }),
    fc.constantFrom(-3.4028234663852886e38, 0, 1, 1e30, 3.4028234663852886e38),
  );
  it.each(PRECISIONS)(
    '[MOD10] no step and no target makes a number non-finite, supervised, $name',
    (kernels) => {
      fc.assert(
        fc.property(fc.array(fc.tuple(extreme, extreme, extreme), { maxLength: 30 }), (data) => {
          const model = new Model(wild({ momentum: 0.9 }), { kernels });
          for (const [x, ...target] of data) {
            expect(Array.from(model.step([x]).h).every((value) => Math.abs(value) <= 1)).toBe(true);
            model.learn(target);
            expect(allFinite([model.snapshot(), model.metrics])).toBe(true);
          }
          model.restore(model.snapshot());
        }),
      );
    },
  );

  const forecasts: { name: string; spec: Partial<ModelSpecInput> }[] = [
    { name: 'changes, a scaler', spec: {} },
    {
      name: 'changes, no scaler',
      spec: { scaler: { kind: 'none' }, task: { kind: 'forecast', baseline: 'last' } },
    },
    { name: 'x, a scaler', spec: { task: { kind: 'forecast', baseline: 'none' } } },
    { name: 'x, no scaler', spec: { scaler: { kind: 'none' } } },
    { name: 'a season and two horizons', spec: { season: 2, task: { kind: 'forecast', horizon: [1, 3] } } },
  ];

  it.each(PRECISIONS.flatMap((kernels) => forecasts.map((forecast) => ({ ...forecast, kernels }))))(
    '[MOD10] no step makes a number non-finite: forecasts of $name, $kernels.name',
    ({ spec, kernels }) => {
      fc.assert(
        fc.property(fc.array(extreme, { maxLength: 40 }), (data) => {
          const model = new Model(
            {
              features: 1,
              units: 3,
              inputs: { changes: [1, 2], lags: [1] },
              learner: { kind: 'tbptt', k1: 1, k2: 2 },
              ...spec,
            },
            { kernels },
          );
          for (const x of data) {
            const { h, y } = model.step([x]);
            expect([...h, ...y!].every(Number.isFinite)).toBe(true);
            expect(allFinite([model.snapshot(), model.metrics])).toBe(true);
          }
          model.restore(model.snapshot());
        }),
      );
    },
  );

  it.each([1e308, -1.7e308])('[MOD10] float64 takes no number that float32 cannot hold: %d', (value) => {
    const model = new Model(FORECAST, { kernels: float64 });
    expect(codeOf(() => model.step([1, value]))).toBe('step-non-finite');
    const supervised = new Model(SUPERVISED, { kernels: float64 });
    supervised.step([1, 2]);
    expect(codeOf(() => supervised.learn([1, value]))).toBe('target-non-finite');
  });
});

describe('snapshots', () => {
  const copies = [
    { how: 'as it is', copy: (snapshot: ModelSnapshot) => snapshot },
    { how: 'after structuredClone', copy: (snapshot: ModelSnapshot) => structuredClone(snapshot) },
  ];

  it.each(
    STREAMS.flatMap((stream) =>
      copies.flatMap((copy) => PRECISIONS.map((kernels) => ({ ...stream, ...copy, kernels }))),
    ),
  )('[MOD11] of any moment, restored $how, go on with the same bits: $name, $kernels.name', (stream) =>
    goesOn(stream, stream.kernels, stream.copy),
  );

  it.each(LEARNED)('[MOD11] of any moment go on with the same bits: $name', (stream) =>
    goesOn(stream, float32, structuredClone),
  );

  function goesOn(
    { spec, happenings }: Pick<(typeof STREAMS)[number], 'spec' | 'happenings'>,
    kernels: Kernels,
    copy: (snapshot: ModelSnapshot) => ModelSnapshot,
  ): void {
    const model = new Model(spec, { kernels });
    const snapshots: ModelSnapshot[] = [];
    const trace = happenings.map((happening) => {
      snapshots.push(copy(model.snapshot()));
      return happen(model, happening);
    });
    const end = fingerprint(model.snapshot());
    expect(model.updates, 'there was something to learn').toBeGreaterThanOrEqual(3);
    // `model` has run to the end, so that what it does not put back shows; the other has never run.
    for (const target of [model, new Model(spec, { kernels })])
      for (const [i, snapshot] of snapshots.entries()) {
        target.restore(snapshot);
        expect(fingerprint(target.snapshot()), `moment ${i}`).toBe(fingerprint(snapshot));
        expect(
          happenings.slice(i).map((happening) => happen(target, happening)),
          `moment ${i}`,
        ).toEqual(trace.slice(i));
        expect(fingerprint(target.snapshot()), `moment ${i}`).toBe(end);
      }
  }

  it('[MOD11] restore into a model that was made from the spec in them', () => {
    for (const { spec, happenings } of [...STREAMS, ...LEARNED]) {
      const model = new Model(spec);
      for (const happening of happenings) happen(model, happening);
      const snapshot = model.snapshot();
      const other = new Model(structuredClone(snapshot.spec));
      other.restore(snapshot);
      expect(fingerprint(other.snapshot())).toBe(fingerprint(snapshot));
    }
    const model = new Model({ features: 2, units: 3 });
    const other = new Model(JSON.parse(JSON.stringify(model.spec)));
    expect(codeOf(() => other.restore(model.snapshot()))).toBe('none');
  });

  it('[MOD12] are detached: neither does the model change them, nor they the model', () => {
    for (const { spec, happenings } of STREAMS) {
      const model = new Model(spec);
      for (const happening of happenings.slice(0, 20)) happen(model, happening);
      const snapshot = model.snapshot();
      const kept = fingerprint(snapshot);
      for (const happening of happenings.slice(20)) happen(model, happening);
      expect(fingerprint(snapshot)).toBe(kept);
      model.restore(snapshot);
      overwrite(snapshot, 7);
      expect(fingerprint(snapshot)).not.toBe(kept);
      expect(fingerprint(model.snapshot())).toBe(kept);
    }
  });

  type Damage = (snapshot: ModelSnapshot) => object;
  const damages: { what: string; damage: Damage }[] = [
    { what: 'another format', damage: () => ({ format: 1 }) },
    { what: 'another seed', damage: ({ spec }) => ({ spec: { ...spec, seed: 2 } }) },
    {
      what: 'another horizon',
      damage: ({ spec }) => ({ spec: { ...spec, task: { ...spec.task!, horizon: [2] } } }),
    },
    { what: 'no spec', damage: () => ({ spec: undefined }) },
    { what: 'too few numbers', damage: ({ numbers }) => ({ numbers: numbers.slice(1) }) },
    { what: 'too many numbers', damage: ({ numbers }) => ({ numbers: Float32Array.of(...numbers, 0) }) },
    { what: 'another precision', damage: ({ numbers }) => ({ numbers: Float64Array.from(numbers) }) },
    { what: 'a plain array of numbers', damage: ({ numbers }) => ({ numbers: Array.from(numbers) }) },
    { what: 'a weight that is NaN', damage: ({ numbers }) => ({ numbers: numbers.with(3, Number.NaN) }) },
    {
      what: 'a last number that is infinite',
      damage: ({ numbers }) => ({ numbers: numbers.with(-1, Number.POSITIVE_INFINITY) }),
    },
    { what: 'no window', damage: () => ({ window: undefined }) },
    {
      what: 'a window whose next step is NaN',
      damage: ({ window }) => ({ window: { ...window, next: Number.NaN } }),
    },
    { what: 'a window whose next step is -1', damage: ({ window }) => ({ window: { ...window, next: -1 } }) },
    {
      what: 'a window whose next step is no integer',
      damage: ({ window }) => ({ window: { ...window, next: window.next - 0.5 } }),
    },
    {
      what: 'a window that ends outside its rows',
      damage: ({ window }) => ({ window: { ...window, next: window.origin + 99 } }),
    },
    {
      what: 'a window that begins after its end',
      damage: ({ window }) => ({ window: { ...window, origin: window.next + 1 } }),
    },
    {
      what: 'a history that begins after its end',
      damage: ({ window }) => ({ window: { ...window, start: window.next + 1 } }),
    },
    {
      what: 'a window of another length',
      damage: ({ window }) => ({ window: { ...window, targets: new Uint8Array(1) } }),
    },
    { what: 'no learner', damage: () => ({ learner: null }) },
    {
      what: 'a learner behind its window',
      damage: ({ learner, window }) => ({ learner: { ...learner, blockStart: window.origin - 1 } }),
    },
    {
      what: 'a learner ahead of its window',
      damage: ({ learner, window }) => ({ learner: { ...learner, blockStart: window.next + 1 } }),
    },
    {
      what: 'a learning rate that is NaN',
      damage: ({ learner }) => ({ learner: { ...learner, baseRate: Number.NaN } }),
    },
    { what: 'no random state', damage: () => ({ random: [] }) },
    {
      what: 'a random state that is NaN',
      damage: ({ random }) => ({ random: [...random.slice(1), Number.NaN] }),
    },
    { what: 'no inputs', damage: () => ({ inputs: null }) },
    { what: 'no scaler', damage: ({ inputs }) => ({ inputs: { ...inputs, scaler: null } }) },
    { what: 'no scaler of changes', damage: ({ inputs }) => ({ inputs: { ...inputs, changeScaler: null } }) },
    {
      what: 'a mean that is NaN',
      damage: ({ inputs }) => ({
        inputs: { ...inputs, scaler: { ...inputs.scaler, mean: Float64Array.of(0, Number.NaN) } },
      }),
    },
    {
      what: 'a scaler of another width',
      damage: ({ inputs }) => ({
        inputs: { ...inputs, scaler: { ...inputs.scaler, m2: new Float64Array(3) } },
      }),
    },
    {
      what: 'a history of another length',
      damage: ({ inputs }) => ({
        inputs: { ...inputs, history: { ...inputs.history, values: new Float64Array(1) } },
      }),
    },
    {
      what: 'a last x that is infinite',
      damage: ({ inputs }) => ({
        inputs: { ...inputs, held: Float64Array.of(0, Number.POSITIVE_INFINITY) },
      }),
    },
    { what: 'no outputs', damage: () => ({ outputs: null }) },
    {
      what: 'no scaler of the outputs',
      damage: ({ outputs }) => ({ outputs: { ...outputs, scaler: null } }),
    },
    { what: 'no forecaster', damage: ({ outputs }) => ({ outputs: { ...outputs, forecaster: null } }) },
    { what: 'no ranges', damage: ({ outputs }) => ({ outputs: { ...outputs, intervals: null } }) },
    { what: 'no wild values', damage: ({ inputs }) => ({ inputs: { ...inputs, wild: null } }) },
    {
      what: 'half a step in a season',
      damage: ({ outputs }) => ({
        outputs: {
          ...outputs,
          forecaster: {
            ...outputs!.forecaster!,
            seasons: { ...outputs!.forecaster!.seasons, periods: Float64Array.of(2.5, 0, 0, 0) },
          },
        },
      }),
    },
    {
      what: 'more past values than steps',
      damage: ({ outputs }) => {
        const forecaster = outputs!.forecaster!;
        const finder = { ...forecaster.seasons.finder, values: new Float64Array(2000) };
        return {
          outputs: { ...outputs, forecaster: { ...forecaster, seasons: { ...forecaster.seasons, finder } } },
        };
      },
    },
    { what: 'no judge', damage: () => ({ judge: undefined }) },
    {
      what: 'a score that is NaN',
      damage: ({ judge }) => ({
        judge: { ...judge, metrics: { ...judge.metrics, classes: new Float64Array(5).fill(Number.NaN) } },
      }),
    },
    {
      what: 'scores of another length',
      damage: ({ judge }) => ({
        judge: { ...judge, metrics: { ...judge.metrics, columns: new Float64Array(1) } },
      }),
    },
    {
      what: 'a drift detector of another form',
      damage: ({ judge }) => ({ judge: { ...judge, drift: { ...judge.drift, sums: [1] } } }),
    },
    {
      what: 'an anomaly score that is NaN',
      damage: ({ judge }) => ({ judge: { ...judge, anomaly: Number.NaN } }),
    },
  ];

  it.each(damages)('[MOD13] that hold $what are refused, and leave the model', ({ damage }) => {
    const model = new Model({ ...FORECAST, task: { kind: 'forecast', horizon: 3 }, inputs: {} });
    const rows = new Numbers(12).rows(30, 2);
    for (const x of rows.slice(0, 20)) model.step(x);
    const snapshot = model.snapshot();
    for (const x of rows.slice(20)) model.step(x);
    const before = fingerprint(model.snapshot());
    const damaged = { ...snapshot, ...damage(snapshot) } as ModelSnapshot;
    expect(codeOf(() => model.restore(damaged))).toBe('snapshot-invalid');
    expect(fingerprint(model.snapshot())).toBe(before);
    expect(codeOf(() => model.restore(snapshot))).toBe('none');
  });

  it.each(LEARNERS)(
    '[MOD13] made by other kernels are refused only where influences lie in their order: $kind',
    (learner) => {
      const spec = { ...FORECAST, learner };
      const made = new Model(spec, { kernels: float32 });
      for (const x of new Numbers(13).rows(20, 2)) made.step(x);
      const other = new Model(spec, { kernels: { ...float32, name: 'other' } });
      const code = learner.kind === 'tbptt' ? 'none' : 'snapshot-invalid';
      expect(codeOf(() => other.restore(made.snapshot()))).toBe(code);
    },
  );

  it('[MOD13] that hold a history with a place outside it, or a negative second moment, are refused', () => {
    const model = new Model({ features: 1, units: 4 });
    for (const x of new Numbers(14).rows(30, 1)) model.step(x);
    const snapshot = model.snapshot();
    for (const place of [{ slot: 1000 }, { slot: -1 }, { seen: 0.5 }]) {
      const history = { ...snapshot.inputs.history, ...place };
      const damaged = { ...snapshot, inputs: { ...snapshot.inputs, history } };
      expect(codeOf(() => model.restore(damaged))).toBe('snapshot-invalid');
    }
    const numbers = snapshot.numbers.slice();
    numbers[2 * parametersOf(model).length] = -1e-9;
    expect(codeOf(() => model.restore({ ...snapshot, numbers }))).toBe('snapshot-invalid');
    expect(codeOf(() => model.restore(snapshot))).toBe('none');
  });

  it.each([null, undefined, 7, 'snapshot', {}])('[MOD13] that are none are refused: %j', (nothing) => {
    const model = new Model(FORECAST);
    expect(codeOf(() => model.restore(nothing as unknown as ModelSnapshot))).toBe('snapshot-invalid');
  });
});
