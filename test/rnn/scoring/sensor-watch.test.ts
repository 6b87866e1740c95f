import { describe, expect, it } from 'vitest';
import { Model } from '../../../src/rnn/model.js';
import { type SensorNotice, SensorWatch } from '../../../src/rnn/scoring/sensor-watch.js';
import { Numbers } from '../../support/numeric-random.js';

/** What is told of rows [F], with the step at which it is. */
function toldOf(rows: readonly (readonly number[])[]): (readonly [number, SensorNotice])[] {
  const watch = new SensorWatch(1, rows[0]!.length);
  return rows.flatMap((row, t) => watch.take(row, t).map((notice) => [t, notice] as const));
}

const series = (steps: number, at: (t: number) => number) => Array.from({ length: steps }, (_, t) => [at(t)]);

describe('a sensor', () => {
  it('[ANO16] that is stuck is told once, and once more as it is over', () => {
    const numbers = new Numbers(1);
    const rows = Array.from({ length: 400 }, (_, t) => [
      numbers.one(),
      t >= 200 && t < 300 ? 7 : numbers.one(),
    ]);
    const stuck = { what: 'stuck', feature: 1, row: 0, since: 200, value: 7 };
    expect(toldOf(rows)).toEqual([
      [223, { ...stuck, steps: 24, isOver: false }],
      [300, { ...stuck, steps: 100, isOver: true }],
    ]);
  });

  it('[ANO16] that sends nothing is told once, and once more as it is over', () => {
    const numbers = new Numbers(2);
    const rows = series(400, (t) => (t >= 200 && t < 300 ? Number.NaN : numbers.one()));
    const gap = { what: 'gap', feature: 0, row: 0, since: 200, value: null };
    expect(toldOf(rows)).toEqual([
      [209, { ...gap, steps: 10, isOver: false }],
      [300, { ...gap, steps: 100, isOver: true }],
    ]);
  });

  it('[ANO16] is told by the alerts of a model, too, in a later batch row', () => {
    const numbers = new Numbers(3);
    const model = new Model({ features: 2, units: 4, batch: 2, inputs: { missing: 'hold' } });
    const told = Array.from({ length: 300 }, (_, t) => {
      const x: (number | null)[] = numbers.many(4);
      if (t >= 200 && t < 250) x[2] = null;
      return model.advance(x, 0)?.sensors ?? [];
    }).flat();
    expect(told.map(({ what, row, feature, isOver }) => [what, row, feature, isOver])).toEqual([
      ['gap', 1, 0, false],
      ['gap', 1, 0, true],
    ]);
  });

  const random = new Numbers(4);
  const [random2, random3] = [new Numbers(5), new Numbers(6)];
  let [isOn, left, walk] = [0, 0, 20];
  it.each<[string, number, (t: number) => number]>([
    ['is on and off in long runs', 200_000, (t) => Math.floor(t / 1200) % 2],
    ['is on a third of each day', 200_000, (t) => (t % 1440 < 480 ? 1 : 0)],
    ['is on for 3 of every 400 steps', 100_000, (t) => (t % 400 < 3 ? 1 : 0)],
    [
      'is on and off at random',
      100_000,
      () => {
        if (left-- <= 0) [isOn, left] = [1 - isOn, -300 * Math.log(Math.abs(random.one()))];
        return isOn;
      },
    ],
    [
      'is quantised',
      60_000,
      () => {
        walk = 20 + 0.99 * (walk - 20) + random2.one(0.2);
        return Math.round(walk * 2) / 2;
      },
    ],
    ['changes slowly and is quantised', 60_000, (t) => Math.round(20 + 3 * Math.sin(t / 500))],
    ['is constant', 60_000, () => 5],
    ['is constant after it hardly varied', 60_000, (t) => (t < 40 ? random3.one() : 5)],
  ])('[ANO17] that %s is not stuck', (_, steps, at) => {
    expect(toldOf(series(steps, at))).toEqual([]);
  });

  it('[ANO16] begins anew after a reset', () => {
    const numbers = new Numbers(7);
    const watch = new SensorWatch(1, 1);
    for (let t = 0; t < 200; t++) watch.take([numbers.one()], t);
    for (let t = 200; t < 300; t++) watch.take([7], t);
    watch.restart();
    const told = Array.from({ length: 30 }, (_, i) => watch.take([7], 300 + i)).flat();
    expect(told).toEqual([
      { what: 'stuck', feature: 0, row: 0, since: 300, value: 7, steps: 24, isOver: false },
    ]);
  });

  it('[ANO16] goes on from a kept state', () => {
    const numbers = new Numbers(8);
    const at = (t: number) => [t >= 200 && t < 300 ? 7 : t >= 350 && t < 380 ? Number.NaN : numbers.one()];
    let watch = new SensorWatch(1, 1);
    const told = Array.from({ length: 500 }, (_, t) => {
      const kept = structuredClone(watch.state());
      watch = new SensorWatch(1, 1);
      watch.restore(kept);
      return watch.take(at(t), t);
    }).flat();
    expect(told.map(({ what, steps }) => [what, steps])).toEqual([
      ['stuck', 24],
      ['stuck', 100],
      ['gap', 10],
      ['gap', 30],
    ]);
  });
});
