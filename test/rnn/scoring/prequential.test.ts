import { describe, expect, it } from 'vitest';
import { Model } from '../../../src/rnn/model.js';
import { Prequential, RECENT, type Scores, skillOf } from '../../../src/rnn/scoring/prequential.js';
import type { ModelSpecInput } from '../../../src/rnn/spec/spec.js';
import { relativeError } from '../../support/numeric-compare.js';
import { float64 } from '../../support/numeric-models.js';
import { Numbers } from '../../support/numeric-random.js';
import { scoreNaive, scoreNaiveInterval, scoreSeasonal } from '../../support/scores.js';

const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
/** Mean absolute and mean squared difference of two arrays. */
const errors = (a: readonly number[], b: readonly number[]) => ({
  absolute: mean(a.map((value, j) => Math.abs(value - b[j]!))),
  squared: mean(a.map((value, j) => (value - b[j]!) ** 2)),
});

/** The mean of all up to RECENT values, and after that an exponential window of that length. */
const recentOf = (values: readonly number[]) =>
  values.reduce((recent, value, n) => recent + (value - recent) / Math.min(n + 1, RECENT), 0);

const named = (count: number) =>
  Array.from({ length: count }, (_, output) => ({ output, feature: output, horizon: 1 }));

/** One output that scored these. */
function scoredOf(
  pairs: readonly { y: number; target: number; naive?: number; seasonal?: number }[],
): Scores {
  const prequential = new Prequential(named(1));
  for (const { y, target, naive, seasonal } of pairs) {
    prequential.score(0, y, target);
    if (naive !== undefined) scoreNaive(prequential, 0, target - naive);
    if (seasonal !== undefined) scoreSeasonal(prequential, 0, target - seasonal);
  }
  return prequential.read();
}

