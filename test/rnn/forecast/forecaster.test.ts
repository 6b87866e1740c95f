import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createReferenceKernels } from '../../../src/kernels/reference.js';
import { Random } from '../../../src/math/random.js';
import { Model } from '../../../src/rnn/model.js';
import type { ModelSpecInput } from '../../../src/rnn/spec/spec.js';
import { allFinite, fingerprint } from '../../support/numeric-compare.js';
import { float64 } from '../../support/numeric-models.js';

const float32 = createReferenceKernels('float32');

type Row = readonly (number | null)[];

/** Takes steps, and gives after each the forecasts, in float64. */
function forecasts(model: Model, rows: readonly Row[]): number[][] {
  return rows.map((x) => {
    model.step(x);
    return Array.from(model.lastExact()!);
  });
}

/** The weight of each forecaster in an output, by name. */
function weightsOf(model: Model, output = 0): Record<string, number> {
  const { names, weights } = model.forecasters!;
  return Object.fromEntries(names.map((name, e) => [name, weights[output * names.length + e]!]));
}

function column(n: number, at: (t: number, random: Random) => number | null, seed = 1): Row[] {
  const random = Random.fromSeed(seed);
  return Array.from({ length: n }, (_, t) => [at(t, random)]);
}

const SPEC: ModelSpecInput = { features: 1, units: 8 };

