import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/math/random.js';
import { type Verdict, WildValues } from '../../../src/rnn/io/wild-values.js';
import { Model } from '../../../src/rnn/model.js';
import type { ModelSpecInput } from '../../../src/rnn/spec/spec.js';
import { fingerprint } from '../../support/numeric-compare.js';

type Value = number | null;
const SPEC: ModelSpecInput = { features: 1, units: 8, inputs: { missing: 'hold' } };
/** What sensors send when they mean nothing. */
const WILD = [1e9, 65_535, -9999, -999, -1e30];
const AT = 600;

/** A sine between 17 and 23 with some noise. */
function sine(n: number): number[] {
  const random = Random.fromSeed(1);
  return Array.from({ length: n }, (_, t) => 20 + 3 * Math.sin(0.26 * t) + 0.2 * random.normal());
}

const replaced = (values: readonly number[], at: number, by: Value): Value[] =>
  values.map((value, t) => (t === at ? by : value));

/** Gives the forecast and its half-width at each step. */
function run(values: readonly Value[], spec = SPEC) {
  const model = new Model(spec);
  const steps = values.map((value) => {
    const { range } = model.step([value]);
    return { y: model.lastExact()![0]!, range: range![0]! };
  });
  return { model, steps };
}

const largestGap = (one: { y: number }[], other: { y: number }[], from: number) =>
  Math.max(...one.slice(from).map(({ y }, i) => Math.abs(y - other[from + i]!.y)));

