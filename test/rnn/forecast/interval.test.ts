import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/math/random.js';
import { Intervals } from '../../../src/rnn/forecast/intervals.js';
import { Model } from '../../../src/rnn/model.js';
import type { ModelSpecInput } from '../../../src/rnn/spec/spec.js';
import { fingerprint } from '../../support/numeric-compare.js';

/** The ranges of one output, whose forecasts are one step ahead. */
class Tracker {
  private readonly ranges: Intervals;
  private seq = 0;

  constructor(probability: number) {
    this.ranges = new Intervals(1, 2, probability);
    this.ranges.serve(0);
  }

  /** The half-width of the range that is served. */
  get width(): number {
    return this.ranges.last[0]!;
  }

  /** Takes the error of the forecast that the last range was served with. */
  observe(error: number): void {
    this.ranges.observe(this.seq, 0, error);
    this.ranges.serve(++this.seq);
  }

  begin(): void {
    this.ranges.begin(0);
    this.ranges.serve(this.seq);
  }
}

const trackerOf = (probability = 0.9) => new Tracker(probability);

type Law = (t: number, random: Random) => number;
const normal: Law = (_, random) => random.normal();
/** Student's t with 2 degrees of freedom: its variance is infinite. */
const heavy: Law = (_, random) => random.normal() / Math.sqrt(-Math.log(random.uniform(1e-12, 1)));
const slow: Law = (t, random) => random.normal() * (2 + Math.sin(t / 300)) ** 3;
const regimes: Law = (t, random) => random.normal() * (Math.floor(t / 700) % 2 === 0 ? 1 : 10);

/** Share of `n` errors, after the first 1,000, that lay within the range of then. */
function coverage(law: Law, probability: number, n = 20_000): number {
  const random = Random.fromSeed(1);
  const tracker = trackerOf(probability);
  let inside = 0;
  for (let t = 0; t < n; t++) {
    const { width } = tracker;
    const error = Math.abs(law(t, random));
    if (t >= 1000 && error <= width) inside++;
    tracker.observe(error);
  }
  return inside / (n - 1000);
}

describe('the range of a forecast', () => {
  it('[RNG1] is 0 until five errors are known', () => {
    const tracker = trackerOf();
    const widths = Array.from({ length: 8 }, () => {
      const { width } = tracker;
      tracker.observe(1);
      return width;
    });
    expect(widths.map((width) => width > 0)).toEqual([false, false, false, false, false, false, true, true]);
    tracker.begin();
    expect(tracker.width).toBe(0);
  });

  it.each([
    ['normal', normal],
    ['heavy-tailed', heavy],
    ['of a scale that drifts', slow],
    ['of a scale that jumps', regimes],
  ] as const)('[RNG2] holds what comes as often as it says: errors that are %s', (_, law) => {
    expect(coverage(law, 0.9)).toBeGreaterThan(0.88);
    expect(coverage(law, 0.9)).toBeLessThan(0.92);
    expect(coverage(law, 0.5)).toBeGreaterThan(0.47);
    expect(coverage(law, 0.5)).toBeLessThan(0.53);
    expect(coverage(law, 0.98)).toBeGreaterThan(0.97);
  });

  it('[RNG2] of normal errors is about as wide as the quantile of their law', () => {
    const random = Random.fromSeed(2);
    const tracker = trackerOf();
    let sum = 0;
    for (let t = 0; t < 10_000; t++) {
      if (t >= 2000) sum += tracker.width;
      tracker.observe(Math.abs(random.normal()));
    }
    expect(sum / 8000 / 1.645).toBeGreaterThan(0.93);
    expect(sum / 8000 / 1.645).toBeLessThan(1.12);
  });

  it('[RNG3] is widened by one wild error no more than by one of six widths, whatever its size', () => {
    const widened = (wild: number) => {
      const random = Random.fromSeed(3);
      const tracker = trackerOf();
      for (let t = 0; t < 500; t++) tracker.observe(Math.abs(random.normal()));
      const before = tracker.width;
      tracker.observe(wild);
      return tracker.width / before;
    };
    expect(widened(1e9)).toBe(widened(1e30));
    expect(widened(1e9)).toBeLessThan(1.35);
    expect(widened(1e9)).toBeGreaterThan(1);
  });

  it('[RNG3] follows a scale a hundred times as large within some tens of steps', () => {
    const random = Random.fromSeed(4);
    const tracker = trackerOf();
    const inside: number[] = [];
    for (let t = 0; t < 1200; t++) {
      const { width } = tracker;
      const error = Math.abs(random.normal()) * (t < 1000 ? 1 : 100);
      inside.push(error <= width ? 1 : 0);
      tracker.observe(error);
    }
    const share = inside.slice(1060).reduce((sum, one) => sum + one, 0) / 140;
    expect(share).toBeGreaterThan(0.8);
  });

  it('[RNG4] is in the units of the errors', () => {
    const widthIn = (unit: number) => {
      const random = Random.fromSeed(5);
      const tracker = trackerOf();
      for (let t = 0; t < 300; t++) tracker.observe(unit * Math.abs(random.normal()));
      return tracker.width / unit;
    };
    expect(widthIn(2 ** 20)).toBeCloseTo(widthIn(1), 9);
    expect(widthIn(2 ** -20)).toBeCloseTo(widthIn(1), 9);
  });
});

