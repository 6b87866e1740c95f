import { describe, expect, it } from 'vitest';
import { type Alert, Model } from '../../../src/rnn/model.js';
import { EVENT } from '../../../src/rnn/scoring/anomaly.js';
import type { Episode } from '../../../src/rnn/scoring/episodes.js';
import { ErrorMonitor } from '../../../src/rnn/scoring/error-monitor.js';
import type { ModelSpecInput } from '../../../src/rnn/spec/spec.js';
import { noisySine } from '../../../src/signals/noisy-sine.js';
import { fingerprint } from '../../support/numeric-compare.js';
import { Numbers } from '../../support/numeric-random.js';
import { scoreNaive } from '../../support/scores.js';

const names = (count: number) =>
  Array.from({ length: count }, (_, output) => ({ output, feature: output, horizon: 1 }));

const SINE: ModelSpecInput = { features: 1, units: 8 };
const CHANGE = 3000;
/** Ends with a sine of three times the frequency and noise. */
const seriesOf = (steps: number) => {
  const series = noisySine({ seed: 5, noise: 0.05, changeAt: CHANGE, after: { period: 17, noise: 0.4 } });
  return Array.from({ length: steps }, () => series.next().value);
};

describe('what a model says of its series', () => {
  it('a regime change raises one drift event and anomalies soon after it, and no drift does before', () => {
    const model = new Model(SINE);
    const drifts: number[] = [];
    const anomalies: number[] = [];
    for (const [t, x] of seriesOf(CHANGE + 600).entries()) {
      const { drift, isAnomalous, anomaly } = model.step([x]);
      if (drift) drifts.push(t);
      if (isAnomalous && t > CHANGE - 500) anomalies.push(t);
      expect(anomaly).toBe(model.anomaly);
    }
    expect(drifts).toHaveLength(1);
    for (const t of [drifts[0]!, anomalies[0]!]) {
      expect(t).toBeGreaterThanOrEqual(CHANGE);
      expect(t).toBeLessThan(CHANGE + 150);
    }
  });

  it('an error of a supervised model counts in the same way, when its target comes', () => {
    const model = new Model({ ...SINE, task: { kind: 'supervised', outputs: 1, delay: 0 } });
    const numbers = new Numbers(1);
    let most = 0;
    for (let t = 0; t < 400; t++) {
      model.step([numbers.one()]);
      model.learn([numbers.one()]);
      most = Math.max(most, model.anomaly);
    }
    expect(most).toBeLessThan(0.5);
    model.step([0]);
    model.learn([50]);
    expect(model.anomaly).toBe(1);
  });

  it('[ANO14] an anomaly is told once as it begins, and once when it is over', () => {
    const model = new Model(SINE);
    const high: number[] = [];
    const began: number[] = [];
    const over: Episode[] = [];
    for (const [t, x] of seriesOf(CHANGE + 300).entries()) {
      const alert = model.advance([x], 0);
      if (model.anomaly >= EVENT) high.push(t);
      if (alert?.isAnomalous) began.push(t);
      if (alert?.ended) over.push(alert.ended);
      expect(alert?.isAnomalous ?? false, 'odd outputs are told with it').toBe((alert?.odd.length ?? 0) > 0);
    }
    expect(began.length).toBeGreaterThan(0);
    expect(over.map(({ start }) => start)).toEqual(began);
    for (const { start, end, peak, score } of over) {
      expect(high).toEqual(expect.arrayContaining([start, peak, end]));
      expect(score).toBeGreaterThanOrEqual(EVENT);
      expect(peak).toBeGreaterThanOrEqual(start);
      expect(end).toBeGreaterThanOrEqual(peak);
    }
    for (const t of high) expect(over.some(({ start, end }) => start <= t && t <= end)).toBe(true);
  });

  it('[ANO14] a burst of values out of range is told once', () => {
    const judge = new ErrorMonitor(names(1), 1, 1);
    const numbers = new Numbers(2);
    let t = 0;
    const judged = (target: number) => {
      judge.score(0, 0, 0, target);
      judge.end(t++, Number.NaN);
      const { anomaly, isAnomalous, ended } = judge;
      judge.clearAlerts();
      return [anomaly, isAnomalous, ended];
    };
    while (t < 200) judged(numbers.one());
    expect(judged(50)).toEqual([1, true, null]);
    expect(judged(90)).toEqual([1, false, null]);
    judged(0);
    expect(judged(400)).toEqual([1, false, null]);
    const after = Array.from({ length: 40 }, () => judged(numbers.one())[2]).filter((ended) => ended);
    expect(after).toEqual([{ start: 200, end: 203, peak: 200, score: 1, times: null }]);
  });

  it('[ANO14] what is not scored does not make an anomaly last', () => {
    const judge = new ErrorMonitor(names(1), 1, 1);
    const numbers = new Numbers(9);
    for (let t = 0; t <= 200; t++) {
      judge.score(0, 0, 0, t === 200 ? 50 : numbers.one());
      judge.end(t, Number.NaN);
    }
    for (let t = 201; t < 260; t++) judge.end(t, Number.NaN);
    expect(judge.anomaly).toBe(1);
    expect(judge.ended).toEqual({ start: 200, end: 200, peak: 200, score: 1, times: null });
  });

  it('resetMetrics forgets the scores only', () => {
    const [model, twin] = [new Model(SINE), new Model(SINE)];
    const series = seriesOf(600);
    for (const one of [model, twin]) for (const x of series.slice(0, 400)) one.step([x]);
    const { metrics, ...judge } = model.snapshot().judge;
    model.resetMetrics();
    const { metrics: cleared, ...kept } = model.snapshot().judge;
    expect(model.metrics).toEqual(new Model(SINE).metrics);
    expect(fingerprint(kept)).toBe(fingerprint(judge));
    expect(fingerprint(cleared)).not.toBe(fingerprint(metrics));
    for (const x of series.slice(400)) {
      const [one, other] = [model.step([x]), twin.step([x])];
      expect(fingerprint(one)).toBe(fingerprint(other));
    }
    expect(model.metrics.scored).toBe(200);
    expect(twin.metrics.scored).toBe(599);
  });

  it('a reset of the weights forgets all, one of the state nothing', () => {
    const model = new Model(SINE);
    const fresh = fingerprint(model.snapshot().judge);
    for (const x of seriesOf(400)) model.step([x]);
    const judge = fingerprint(model.snapshot().judge);
    model.reset('state');
    expect(fingerprint(model.snapshot().judge)).toBe(judge);
    model.reset('weights');
    expect(fingerprint(model.snapshot().judge)).toBe(fresh);
    expect(model.anomaly).toBe(0);
  });
});

