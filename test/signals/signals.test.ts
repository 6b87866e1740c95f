import { describe, expect, it } from 'vitest';
import { sinTurn } from '../../src/math/sine.js';
import {
  addTask,
  FAULTS,
  type Fault,
  faultySensor,
  mackeyGlass,
  noisySine,
  type Reading,
  randomWalk,
} from '../../src/signals/index.js';
import { inexactOperations } from '../support/arithmetic.js';

function take<T>(signal: Iterator<T, never>, count: number): T[] {
  return Array.from({ length: count }, () => signal.next().value);
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;
const deviation = (values: readonly number[]): number => {
  const middle = mean(values);
  return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)));
};
const differences = (values: readonly number[]): number[] =>
  values.slice(1).map((value, t) => value - values[t]!);

const SIGNALS: Record<string, (seed: number) => Iterator<unknown, never>> = {
  noisySine: (seed) => noisySine({ seed }),
  addTask: (seed) => addTask({ seed }),
  randomWalk: (seed) => randomWalk({ seed }),
  faultySensor: (seed) => faultySensor({ seed, rate: 0.05 }),
};

describe('signals', () => {
  it.each(Object.entries(SIGNALS))(
    '[SIG1] %s has the same numbers for the same seed only',
    (_name, signal) => {
      expect(take(signal(1), 1000)).toEqual(take(signal(1), 1000));
      expect(take(signal(1), 1000)).not.toEqual(take(signal(2), 1000));
      const [left, right] = [signal(3), signal(3)];
      take(left, 10);
      expect(take(right, 20).slice(10), 'two at once do not meet').toEqual(take(left, 10));
    },
  );

  it('[SIG2] have the same bits on every machine', () => {
    const files = ['add-task', 'faulty-sensor', 'index', 'mackey-glass', 'noisy-sine', 'random-walk'];
    for (const file of files) expect(inexactOperations(`src/signals/${file}.ts`)).toEqual([]);
    expect([
      take(mackeyGlass(), 500)[499],
      take(noisySine(), 500)[499],
      take(randomWalk(), 500)[499],
      take(faultySensor(), 500)[499]!.value,
      take(addTask(), 32)
        .map(({ x, y }) => 2 * x + y)
        .join(''),
    ]).toEqual([
      1.116626866464153,
      -0.11972995248427784,
      43.89388303490424,
      20.996234825850276,
      '31132031013021231311332110323123',
    ]);
  });
});

describe('Mackey-Glass', () => {
  it('[SIG3] is what a fine integration gives, and a step half as long errs a fourth', () => {
    const fine = take(mackeyGlass({ steps: 640 }), 150);
    const error = (steps: number): number =>
      Math.max(...take(mackeyGlass({ steps }), 150).map((x, t) => Math.abs(x - fine[t]!)));
    expect(error(10)).toBeLessThan(2e-3);
    expect(error(20) / error(40)).toBeGreaterThan(3);
    expect(error(20) / error(40)).toBeLessThan(5);
  });

  it('[SIG3] decays as e^(-t / 10) and rises to its balance while the past is constant', () => {
    // until t = tau the delayed x is the start: a linear equation
    const start = 1.2;
    const inflow = (0.2 * start) / (1 + start ** 10);
    const exact = (t: number): number => 10 * inflow + (start - 10 * inflow) * Math.exp(-t / 10);
    for (const [t, x] of take(mackeyGlass(), 18).entries()) expect(x).toBeCloseTo(exact(t), 9);
  });

  it.each([17, 16.97, 30, 0.1])('[SIG3] stays bounded for a delay of %d', (tau) => {
    const series = take(mackeyGlass({ tau }), 5000);
    expect(Math.min(...series)).toBeGreaterThan(0.1);
    expect(Math.max(...series)).toBeLessThan(1.6);
    expect(deviation(series.slice(1000)) > 0.05, 'oscillates').toBe(tau > 1);
  });

  it.each([{ tau: 0 }, { tau: Number.NaN }, { tau: Infinity }, { steps: 0 }, { steps: 1.5 }])(
    '[SIG3] refuses %o',
    (options) => {
      expect(() => mackeyGlass(options).next()).toThrow(RangeError);
    },
  );
});

describe('the noisy sine', () => {
  it('[SIG4] is a sine about its offset', () => {
    const series = take(noisySine({ period: 40, amplitude: 3, offset: 10, noise: 0 }), 400);
    for (const [t, x] of series.entries()) expect(x).toBeCloseTo(10 + 3 * sinTurn(t / 40), 10);
  });

  it('[SIG4] has noise of the given deviation', () => {
    const noise = take(noisySine({ amplitude: 0, noise: 0.25 }), 20_000);
    expect(mean(noise)).toBeCloseTo(0, 1);
    expect(deviation(noise)).toBeCloseTo(0.25, 2);
  });

  it('[SIG4] changes at one step, its phase and its noise going on', () => {
    const options = { seed: 5, period: 40, noise: 0.1 };
    const plain = take(noisySine(options), 300);
    const changed = take(noisySine({ ...options, changeAt: 100, after: { period: 20, offset: 2 } }), 300);
    expect(changed.slice(0, 100)).toEqual(plain.slice(0, 100));
    for (let t = 100; t < 300; t++) {
      const noise = plain[t]! - sinTurn(t / 40);
      expect(changed[t]! - noise).toBeCloseTo(2 + sinTurn(2.5 + (t - 100) / 20), 10);
    }
  });
});

