import { describe, expect, it } from 'vitest';
import { type Finding, SeasonFinder } from '../../../../src/rnn/io/seasons/season-finder.js';
import { fingerprint } from '../../../support/numeric-compare.js';
import { pushRow } from '../../../support/rings.js';
import { autoregression, series, wave } from './series.js';

const push = (finder: SeasonFinder, row: ArrayLike<number>) => pushRow(finder, finder.ringAt, row);

/** Pushes row t of the columns, and gives what each step found. */
function run(finder: SeasonFinder, columns: readonly Float64Array[], from: number, to: number) {
  const found: (Finding & { t: number })[] = [];
  for (let t = from; t < to; t++) {
    push(
      finder,
      columns.map((x) => x[t]!),
    );
    const finding = finder.work();
    if (finding) found.push({ ...finding, t: t + 1 });
  }
  return found;
}

describe('a finder of seasons', () => {
  it('[SEA3] searches after 48 values, whenever they have grown by half, and at last every 2048', () => {
    const found = run(new SeasonFinder(1), [autoregression(1, 7000, 0)], 0, 7000);
    expect(found.map(({ t }) => t)).toEqual([
      48, 72, 108, 162, 243, 365, 548, 822, 1233, 1850, 2775, 4163, 6211,
    ]);
  });

  it.each([
    [2, 4096],
    [8, 16_384],
    [9, 16_384],
  ])('[SEA3] searches %d series at last every %d values, since each search costs as much', (count, rest) => {
    const finder = new SeasonFinder(count);
    const row = new Float64Array(count);
    const rounds: number[] = [];
    for (let t = 1; t <= 80_000; t++) {
      row.fill(t % 5);
      push(finder, row);
      if (finder.work()?.series === 0) rounds.push(t);
    }
    const [before, last] = rounds.slice(-2);
    // a round takes as many steps as there are series, and the next one is due after the last of them
    expect(last! - before!).toBe(rest + count - 1);
  });

  it('[SEA3] searches one series in a step, each in its turn', () => {
    const x = series(2, 400, (t, random) => wave(t, 12) + random.normal() / 3);
    const found = run(new SeasonFinder(3), [x, autoregression(1, 400, 0), x], 0, 400);
    expect(found.slice(0, 6).map(({ t, series }) => [t, series])).toEqual([
      [48, 0],
      [49, 1],
      [50, 2],
      [75, 0],
      [76, 1],
      [77, 2],
    ]);
    expect(found.at(-1)!.seasons[0]!.period).toBe(12);
    expect(found.at(-2)!.seasons).toEqual([]);
  });

  it('[SEA3] goes on with the same bits wherever it is put away and restored', () => {
    for (const [count, n, stops] of [
      [1, 9000, [0, 1, 47, 128, 129, 500, 4096, 4097, 8999]],
      [20, 4000, [48, 55, 3276, 3277, 3900]],
    ] as const) {
      const columns = Array.from({ length: count }, (_, i) =>
        series(i + 1, n, (t, r) => (r.uniform(0, 1) < 0.1 ? Number.NaN : wave(t, 24 + i) + r.normal())),
      );
      const whole = new SeasonFinder(count);
      let parts = new SeasonFinder(count);
      let at = 0;
      for (const stop of [...stops, n]) {
        expect(run(parts, columns, at, stop)).toEqual(run(whole, columns, at, stop));
        const state = parts.state();
        expect(fingerprint(state)).toBe(fingerprint(whole.state()));
        parts = new SeasonFinder(count);
        run(parts, columns, 0, 300); // whatever it held before
        parts.restore(state);
        at = stop;
      }
    }
  });

  it('[SEA3] keeps little of a young sequence, and never more than its bound', () => {
    const kept = (count: number, steps: number) => {
      const finder = new SeasonFinder(count);
      const row = new Float64Array(count).fill(1);
      for (let t = 0; t < steps; t++) push(finder, row);
      return finder.state().values.length;
    };
    expect(kept(1, 100)).toBe(100);
    expect(kept(1, 10_000)).toBe(4096);
    expect(kept(64, 2000)).toBe(65_536);
    expect(kept(256, 600)).toBe(65_536);
    expect(kept(1000, 600)).toBe(65_536);
  });

  it('[SEA3] holds the last value where one is missing, and counts nothing from before the first', () => {
    const season = (t: number) => 100 + wave(t, 12);
    const late = series(1, 192, (t) => (t < 90 || t % 17 === 0 ? Number.NaN : season(t)));
    const [last] = run(new SeasonFinder(1), [late], 0, 192).slice(-1);
    expect(last!.seasons[0]!.period).toBe(12);
    const never = new Float64Array(192).fill(Number.NaN);
    for (const { seasons } of run(new SeasonFinder(1), [never], 0, 192)) expect(seasons).toEqual([]);
  });

  it('[SEA3] begins anew when cleared', () => {
    const finder = new SeasonFinder(2);
    const columns = [autoregression(1, 700, 1), autoregression(2, 700, 1)];
    run(finder, columns, 0, 700);
    finder.clear();
    const fresh = new SeasonFinder(2);
    expect(run(finder, columns, 0, 700)).toEqual(run(fresh, columns, 0, 700));
    expect(fingerprint(finder.state())).toBe(fingerprint(fresh.state()));
  });
});