describe('a wild value', () => {
  const verdicts = (values: readonly number[]) => {
    const wild = new WildValues(1);
    return values.map((value) => wild.judge(value, 0));
  };
  const judged = (past: readonly number[], value: number): Verdict => verdicts([...past, value]).at(-1)!;

  it('[WLD1] lies farther outside the range of the past than that is wide; wider while few values are known', () => {
    const past = Array.from({ length: 3200 }, (_, t) => t % 11);
    // 0 to 10, and a margin of 10 (1 + 32 / 3200)
    expect([judged(past, 20), judged(past, 20.2), judged(past, -10), judged(past, -10.2)]).toEqual([
      'usual',
      'wild',
      'usual',
      'wild',
    ]);
    const few = past.slice(0, 40);
    expect([judged(few, 27.9), judged(few, 28.1)]).toEqual(['usual', 'wild']);
    expect(judged(past.slice(0, 30), 1e9)).toBe('usual');
  });

  it('[WLD10] among the first 32 is found out by their median, and the statistics begin again without it', () => {
    for (const wild of WILD)
      for (const at of [0, 5, 31]) {
        const values = replaced(sine(400), at, wild) as number[];
        expect(verdicts(values.slice(0, 32)).at(-1)).toBe(at === 31 ? 'wild' : 'again');
        const scaler = run(values).model.snapshot().inputs.scaler!;
        expect(Math.abs(scaler.mean[0]! - 20)).toBeLessThan(1);
        const { steps } = run(values);
        for (let t = 60; t < 399; t++) expect(Math.abs(steps[t]!.y - values[t + 1]!)).toBeLessThan(3);
      }
    expect(new Set(verdicts(sine(400)))).toEqual(new Set(['usual']));
    const still = Array.from({ length: 100 }, (_, t) => (t === 7 ? 65_535 : 5));
    expect(verdicts([...still, 65_535]).filter((verdict) => verdict !== 'usual')).toEqual(['again', 'wild']);
    // a level that is another one from the 32nd value on
    const other = Array.from({ length: 100 }, (_, t) => (t < 31 ? 0 : 1000) + Math.sin(t));
    expect(verdicts(other).filter((verdict) => verdict === 'new')).toHaveLength(1);
  });

  it('[WLD1] of what has not varied is over ten times as large', () => {
    const still = Array.from({ length: 3200 }, () => 5);
    expect([judged(still, 55), judged(still, 56), judged(still, -45), judged(still, -46)]).toEqual([
      'usual',
      'wild',
      'usual',
      'wild',
    ]);
  });

  it('[WLD1] is none of what has always been 0, as of a pump that is rarely on', () => {
    const pump = Array.from({ length: 3000 }, (_, t) => (t % 300 > 290 ? 10 : 0));
    expect(new Set(verdicts(pump))).toEqual(new Set(['usual']));
    const { steps } = run(pump);
    const errors = steps
      .slice(900, -1)
      .map(({ y }, i) => [Math.abs(y - pump[901 + i]!), Math.abs(pump[900 + i]! - pump[901 + i]!)]);
    const [error, last] = [0, 1].map((k) => errors.reduce((sum, pair) => sum + pair[k]!, 0));
    expect(error).toBeLessThan(0.6 * last!);
  });

  it('[WLD1] is none of a series that grows, nor one of noise with heavy tails in 10,000 but for a few', () => {
    const trend = Array.from({ length: 5000 }, (_, t) => t * t);
    expect(new Set(verdicts(trend))).toEqual(new Set(['usual']));
    const random = Random.fromSeed(2);
    const laplace = Array.from({ length: 10_000 }, () => random.normal() * random.normal());
    expect(verdicts(laplace).filter((verdict) => verdict !== 'usual').length).toBeLessThanOrEqual(3);
  });

  it.each(WILD)(
    '[WLD2] counts as missing: each forecast after %d has the bits of one after a gap',
    (wild) => {
      const values = sine(AT + 300);
      const [gap, odd] = [null, wild].map((by) => run(replaced(values, AT, by)));
      expect(odd!.steps.map(({ y }) => y)).toEqual(gap!.steps.map(({ y }) => y));
      const rest = ({ model }: typeof odd & object) => {
        const { inputs, outputs, numbers } = model.snapshot();
        const { forecaster, scaler } = outputs!;
        return fingerprint([{ ...inputs, wild: null }, forecaster, scaler, numbers]);
      };
      expect(rest(odd!)).toBe(rest(gap!));
    },
  );

  it.each(WILD)(
    '[WLD3] %d moves forecasts by no more than the noise, after 50 steps by a quarter of it, and ranges by a third',
    (wild) => {
      const values = sine(AT + 300);
      const [as, odd] = [values[AT]!, wild].map((by) => run(replaced(values, AT, by)).steps);
      expect(largestGap(odd!, as!, AT)).toBeLessThan(0.25);
      expect(largestGap(odd!, as!, AT + 50)).toBeLessThan(0.05);
      for (const [i, { range }] of odd!.slice(AT).entries())
        expect(range / as![AT + i]!.range).toBeLessThan(1.34);
    },
  );

  it('[WLD3] every 100 steps leaves the forecasts of a sine as good as they are', () => {
    const values = sine(3000);
    const error = (steps: { y: number }[]) =>
      steps.slice(500, -1).reduce((sum, { y }, i) => sum + Math.abs(y - values[501 + i]!), 0);
    const odd = values.map((value, t) => (t % 100 === 99 ? -999 : value));
    expect(error(run(odd).steps)).toBeLessThan(1.05 * error(run(values).steps));
  });

  it('[WLD4] repeated 12 times is a level of its own, whose statistics begin anew', () => {
    const level = sine(AT + 100).map((value, t) => (t < AT ? value : value + 500));
    const { steps } = run(level);
    for (let k = 0; k < 11; k++) expect(steps[AT + k]!.y).toBeLessThan(30);
    for (let k = 11; k < 99; k++) expect(Math.abs(steps[AT + k]!.y - level[AT + k + 1]!)).toBeLessThan(4);
  });

  it('[WLD4] is a run that nothing usual interrupts', () => {
    const values = Array.from({ length: 400 }, (_, t) => (t >= 200 && t % 12 !== 0 ? 1e6 : t % 11));
    expect(verdicts(values)).not.toContain('new');
  });

  it('[WLD5] brings the statistics of the old level back at once when that comes back, as after an hour of another unit', () => {
    const values = sine(AT + 400);
    const other = values.map((value, t) => (t >= AT && t < AT + 60 ? 1000 * value : value));
    const [plain, unit] = [run(values).steps, run(other).steps];
    expect(unit[AT + 40]!.y).toBeGreaterThan(15_000);
    for (let t = AT + 60; t < AT + 400; t++) expect(Math.abs(unit[t]!.y - values[t]!)).toBeLessThan(4);
    expect(largestGap(unit, plain, AT + 150)).toBeLessThan(0.6);
    const [before, after] = [AT, AT + 61].map((n) => run(other.slice(0, n)).model.snapshot().inputs.scaler!);
    // one sample has joined
    expect(after!.mean[0]! / before!.mean[0]!).toBeCloseTo(1, 3);
    expect(after!.count[0]! - before!.count[0]!).toBeLessThan(1);
  });

  it('[WLD5] makes one range of two levels at the 16th return, if each return is soon after the one before', () => {
    /** Goes to and fro, as a machine that is on and off, for these many values each. */
    const toAndFro = (...lengths: number[]) =>
      verdicts(
        lengths.flatMap((length, i) => Array.from({ length }, (_, t) => (i % 2 ? 100 : 0) + (t % 5) / 10)),
      ).filter((verdict) => verdict === 'new' || verdict === 'back');
    const often = new Array<number>(24).fill(100);
    expect(toAndFro(...often)).toEqual(['new', ...new Array<string>(15).fill('back')]);
    expect(toAndFro(3000, 60, 3000, 60, 3000, 60, 3000, 60, 3000)).toHaveLength(8);
    const random = Random.fromSeed(3);
    const values = Array.from({ length: 3000 }, (_, t) => (t % 100 < 50 ? 0 : 10) + random.normal() / 3);
    const model = new Model(SPEC);
    for (const value of values) model.step([value]);
    expect(model.seasons).toEqual([[100]]);
  });

  it('[WLD6] of one field leaves the others alone', () => {
    const values = sine(AT + 100);
    const other = values.map((value) => 5 * value - 3);
    const as = (by: Value) => {
      const model = new Model({ ...SPEC, features: 2, task: { kind: 'forecast', targets: [1] } });
      return replaced(values, AT, by).map((value, t) => model.step([value, other[t]!]).y![0]!);
    };
    expect(as(1e9)).toEqual(as(null));
  });

  it('[WLD7] is read all the same: metrics count it, and it is an anomaly', () => {
    const values = sine(AT + 2);
    const model = new Model(SPEC);
    for (const value of values.slice(0, AT)) model.step([value]);
    const { scored, mae } = model.metrics;
    expect(model.step([1e9]).isAnomalous).toBe(true);
    expect(model.metrics.scored).toBe(scored + 1);
    expect(model.metrics.mae! - mae!).toBeGreaterThan(1e6);
    expect(model.step([values[AT + 1]!]).isAnomalous).toBe(false);
  });

  it('[WLD7] with `wild: "take"`, and without a scaler, is a value like any other', () => {
    const values = replaced(sine(AT + 1), AT, 1e6);
    const inputs = { wild: 'take' } as const;
    const { model } = run(values, { ...SPEC, inputs, task: { kind: 'forecast', forecaster: 'network' } });
    expect(model.lastExact()![0]).toBeGreaterThan(9e5);
    expect(model.snapshot().inputs.scaler!.mean[0]).toBeGreaterThan(1000);
    const bare = run(values, { features: 1, units: 4, scaler: { kind: 'none' } }).model.snapshot();
    expect([bare.inputs.wild, bare.inputs.held[0]]).toEqual([null, 1e6]);
  });

  it('[WLD8] of a batch row is held in that row; a new level there leaves the statistics, which rows share', () => {
    const values = sine(AT + 60);
    const model = new Model({ ...SPEC, batch: 2 });
    for (const [t, value] of values.entries()) {
      model.step([value, t < AT ? value : value + 500]);
      const [one, other] = model.lastExact()!;
      if (t >= AT && t < AT + 11) expect(Math.max(one!, other!)).toBeLessThan(30);
      if (t >= AT + 30) expect(other).toBeGreaterThan(400);
      if (t >= AT) expect(one).toBeLessThan(30);
    }
  });

  it('[WLD9] is judged with the same bits from a snapshot at any moment of a run, and when the level comes back', () => {
    const values = sine(AT + 130).map((value, t) => (t >= AT && t < AT + 60 ? 1000 * value : value));
    for (const stop of [10, AT + 1, AT + 11, AT + 12, AT + 40, AT + 60, AT + 61]) {
      const model = new Model(SPEC);
      for (const value of values.slice(0, stop)) model.step([value]);
      const restored = new Model(SPEC, { snapshot: structuredClone(model.snapshot()) });
      for (const value of values.slice(stop)) for (const each of [model, restored]) each.step([value]);
      expect(fingerprint(restored.snapshot())).toBe(fingerprint(model.snapshot()));
    }
  });
});
