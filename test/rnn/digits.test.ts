/** Readings with more digits than float32 has: counters, positions. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { StandardScaler } from '../../src/rnn/io/scaler.js';
import { Model } from '../../src/rnn/model.js';
import type { ModelSnapshot } from '../../src/rnn/snapshot.js';
import type { ModelSpecInput } from '../../src/rnn/spec/spec.js';
import { fingerprint } from '../support/numeric-compare.js';
import { Numbers } from '../support/numeric-random.js';
import { SEED } from '../support/seed.js';

type Row = readonly number[];
const CELL: ModelSpecInput = { features: 1, units: 8 };

interface Course {
  readonly h: readonly number[];
  readonly skill: number;
  readonly mae: number;
  readonly anomaly: number;
}

/** What came of a series: every hidden state, and its scores. */
function course(spec: Partial<ModelSpecInput>, rows: readonly Row[], targets?: readonly Row[]): Course {
  const model = new Model({ ...CELL, ...spec, features: rows[0]!.length });
  const h = rows.flatMap((x, t) => {
    const step = model.step(x);
    const states = Array.from(step.h);
    // nothing is known of a target before the first one
    if (targets && t === 1) model.resetMetrics();
    if (targets) model.learn(targets[t]!);
    return states;
  });
  const { skill, mae } = model.metrics;
  return { h, skill: skill ?? 0, mae: mae!, anomaly: model.anomaly };
}

const farthest = (a: Row, b: Row): number =>
  a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);

/** Numbers of 13 bits after the point, so that an offset of up to 2^39 takes no digit of them. */
const wave = (seed: number, length = 400): number[] => {
  const numbers = new Numbers(seed);
  return Array.from({ length }, (_, t) => Math.round((Math.sin(t / 5) + numbers.one(0.2)) * 8192) / 8192);
};

const FORECASTS: Record<string, Partial<ModelSpecInput>> = {
  'the last value': {},
  'a season ago': { season: 31, task: { kind: 'forecast', horizon: [1, 4] }, inputs: { lags: [3] } },
  'nothing, so that it is the mean': { task: { kind: 'forecast', baseline: 'none' } },
};

describe('a series far from 0', () => {
  it.each(Object.entries(FORECASTS))(
    '[OUT12] is learned from as well as the same from 0, against %s',
    (_, spec) => {
      fc.assert(
        fc.property(fc.nat(), fc.constantFrom(1e4, -1e6, 1e9, -1e9, 1e12), (seed, offset) => {
          const values = wave(seed);
          const near = course(
            spec,
            values.map((value) => [value]),
          );
          const far = course(
            spec,
            values.map((value) => [value + offset]),
          );
          const isFar = Math.abs(offset) > 1e9;
          expect(farthest(near.h, far.h)).toBeLessThan(isFar ? 0.05 : 2e-4);
          expect(Math.abs(near.skill - far.skill)).toBeLessThan(isFar ? 1e-3 : 1e-5);
          expect(Math.abs(near.mae / far.mae - 1)).toBeLessThan(isFar ? 1e-3 : 1e-5);
          expect(Math.abs(near.anomaly - far.anomaly)).toBeLessThan(isFar ? 0.05 : 1e-3);
        }),
        { seed: SEED, numRuns: 12 },
      );
    },
  );

  it('[OUT12] gives the same hidden states, bit by bit, where no digit is lost', () => {
    const values = wave(SEED);
    const [near, far] = [0, 2 ** 20].map((offset) =>
      course(
        {},
        values.map((value) => [value + offset]),
      ),
    );
    expect(far!.h).toEqual(near!.h);
  });

  it('[OUT12] is learned from by targets that are sent, too', () => {
    const spec: Partial<ModelSpecInput> = { task: { kind: 'supervised', outputs: 1, delay: 0 } };
    const values = wave(SEED + 1);
    const rows = values.map((value) => [value]);
    const [near, far] = [0, 1e9].map((offset) =>
      course(
        spec,
        rows,
        values.map((_, t) => [(values[t - 1] ?? 0) + offset]),
      ),
    );
    expect(farthest(near!.h, far!.h)).toBeLessThan(2e-4);
    expect(Math.abs(near!.mae / far!.mae - 1)).toBeLessThan(1e-5);
  });

  it('[OUT12] of a meter has the skill of the same meter from 0', () => {
    const numbers = new Numbers(SEED + 2);
    let watts = 0;
    let centiwatts = 0;
    const meter = Array.from({ length: 400 }, (_, t) => {
      watts = 0.8 * watts + numbers.one(0.4);
      centiwatts += Math.round(100 * (3 + 2 * Math.sin(t / 15) + watts));
      return centiwatts;
    });
    const [near, far] = [0, 12_345_679_200].map((offset) =>
      course(
        { units: 32 },
        meter.map((value) => [(value + offset) / 100]),
      ),
    );
    expect(near!.skill).toBeGreaterThan(0.3);
    expect(Math.abs(far!.skill / near!.skill - 1)).toBeLessThan(1e-4);
  });

  it('[OUT12] of positions with seven decimals has the skill of the same path from 0', () => {
    const numbers = new Numbers(SEED + 3);
    const [at, speed] = [
      [0, 0],
      [0, 0],
    ];
    const path = Array.from({ length: 600 }, () =>
      at.map((_, i) => {
        speed[i] = 0.95 * speed[i]! + numbers.one(3);
        at[i]! += speed[i]!;
        return Math.round(at[i]!);
      }),
    );
    const [near, far] = [
      [0, 0],
      [525_200_066, 134_049_540],
    ].map((from) =>
      course(
        { units: 16 },
        path.map((row) => row.map((value, i) => (value + from[i]!) / 1e7)),
      ),
    );
    expect(near!.skill).toBeGreaterThan(0.1);
    expect(Math.abs(far!.skill / near!.skill - 1)).toBeLessThan(1e-4);
  });

  it('[OUT12] gives its predictions with all their digits', () => {
    const model = new Model({ ...CELL, task: { kind: 'forecast', horizon: [1, 2] } });
    expect(model.lastExact()).toBeNull();
    const { y } = model.step([123465789.12]);
    expect(Array.from(model.lastExact()!)).toEqual([123465789.12, 123465789.12]);
    expect(Array.from(y!)).toEqual([123465792, 123465792]);
    model.reset('state');
    expect(model.lastExact()).toBeNull();
    expect(new Model({ ...CELL, readout: { kind: 'none' } }).lastExact()).toBeNull();
  });
});

