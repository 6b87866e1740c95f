import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/math/random.js';
import { Relevance } from '../../../src/rnn/io/relevance.js';
import { Model } from '../../../src/rnn/model.js';
import type { ModelSpecInput } from '../../../src/rnn/spec/spec.js';
import { fingerprint } from '../../support/numeric-compare.js';

const F = 21;
/** Of 21 features the first is forecast; feature 7 tells what its next error will be, the others are noise. */
function judged(
  steps: number,
  weight: number,
  each?: (t: number, share: Float64Array) => void,
): Float64Array {
  const random = Random.fromSeed(1);
  const relevance = Relevance.of(F, [0], 1, 1)!;
  for (let t = 0; t < steps; t++) {
    const z = Float64Array.from({ length: F }, () => random.normal());
    relevance.note(t, 0, z, 0);
    relevance.observe(t, 0, 0, weight * z[7]! + random.normal());
    each?.(t, relevance.share);
  }
  return relevance.share;
}

describe('what is let in of features that are not forecast', () => {
  it('[REL1] is nothing of noise, but for one of hundreds now and then, and all of what is forecast', () => {
    let share = 0;
    judged(5000, 0, (t, shares) => {
      expect(shares[0]).toBe(1);
      if (t >= 100) share += shares.slice(1).reduce((sum, one) => sum + one, 0) / (F - 1) / 4900;
    });
    expect(share).toBeLessThan(0.005);
  });

  it('[REL2] is the whole of one that tells half of the error, within 300 steps, and of one that tells a tenth within 2,000', () => {
    expect(judged(300, 1)[7]).toBe(1);
    expect(judged(40, 1)[7]).toBe(0);
    expect(judged(2000, 1 / 3)[7]).toBe(1);
  });

  it('[REL1] is all of all of them where they are four or fewer, and where judging would take much memory', () => {
    expect(Relevance.of(5, [0], 1, 1)).toBeNull();
    expect(Relevance.of(6, [0], 1, 1)).not.toBeNull();
    expect(Relevance.of(200, [0], 1, 1024)).toBeNull();
    expect(
      Relevance.of(
        20,
        Array.from({ length: 20 }, (_, f) => f),
        1,
        1,
      ),
    ).toBeNull();
  });

  /** A walk whose steps feature 3 announces, beside 19 columns of noise. */
  const rows = (n: number, tells: boolean) => {
    const random = Random.fromSeed(2);
    let [value, announced] = [0, 0];
    return Array.from({ length: n }, () => {
      value += announced + 0.5 * random.normal();
      announced = random.normal();
      return Array.from({ length: F }, (_, f) =>
        f === 0 ? value : f === 3 && tells ? announced : random.normal(),
      );
    });
  };
  const spec: ModelSpecInput = { features: F, units: 12, task: { kind: 'forecast', targets: [0] } };

  it('[REL2] lets a model forecast by a feature that tells something, among noise', () => {
    const skill = (tells: boolean) => {
      const model = new Model(spec);
      for (const x of rows(3000, tells)) model.step(x);
      return model.metrics.recentSkill!;
    };
    expect(skill(true)).toBeGreaterThan(0.4);
    expect(skill(false)).toBeGreaterThan(-0.03);
  });

  it('[REL3] gives input gradients of exactly 0 at features that are kept out', () => {
    const model = new Model({ ...spec, learner: { kind: 'tbptt', k1: 4 } });
    let last: ReturnType<Model['inputGradient']> = null;
    for (const x of rows(1200, true)) {
      const [update] = model.step(x).updates;
      if (update) last = model.inputGradient(update);
    }
    const per = new Array<number>(F).fill(0);
    for (const [i, value] of Array.from(last!).entries()) per[i % F]! += Math.abs(value);
    expect(per[3]).toBeGreaterThan(0);
    expect(per.filter((size) => size === 0).length).toBeGreaterThan(14);
  });

  it('[REL3] with `others: "all"` is the whole of all', () => {
    const model = new Model({ ...spec, inputs: { others: 'all' } });
    for (const x of rows(20, false)) model.step(x);
    expect(model.snapshot().inputs.relevance).toBeNull();
  });

  it('[REL3] goes on with the same bits from a snapshot', () => {
    const steps = rows(500, true);
    for (const stop of [1, 60, 300]) {
      const model = new Model(spec);
      for (const x of steps.slice(0, stop)) model.step(x);
      const restored = new Model(spec, { snapshot: structuredClone(model.snapshot()) });
      for (const x of steps.slice(stop)) for (const each of [model, restored]) each.step(x);
      expect(fingerprint(restored.snapshot())).toBe(fingerprint(model.snapshot()));
    }
  });
});