describe('prequential metrics', () => {
  it('[MET1] are null before there is something to score', () => {
    const { scored, outputs, ...others } = new Prequential(named(1)).read();
    expect([scored, outputs]).toEqual([0, []]);
    expect(Object.keys(others)).toHaveLength(24);
    expect(new Set(Object.values(others))).toEqual(new Set([null]));
  });

  it('[MET1] are the mean absolute and root mean squared error over all that was scored', () => {
    const numbers = new Numbers(1);
    const pairs = Array.from({ length: 50 }, () => ({ y: numbers.many(3, 5), target: numbers.many(3, 5) }));
    const prequential = new Prequential(named(3));
    for (const { y, target } of pairs) for (const j of [0, 1, 2]) prequential.score(j, y[j]!, target[j]!);
    const { scored, mae, rmse, naiveMae } = prequential.read();
    const each = pairs.map(({ y, target }) => errors(y, target));
    expect(scored).toBe(50);
    expect(naiveMae).toBeNull();
    expect(mae).toBeCloseTo(mean(each.map(({ absolute }) => absolute)), 12);
    expect(rmse).toBeCloseTo(Math.sqrt(mean(each.map(({ squared }) => squared))), 12);
  });

  describe('of ranges', () => {
    it('[MET11] tell how often the target lay within, how wide they were, and the interval score worked out by hand', () => {
      const prequential = new Prequential(named(1));
      for (const [half, error, naiveHalf, naive] of [
        [0, 9, 0, 9],
        [1, 0.5, 0, 3],
        [2, 2, 4, 6],
        [1, 4, 2, 1],
      ] as const) {
        prequential.scoreInterval(0, half, 0.8, error);
        scoreNaiveInterval(prequential, 0, naiveHalf, 0.8, naive);
      }
      // of three that were served two held, at a bound too; 2 / alpha is 10, and 3 lay outside
      const scores = prequential.read();
      expect(scores.coverage).toBeCloseTo(2 / 3, 12);
      expect(scores.recentCoverage).toBeCloseTo(2 / 3, 12);
      expect(scores.intervalWidth).toBeCloseTo(8 / 3, 12);
      expect(scores.recentIntervalWidth).toBeCloseTo(8 / 3, 12);
      expect(scores.intervalScore).toBeCloseTo((8 + 30) / 3, 12);
      expect(scores.intervalSkill).toBeCloseTo(1 - (8 + 30) / 3 / ((12 + 20) / 2), 12);
    });

    it('[MET11] are null while no range was served, and skill is where there is no naive forecast', () => {
      const prequential = new Prequential(named(1));
      prequential.scoreInterval(0, 0, 0.8, 1);
      scoreNaiveInterval(prequential, 0, 0, 0.8, 1);
      const { coverage, intervalWidth, intervalScore, intervalSkill } = prequential.read();
      expect([coverage, intervalWidth, intervalScore, intervalSkill]).toEqual([null, null, null, null]);
      prequential.scoreInterval(0, 2, 0.8, 1);
      expect(prequential.read()).toMatchObject({ coverage: 1, intervalScore: 4, intervalSkill: null });
    });

    it('[MET11] have a recent coverage and width that follow a change', () => {
      const prequential = new Prequential(named(1));
      for (let n = 0; n < 3000; n++) prequential.scoreInterval(0, n < 1500 ? 1 : 3, 0.8, n < 1500 ? 0 : 9);
      const { coverage, recentCoverage, intervalWidth, recentIntervalWidth } = prequential.read();
      expect([coverage, intervalWidth]).toEqual([0.5, 4]);
      expect(recentCoverage).toBeLessThan(0.06);
      expect(recentIntervalWidth).toBeGreaterThan(5.7);
    });
  });

  it('[MET3] the recent errors follow a change that the errors of all hide', () => {
    const absolute = Array.from({ length: 2000 }, (_, n) => (n < 1000 ? 8 : 1));
    const { mae, recentMae, recentRmse, naiveMae, recentNaiveMae, seasonalMae, recentSeasonalMae } = scoredOf(
      absolute.map((error) => ({ y: error, target: 0, naive: error, seasonal: error })),
    );
    const recent = recentOf(absolute);
    expect([mae, naiveMae, seasonalMae]).toEqual([4.5, 4.5, 4.5]);
    expect(
      relativeError([recentMae!, recentNaiveMae!, recentSeasonalMae!], [recent, recent, recent]),
    ).toBeLessThan(1e-12);
    expect(recentMae! - 1).toBeCloseTo(7 * (1 - 1 / RECENT) ** 1000, 12);
    expect(recentRmse).toBeCloseTo(Math.sqrt(recentOf(absolute.map((error) => error ** 2))), 12);
  });

  it('a kept state goes on as it was, and cleared metrics are empty', () => {
    const values = new Numbers(3).rows(20, 2);
    const [one, other] = [new Prequential(named(2)), new Prequential(named(2))];
    const score = (prequential: Prequential, [a, b]: number[]) => {
      prequential.score(0, a!, b!);
      prequential.score(1, b!, a!);
      scoreNaive(prequential, 1, a!);
      scoreSeasonal(prequential, 0, b!);
      prequential.scoreClasses(a!, b! > 0);
    };
    for (const row of values.slice(0, 10)) score(one, row);
    other.restore(one.state());
    for (const prequential of [one, other]) for (const row of values.slice(10)) score(prequential, row);
    expect(other.read()).toEqual(one.read());
    expect(one.read().scored).toBe(20);
    one.clear();
    expect(one.read()).toEqual(new Prequential(named(2)).read());
  });

  it('a kept state is detached', () => {
    const prequential = new Prequential(named(1));
    prequential.score(0, 1, 3);
    const state = prequential.state();
    prequential.score(0, 1, 9);
    prequential.scoreClasses(1, true);
    prequential.restore(state);
    expect(prequential.read()).toMatchObject({ scored: 1, mae: 2, accuracy: null });
  });

  it('[MET6] nrmse is rmse in standard deviations of the targets; null where they do not vary', () => {
    const numbers = new Numbers(4);
    const pairs = Array.from({ length: 60 }, () => ({ y: numbers.one(5), target: 100 + numbers.one(3) }));
    const targets = pairs.map(({ target }) => target);
    const centre = mean(targets);
    const deviation = Math.sqrt(mean(targets.map((target) => (target - centre) ** 2)));
    const { rmse, nrmse } = scoredOf(pairs);
    expect(nrmse).toBeCloseTo(rmse! / deviation, 10);
    expect(scoredOf([{ y: 1, target: 5 }]).nrmse).toBeNull();
    expect(scoredOf([1, 2, 3].map((y) => ({ y, target: 5 }))).nrmse).toBeNull();
  });

  it('[MET6] the mean of the targets is forecast with an nrmse of 1', () => {
    expect(scoredOf([1, 3, 1, 3].map((target) => ({ y: 2, target }))).nrmse).toBe(1);
  });

  it('[MET7] mape is over targets that are not 0, in percent', () => {
    const pairs = [
      { y: 11, target: 10 },
      { y: 7, target: 0 },
      { y: -5, target: -4 },
    ];
    expect(scoredOf(pairs).mape).toBeCloseTo((10 + 25) / 2, 12);
    expect(scoredOf([{ y: 7, target: 0 }])).toMatchObject({ scored: 1, mae: 7, mape: null });
    // what float32 takes for 0 is 0
    expect(scoredOf([{ y: 3e38, target: 5e-324 }]).mape).toBeNull();
  });

  it('[MET8] skill is 1 - mae / naiveMae, and seasonalSkill the same against the seasonal forecast', () => {
    const pairs = [
      { y: 1, target: 2, naive: 4, seasonal: 12 },
      { y: 5, target: 4, naive: 2, seasonal: -6 },
    ];
    const { skill, recentSkill, seasonalSkill, recentSeasonalSkill } = scoredOf(pairs);
    expect([skill, recentSkill, seasonalSkill, recentSeasonalSkill]).toEqual([0.5, 0.5, 0.9, 0.9]);
    const worse = scoredOf([{ y: 1, target: 4, naive: 3 }]);
    expect([worse.skill, worse.seasonalSkill]).toEqual([-2, null]);
    expect(skillOf(0, 3)).toBe(1);
  });

  it('[MET8] there is no skill against a forecast that is always right, or that there is not', () => {
    expect(scoredOf([{ y: 1, target: 4, naive: 4 }]).skill).toBeNull();
    expect([skillOf(null, 1), skillOf(1, null), skillOf(1, 0), skillOf(3e38, 5e-324)]).toEqual([
      null,
      null,
      null,
      null,
    ]);
  });

  it('[MET9] every output has its own scores and its name, where there are several', () => {
    const names = [
      { output: 0, feature: 3, horizon: 1 },
      { output: 1, feature: 0, horizon: 6 },
    ];
    const prequential = new Prequential(names);
    prequential.score(0, 1, 3);
    prequential.score(0, 1, 5);
    prequential.score(1, 0, 10);
    scoreNaive(prequential, 1, 20);
    const { outputs, ...all } = prequential.read();
    expect(outputs).toMatchObject([
      { ...names[0], scored: 2, mae: 3, naiveMae: null, skill: null },
      { ...names[1], scored: 1, mae: 10, naiveMae: 20, skill: 0.5 },
    ]);
    // Means over the outputs that can tell, each of which counts alike.
    expect(all).toMatchObject({ scored: 2, mae: 6.5, naiveMae: 20, skill: 0.5, nrmse: outputs[0]!.nrmse });
    expect(all.rmse).toBeCloseTo(Math.sqrt((10 + 100) / 2), 12);
    expect(all.recentRmse).toBeCloseTo(Math.sqrt((10 + 100) / 2), 12);
  });

  it('[MET9] a single output has none but those of all', () => {
    const prequential = new Prequential(named(1));
    prequential.score(0, 1, 3);
    expect(prequential.read()).toMatchObject({ scored: 1, mae: 2, outputs: [] });
  });

  it('[MET9] names outputs by horizon, then by feature; those that are sent by number', () => {
    const named = (spec: Partial<ModelSpecInput>) =>
      new Model({ features: 3, units: 2, ...spec }).metrics.outputs.map(({ output, feature, horizon }) => [
        output,
        feature,
        horizon,
      ]);
    expect(named({ task: { kind: 'forecast', horizon: [1, 6], targets: [2, 0] } })).toEqual([
      [0, 2, 1],
      [1, 0, 1],
      [2, 2, 6],
      [3, 0, 6],
    ]);
    expect(named({ task: { kind: 'supervised', outputs: 2 } })).toEqual([
      [0, null, null],
      [1, null, null],
    ]);
    expect(named({ readout: { kind: 'none' } })).toEqual([]);
  });

  it('[MET10] cross-entropy and accuracy are means over rows, and recent ones over the last', () => {
    const prequential = new Prequential(named(3));
    const rows = Array.from({ length: 1500 }, (_, n) => ({ loss: n < 1000 ? 2 : 0.5, isHit: n >= 1000 }));
    for (const { loss, isHit } of rows) prequential.scoreClasses(loss, isHit);
    const { crossEntropy, accuracy, recentCrossEntropy, recentAccuracy } = prequential.read();
    expect(crossEntropy).toBeCloseTo(1.5, 12);
    expect(accuracy).toBeCloseTo(1 / 3, 12);
    expect(recentCrossEntropy).toBeCloseTo(recentOf(rows.map(({ loss }) => loss)), 12);
    expect(recentAccuracy).toBeCloseTo(recentOf(rows.map(({ isHit }) => (isHit ? 1 : 0))), 12);
    expect(recentAccuracy).toBeGreaterThan(0.6);
  });
});

