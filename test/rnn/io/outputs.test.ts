import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NO_TARGET } from '../../../src/kernels/kernels.js';
import { Inputs } from '../../../src/rnn/io/cell-inputs.js';
import { ForecastOutputs } from '../../../src/rnn/io/forecast-outputs.js';
import { decayOf } from '../../../src/rnn/io/scaler.js';
import { SuppliedOutputs } from '../../../src/rnn/io/supplied-outputs.js';
import { Window } from '../../../src/rnn/learning/window.js';
import { Model } from '../../../src/rnn/model.js';
import { ErrorMonitor } from '../../../src/rnn/scoring/error-monitor.js';
import { type ModelSpecInput, outputsOf, parseSpec } from '../../../src/rnn/spec/spec.js';
import { randomWalk } from '../../../src/signals/random-walk.js';
import { fingerprint, relativeError } from '../../support/numeric-compare.js';
import { float64, parametersOf, setParameters } from '../../support/numeric-models.js';
import { Numbers } from '../../support/numeric-random.js';
import { weighted } from '../../support/numeric-weighted.js';

type Row = readonly (number | null)[];
type Task = NonNullable<ModelSpecInput['task']>;
const none = { kind: 'none' } as const;

/** The parts of a model around its cell, which sums of the test's own stand in for. */
class Stage {
  readonly judge: ErrorMonitor;
  readonly window: Window;
  readonly m: Float64Array;
  private readonly inputs: Inputs;
  readonly outputs: ForecastOutputs;
  private readonly size: number;
  learning = true;

  constructor(input: ModelSpecInput) {
    const spec = parseSpec(input);
    const { task, batch } = spec;
    if (task?.kind !== 'forecast') throw new Error('for forecasts only');
    const outputs = outputsOf(spec);
    const names = Array.from({ length: outputs }, (_, output) => ({ output, feature: null, horizon: null }));
    this.size = batch * outputs;
    this.judge = new ErrorMonitor(names, batch, outputs);
    this.inputs = new Inputs(spec);
    this.outputs = new ForecastOutputs(spec, task, this.inputs, this.judge);
    const scaled = this.outputs.scaler !== null;
    const shape = { keep: 40, batch, features: 1, units: 1, outputs, scaled, activations: 0 };
    this.window = new Window(0, shape);
    this.m = new Float64Array(Window.length(shape));
  }

  /** Takes the next x, whose sums are these, and gives what is served. */
  step(x: Row, sums: readonly number[]): number[] {
    const { m, window, inputs, outputs } = this;
    inputs.take(x, 0);
    outputs.arrive(m, window, window.next, this.learning);
    const seq = window.advance(m);
    inputs.write(new Float64Array(inputs.size * this.size), 0, inputs.size, seq);
    m.set(sums, window.sumsAt(seq));
    outputs.serve(m, window, seq);
    return Array.from(m.slice(window.predictionAt(seq), window.predictionAt(seq) + this.size));
  }

  /** The target of a step in units of its sums; null for what has none. */
  targetsOf(seq: number): (number | null)[] {
    const at = this.window.targetAt(seq);
    return Array.from(this.m.slice(at, at + this.size), (value) => (value === NO_TARGET ? null : value));
  }
}

