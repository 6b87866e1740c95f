import { describe, expect, it } from 'vitest';
import { Prequential, RECENT } from '../../src/rnn/metrics.js';
import { Model } from '../../src/rnn/model.js';
import { relativeError } from '../support/numeric-compare.js';
import { float64 } from '../support/numeric-models.js';
import { Numbers } from '../support/numeric-random.js';

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
/** Mean absolute and mean squared difference of two arrays. */
const errors = (a: readonly number[], b: readonly number[]) => ({
  absolute: mean(a.map((value, j) => Math.abs(value - b[j]!))),
  squared: mean(a.map((value, j) => (value - b[j]!) ** 2)),
});

/** The mean of all up to RECENT values, and after that an exponential window of that length. */
const recentOf = (values: readonly number[]) =>
  values.reduce((recent, value, n) => recent + (value - recent) / Math.min(n + 1, RECENT), 0);

describe('prequential metrics', () => {
  it('[MET1] are null before there is something to score', () => {
    const nothing = {
      scored: 0,
      mae: null,
      rmse: null,
      recentMae: null,
      naiveMae: null,
      recentNaiveMae: null,
    };
    expect(new Prequential(1, 2).read()).toEqual(nothing);
  });

  it('[MET1] are the mean absolute and root mean squared error over all that was scored', () => {
    const numbers = new Numbers(1);
    const pairs = Array.from({ length: 50 }, () => ({ y: numbers.many(3, 5), target: numbers.many(3, 5) }));
    const prequential = new Prequential(0, 3);
    for (const { y, target } of pairs) prequential.score([9, ...y, 9, ...target], 1, 5);
    const { scored, mae, rmse, naiveMae } = prequential.read();
    const each = pairs.map(({ y, target }) => errors(y, target));
    expect(scored).toBe(50);
    expect(naiveMae).toBeNull();
    expect(mae).toBeCloseTo(mean(each.map(({ absolute }) => absolute)), 12);
    expect(rmse).toBeCloseTo(Math.sqrt(mean(each.map(({ squared }) => squared))), 12);
  });

  it.each([1, 3])('[MET2] the naive forecast is what was there %i steps before', (horizon) => {
    const values = new Numbers(2).rows(40, 2, 5);
    const prequential = new Prequential(horizon, 2);
    for (const [t, row] of values.entries()) {
      prequential.scoreNaive(row);
      const each = values.slice(horizon, t + 1).map((later, i) => errors(later, values[i]!).absolute);
      const { naiveMae, recentNaiveMae } = prequential.read();
      if (t < horizon) expect([naiveMae, recentNaiveMae]).toEqual([null, null]);
      else expect(relativeError([naiveMae!, recentNaiveMae!], [mean(each), mean(each)])).toBeLessThan(1e-12);
    }
  });

  it('[MET2] a new history has no naive forecast from the one before', () => {
    const prequential = new Prequential(2, 1);
    for (const value of [1, 2, 4]) prequential.scoreNaive([value]);
    prequential.restart();
    for (const value of [100, 200]) prequential.scoreNaive([value]);
    expect(prequential.read().naiveMae).toBe(3);
    prequential.scoreNaive([101]);
    expect(prequential.read().naiveMae).toBe(2);
  });

  it('[MET3] the recent errors follow a change that the errors of all hide', () => {
    const absolute = Array.from({ length: 2000 }, (_, n) => (n < 1000 ? 8 : 1));
    const prequential = new Prequential(1, 1);
    prequential.scoreNaive([0]);
    let level = 0;
    for (const error of absolute) {
      prequential.score([error, 0], 0, 1);
      level += error;
      prequential.scoreNaive([level]);
    }
    const { mae, recentMae, naiveMae, recentNaiveMae } = prequential.read();
    const recent = recentOf(absolute);
    expect([mae, naiveMae]).toEqual([4.5, 4.5]);
    expect(relativeError([recentMae!, recentNaiveMae!], [recent, recent])).toBeLessThan(1e-12);
    expect(recentMae! - 1).toBeCloseTo(7 * (1 - 1 / RECENT) ** 1000, 12);
  });

  it('[MET4] a kept state goes on as it was, and cleared metrics are empty', () => {
    const values = new Numbers(3).rows(20, 2);
    const [one, other] = [new Prequential(3, 2), new Prequential(3, 2)];
    for (const row of values.slice(0, 10)) {
      one.scoreNaive(row);
      one.score([...row, 0, 0], 0, 2);
    }
    other.restore(one.state());
    for (const prequential of [one, other]) for (const row of values.slice(10)) prequential.scoreNaive(row);
    expect(other.read()).toEqual(one.read());
    one.clear();
    expect(one.read()).toEqual(new Prequential(3, 2).read());
  });
});

describe('the metrics of a model', () => {
  it.each([1, 3])(
    '[MET5] score the prediction that was served, in the units of x, at horizon %i',
    (horizon) => {
      const model = new Model(
        { features: 3, units: 4, batch: 2, task: { kind: 'forecast', horizon, targets: [2, 0] } },
        { kernels: float64 },
      );
      const rows = new Numbers(4).rows(80, 6, 30).map((row) => row.map((value) => value + 1000));
      const truth = rows.map((row) => [row[2]!, row[0]!, row[5]!, row[3]!]);
      const served: number[][] = [];
      for (const [t, x] of rows.entries()) {
        served.push(Array.from(model.step(x).y!));
        const due = truth.slice(horizon, t + 1);
        const each = due.map((later, i) => errors(served[i]!, later));
        const naive = due.map((later, i) => errors(truth[i]!, later).absolute);
        const { scored, mae, rmse, naiveMae } = model.metrics;
        expect(scored).toBe(due.length);
        if (due.length === 0) continue;
        const want = [
          mean(each.map((e) => e.absolute)),
          Math.sqrt(mean(each.map((e) => e.squared))),
          mean(naive),
        ];
        expect(relativeError([mae!, rmse!, naiveMae!], want), `step ${t}`).toBeLessThan(1e-12);
      }
      expect(model.updates).toBeGreaterThan(5);
    },
  );

  it('[MET5] score a supervised prediction with its target when that comes, and have no naive forecast', () => {
    const model = new Model(
      { features: 1, units: 2, task: { kind: 'supervised', outputs: 1, delay: 2 } },
      { kernels: float64 },
    );
    const served = [5, 6, 7].map((x) => model.step([x]).y![0]!);
    expect(model.metrics.scored).toBe(0);
    model.learn([50], 1);
    model.learn([40], 0);
    const wanted = [Math.abs(served[1]! - 50), Math.abs(served[0]! - 40)];
    expect(model.metrics).toMatchObject({ scored: 2, naiveMae: null, recentNaiveMae: null });
    expect(model.metrics.mae).toBeCloseTo(mean(wanted), 12);
  });
});
