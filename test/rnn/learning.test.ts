import { describe, expect, it } from 'vitest';
import { readSeattle, TEMPERATURE } from '../../src/cli/demo/seattle.js';
import { Model } from '../../src/rnn/model.js';
import type { ModelSpecInput } from '../../src/rnn/spec/spec.js';
import { addTask } from '../../src/signals/add-task.js';
import { mackeyGlass } from '../../src/signals/mackey-glass.js';
import { noisySine } from '../../src/signals/noisy-sine.js';
import { randomWalk } from '../../src/signals/random-walk.js';

const take = (signal: Generator<number, never, void>, steps: number) =>
  Array.from({ length: steps }, () => signal.next().value);
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const mae = (errors: readonly number[]) => mean(errors.map(Math.abs));

/** Gives the error of each step's forecast by output j, from the first that there is; and the drift events. */
function run(x: readonly number[], spec: Partial<ModelSpecInput> = {}, j = 0) {
  const model = new Model({ features: 1, units: 32, ...spec });
  const { task } = model.spec;
  const ahead = task?.kind === 'forecast' ? task.horizon[j]! : 1;
  const made: number[] = [];
  const errors: number[] = [];
  const drifts: number[] = [];
  for (const [t, value] of x.entries()) {
    const { y, drift } = model.step([value]);
    if (t >= ahead) errors.push(made[t - ahead]! - value);
    made.push(y![j]!);
    if (drift) drifts.push(t);
  }
  model.free();
  return { errors, drifts };
}

describe('the defaults', () => {
  it('[LRN1] forecast a chaotic series: Mackey-Glass within .05 deviations, and half of what persistence errs', () => {
    const x = take(mackeyGlass(), 4000);
    const later = x.slice(2500);
    const { errors } = run(x);
    const rmse = Math.sqrt(mean(errors.slice(2499).map((error) => error ** 2)));
    const centre = mean(later);
    const deviation = Math.sqrt(mean(later.map((value) => (value - centre) ** 2)));
    const naive = Math.sqrt(mean(later.slice(1).map((value, i) => (value - later[i]!) ** 2)));
    expect(rmse / deviation).toBeLessThan(0.05);
    expect(rmse).toBeLessThan(0.5 * naive);
  });

  it('[LRN2] forecast the weather of Seattle 1 and 6 hours ahead, and better than the day before where the season is told', async () => {
    const x = (await readSeattle()).map((hour) => hour.x[TEMPERATURE]!).slice(0, 5000);
    const last = (season: number | undefined, j: number) => {
      const task = { kind: 'forecast' as const, horizon: [1, 6] };
      return mae(run(x, { task, ...(season && { season }) }, j).errors.slice(-2000));
    };
    expect(last(undefined, 0)).toBeLessThan(0.15);
    expect(last(undefined, 1)).toBeLessThan(0.5);
    const daily = mae(x.slice(-2000).map((value, i) => value - x[x.length - 2000 + i - 24]!));
    expect(last(24, 0)).toBeLessThan(daily);
    expect(last(24, 1)).toBeLessThan(daily);
  });

  it('[LRN3] do no harm where there is nothing to learn: a random walk within 3 % of persistence', () => {
    for (const seed of [1, 2]) {
      const x = take(randomWalk({ seed }), 6000);
      const naive = x.slice(1).map((value, i) => value - x[i]!);
      expect(mae(run(x).errors) / mae(naive)).toBeLessThan(1.03);
    }
  });

  it('[LRN4] are back within 1.5 times the error before a change of regime in 2,000 steps, and raise one drift event', () => {
    const x = take(
      noisySine({ seed: 1, period: 25, changeAt: 5000, after: { period: 60, amplitude: 3 } }),
      7000,
    );
    const { errors, drifts } = run(x);
    expect(mae(errors.slice(6500)) / mae(errors.slice(3000, 4999))).toBeLessThan(1.5);
    expect(drifts).toHaveLength(1);
    expect(drifts[0]).toBeGreaterThanOrEqual(5000);
    expect(drifts[0]).toBeLessThan(5200);
  });
});

describe('the window', () => {
  /** Cross-entropy of the add task's last steps. */
  function crossEntropy(learner: { k1: number; k2: number }, steps: number): number {
    const model = new Model({
      features: 1,
      units: 32,
      readout: { kind: 'softmax' },
      task: { kind: 'supervised', outputs: 2, delay: 0 },
      learner: { kind: 'tbptt', ...learner },
      optimizer: { kind: 'adam', schedule: { kind: 'constant' } },
    });
    const signal = addTask({ seed: 1 });
    const losses: number[] = [];
    for (let t = 0; t < steps; t++) {
      const { x, y } = signal.next().value;
      losses.push(-Math.log(model.step([x]).y![y]!));
      model.learn(y ? [0, 1] : [1, 0]);
    }
    return mean(losses.slice(-8000));
  }

  it('[LRN5] sets how far back a model learns to remember: with 2 steps little, with 5 nearly the one of 3 steps, with 12 both', () => {
    const [short, middle, long] = [
      crossEntropy({ k1: 1, k2: 2 }, 40_000),
      crossEntropy({ k1: 1, k2: 5 }, 40_000),
      crossEntropy({ k1: 4, k2: 12 }, 80_000),
    ];
    expect(short).toBeGreaterThan(0.6);
    expect(middle).toBeLessThan(0.54);
    expect(middle).toBeGreaterThan(0.48);
    expect(long).toBeLessThan(0.48);
  });
});

describe('every learner and every optimizer', () => {
  const wave = take(noisySine({ seed: 3, period: 20, noise: 0.05 }), 3000);
  const naive = mae(wave.slice(2001).map((value, i) => value - wave[2000 + i]!));

  it.each([
    { learner: { kind: 'tbptt' } },
    { learner: { kind: 'rtrl' } },
    { learner: { kind: 'snap-1' } },
    { optimizer: { kind: 'sgd' } },
    { optimizer: { kind: 'rmsprop' } },
    { optimizer: { kind: 'adamw' } },
  ] as const)('[LRN6] of the spec forecasts a sine better than persistence: %j', (spec) => {
    const { errors } = run(wave, { units: 12, ...spec });
    expect(mae(errors.slice(2000))).toBeLessThan(0.6 * naive);
  });
});
