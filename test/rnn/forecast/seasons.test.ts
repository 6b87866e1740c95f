import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/math/random.js';
import type { SeasonChange } from '../../../src/rnn/forecast/seasons.js';
import { Model } from '../../../src/rnn/model.js';
import type { ModelSpecInput } from '../../../src/rnn/spec/spec.js';

const SPEC: ModelSpecInput = { features: 1, units: 4 };
const HOUR = 3_600_000;
const day = (t: number) => [0, 1, 3, 8, 9, 4, 2, 2, 7, 5, 1, 0][Math.floor((t % 24) / 2)]!;

/** Takes values, each an hour after the one before where `clock` is set, and gives the changes of seasons with their steps. */
function told(model: Model, values: readonly number[], clock = false) {
  const changes: (SeasonChange & { seq: number })[] = [];
  for (const [t, value] of values.entries()) {
    const alert = model.advance([value], 0, clock ? t * HOUR : undefined);
    for (const change of alert?.seasons ?? []) changes.push({ ...change, seq: alert!.seq });
  }
  return changes;
}

describe('the seasons of a model', () => {
  const random = Random.fromSeed(1);
  const noise = Array.from({ length: 6000 }, () => random.normal());

  it('[SEA8] are found by itself within five periods, told once, and forecast by from then on', () => {
    const model = new Model(SPEC);
    const changes = told(
      model,
      noise.slice(0, 1000).map((value, t) => 20 + day(t) + 0.5 * value),
    );
    expect(changes).toEqual([
      { series: 0, slot: 0, before: 0, after: 24, isFound: true, seq: expect.any(Number) },
    ]);
    expect(changes[0]!.seq).toBeLessThan(120);
    expect(model.seasons).toEqual([[24]]);
    expect(model.metrics.recentSkill).toBeGreaterThan(0.6);
  });

  it('[SEA7] are the day and the week that the clock suggests, once two of them were seen', () => {
    const model = new Model(SPEC);
    const values = noise.slice(0, 900);
    const changes = told(model, values, true);
    expect(changes.map(({ after }) => after)).toEqual([24, 168]);
    expect(changes[0]!.seq).toBeGreaterThanOrEqual(47);
    expect(changes[1]!.seq).toBeGreaterThanOrEqual(335);
    const without = new Model(SPEC);
    told(without, values);
    expect(without.seasons).toEqual([[]]);
  });

  it('[SEA6] are that of the spec from the first step on, though shorter ones are found', () => {
    const model = new Model({ ...SPEC, season: 168 });
    expect(model.seasons).toEqual([[168]]);
    told(
      model,
      noise.slice(0, 800).map((value, t) => day(t) + 0.5 * value),
    );
    expect(model.seasons![0]).toContain(168);
    expect(model.seasons![0]).toContain(24);
    model.reset('state');
    expect(model.seasons).toEqual([[168]]);
  });

  it('[SEA3] are looked for in the first 256 series', () => {
    const features = 260;
    const model = new Model({ features, units: 2 });
    for (let t = 0; t < 420; t++)
      model.step(Array.from({ length: features }, (_, i) => (day(t) + noise[t * 3 + i]! / 2) * (i + 1)));
    const seasons = model.seasons!;
    expect(seasons.slice(0, 256).filter(([first]) => first === 24).length).toBeGreaterThan(200);
    expect(seasons.slice(256)).toEqual([[], [], [], []]);
  });
});
