import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { calendarFeatures } from '../../../src/features/calendar.js';
import { MAX_TIME, TIME_KINDS, type TimeKind } from '../../../src/features/time-features.js';
import { StandardScaler } from '../../../src/rnn/io/scaler.js';
import { Model } from '../../../src/rnn/model.js';
import type { ModelSnapshot } from '../../../src/rnn/snapshot.js';
import { inputsOf, isSameSpec, type ModelSpecInput, parseSpec } from '../../../src/rnn/spec/spec.js';
import { allFinite, codeOf, fingerprint, messageOf } from '../../support/numeric-compare.js';
import { float64, inputsOfLast } from '../../support/numeric-models.js';
import { Numbers } from '../../support/numeric-random.js';
import { SEED } from '../../support/seed.js';

const NOON = Date.UTC(2024, 1, 29, 12);
const MINUTE = 60_000;
const ALL = [...TIME_KINDS];
const PLAIN: ModelSpecInput = { features: 1, units: 3, inputs: { changes: [] }, scaler: { kind: 'none' } };

const timed = (time: TimeKind[], spec: ModelSpecInput = PLAIN): ModelSpecInput => ({
  ...spec,
  inputs: { ...spec.inputs, time },
});

/** Gives what the cell gets of each time, behind x, in the first batch row. */
function given(spec: ModelSpecInput, times: readonly number[]): number[][] {
  const model = new Model(spec, { kernels: float64 });
  const { batch, features } = model.spec;
  return times.map((t) => {
    model.carry(new Float64Array(batch * features), 0, t);
    return inputsOfLast(model).slice(features, inputsOf(model.spec));
  });
}