describe('the ranges of a model', () => {
  const random = Random.fromSeed(6);
  const rows = Array.from({ length: 1500 }, (_, t) => [
    Math.sin(t / 4) + random.normal() / 5,
    1000 * (t % 12) + 100 * random.normal(),
  ]);
  const spec: ModelSpecInput = { features: 2, units: 8, task: { kind: 'forecast', horizon: [1, 6] } };

  it('[RNG4] are one of each output and horizon, a half-width beside each y, and hold nine in ten', () => {
    const model = new Model(spec);
    const inside = [0, 0, 0, 0];
    const served: { y: number[]; range: number[] }[] = [];
    for (const [t, x] of rows.entries()) {
      const { y, range } = model.step(x);
      served.push({ y: Array.from(y!), range: Array.from(range!) });
      for (const [o, horizon] of [1, 1, 6, 6].entries()) {
        const before = served[t - horizon];
        if (t >= 500 && before && Math.abs(x[o % 2]! - before.y[o]!) <= before.range[o]!) inside[o]!++;
      }
    }
    for (const count of inside) {
      expect(count / 1000).toBeGreaterThan(0.87);
      expect(count / 1000).toBeLessThan(0.93);
    }
    const copy = new Float64Array(4);
    model.copyRange(copy, 0);
    expect(Array.from(copy)).toEqual(served.at(-1)!.range);
    const { outputs, coverage, intervalSkill } = model.metrics;
    expect(coverage).toBeGreaterThan(0.88);
    expect(coverage).toBeLessThan(0.92);
    expect(intervalSkill).toBeGreaterThan(0.2);
    expect(outputs[1]!.intervalWidth! / outputs[0]!.intervalWidth!).toBeGreaterThan(100);
  });

  it('[RNG5] are there for targets that are sent, and none for probabilities or without a readout', () => {
    const sent = new Model({ features: 1, units: 4, task: { kind: 'supervised', outputs: 1, delay: 0 } });
    for (let t = 0; t < 100; t++) {
      sent.step([Math.sin(t)]);
      sent.learn([Math.cos(t)]);
    }
    expect(sent.range![0]).toBeGreaterThan(0);
    expect(sent.metrics.coverage).toBeGreaterThan(0.7);
    expect(sent.metrics.intervalSkill).toBeNull();
    const supervised = { kind: 'supervised', outputs: 3, delay: 0 } as const;
    const classes = new Model({ features: 1, units: 4, readout: { kind: 'softmax' }, task: supervised });
    expect(classes.step([1]).range).toBeNull();
    expect(new Model({ features: 1, units: 4, readout: { kind: 'none' } }).step([1]).range).toBeNull();
  });

  it('[RNG5] have the probability of the spec', () => {
    const widthOf = (interval: number) => {
      const model = new Model({ ...spec, interval });
      for (const x of rows) model.step(x);
      return [model.metrics.coverage!, model.metrics.intervalWidth!];
    };
    const [half, most] = [widthOf(0.5), widthOf(0.98)];
    expect(half[0]).toBeCloseTo(0.5, 1);
    expect(most[0]).toBeGreaterThan(0.96);
    expect(most[1]).toBeGreaterThan(1.5 * half[1]!);
  });

  it('[RNG6] survive a reset of the state and a snapshot, to the bit, and not one of the weights', () => {
    const model = new Model(spec);
    for (const x of rows.slice(0, 300)) model.step(x);
    const restored = new Model(spec, { snapshot: structuredClone(model.snapshot()) });
    expect(fingerprint(restored.range)).toBe(fingerprint(model.range));
    for (const x of rows.slice(300, 320))
      expect(fingerprint(restored.step(x).range)).toBe(fingerprint(model.step(x).range));
    model.reset('state');
    expect(Math.min(...model.step(rows[320]!).range!)).toBeGreaterThan(0);
    model.reset('weights');
    expect(Array.from(model.step(rows[321]!).range!)).toEqual([0, 0, 0, 0]);
  });
});