describe('the baseline of a forecast', () => {
  const serve = (spec: ModelSpecInput, rows: readonly number[][]) => {
    const model = new Model(spec, { kernels: float64 });
    model.learning = false;
    return rows.map((x) => Array.from(model.step(x).y!));
  };
  const rows = new Numbers(1).rows(20, 3, 5);
  const three: ModelSpecInput = { features: 3, units: 4 };

  it('[OUT1] is the last value, and until something was learned the forecast is exactly it, for each horizon', () => {
    const task: Task = { kind: 'forecast', horizon: [1, 6], targets: [2, 0], forecaster: 'network' };
    const want = rows.map(([a, , c]) => [c, a, c, a]);
    expect(serve({ ...three, task }, rows)).toEqual(want);
  });

  it('[OUT1] is the value of a season before the time that is forecast, y[q*K+k], for each horizon', () => {
    const season = 4;
    const task: Task = {
      kind: 'forecast',
      horizon: [1, 3, 5],
      targets: [1, 0],
      baseline: 'season',
      forecaster: 'network',
    };
    const want = rows.map((x, t) =>
      [1, 3, 5].flatMap((horizon) => {
        const seasons = season * Math.ceil(horizon / season);
        const past = rows[t + horizon - seasons] ?? x;
        return [past[1], past[0]];
      }),
    );
    expect(serve({ ...three, season, task }, rows)).toEqual(want);
  });

  it('[OUT1] of a mixture is the last value until a forecaster has earned a weight by its errors', () => {
    const task: Task = { kind: 'forecast', horizon: [1, 6] };
    const last = rows.map(([a]) => a!);
    const served = serve(
      { features: 1, units: 4, task },
      last.map((value) => [value]),
    );
    // the first error of a horizon is that of the last value itself
    expect(served.slice(0, 2)).toEqual(last.slice(0, 2).map((value) => [value, value]));
    expect(served.slice(2, 7).map(([, six]) => six)).toEqual(last.slice(2, 7));
  });

  it('[OUT1] of `none` is the mean of what has been seen', () => {
    const task: Task = { kind: 'forecast', baseline: 'none', targets: [1] };
    const served = serve({ ...three, task, scaler: { kind: 'standard', halfLife: 50 } }, rows);
    for (const [t, [y]] of served.entries()) {
      const { mean } = weighted(
        rows.slice(0, t + 1).map((x) => x[1]!),
        decayOf(50),
      );
      expect(relativeError([y!], [mean])).toBeLessThan(1e-12);
    }
  });

  it('[OUT1] of several batch rows is each one its own', () => {
    const task: Task = { kind: 'forecast', horizon: [1, 2] };
    const served = serve({ features: 2, units: 3, batch: 2, task }, [[1, 2, 10, 20]]);
    expect(served).toEqual([[1, 2, 1, 2, 10, 20, 10, 20]]);
  });

  it('[OUT2] falls back to the last value where the season is not known yet, and then counts for nothing', () => {
    const season = 5;
    const model = new Model({
      features: 1,
      units: 3,
      season,
      task: { kind: 'forecast', baseline: 'season' },
      learner: { kind: 'tbptt', k1: 1, k2: 1 },
      scaler: none,
    });
    setParameters(model, new Numbers(2).many(parametersOf(model).length));
    const learned: number[] = [];
    for (const [t, value] of new Numbers(3).many(12, 5).entries()) {
      const { y, updates } = model.step([value]);
      learned.push(...updates.map(({ to }) => to));
      if (t < 4) expect(y![0]).toBe(Math.fround(value));
      else expect(y![0]).not.toBe(Math.fround(value));
      expect(model.metrics.scored).toBe(t);
    }
    // x_0 is the first season's value: step 4 forecasts x_5 with it.
    expect(learned).toEqual([4, 5, 6, 7, 8, 9, 10]);
  });
});

describe('what is served', () => {
  const spec = (task: object, more: Partial<ModelSpecInput> = {}): ModelSpecInput => ({
    features: 2,
    units: 2,
    batch: 2,
    task: { kind: 'forecast', forecaster: 'network', ...task } as Task,
    inputs: { changes: [], wild: 'take' },
    ...more,
  });
  const numbers = new Numbers(4);
  const rows = numbers.rows(40, 4, 7);
  const sums = numbers.rows(40, 8);

  it('[OUT3] is the last value and a change, in deviations of the changes of the past from 0', () => {
    const stage = new Stage(spec({ horizon: [1, 3] }, { scaler: { kind: 'standard', halfLife: 20 } }));
    for (const [t, x] of rows.entries()) {
      const y = stage.step(x, sums[t]!);
      const want = [0, 2].flatMap((row) =>
        [1, 3].flatMap((horizon, q) =>
          [0, 1].map((k) => {
            const changes = rows
              .slice(horizon, t + 1)
              .flatMap((later, s) => [later[k]! - rows[s]![k]!, later[2 + k]! - rows[s]![2 + k]!]);
            const { size } = weighted(changes, decayOf(20));
            return x[row + k]! + (changes.length > 0 ? size : 0) * sums[t]![row * 2 + q * 2 + k]!;
          }),
        ),
      );
      expect(relativeError(y, want), `step ${t}`).toBeLessThan(1e-12);
    }
  });

  it('[OUT3] without a scaler is the last value and the sum, and without a baseline the sum itself', () => {
    const last = new Stage(spec({ baseline: 'last' }, { scaler: none }));
    expect(last.step([1, 2, 3, 4], [10, 20, 30, 40])).toEqual([11, 22, 33, 44]);
    const bare = new Stage(spec({ baseline: 'none' }, { scaler: none }));
    expect(bare.step([1, 2, 3, 4], [10, 20, 30, 40])).toEqual([10, 20, 30, 40]);
  });

  it('[OUT4] is cut at the largest float32, and so are sums', () => {
    const largest = 3.4028234663852886e38;
    const stage = new Stage(spec({ baseline: 'last' }, { scaler: none, batch: 1 }));
    const y = stage.step([largest, -largest], [1e38, Number.NEGATIVE_INFINITY]);
    expect(y).toEqual([largest, -largest]);
    expect(stage.m[stage.window.sumsAt(0) + 1]).toBe(-largest);
    const model = new Model({ features: 1, units: 2, scaler: none });
    setParameters(model, parametersOf(model).fill(3.4e38));
    const { y: served } = model.step([1]);
    expect(served![0]).toBe(largest);
    expect(() => model.restore(model.snapshot())).not.toThrow();
  });
});