describe('the features of a time', () => {
  it('[MSP11] are named in the spec, each kind once, and none is the default', () => {
    expect(parseSpec(PLAIN).inputs).toMatchObject({ time: [], late: 'refuse' });
    expect(parseSpec(timed(ALL)).inputs.time).toEqual(ALL);
    expect(messageOf(() => parseSpec(timed(['hour', 'elapsed', 'hour'])))).toContain(
      'inputs.time: each kind may be named once',
    );
    expect(codeOf(() => parseSpec(timed(['minute' as TimeKind])))).toBe('spec-invalid');
    expect(codeOf(() => parseSpec({ ...PLAIN, inputs: { late: 'drop' as 'take' } }))).toBe('spec-invalid');
  });

  it('[MSP11] of a spec of version 0.1 are none: it is the same spec', () => {
    const { time: _time, late: _late, ...inputs } = parseSpec(PLAIN).inputs;
    const stored = { ...parseSpec(PLAIN), inputs } as ModelSpecInput;
    expect(isSameSpec(stored, PLAIN)).toBe(true);
    expect(isSameSpec(timed(['hour']), PLAIN)).toBe(false);
    expect(isSameSpec(timed(['hour', 'weekday']), timed(['weekday', 'hour']))).toBe(false);
  });

  it('[INP8] come behind x, its changes and its lags, in the order of the spec, the same for every batch row', () => {
    const spec = { ...timed(['weekend', 'yearday', 'hour']), batch: 2 };
    const model = new Model(
      { ...spec, inputs: { ...spec.inputs, changes: [1], lags: [1] } },
      { kernels: float64 },
    );
    const want = calendarFeatures(['weekend', 'yearday', 'hour'], NOON);
    expect(inputsOf(model.spec)).toBe(3 + want.length);
    model.step([7, 8], NOON - 1);
    model.step([4, 6], NOON);
    expect(inputsOfLast(model)).toEqual([4, -3, 7, ...want, 6, -2, 8, ...want]);
  });

  it('[INP8] of the calendar are given as they are, scaled or not', () => {
    const kinds: TimeKind[] = ['hour', 'weekday', 'monthday', 'yearday', 'weekend'];
    const numbers = new Numbers(SEED);
    const times = Array.from({ length: 50 }, () => Math.round(numbers.one(4e12)));
    const want = times.map((time) =>
      calendarFeatures(
        kinds.filter((kind) => kind !== 'elapsed'),
        time,
      ),
    );
    for (const scaler of ['none', 'standard'] as const)
      expect(given(timed(kinds, { ...PLAIN, scaler: { kind: scaler } }), times)).toEqual(want);
  });

  it('[INP9] elapsed is in seconds since the step before, 0 at the first of a history, below 0 for a late one', () => {
    const model = new Model(timed(['elapsed']), { kernels: float64 });
    const elapsed = (time: number) => {
      model.step([0], time);
      return inputsOfLast(model)[1];
    };
    expect([NOON, NOON + 1500, NOON + 500, NOON + 500].map(elapsed)).toEqual([0, 1.5, -1, 0]);
    model.reset('state');
    expect([NOON + 9000, NOON + 9250].map(elapsed)).toEqual([0, 0.25]);
  });

  it('[INP9] elapsed is standardised by those before it, however many batch rows there are', () => {
    const numbers = new Numbers(SEED + 1);
    let time = NOON;
    const times = Array.from({ length: 200 }, () => {
      time += Math.round(MINUTE + numbers.one(10_000));
      return time;
    });
    const scaler = new StandardScaler(1, { halfLife: 50, centre: 'mean' });
    const want = times.map((now, t) => {
      if (t === 0) return [0];
      const seconds = (now - times[t - 1]!) / 1000;
      const scaled = scaler.scale(seconds, 0);
      scaler.observe([seconds], 1);
      return [scaled];
    });
    for (const batch of [1, 3]) {
      const spec: ModelSpecInput = { ...PLAIN, batch, scaler: { kind: 'standard', halfLife: 50 } };
      expect(given(timed(['elapsed'], spec), times)).toEqual(want);
    }
    const regular = times.map((_, t) => NOON + t * MINUTE);
    const spec: ModelSpecInput = { ...PLAIN, scaler: { kind: 'standard' } };
    expect(given(timed(['elapsed'], spec), regular), 'what never varies').toEqual(regular.map(() => [0]));
    const fine = times.map((_, t) => NOON + t * 12.345);
    expect(given(timed(['elapsed'], spec), fine), 'or by the rounding of the times').toEqual(
      fine.map(() => [0]),
    );
    expect(given(timed(['elapsed'], spec), [...times, time + 1e12]).at(-1), 'clamped').toEqual([10]);
  });

  it('[INP10] need a time: a step without one is refused, and changes nothing', () => {
    const model = new Model(timed(['hour', 'elapsed']));
    model.step([1], NOON);
    const before = fingerprint(model.snapshot());
    for (const t of [undefined, Number.NaN, Number.POSITIVE_INFINITY, -MAX_TIME * 1.01])
      expect(
        messageOf(() => model.step([2], t)),
        `${t}`,
      ).toMatch(/needs a time t.*hour, elapsed; t is/);
    expect(codeOf(() => model.step([2]))).toBe('step-time');
    expect(fingerprint(model.snapshot())).toBe(before);
  });

  it('[INP10] are finite for every time that is taken', () => {
    const model = new Model(timed(ALL));
    fc.assert(
      fc.property(fc.double({ min: -MAX_TIME, max: MAX_TIME, noNaN: true }), (time) => {
        model.step([1], time);
        expect(allFinite(inputsOfLast(model))).toBe(true);
      }),
      { seed: SEED },
    );
  });

  it('[INP10] of a time that is unknown, as in a replay, are 0, and it joins nothing', () => {
    const spec = timed(ALL, { ...PLAIN, scaler: { kind: 'standard' } });
    const times = [NOON, Number.NaN, NOON + MINUTE, NOON + 3 * MINUTE];
    const [all, known] = [
      given(spec, times),
      given(
        spec,
        times.filter((time) => !Number.isNaN(time)),
      ),
    ];
    expect(all[1]).toEqual(all[1]!.map(() => 0));
    expect([all[0], all[2], all[3]]).toEqual(known);
  });

  it('[INP10] a model without them takes from times how far apart steps usually are, and for the anomaly score the time of day', () => {
    const [with_, without] = [new Model(PLAIN), new Model(PLAIN)];
    for (let t = 0; t < 20; t++) {
      with_.step([Math.sin(t)], t % 3 ? NOON + t : Number.NaN);
      without.step([Math.sin(t)]);
    }
    const rest = ({ inputs: { interval: _, ...inputs }, judge, ...snapshot }: ModelSnapshot) =>
      fingerprint({ ...snapshot, inputs, judge: { ...judge, anomalies: null } });
    expect(rest(with_.snapshot())).toBe(rest(without.snapshot()));
  });

  it('[INP11] have no part in the input gradient', () => {
    const spec: ModelSpecInput = { features: 2, units: 4, inputs: { changes: [1], lags: [2] } };
    const numbers = new Numbers(SEED + 2);
    const model = new Model(timed(ALL, spec));
    let gradients = 0;
    for (let t = 0; t < 120; t++)
      for (const update of model.step(numbers.many(2), NOON + t * MINUTE).updates) {
        expect(model.inputGradient(update)).toHaveLength((update.to - update.from + 1) * 2);
        gradients++;
      }
    expect(gradients).toBeGreaterThan(5);
  });

  it.each(['tbptt', 'rtrl'] as const)('[MOD11] go on with the same bits from a snapshot, with %s', (kind) => {
    const spec = timed(ALL, { features: 1, units: 4, batch: 2, learner: { kind } });
    const numbers = new Numbers(SEED + 3);
    const steps = Array.from({ length: 80 }, (_, t) => ({
      x: numbers.many(2),
      t: NOON + t * MINUTE + Math.round(numbers.one(9000)),
    }));
    const model = new Model(spec);
    for (const { x, t } of steps.slice(0, 40)) model.step(x, t);
    const restored = new Model(spec);
    restored.restore(structuredClone(model.snapshot()));
    for (const { x, t } of steps.slice(40)) {
      model.step(x, t);
      restored.step(x, t);
    }
    expect(fingerprint(restored.snapshot())).toBe(fingerprint(model.snapshot()));
  });

  it('[INP8] tell a model what x does not: a series that follows the hour', () => {
    const skill = (time: TimeKind[]) => {
      const model = new Model({ features: 1, units: 8, inputs: { changes: [], time } });
      const numbers = new Numbers(SEED + 4);
      for (let t = 0; t < 3000; t++) {
        const hour = (t * 7) % 24;
        model.step([(hour < 12 ? 1 : -1) + numbers.one(0.1)], NOON + t * 7 * 60 * MINUTE);
      }
      return model.metrics.recentSkill!;
    };
    expect(skill(['hour'])).toBeGreaterThan(skill([]));
  });
});