describe('an event of a supervised model', () => {
  /** A model whose last target was far out of range, given before the others of that step or after them. */
  const alarmed = (wild: 'first' | 'last') => {
    const model = new Model({ ...SINE, task: { kind: 'supervised', outputs: 1, delay: 8 } });
    const numbers = new Numbers(1);
    for (let t = 0; t < 300; t++) {
      model.step([numbers.one()]);
      if (t < 298) model.learn([numbers.one()]);
    }
    model.learn([wild === 'first' ? 50 : 0], 298);
    model.learn([wild === 'first' ? 0 : 50], 299);
    return model;
  };

  it.each(['first', 'last'] as const)('is told by the next step, once: its target came %s', (wild) => {
    const model = alarmed(wild);
    const told = Array.from({ length: 5 }, () => model.step([0]).isAnomalous);
    expect(told).toEqual([true, false, false, false, false]);
  });

  it('is told after a restore, too', () => {
    const model = alarmed('last');
    const other = new Model(model.spec);
    other.restore(model.snapshot());
    expect(other.advance([0], 0)).toEqual(model.advance([0], 0));
    expect(other.seq).toBe(model.seq);
  });

  it('[ANO18] names what was odd, and the anomaly that is over, after a restore at any moment', () => {
    const model = alarmed('last');
    let other = new Model(model.spec);
    const numbers = new Numbers(10);
    const [one, two]: unknown[][] = [[], []];
    for (let t = 0; t < 60; t++) {
      const snapshot = structuredClone(model.snapshot());
      other = new Model(model.spec);
      other.restore(snapshot);
      one!.push(model.advance([0], 0));
      two!.push(other.advance([0], 0));
      model.learn([numbers.one(0.1)]);
    }
    expect(two).toEqual(one);
    expect(one![0]).toMatchObject({ isAnomalous: true, odd: [0] });
    expect(one!.some((alert) => (alert as Alert | null)?.ended)).toBe(true);
  });
});