describe('the largest target that float32 holds', () => {
  const largest = 3.4028234663852886e38;
  const none = { kind: 'none' } as const;

  it('[OUT11] is learned from like any other, supplied or met by a forecast: it is not the mark of a target that did not come', () => {
    const optimizer = { kind: 'sgd', clipNorm: null } as const;
    const learner = { kind: 'tbptt', k1: 1, k2: 1 } as const;
    const spec = { features: 1, units: 2, scaler: none, optimizer, learner };
    for (const target of [largest, 3.40282346e38]) {
      const supplied = new Model({ ...spec, task: { kind: 'supervised', outputs: 1 } }, { kernels: float64 });
      const forecast = new Model({ ...spec, inputs: { changes: [] } }, { kernels: float64 });
      supplied.step([1]);
      forecast.step([0]);
      for (const [update] of [supplied.learn([target]), forecast.step([target]).updates]) {
        expect(update).toMatchObject({ losses: 1 });
        expect(update!.loss / target / target).toBeCloseTo(1, 6);
        expect(update!.gradientNorm).toBeGreaterThan(1e38);
      }
    }
  });
});

describe('the target that the learner sees', () => {
  const task = (more: object) => ({ kind: 'forecast', forecaster: 'network', ...more }) as Task;
  const rows = new Numbers(5).rows(30, 1, 7);

  it.each([
    { baseline: 'last', horizon: 3, season: undefined, back: 3 },
    { baseline: 'season', horizon: 3, season: 4, back: 4 },
    { baseline: 'season', horizon: 5, season: 4, back: 8 },
  ])(
    '[OUT5] is the change against the baseline, in the deviations it was served with: $baseline at $horizon',
    (given) => {
      const { baseline, horizon, season, back } = given;
      const scaler = { kind: 'standard', halfLife: 20 } as const;
      const stage = new Stage({
        features: 1,
        units: 1,
        scaler,
        task: task({ baseline, horizon }),
        ...(season && { season }),
      });
      const deviations: number[] = [];
      /** Changes count where a forecast was made for them, and what that was made against was there. */
      const changesUpTo = (t: number) => rows.slice(back, t + 1).map(([later], s) => later! - rows[s]![0]!);
      for (const [t, x] of rows.entries()) {
        stage.step(x, [0.3]);
        const changes = changesUpTo(t);
        deviations.push(changes.length > 0 ? weighted(changes, decayOf(20)).size : 0);
        const step = t - horizon;
        if (step < 0) continue;
        const counts = t >= back && deviations[step]! > 0;
        expect(stage.window.countsTarget(step), `step ${step}`).toBe(counts);
        expect(stage.window.hasTarget(step)).toBe(true);
        const [target] = stage.targetsOf(step);
        if (counts) expect(target).toBeCloseTo((x[0]! - rows[t - back]![0]!) / deviations[step]!, 10);
        else expect(target).toBeNull();
      }
    },
  );

  it('[OUT5] without a baseline is the truth in deviations from the mean of then', () => {
    const stage = new Stage({ features: 1, units: 1, task: task({ baseline: 'none', horizon: 2 }) });
    for (const [t, x] of rows.entries()) {
      stage.step(x, [0.3]);
      if (t < 3) continue;
      const { mean, deviation } = weighted(
        rows.slice(0, t - 1).map(([value]) => value!),
        decayOf(2000),
      );
      expect(stage.targetsOf(t - 2)[0]).toBeCloseTo((x[0]! - mean) / deviation, 9);
    }
  });

  it('[OUT5] is cut at 10 deviations; the score is not', () => {
    const stage = new Stage({ features: 1, units: 1, task: task({}) });
    for (let t = 0; t < 20; t++) stage.step([t % 2], [0]);
    stage.step([1e6], [0]);
    expect(stage.targetsOf(19)).toEqual([10]);
    expect(stage.judge.metrics.mae).toBeGreaterThan(1e4);
  });

  it('[OUT5] does not hang on who else forecasts', () => {
    const [mixed, alone] = (['mixture', 'network'] as const).map(
      (forecaster) => new Stage({ features: 1, units: 1, task: task({ forecaster }) }),
    );
    for (const [t, x] of rows.entries()) {
      for (const stage of [mixed!, alone!]) stage.step(x, [Math.cos(t)]);
      if (t > 0) expect(mixed!.targetsOf(t - 1)).toEqual(alone!.targetsOf(t - 1));
    }
  });

  it('[OUT5] is none while the model does not learn', () => {
    const stage = new Stage({ features: 1, units: 1, scaler: none, task: task({ baseline: 'last' }) });
    stage.learning = false;
    stage.step([1], [0]);
    stage.step([3], [0]);
    expect([stage.targetsOf(0), stage.window.countsTarget(0), stage.window.hasTarget(0)]).toEqual([
      [null],
      false,
      true,
    ]);
    expect(stage.judge.metrics).toMatchObject({ scored: 1, mae: 2 });
    stage.learning = true;
    stage.step([4], [0]);
    expect([stage.targetsOf(1), stage.window.countsTarget(1)]).toEqual([[1], true]);
  });

  it('[OUT6] a missing truth is neither scored nor learned from; the others of its step are', () => {
    const stage = new Stage({
      features: 2,
      units: 1,
      scaler: none,
      task: task({ baseline: 'last', horizon: [1, 2] }),
      inputs: { missing: 'hold' },
    });
    const steps: Row[] = [
      [1, 10],
      [3, null],
      [6, 40],
      [null, null],
      [10, 60],
    ];
    for (const x of steps) stage.step(x, [0, 0, 0, 0]);
    expect([0, 1, 2].map((seq) => stage.targetsOf(seq))).toEqual([
      [2, null, 5, 30],
      [3, 30, null, null],
      [null, null, 4, 20],
    ]);
    expect([0, 1, 2].map((seq) => stage.window.countsTarget(seq))).toEqual([true, true, true]);
    expect(stage.judge.metrics.outputs.map(({ scored, mae }) => [scored, mae])).toEqual([
      // 1 step ahead: 3, 6, and 10 against the 6 that was held
      [3, (2 + 3 + 4) / 3],
      [2, (30 + 20) / 2],
      [2, (5 + 4) / 2],
      [2, (30 + 20) / 2],
    ]);
  });

  it('[OUT6] a step none of whose truths came is no loss, and nothing stops for it', () => {
    const model = new Model({
      features: 1,
      units: 2,
      scaler: none,
      learner: { kind: 'tbptt', k1: 1, k2: 2 },
      inputs: { missing: 'hold' },
    });
    const updates = [1, 2, null, 4, null, 6].map((x) => model.step([x]).updates.map(({ to }) => to));
    expect(updates).toEqual([[], [0], [], [2], [], [4]]);
    expect(model.metrics.scored).toBe(3);
  });

  it('[OUT7] each horizon is scored when its own time has come, and a step is learned from when all have', () => {
    const model = new Model({
      features: 1,
      units: 4,
      task: { kind: 'forecast', horizon: [1, 6] },
      learner: { kind: 'tbptt', k1: 2, k2: 4 },
      scaler: none,
    });
    for (const [t, x] of new Numbers(6).rows(20, 1).entries()) {
      const { updates } = model.step(x);
      expect(model.metrics.outputs.map(({ scored }) => scored)).toEqual([t, Math.max(0, t - 5)]);
      // the block of steps t - 7 and t - 6
      expect(updates.map(({ to, losses }) => [to, losses])).toEqual(
        t >= 7 && t % 2 === 1 ? [[t - 6, 2]] : [],
      );
    }
  });

  it('[OUT7] one horizon of several has the scores that it has alone, as long as nothing is learned', () => {
    const model = (horizon: number | number[]) => {
      const one = new Model({ features: 2, units: 3, season: 7, task: { kind: 'forecast', horizon } });
      one.learning = false;
      for (const x of new Numbers(7).rows(60, 2)) one.step(x);
      return one.metrics.outputs.map(({ output: _, ...scores }) => scores);
    };
    expect(model([1, 6])).toEqual([...model(1), ...model(6)]);
  });
});