describe('the add task', () => {
  const steps = take(addTask({ seed: 3 }), 100_000);

  it('[SIG5] has x as a fair coin', () => {
    expect(Math.abs(mean(steps.map(({ x }) => x)) - 0.5)).toBeLessThan(0.01);
    const pairs = steps.slice(1).map(({ x }, t) => (x === steps[t]!.x ? 1 : 0));
    expect(Math.abs(mean(pairs) - 0.5)).toBeLessThan(0.01);
  });

  it.each([
    { x3: 0, x8: 0, probability: 0.5 },
    { x3: 0, x8: 1, probability: 0.25 },
    { x3: 1, x8: 0, probability: 1 },
    { x3: 1, x8: 1, probability: 0.75 },
  ])('[SIG5] has y = 1 with probability $probability where x(t-3) = $x3 and x(t-8) = $x8', (row) => {
    const at = steps.filter((_, t) => t >= 8 && steps[t - 3]!.x === row.x3 && steps[t - 8]!.x === row.x8);
    expect(at.length).toBeGreaterThan(20_000);
    expect(Math.abs(mean(at.map(({ y }) => y)) - row.probability)).toBeLessThan(0.015);
  });

  it('[SIG5] takes x before the first step for 0', () => {
    const first = Array.from({ length: 4000 }, (_, seed) => take(addTask({ seed }), 6));
    expect(Math.abs(mean(first.map((run) => run[0]!.y)) - 0.5)).toBeLessThan(0.04);
    for (const run of first) if (run[2]!.x === 1) expect(run[5]!.y).toBe(1);
  });
});

describe('the random walk', () => {
  it('[SIG6] has independent steps of the given deviation', () => {
    const walk = take(randomWalk({ start: 100, step: 2 }), 20_000);
    expect(walk[0]).toBe(100);
    const steps = differences(walk);
    expect(Math.abs(mean(steps))).toBeLessThan(0.06);
    expect(deviation(steps)).toBeCloseTo(2, 1);
    const products = steps.slice(1).map((step, t) => step * steps[t]!);
    expect(Math.abs(mean(products)) / 4).toBeLessThan(0.03);
  });

  it('[SIG6] keeps near its start where it is pulled', () => {
    const walk = take(randomWalk({ start: 5, step: 1, pull: 0.1 }), 50_000);
    expect(Math.abs(mean(walk) - 5)).toBeLessThan(0.2);
    expect(deviation(walk)).toBeCloseTo(1 / Math.sqrt(1 - 0.9 ** 2), 1);
  });
});

/** Gives the runs of readings with one fault: where a run begins, and its readings. */
function faultRuns(readings: readonly Reading[], fault: Fault): { at: number; run: Reading[] }[] {
  const runs: { at: number; run: Reading[] }[] = [];
  for (const [at, reading] of readings.entries()) {
    if (reading.fault !== fault) continue;
    if (at === 0 || readings[at - 1]!.fault !== fault) runs.push({ at, run: [] });
    runs.at(-1)!.run.push(reading);
  }
  return runs;
}

describe('the faulty sensor', () => {
  const readings = take(faultySensor({ seed: 7 }), 200_000);

  it('[SIG7] says the truth where it is sound', () => {
    const sound = readings.filter(({ fault }) => fault === null);
    expect(sound.every(({ value, truth }) => value === truth)).toBe(true);
    const faults = FAULTS.reduce((sum, fault) => sum + faultRuns(readings, fault).length, 0);
    expect(faults / sound.length).toBeCloseTo(0.002, 3);
  });

  it.each([
    ['stuck', 20, 100],
    ['spike', 1, 1],
    ['dropout', 5, 50],
    ['shift', 100, 500],
  ] as const)('[SIG7] labels every reading that is %s, for %d to %d steps', (fault, least, most) => {
    // a fault may follow another of its kind: a run of two
    const runs = faultRuns(readings, fault).filter(({ run }) => run.length <= most);
    expect(runs.length).toBeGreaterThan(20);
    for (const { at, run } of runs) {
      if (at + run.length < readings.length) expect(run.length).toBeGreaterThanOrEqual(least);
      const before = readings.slice(0, at).findLast((reading) => reading.fault === null)?.value ?? 20;
      const offsets = run.map(({ value, truth }) => Math.abs((value ?? Number.NaN) - truth));
      if (fault === 'dropout') expect(run.every(({ value }) => value === null)).toBe(true);
      else if (fault === 'stuck') expect(run.every(({ value }) => value === before)).toBe(true);
      else {
        expect(Math.min(...offsets)).toBeGreaterThanOrEqual(5 - 1e-9);
        expect(Math.max(...offsets)).toBeLessThan(7.5 + 1e-9);
        expect(Math.max(...offsets) - Math.min(...offsets)).toBeLessThan(1e-9);
      }
    }
  });

  it('[SIG7] has the faults that are asked for, and the same truth whatever they are', () => {
    const [none, spikes] = [
      take(faultySensor({ rate: 0 }), 5000),
      take(faultySensor({ rate: 0.1, faults: ['spike'] }), 5000),
    ];
    expect(new Set(none.map(({ fault }) => fault))).toEqual(new Set([null]));
    expect(new Set(spikes.map(({ fault }) => fault))).toEqual(new Set([null, 'spike']));
    expect(spikes.map(({ truth }) => truth)).toEqual(none.map(({ truth }) => truth));
    expect(take(faultySensor({ rate: 1, faults: [] }), 100).every(({ fault }) => fault === null)).toBe(true);
  });
});
