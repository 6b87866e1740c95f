import { describe, expect, it } from 'vitest';
import { type Episode, Episodes } from '../../../src/rnn/scoring/episodes.js';

/** What is told of scores, with the step at which it is. */
function toldOf(
  scores: readonly number[],
  episodes = new Episodes(),
  from = 0,
): (readonly [number, unknown])[] {
  return scores.flatMap((score, i) => {
    const told = episodes.take(from + i, score);
    return told === null ? [] : [[from + i, told] as const];
  });
}

const LULL = 30;
const quiet = (steps: number) => new Array<number>(steps).fill(0.1);

describe('an anomaly', () => {
  it('[ANO14] is told as it begins, and with its start, peak and end once it is over', () => {
    const over: Episode = { start: 5, end: 7, peak: 6, score: 0.7, times: null };
    expect(toldOf([...quiet(5), 0.6, 0.7, 0.5, ...quiet(100)])).toEqual([
      [5, 'began'],
      [7 + LULL, over],
    ]);
  });

  it('[ANO14] of many steps with pauses is one', () => {
    const burst = Array.from({ length: 10 }, () => [0.6, ...quiet(LULL - 2)]).flat();
    expect(toldOf([...burst, ...quiet(LULL)]).map(([, told]) => told)).toEqual([
      'began',
      { start: 0, end: 9 * (LULL - 1), peak: 0, score: 0.6, times: null },
    ]);
  });

  it('[ANO14] after the last one was over is another', () => {
    const told = toldOf([0.6, ...quiet(LULL), 0.6, ...quiet(LULL)]);
    expect(told.map(([t]) => t)).toEqual([0, LULL, LULL + 1, 2 * LULL + 1]);
  });

  it('[ANO14] that is much stronger than one under way is told', () => {
    const told = toldOf([0.55, 0.6, 1, 1, ...quiet(LULL)]);
    expect(told).toEqual([
      [0, 'began'],
      [2, 'began'],
      [3 + LULL, { start: 2, end: 3, peak: 2, score: 1, times: null }],
    ]);
  });

  it('[ANO14] has the times of its steps where all are known', () => {
    const over = (timeOf: (t: number) => number) => {
      const episodes = new Episodes();
      const told = [0.6, 0.7, 0.5, ...quiet(LULL)].map((score, t) => episodes.take(t, score, timeOf(t)));
      return (told.at(-1) as Episode).times;
    };
    expect(over((t) => 1000 * t)).toEqual({ start: 0, peak: 1000, end: 2000 });
    expect(over((t) => (t === 0 ? Number.NaN : 1000 * t))).toBeNull();
  });

  it('[ANO14] goes on from a kept state', () => {
    const scores = [...quiet(5), 0.6, 0.7, 0.5, ...quiet(100)];
    const whole = toldOf(scores);
    for (const cut of [3, 6, 8, 20, 60]) {
      const [one, other] = [new Episodes(), new Episodes()];
      const before = toldOf(scores.slice(0, cut), one);
      other.restore(structuredClone(one.state()));
      expect([...before, ...toldOf(scores.slice(cut), other, cut)]).toEqual(whole);
    }
  });
});