describe('the judge', () => {
  /** Scores the outputs with these errors, and gives the step at which drift was told. */
  function driftAt(
    judge: ErrorMonitor,
    count: number,
    errorsAt: (t: number) => readonly number[],
  ): number | null {
    for (let t = 0; t < count; t++) {
      for (const [j, error] of errorsAt(t).entries()) judge.score(j, 0, error, 0);
      judge.end(t, Number.NaN);
      if (judge.drift) return t;
    }
    return null;
  }
  const at = 2000;

  it('counts the errors of all outputs alike, whatever their size', () => {
    const small = (scale: number) => {
      const numbers = new Numbers(3);
      return (t: number) => [
        1000 * Math.abs(1 + numbers.one(0.3)),
        scale * Math.abs((t < at ? 1 : 8) + numbers.one(0.3)),
      ];
    };
    const found = [1000, 1, 1e-6].map((scale) =>
      driftAt(new ErrorMonitor(names(2), 1, 2), at + 500, small(scale)),
    );
    expect(found[0]).toBeGreaterThanOrEqual(at);
    // Errors times any number give the same step.
    expect(new Set(found).size).toBe(1);
  });

  it('finds nothing where the errors stay as they are, or where nothing is scored', () => {
    const numbers = new Numbers(4);
    const judge = new ErrorMonitor(names(2), 1, 2);
    expect(driftAt(judge, 3000, () => [1 + numbers.one(0.3), 100 + numbers.one(30)])).toBeNull();
    expect(driftAt(judge, 3000, () => [])).toBeNull();
  });

  it('judges a step odd by its first outputs only, those of the shortest horizon', () => {
    const [shortest, all] = [new ErrorMonitor(names(2), 1, 1), new ErrorMonitor(names(2), 1, 2)];
    const numbers = new Numbers(5);
    for (let t = 0; t < 300; t++) {
      const [a, b] = numbers.many(2);
      for (const judge of [shortest, all]) {
        judge.score(0, 0, 0, a!);
        judge.score(1, 0, 0, t === 299 ? 1000 : b!);
        judge.end(t, Number.NaN);
      }
    }
    expect(all.anomaly).toBe(1);
    expect(shortest.anomaly).toBeLessThan(0.5);
  });

  it('keeps the last score while nothing is scored, and tells it once', () => {
    const judge = new ErrorMonitor(names(1), 1, 1);
    for (const [t, value] of [...new Numbers(6).many(200), 50].entries()) {
      judge.score(0, 0, 0, value);
      judge.end(t, Number.NaN);
    }
    expect([judge.anomaly, judge.isAnomalous]).toEqual([1, true]);
    judge.clearAlerts();
    judge.end(201, Number.NaN);
    expect([judge.anomaly, judge.isAnomalous]).toEqual([1, false]);
  });

  it('passes over what is missing in a batch', () => {
    const judge = new ErrorMonitor(names(1), 2, 1);
    const numbers = new Numbers(7);
    for (let t = 0; t < 300; t++) {
      judge.score(0, 0, 0, numbers.one());
      if (t % 2 === 0) judge.score(0, 1, 0, 100 + numbers.one());
      judge.end(t, Number.NaN);
    }
    // Row 1 is known by now, also though it is missing every other time: 0 is odd in it, and in row 0 it is not.
    judge.score(0, 0, 0, 0);
    judge.end(300, Number.NaN);
    expect(judge.anomaly).toBeLessThan(0.5);
    judge.score(0, 1, 0, 0);
    judge.end(301, Number.NaN);
    expect(judge.anomaly).toBe(1);
  });

  it('goes on from a kept state with the same bits', () => {
    const [one, other] = [new ErrorMonitor(names(3), 2, 2), new ErrorMonitor(names(3), 2, 2)];
    const numbers = new Numbers(8);
    const judged = (judges: readonly ErrorMonitor[], t: number) => {
      const errors = numbers.many(6);
      for (const judge of judges) {
        for (const [i, error] of errors.entries()) judge.score(i % 3, Math.floor(i / 3), 0, error);
        scoreNaive(judge.prequential, 0, errors[0]!);
        judge.end(t, Number.NaN);
      }
    };
    for (let t = 0; t < 700; t++) judged([one], t);
    const state = one.state();
    const kept = fingerprint(state);
    other.restore(state);
    for (let t = 700; t < 800; t++) judged([one, other], t);
    expect(fingerprint(other.state())).toBe(fingerprint(one.state()));
    expect(fingerprint([other.metrics, other.anomaly, other.drift])).toBe(
      fingerprint([one.metrics, one.anomaly, one.drift]),
    );
    expect(fingerprint(state), 'a state is detached').toBe(kept);
  });
});
