import { describe, expect, it } from 'vitest';
import { type Columns, looseColumns } from '../../../src/kernels/columns.js';
import { NO_FORECAST } from '../../../src/kernels/expert-mixture.js';
import { PENDING, SMOOTHED } from '../../../src/kernels/forecast-plan.js';
import { createReferenceKernels } from '../../../src/kernels/reference.js';
import {
  IS_KNOWN,
  SMOOTHING_LENGTH,
  SMOOTHINGS,
  smoothingForecast,
  smoothingTake,
} from '../../../src/kernels/smoothing.js';
import { createWasmKernels } from '../../../src/kernels/wasm.js';
import { Random } from '../../../src/math/random.js';
import { Smoothing } from '../../../src/rnn/forecast/season-smoothing.js';
import { Model } from '../../../src/rnn/model.js';
import { fingerprint } from '../../support/numeric-compare.js';

/** Smoothing of a series, as a kernel takes its values and forecasts. */
class Smoothed extends Smoothing {
  constructor(private readonly own: Columns = looseColumns.allocateColumns(SMOOTHING_LENGTH)) {
    super(own, 0);
  }

  take(x: number): void {
    smoothingTake(this.own.data, this.own.base, x);
  }

  forecast(k: number, ahead: number): number {
    return smoothingForecast(this.own.data, this.own.base, k, ahead);
  }

  get hasLevel(): boolean {
    return this.own.array[IS_KNOWN] === 1;
  }
}

const wasm = createWasmKernels();
const plain = createReferenceKernels('float32');
const SLOW = 0;
const TREND = 1;

describe('exponential smoothing', () => {
  it('[SMO1] is, without a season and a trend, the mean of the values weighted by .1 * .9^k', () => {
    const random = Random.fromSeed(1);
    const smoothing = new Smoothed();
    let mean = Number.NaN;
    for (let t = 0; t < 100; t++) {
      const x = random.normal();
      smoothing.take(x);
      mean = t === 0 ? x : 0.9 * mean + 0.1 * x;
      expect(smoothing.forecast(SLOW, 3)).toBeCloseTo(mean, 12);
    }
  });

  it('[SMO1] with a trend goes on along a line', () => {
    const smoothing = new Smoothed();
    for (let t = 0; t <= 200; t++) smoothing.take(7 + 0.5 * t);
    for (const ahead of [1, 10, 100])
      expect(smoothing.forecast(TREND, ahead)).toBeCloseTo(107 + 0.5 * ahead, 3);
  });

  it('[SMO2] with a season continues one on a line at once, at each horizon', () => {
    const at = (t: number) => 3 + 0.01 * t + [0, 5, -2, 1, 8, -4, 0.5][t % 7]!;
    const past = Array.from({ length: 30 }, (_, t) => at(t));
    const smoothing = new Smoothed();
    for (const x of past) smoothing.take(x);
    smoothing.begin(7, past);
    expect(smoothing.season).toBe(7);
    for (let t = 30; t < 90; t++) {
      for (const ahead of [1, 6, 7, 8, 30])
        expect(Math.abs(smoothing.forecast(SLOW, ahead) - at(t - 1 + ahead))).toBeLessThan(0.5);
      smoothing.take(at(t));
    }
    smoothing.end();
    expect(smoothing.season).toBe(0);
    expect(Math.abs(smoothing.forecast(SLOW, 1) - at(89))).toBeLessThan(0.5);
  });

  it('[SMO3] has no level before the first value, and goes on over missing ones as it forecast', () => {
    const smoothing = new Smoothed();
    smoothing.take(Number.NaN);
    expect(smoothing.hasLevel).toBe(false);
    for (let t = 0; t <= 200; t++) smoothing.take(7 + 0.5 * t);
    expect(smoothing.hasLevel).toBe(true);
    const next = smoothing.forecast(TREND, 5);
    for (let i = 0; i < 4; i++) smoothing.take(Number.NaN);
    expect(smoothing.forecast(TREND, 1)).toBeCloseTo(next, 10);
    smoothing.clear();
    expect(smoothing.hasLevel).toBe(false);
  });

  it.each([wasm, plain])(
    '[SMO3] forecasts nothing in a model until there is a value, with $name',
    (kernels) => {
      const model = new Model({ features: 1, units: 2, inputs: { missing: 'hold' } }, { kernels });
      // of one output, one step ahead, two steps are kept, each in its turn
      const said = (seq: number) => {
        const { numbers } = model.snapshot().outputs!.forecaster!;
        const at = numbers.length - (2 - (seq % 2)) * PENDING + SMOOTHED;
        return Array.from(numbers.subarray(at, at + SMOOTHINGS));
      };
      for (const seq of [0, 1]) {
        model.step([null]);
        expect(said(seq)).toEqual([NO_FORECAST, NO_FORECAST]);
      }
      model.step([5]);
      expect(said(2)).toEqual([5, 5]);
      model.free();
    },
  );

  it('[SMO3] goes on with the same bits from its state at any moment', () => {
    const random = Random.fromSeed(2);
    const values = Array.from({ length: 120 }, (_, t) =>
      t % 10 === 3 ? Number.NaN : Math.sin(t) + random.normal(),
    );
    const known = values.map((x) => (Number.isNaN(x) ? 0 : x));
    for (const stop of [0, 1, 40, 41, 70]) {
      const whole = new Smoothed();
      let parts = new Smoothed();
      for (const [t, x] of values.entries()) {
        if (t === stop) {
          const { numbers, seasons } = parts.state();
          parts = new Smoothed();
          parts.restore({ numbers, seasons });
        }
        for (const each of [whole, parts]) {
          each.take(x);
          if (t === 40) each.begin(11, known.slice(0, 41));
        }
        for (let k = 0; k < SMOOTHINGS; k++) expect(parts.forecast(k, 3)).toBe(whole.forecast(k, 3));
      }
      expect(fingerprint(parts.state())).toBe(fingerprint(whole.state()));
    }
  });
});