describe('targets that are sent', () => {
  it('[OUT8] become targets in the units of the sums, by the statistics that were served with', () => {
    const spec = parseSpec({
      features: 1,
      units: 1,
      batch: 2,
      task: { kind: 'supervised', outputs: 2 },
      scaler: { kind: 'standard', halfLife: 20 },
    });
    const names = [0, 1].map((output) => ({ output, feature: null, horizon: null }));
    const outputs = new SuppliedOutputs(spec, new ErrorMonitor(names, 2, 2));
    const shape = { keep: 40, batch: 2, features: 1, units: 1, outputs: 2, scaled: true, activations: 0 };
    const window = new Window(0, shape);
    const m = new Float64Array(Window.length(shape));
    const targets = new Numbers(8).rows(30, 4, 9);
    for (const [t, target] of targets.entries()) {
      const seq = window.advance(m);
      const sums = [0.1, -0.2, 0.3, 0.4];
      m.set(sums, window.sumsAt(seq));
      outputs.serve(m, window, seq);
      const y = Array.from(m.slice(window.predictionAt(seq), window.predictionAt(seq) + 4));
      outputs.meet(m, window, seq, target, true);
      if (t === 0) continue;
      const past = [0, 1].map((j) =>
        weighted(
          targets.slice(0, t).flatMap((row) => [row[j]!, row[2 + j]!]),
          decayOf(20),
        ),
      );
      const of = (i: number) => past[i % 2]!;
      expect(
        relativeError(
          y,
          sums.map((p, i) => of(i).mean + of(i).deviation * p),
        ),
      ).toBeLessThan(1e-11);
      const got = m.slice(window.targetAt(seq), window.targetAt(seq) + 4);
      const want = target.map((value, i) =>
        Math.max(-10, Math.min(10, (value - of(i).mean) / of(i).deviation)),
      );
      expect(relativeError(got, want)).toBeLessThan(1e-10);
    }
  });
});