describe('the metrics of a model', () => {
  it.each([1, 3])('[MET2] the naive forecast is what was there %i steps before', (horizon) => {
    const values = new Numbers(2).rows(40, 2, 5);
    const model = new Model({ features: 2, units: 2, task: { kind: 'forecast', horizon } });
    for (const [t, row] of values.entries()) {
      model.step(row);
      const each = values.slice(horizon, t + 1).map((later, i) => errors(later, values[i]!).absolute);
      const { naiveMae, recentNaiveMae } = model.metrics;
      if (t < horizon) expect([naiveMae, recentNaiveMae]).toEqual([null, null]);
      else expect(relativeError([naiveMae!, recentNaiveMae!], [mean(each), mean(each)])).toBeLessThan(1e-12);
    }
  });

  it('[MET2] a new history has no naive forecast from the one before', () => {
    const model = new Model({ features: 1, units: 2, task: { kind: 'forecast', horizon: 2 } });
    for (const value of [1, 2, 4]) model.step([value]);
    model.reset('state');
    for (const value of [100, 200]) model.step([value]);
    expect(model.metrics).toMatchObject({ scored: 1, naiveMae: 3 });
    model.step([101]);
    expect(model.metrics).toMatchObject({ scored: 2, naiveMae: 2 });
  });

  it.each([1, 3])(
    '[MET5] score the prediction that was served, in the units of x, at horizon %i',
    (horizon) => {
      const batch = 2;
      const model = new Model(
        {
          features: 3,
          units: 4,
          batch,
          task: { kind: 'forecast', horizon, targets: [2, 0] },
          learner: { kind: 'tbptt', k1: 4 },
        },
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
        const { scored, mae, rmse, naiveMae, outputs } = model.metrics;
        expect(scored, 'each output is scored in every row').toBe(due.length * batch);
        if (due.length === 0) continue;
        const want = [
          mean(each.map((e) => e.absolute)),
          Math.sqrt(mean(each.map((e) => e.squared))),
          mean(naive),
        ];
        expect(relativeError([mae!, rmse!, naiveMae!], want), `step ${t}`).toBeLessThan(1e-12);
        for (const j of [0, 1]) {
          const own = due.map((later, i) =>
            errors([served[i]![j]!, served[i]![2 + j]!], [later[j]!, later[2 + j]!]),
          );
          expect(relativeError([outputs[j]!.mae!], [mean(own.map((e) => e.absolute))])).toBeLessThan(1e-12);
        }
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
    expect(model.metrics).toMatchObject({ scored: 2, naiveMae: null, recentNaiveMae: null, skill: null });
    expect(model.metrics.mae).toBeCloseTo(mean(wanted), 12);
  });

  it('[MET8] score what was there a season before the time that is forecast, once that is known', () => {
    const [season, horizon] = [3, 4];
    const values = new Numbers(6).many(30, 5);
    const model = new Model({ features: 1, units: 2, season, task: { kind: 'forecast', horizon } });
    const seasonal: number[] = [];
    for (const [t, value] of values.entries()) {
      model.step([value]);
      // the last time of the same season that is not after step t - horizon: two seasons back
      if (t >= 6) seasonal.push(Math.abs(value - values[t - 6]!));
      const { seasonalMae, seasonalSkill, mae } = model.metrics;
      if (t < 6) expect(seasonalMae).toBeNull();
      else {
        expect(seasonalMae).toBeCloseTo(mean(seasonal), 10);
        expect(seasonalSkill).toBeCloseTo(1 - mae! / mean(seasonal), 10);
      }
    }
    expect(new Model({ features: 1, units: 2 }).metrics.seasonalMae).toBeNull();
  });

  it('[MET10] of softmax tell cross-entropy and accuracy of what was served', () => {
    const model = new Model(
      {
        features: 2,
        units: 4,
        batch: 2,
        readout: { kind: 'softmax' },
        task: { kind: 'supervised', outputs: 3, delay: 0 },
      },
      { kernels: float64 },
    );
    const numbers = new Numbers(7);
    const losses: number[] = [];
    const hits: number[] = [];
    const likeliest = (row: readonly number[]) => row.indexOf(Math.max(...row));
    for (let t = 0; t < 40; t++) {
      const y = Array.from(model.step(numbers.many(4)).y!);
      const target = numbers.distributions(2, 3);
      model.learn(target);
      for (const at of [0, 3]) {
        const [p, q] = [y.slice(at, at + 3), target.slice(at, at + 3)];
        losses.push(-q.reduce((sum, share, j) => sum + share * Math.log(p[j]!), 0));
        hits.push(likeliest(p) === likeliest(q) ? 1 : 0);
      }
    }
    const { crossEntropy, recentCrossEntropy, accuracy, recentAccuracy } = model.metrics;
    expect(relativeError([crossEntropy!, recentCrossEntropy!], [mean(losses), mean(losses)])).toBeLessThan(
      1e-12,
    );
    expect(relativeError([accuracy!, recentAccuracy!], [mean(hits), mean(hits)])).toBeLessThan(1e-12);
    expect(mean(hits) * (1 - mean(hits))).toBeGreaterThan(0.1);
    const linear = new Model({ features: 1, units: 2, task: { kind: 'supervised', outputs: 1, delay: 0 } });
    linear.step([1]);
    linear.learn([1]);
    expect(linear.metrics).toMatchObject({ scored: 1, crossEntropy: null, accuracy: null });
  });
});
