/** What faults, rare habits and broken days lead to, with the model that forecasts them. */
import { describe, expect, it } from 'vitest';
import { Model } from '../../../src/rnn/model.js';
import { AnomalyScore, EVENT } from '../../../src/rnn/scoring/anomaly.js';
import { Numbers } from '../../support/numeric-random.js';

const noise = (seed: number, scale = 0.3) => {
  const numbers = new Numbers(seed);
  return () => numbers.one(scale) + numbers.one(scale);
};

/** The steps at which a model of 16 units tells an anomaly of a series. */
function told(steps: number, at: (t: number) => number, timeOf?: (t: number) => number): number[] {
  const model = new Model({ features: 1, units: 16 });
  const events: number[] = [];
  for (let t = 0; t < steps; t++) if (model.step([at(t)], timeOf?.(t)).isAnomalous) events.push(t);
  return events;
}

const sine = (t: number, period = 24) => 20 + 5 * Math.sin((2 * Math.PI * t) / period);

describe('a range that forgets', () => {
  /** The score of a value three ranges out, so long after one that was twelve ranges out. */
  const scoreLater = (later: number) => {
    const anomaly = new AnomalyScore(1);
    const error = noise(1);
    const at = (t: number) => (t === 300 ? 20 : t === 300 + later ? 5 : error());
    let score = 0;
    for (let t = 0; t <= 300 + later; t++) score = anomaly.score([at(t)], [0]);
    return score;
  };

  it('[ANO4] [ANO10] one early spike does not blind it for good', () => {
    expect(scoreLater(4000)).toBe(1);
    expect(scoreLater(40_000)).toBe(1);
  });

  it('[ANO10] but a value within what was seen again and again is none', () => {
    const anomaly = new AnomalyScore(1);
    const error = noise(2);
    const last: number[] = [];
    for (let t = 0; t < 20_000; t++) {
      const score = anomaly.score([t % 400 === 399 ? 8 : error()], [0]);
      if (t > 10_000 && score >= EVENT) last.push(t);
    }
    expect(last.length).toBeLessThanOrEqual(1);
  });

  it.each([1e9, 65_535, -9999])('[ANO11] %d is one event, and a fault 5,000 steps later is one', (wild) => {
    const error = noise(3);
    const events = told(9100, (t) => (t === 4000 ? wild : t === 9000 ? 60 : sine(t) + error()));
    expect(events.filter((t) => t >= 4000 && t < 4100)).toEqual([4000]);
    expect(events.filter((t) => t >= 9000)).toEqual([9000]);
    expect(events.filter((t) => t >= 300 && t % 5000 > 100).length).toBeLessThanOrEqual(3);
  });

  it('[ANO12] a sensor that is rarely on is not an event each time for ever', () => {
    const numbers = new Numbers(4);
    let next = 400;
    let times = 0;
    const late: number[] = [];
    const model = new Model({ features: 1, units: 16 });
    for (let t = 0; times < 80; t++) {
      if (t >= next + 3) {
        next = t + Math.round(350 + numbers.one(150));
        times++;
      }
      const { isAnomalous } = model.step([t >= next ? 10 + numbers.one(0.2) : 0]);
      if (isAnomalous && times >= 40) late.push(t);
    }
    expect(late.length).toBeLessThanOrEqual(4);
  });
});

describe('a pattern that is broken', () => {
  const A_DAY = 144;
  const days = (broken: number, shape: (t: number) => number, length = A_DAY) => {
    const error = noise(5);
    return (t: number) => (Math.floor(t / length) === broken ? 15 + error() : shape(t) + error());
  };

  it('[ANO13] is found by the time of day', () => {
    const at = days(25, (t) => sine(t, A_DAY));
    const events = told(30 * A_DAY, at, (t) => Date.UTC(2026, 0, 1) + t * 600_000);
    expect(events.filter((t) => Math.floor(t / A_DAY) === 25)).not.toEqual([]);
    expect(events.filter((t) => t > 3 * A_DAY && Math.floor(t / A_DAY) < 25).length).toBeLessThanOrEqual(2);
  });

  it('[ANO13] and, where steps have no times, by the season that was found', () => {
    const at = days(60, (t) => sine(t, 48), 48);
    const events = told(70 * 48, at);
    expect(events.filter((t) => Math.floor(t / 48) === 60)).not.toEqual([]);
    expect(events.filter((t) => t > 300 && Math.floor(t / 48) < 60).length).toBeLessThanOrEqual(2);
  });
});

describe('which field is odd', () => {
  it.each([0, 1, 2, 3, 4])('[ANO15] is told: field %i of five', (odd) => {
    const numbers = new Numbers(6 + odd);
    const score = new AnomalyScore(5);
    const zero = [0, 0, 0, 0, 0];
    for (let t = 0; t < 1000; t++) score.score(numbers.many(5), zero);
    const row = numbers.many(5);
    row[odd] = 30;
    row[(odd + 1) % 5] = 4;
    expect(score.score(row, zero)).toBe(1);
    expect(score.ranked(5).slice(0, 2)).toEqual([odd, (odd + 1) % 5]);
    expect(score.ranked(1)).toEqual([odd]);
  });

  it('[ANO15] is told of one whose errors only grew', () => {
    const numbers = new Numbers(13);
    const score = new AnomalyScore(5);
    for (let t = 0; t < 1000; t++)
      score.score(t === 500 ? [0, 0, 9, 0, 0] : numbers.many(5), [0, 0, 0, 0, 0]);
    let odd: number[] | null = null;
    for (let t = 0; t < 40 && !odd; t++) {
      const row = numbers.many(5);
      row[2]! *= 5;
      if (score.score(row, [0, 0, 0, 0, 0]) >= EVENT) odd = score.ranked(5);
    }
    expect(odd?.[0]).toBe(2);
  });

  it('[ANO15] is told with the alert of a model', () => {
    const numbers = new Numbers(12);
    const model = new Model({ features: 5, units: 8 });
    const at = (t: number) => numbers.many(5, 0.1).map((value, i) => value + Math.sin(t / (3 + i)));
    for (let t = 0; t < 600; t++) model.advance(at(t), 0);
    const row = at(600);
    row[3] = 25;
    const alert = model.advance(row, 0);
    expect(alert?.isAnomalous).toBe(true);
    expect(alert?.odd[0]).toBe(3);
  });
});

describe('a snapshot of version 0.1', () => {
  it('[ANO18] loads, with an anomaly score that has seen no step', () => {
    const at = noise(14);
    const model = new Model({ features: 1, units: 8 });
    for (let t = 0; t < 400; t++) model.step([at()]);
    const snapshot = structuredClone(model.snapshot());
    const { episode: _, untold: _untold, ...judge } = snapshot.judge;
    const anomalies = { sums: new Float64Array(3), scales: new Float64Array(1) } as object;
    const old = new Model(model.spec);
    old.restore({ ...snapshot, judge: { ...judge, anomalies } });
    const scoreOf = (x: number) => {
      old.step([x]);
      return old.anomaly;
    };
    for (let t = 0; t < 100; t++) expect(scoreOf(t === 50 ? 90 : at())).toBe(0);
    for (let t = 0; t < 300; t++) scoreOf(at());
    expect(scoreOf(900)).toBe(1);
  });
});
