import { describe, expect, it } from 'vitest';
import { SkillGate } from '../../../src/rnn/io/skill-gate.js';
import { Model } from '../../../src/rnn/model.js';
import type { ModelSpecInput } from '../../../src/rnn/spec/spec.js';
import { noisySine } from '../../../src/signals/noisy-sine.js';
import { randomWalk } from '../../../src/signals/random-walk.js';
import { bits, fingerprint } from '../../support/numeric-compare.js';
import { Numbers } from '../../support/numeric-random.js';

/** Lets a gate of one output see changes that are `gain` times what was predicted, and noise besides. */
function observed(gate: SkillGate, count: number, gain: number, noise = 0.1, seed = 1): number {
  const numbers = new Numbers(seed);
  for (let t = 0; t < count; t++) {
    const predicted = numbers.one();
    gate.observe(0, gain * predicted + numbers.one(noise), predicted);
  }
  return gate.factor[0]!;
}

/** The first numbers of an endless series. */
const first = (count: number, series: Iterator<number>) =>
  Array.from({ length: count }, () => series.next().value as number);

describe('the gate', () => {
  it('begins at 0, for every output', () => {
    expect(Array.from(new SkillGate(3).factor)).toEqual([0, 0, 0]);
  });

  it.each([
    [-1, 0],
    [0, 0],
    [0.25, 0.25],
    [0.5, 0.5],
    [0.75, 0.75],
    [1, 1],
    [3, 1],
  ])(
    'has the factor with the least absolute error: changes %d times the predicted give %d',
    (gain, factor) => {
      expect(observed(new SkillGate(1), 300, gain)).toBe(factor);
    },
  );

  it('goes by absolute errors, not by squared ones', () => {
    const gate = new SkillGate(1);
    // Mostly the prediction is right; every fifth time the change goes far the other way.
    for (let t = 0; t < 100; t++) gate.observe(0, t % 5 === 4 ? -30 : 1, 1);
    expect(gate.factor[0]).toBe(1);
  });

  it('takes each output for itself', () => {
    const gate = new SkillGate(3);
    for (const [j, change] of [1, 0, 0.5].entries()) gate.observe(j, change, 1);
    expect(Array.from(gate.factor)).toEqual([1, 0, 0.5]);
  });

  it('of factors that are equally good has the smallest', () => {
    const gate = new SkillGate(1);
    for (const change of [5, -3, 0]) gate.observe(0, change, 0);
    expect(gate.factor[0], 'a prediction of no change tells nothing').toBe(0);
    gate.observe(0, 0.25, 1);
    expect(gate.factor[0]).toBe(0.25);
    const halfway = new SkillGate(1);
    halfway.observe(0, 0.375, 1);
    expect(halfway.factor[0], 'between 1/4 and 1/2').toBe(0.25);
  });

  it('closes again when the skill is gone, because it forgets', () => {
    const gate = new SkillGate(1);
    expect(observed(gate, 3000, 1)).toBe(1);
    expect(observed(gate, 500, -1, 0.1, 2), 'what was good for long is not given up at once').toBeGreaterThan(
      0,
    );
    expect(observed(gate, 3000, -1, 0.1, 3)).toBe(0);
    expect(observed(gate, 3000, 1, 0.1, 4)).toBe(1);
  });

  it('counts an error half after 1000 targets', () => {
    const gate = new SkillGate(1);
    gate.observe(0, 1, 0);
    for (let t = 0; t < 1000; t++) gate.observe(0, 0, 0);
    for (const error of gate.state().errors) expect(Math.abs(error - 0.5)).toBeLessThan(0.001);
  });

  it('a kept state goes on as it was, and a cleared gate is a new one', () => {
    const [one, other] = [new SkillGate(1), new SkillGate(1)];
    observed(one, 100, 0.5);
    const state = one.state();
    const kept = fingerprint(state);
    other.restore(state);
    expect(other.factor[0]).toBe(0.5);
    for (const gate of [one, other]) observed(gate, 50, 1, 0.1, 2);
    expect(fingerprint(other.state())).toBe(fingerprint(one.state()));
    expect(fingerprint(state), 'a state is detached').toBe(kept);
    one.clear();
    expect(fingerprint(one.state())).toBe(fingerprint(new SkillGate(1).state()));
  });
});

describe('the gate of a model', () => {
  const spec = (gate: boolean): ModelSpecInput => ({
    features: 1,
    units: 8,
    task: { kind: 'forecast', horizon: [1, 3], gate },
  });

  it('changes what is served, and nothing of what is learned', () => {
    const [gated, open] = [new Model(spec(true)), new Model(spec(false))];
    let differ = 0;
    for (const [t, x] of first(400, randomWalk({ seed: 3 })).entries()) {
      const [one, other] = [gated.step([x]), open.step([x])];
      expect(bits(one.h)).toBe(bits(other.h));
      expect(one.updates).toEqual(other.updates);
      if (bits(one.y!) !== bits(other.y!)) differ++;
      if (t % 50 === 0) expect(fingerprint(gated.weights)).toBe(fingerprint(open.weights));
    }
    expect(gated.updates).toBeGreaterThan(90);
    expect(fingerprint(gated.weights)).toBe(fingerprint(open.weights));
    expect(differ).toBeGreaterThan(50);
  });

  it('opens on a series that can be forecast, and a reset of the weights closes it', () => {
    const model = new Model(spec(true));
    const factors = () => Array.from(model.snapshot().outputs!.gate!.factor);
    expect(factors()).toEqual([0, 0]);
    for (const x of first(1500, noisySine({ seed: 3, noise: 0.02 }))) model.step([x]);
    expect(factors()).toEqual([1, 1]);
    model.reset('state');
    expect(factors()).toEqual([1, 1]);
    model.reset('weights');
    expect(factors()).toEqual([0, 0]);
  });
});