describe('who forecasts', () => {
  it('[MIX5] is told by name, with weights from 0 on that add up to 1 in each output', () => {
    const model = new Model({ ...SPEC, features: 2, batch: 2, task: { kind: 'forecast', horizon: [1, 3] } });
    const random = Random.fromSeed(1);
    for (let t = 0; t < 300; t++) {
      model.step(Array.from({ length: 4 }, (_, i) => Math.sin(t / (3 + i)) + 0.1 * random.normal()));
      const { names, weights } = model.forecasters!;
      expect(weights).toHaveLength(8 * names.length);
      for (let o = 0; o < 8; o++) {
        const own = weights.subarray(o * names.length, (o + 1) * names.length);
        expect(Math.min(...own)).toBeGreaterThanOrEqual(0);
        expect(own.reduce((sum, one) => sum + one, 0)).toBeCloseTo(1, 12);
      }
    }
    expect(model.forecasters!.names).toContain('last value');
    expect(model.forecasters!.names).toContain('network');
    const alone = new Model({ ...SPEC, task: { kind: 'forecast', forecaster: 'network' } });
    expect([alone.forecasters, alone.seasons]).toEqual([null, null]);
  });

  it('[MIX5] has no weight where it says nothing: by a season while none is known, by least squares under `gradient`', () => {
    const model = new Model({ ...SPEC, readout: { kind: 'linear', rule: 'gradient' } });
    forecasts(
      model,
      column(500, (_, random) => random.normal()),
    );
    const weights = weightsOf(model);
    expect(model.seasons).toEqual([[]]);
    for (const name of ['season', 'season and change', 'second season', 'second season and change'])
      expect(weights[name]).toBe(0);
    expect(weights['linear with seasons']).toBe(0);
    expect(weights['network by least squares']).toBe(0);
  });

  it('[MIX6] is who the series asks for: a season, a level, a law of the last values', () => {
    const most = (rows: readonly Row[]) => {
      const model = new Model(SPEC);
      forecasts(model, rows);
      const weights = weightsOf(model);
      return (...names: string[]) => names.reduce((sum, name) => sum + weights[name]!, 0);
    };
    const pattern = Array.from({ length: 30 }, (_, i) => Math.sin(i * i) * 5);
    const seasonal = most(column(1500, (t, random) => pattern[t % 30]! + random.normal() / 10));
    expect(seasonal('season', 'season and change', 'linear with seasons', 'slow smoothing')).toBeGreaterThan(
      0.7,
    );
    const level = most(column(1500, (_, random) => 20 + random.normal()));
    expect(level('slow smoothing', 'linear', 'network by least squares')).toBeGreaterThan(0.7);
    let [before, last] = [0, 1];
    const law = most(
      column(1500, (_, random) => {
        [before, last] = [last, 1.8 * last - 0.95 * before + random.normal()];
        return last;
      }),
    );
    expect(law('linear', 'network by least squares', 'network')).toBeGreaterThan(0.9);
  });

  it('[MIX6] is told apart in a series that stood still at first, and in one that moves twice in 200 steps', () => {
    for (const still of [40, 1000]) {
      const model = new Model(SPEC);
      forecasts(
        model,
        column(still + 1500, (t, random) =>
          t < still ? 5 : 5 + 3 * Math.sin(t / 4) + 0.3 * random.normal(),
        ),
      );
      expect(model.metrics.recentSkill).toBeGreaterThan(0.5);
    }
    const valve = new Model(SPEC);
    forecasts(
      valve,
      column(3000, (t) => ((t + 150) % 200 < 60 ? 1 : 0)),
    );
    expect(valve.metrics.recentSkill).toBeGreaterThan(0.9);
  });

  it('[MIX6] makes a mixture no worse than the last value by 3 % on a random walk at any horizon, and near the best law', () => {
    const model = new Model({ ...SPEC, task: { kind: 'forecast', horizon: [1, 6] } });
    let walk = 0;
    forecasts(
      model,
      column(3000, (_, random) => {
        walk += random.normal();
        return walk;
      }),
    );
    for (const { mae, naiveMae } of model.metrics.outputs) expect(mae! / naiveMae!).toBeLessThan(1.03);
    const known = new Model(SPEC);
    let x = 0;
    forecasts(
      known,
      column(3000, (_, random) => {
        x = 0.5 * x + random.normal();
        return x;
      }),
    );
    // the mean absolute error of whoever knows the law
    expect(known.metrics.recentMae! / Math.sqrt(2 / Math.PI)).toBeLessThan(1.08);
  });

  it('[MIX7] changes no linear forecast by more than 1.5 times the largest change of late', () => {
    const model = new Model({ ...SPEC, inputs: { wild: 'take' } });
    const rows = column(2500, (t, random) =>
      t < 1000 ? 2 ** (t / 300) : t < 1010 ? 8 + (t - 1000) ** 3 : random.normal() * (t % 500 < 20 ? 50 : 1),
    );
    const values = rows.map(([x]) => x!);
    const names = model.forecasters!.names;
    let largest = 0;
    for (const [t, x] of values.entries()) {
      model.step([x]);
      if (t > 0) largest = Math.max(0.9995 * largest, Math.abs(x - values[t - 1]!));
      const y = model.lastExact()![0]!;
      const weights = weightsOf(model);
      const linear = names.filter((name) => name.includes('linear') || name.includes('squares'));
      if (linear.reduce((sum, name) => sum + weights[name]!, 0) > 0.999)
        expect(Math.abs(y - x)).toBeLessThanOrEqual(1.5 * largest * (1 + 1e-9) + 1e-12);
      expect(Math.abs(y)).toBeLessThan(1e4);
    }
  });

  it('[MIX7] runs away after no end of a series: constant, all missing, or cut to nothing', () => {
    for (const after of [() => 5, () => null, (t: number) => (t % 2) * 1e-30]) {
      const model = new Model({ ...SPEC, inputs: { missing: 'hold' } });
      const rows = column(1500, (t, random) => (t < 500 ? 5 + Math.sin(t / 3) + random.normal() : after(t)));
      const ys = forecasts(model, rows).map(([y]) => y!);
      for (const y of ys.slice(500)) expect(Math.abs(y)).toBeLessThan(20);
    }
  });

  it('[MIX8] forecasts from what was known after a reset of the state, though a value is missing at first', () => {
    const model = new Model({ ...SPEC, inputs: { missing: 'hold' } });
    forecasts(
      model,
      column(600, (_, random) => 100 + 5 * random.normal()),
    );
    model.reset('state');
    for (const [y] of forecasts(model, [[null], [null], [101], [99]]))
      expect(Math.abs(y! - 100)).toBeLessThan(20);
    expect(weightsOf(model)['last value']).toBeLessThan(0.5);
    model.reset('weights');
    expect(forecasts(model, [[95]])).toEqual([[95]]);
    expect(weightsOf(model)['last value']).toBe(1);
  });

  const MIXED: ModelSpecInput = { features: 2, units: 6, task: { kind: 'forecast', horizon: [1, 5] } };
  const rows = (n: number, gaps = false): Row[] => {
    const random = Random.fromSeed(3);
    return Array.from({ length: n }, (_, t) =>
      [Math.sin((t * 2 * Math.PI) / 24), 50 * (t % 7)].map((value, i) =>
        gaps && random.uniform(0, 1) < 0.1 ? null : value * (i + 1) + 0.3 * random.normal(),
      ),
    );
  };

  it('[MIX9] of each batch row is of that row, with seasons of its own, whatever is missing in another', () => {
    const inputs = { missing: 'hold' } as const;
    const model = new Model({ ...MIXED, batch: 2, inputs });
    const errors = [0, 0, 0, 0];
    const series = rows(900, true);
    for (const [t, [a, b]] of series.entries()) {
      const y = model.lastExact();
      const x = [a!, b!, b!, a!];
      // the first horizon: y[row * 4 + feature]
      if (t > 400)
        for (const [i, o] of [0, 1, 4, 5].entries())
          if (x[i] !== null) errors[i]! += Math.abs(x[i]! - y![o]!) / (i === 0 || i === 3 ? 1 : 100);
      model.step(x);
    }
    expect(model.seasons!.map(([first]) => first)).toEqual([24, 7, 7, 24]);
    for (const error of errors) expect(error / 450).toBeLessThan(0.4);
  });

  it('[MIX9] looks 1,024 steps ahead, with a season that is told and longer than what is searched', () => {
    const season = 3000;
    const at = (t: number) => (t % season < 1000 ? 10 : -10) + 5 * Math.sin(t);
    const model = new Model({ ...SPEC, season, units: 2, task: { kind: 'forecast', horizon: [1, 1024] } });
    let [wrong, scored] = [0, 0];
    const served: number[] = [];
    for (let t = 0; t < 9000; t++) {
      if (t >= 7500 && served.length > 1024) {
        wrong += Math.abs(at(t) - served[served.length - 1024]!);
        scored++;
      }
      model.step([at(t)]);
      served.push(model.lastExact()![1]!);
    }
    expect(model.seasons![0]).toContain(season);
    // the last value is off by 13
    expect(wrong / scored).toBeLessThan(4);
  });

  it('[MIX10] goes on with the same bits from a snapshot at any moment: as seasons are found and memory grows', () => {
    const steps = rows(700, true);
    const inputs = { missing: 'hold' } as const;
    const spec = { ...MIXED, inputs };
    const whole = new Model(spec);
    const at = new Map<number, ReturnType<Model['snapshot']>>();
    const stops = [0, 1, 6, 30, 31, 47, 48, 49, 127, 128, 129, 162, 163, 255, 256, 257, 511, 513, 699];
    const trace = steps.map((x, t) => {
      if (stops.includes(t)) at.set(t, structuredClone(whole.snapshot()));
      return fingerprint([whole.step(x), whole.range, whole.seasons, whole.forecasters?.weights]);
    });
    expect(whole.seasons!.flat().length).toBeGreaterThan(0);
    for (const stop of stops) {
      const model = new Model(spec, { snapshot: at.get(stop)! });
      const until = Math.min(steps.length, stop + 140);
      for (let t = stop; t < until; t++)
        expect(
          fingerprint([model.step(steps[t]!), model.range, model.seasons, model.forecasters?.weights]),
        ).toBe(trace[t]);
    }
  });

  it('[MOD10] stays finite, and so does all that it keeps, whatever float32 can hold, in every kernel', () => {
    const extreme = fc.constantFrom(0, 3.4e38, -3.4e38, 1e-300, -2e-300, 1e-38, 1e-160, 1e19, 5, null);
    const plain = fc.double({ min: -1, max: 1, noNaN: true });
    const stretch = fc.tuple(
      fc.array(fc.oneof(extreme, plain), { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 1, max: 40 }),
    );
    const given = fc.tuple(fc.constantFrom('hold', 'take'), fc.constantFrom(undefined, float32, float64));
    fc.assert(
      fc.property(given, fc.array(stretch, { minLength: 3, maxLength: 12 }), ([wild, kernels], stretches) => {
        const inputs = { missing: 'hold', wild } as const;
        const model = new Model(
          { ...SPEC, units: 3, inputs, task: { kind: 'forecast', horizon: [1, 3] } },
          { ...(kernels && { kernels }) },
        );
        for (const [values, times] of stretches)
          for (let t = 0; t < times; t++) {
            const { y, range } = model.step([values[t % values.length]!]);
            expect(allFinite([y, range])).toBe(true);
          }
        expect(allFinite([model.snapshot(), model.metrics.mae])).toBe(true);
        model.free();
      }),
      { numRuns: 80 },
    );
  });
});