describe('the scaler', () => {
  it.each([1e9, 1e12])('[SCA8] keeps the digits of its mean beside %d', (offset) => {
    const [near, far] = [0, offset].map((from) => {
      const scaler = new StandardScaler(1, { halfLife: 2000, centre: 'mean' });
      for (const value of wave(SEED + 4, 5000)) scaler.observe([value + from], 1);
      return scaler;
    });
    const quantum = offset * 2 ** -52;
    expect(Math.abs(far!.deviation[0]! / near!.deviation[0]! - 1)).toBeLessThan(10 * quantum);
    for (const value of [-2, -0.5, 0, 1.5])
      expect(Math.abs(far!.scale(value + offset, 0) - near!.scale(value, 0))).toBeLessThan(10 * quantum);
  });

  it('[SCA8] takes for a constant what varies in its last bits only', () => {
    const scaler = new StandardScaler(1);
    for (let t = 0; t < 100; t++) scaler.observe([t % 2 ? 0.3 : 0.1 + 0.2], 1);
    expect(scaler.deviation[0]).toBe(0);
  });
});

describe('a snapshot of version 0.1', () => {
  /** Takes out of a snapshot what that version did not have. */
  function aged(snapshot: ModelSnapshot): ModelSnapshot {
    const whole = structuredClone(snapshot) as unknown as Record<string, Record<string, unknown> | null>;
    delete whole.window!.exact;
    for (const part of ['time', 'wild', 'interval', 'relevance']) delete whole.inputs![part];
    for (const part of ['forecaster', 'intervals']) delete whole.outputs![part];
    for (const scaler of [whole.inputs!.scaler, whole.inputs!.changeScaler, whole.outputs!.scaler])
      for (const part of ['low', 'aside']) delete (scaler as Record<string, unknown>)[part];
    for (const part of ['health', 'episode']) delete whole.judge![part];
    const metrics = whole.judge!.metrics as { columns: Float64Array };
    const outputs = metrics.columns.length / 23;
    metrics.columns = Float64Array.from({ length: 15 * outputs }, (_, i) => {
      return metrics.columns[Math.floor(i / 15) * 23 + (i % 15)]!;
    });
    return whole as unknown as ModelSnapshot;
  }

  it.each(Object.entries(FORECASTS))(
    '[MOD14] gives a model that was at work the bits of a new one: %s',
    (_, spec) => {
      const values = wave(SEED + 6, 240);
      const [model, used, fresh] = [0, 1, 2].map(() => new Model({ ...CELL, ...spec }));
      for (const value of values.slice(0, 120)) model!.step([value]);
      for (const value of values.slice(0, 90)) used!.step([value * 3 + 1]);
      const old = aged(model!.snapshot());
      for (const each of [used!, fresh!]) each.restore(old);
      for (const value of values.slice(120)) for (const each of [used!, fresh!]) each.step([value]);
      expect(fingerprint(used!.snapshot())).toBe(fingerprint(fresh!.snapshot()));
    },
  );

  it.each(Object.entries(FORECASTS))(
    '[MOD14] is taken up, and its forecasts are scored as they were served: %s',
    (_, spec) => {
      const values = wave(SEED + 5, 200);
      // the network alone: a mixture begins again from the last value
      const task = { ...spec.task, kind: 'forecast', forecaster: 'network' } as const;
      const [model, restored] = [0, 1].map(() => new Model({ ...CELL, ...spec, task })) as [Model, Model];
      for (const value of values.slice(0, 120)) model.step([value]);
      for (const value of values.slice(0, 33)) restored.step([value * 3]);
      restored.restore(aged(model.snapshot()));
      expect(Array.from(restored.lastExact()!)).toEqual(Array.from(restored.last().y!));
      for (const value of values.slice(120)) {
        model.step([value]);
        restored.step([value]);
      }
      expect(farthest(Array.from(restored.last().h), Array.from(model.last().h))).toBeLessThan(1e-5);
      expect(Math.abs(restored.metrics.mae! / model.metrics.mae! - 1)).toBeLessThan(1e-6);
      expect(fingerprint(Object.keys(restored.snapshot().window))).toBe(
        fingerprint(Object.keys(model.snapshot().window)),
      );
    },
  );
});