describe('a forecast', () => {
  it('[OUT9] of a random walk stays within 3 % of the last value', () => {
    for (const seed of [1, 2]) {
      const model = new Model({ features: 1, units: 16 });
      const walk = randomWalk({ seed });
      for (let t = 0; t < 4000; t++) model.step([walk.next().value]);
      const { mae, naiveMae } = model.metrics;
      expect(model.updates).toBeGreaterThan(200);
      expect(mae! / naiveMae!).toBeLessThan(1.03);
    }
  });

  it('[OUT9] of what can be forecast is better than the last value, at each horizon', () => {
    const model = new Model({ features: 1, units: 16, task: { kind: 'forecast', horizon: [1, 6] } });
    const numbers = new Numbers(9);
    // A pendulum of its own, a little pushed: what comes hangs on the two values before.
    let [before, last] = [0, 1];
    for (let t = 0; t < 4000; t++) {
      [before, last] = [last, 1.9 * Math.cos(0.25) * last - 0.9 * before + numbers.one(0.1)];
      model.step([last]);
    }
    for (const { recentSkill } of model.metrics.outputs) expect(recentSkill).toBeGreaterThan(0.3);
  });

  it('[OUT10] hangs on nothing that comes later: predictions, errors, anomaly, drift and weights', () => {
    const spec: ModelSpecInput = {
      features: 2,
      units: 4,
      season: 5,
      task: { kind: 'forecast', horizon: [1, 3] },
      inputs: { changes: [1, 4], lags: [2], missing: 'hold' },
      learner: { kind: 'tbptt', k1: 3, k2: 7 },
      optimizer: { kind: 'adam', learningRate: 0.01 },
      scaler: { kind: 'standard', halfLife: 60 },
    };
    const numbers = new Numbers(10);
    const rows = numbers
      .rows(160, 2)
      .map((row, t): Row => row.map((value) => (numbers.one() < -0.7 ? null : value + Math.sin(t) * 3)));
    const trace = (series: readonly Row[]) => {
      const model = new Model(spec);
      return series.map((x) => fingerprint([model.step(x), model.metrics, model.weights]));
    };
    const as = trace(rows);
    fc.assert(
      fc.property(
        fc.nat(rows.length - 2),
        fc.constantFrom<((value: number | null) => number | null)[]>(
          () => null,
          () => 1e9,
          (value) => (value === null ? 1 : -2 * value),
        ),
        (last, alter) => {
          const next = rows[last + 1]!;
          fc.pre(next.some((value) => alter(value) !== value));
          const other = trace(rows.map((row, t) => (t > last ? row.map(alter) : row)));
          expect(other.slice(0, last + 1)).toEqual(as.slice(0, last + 1));
          expect(other[last + 1]).not.toBe(as[last + 1]);
        },
      ),
      { numRuns: 40 },
    );
  });
});
