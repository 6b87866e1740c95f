import { describe, expect, it } from 'vitest';
import { finish } from '../../../src/math/pieces.js';
import { Model } from '../../../src/rnn/model.js';
import { HealthMonitor } from '../../../src/rnn/scoring/health.js';
import type { ModelSpecInput } from '../../../src/rnn/spec/spec.js';
import { noisySine } from '../../../src/signals/noisy-sine.js';
import { randomWalk } from '../../../src/signals/random-walk.js';
import { fingerprint } from '../../support/numeric-compare.js';
import { Numbers } from '../../support/numeric-random.js';

const SINE: ModelSpecInput = { features: 1, units: 8 };
/** A rate at which every network loses its way. */
const WRONG = 50;

const sineOf = (steps: number): number[] => {
  const series = noisySine({ seed: 5, noise: 0.05 });
  return Array.from({ length: steps }, () => series.next().value);
};

/** Feeds a series, and gives what was told: the step, and from and to of its health. */
function told(model: Model, series: Iterable<number>): string[] {
  const changes: string[] = [];
  for (const x of series) {
    const { seq, health, restart } = model.step([x]);
    if (restart) changes.push(`${seq} restart`);
    if (health) changes.push(`${seq} ${health.from} > ${health.to}`);
  }
  return changes;
}
const states = (changes: readonly string[]) => changes.map((change) => change.replace(/^\d+ /, ''));

describe('the health of a model', () => {
  it('[HEA1] is warming up at first, and then learning where its forecasts are better than the baseline', () => {
    const model = new Model(SINE);
    expect(model.health).toEqual({
      state: 'warming-up',
      why: '0 forecasts have met the values that came; a judgement takes 100 to 500.',
    });
    expect(states(told(model, sineOf(2000)))).toEqual(['warming-up > learning']);
    expect(model.health.state).toBe('learning');
    expect(model.health.why).toMatch(
      /^The last 500 forecasts are \d+ % better than repeating the last value\.$/,
    );
  });

  it('[HEA1] is no better than the baseline on a series that nobody can forecast', () => {
    const walk = randomWalk({ seed: 3 });
    const series = Array.from({ length: 4000 }, () => walk.next().value);
    const model = new Model(SINE);
    expect(states(told(model, series))).toEqual(['warming-up > no-better-than-baseline']);
    expect(model.health.why).toMatch(/^The last 500 forecasts are .* (as|than) repeating the last value\.$/);
  });

  it('[HEA3] has diverged where a learning rate was set wrong, and a reset of the weights ends it', () => {
    const model = new Model(SINE);
    const series = sineOf(6000);
    told(model, series.slice(0, 1500));
    const rate = model.learningRate;
    model.learningRate = WRONG;
    expect(states(told(model, series.slice(1500, 2500)))).toContain('learning > diverged');
    expect(model.health.why).toMatch(
      /^The network's own error over the last 64 forecasts is .* times that of/,
    );
    model.learningRate = rate;
    model.reset('weights');
    expect(model.health.state).toBe('warming-up');
    expect(states(told(model, series.slice(2500)))).toEqual(['warming-up > learning']);
  });

  it('[HEA3] has diverged where updates are left out', () => {
    const monitor = new HealthMonitor(1);
    for (let t = 0; t < 700; t++) {
      monitor.noteUpdates(Math.min(t, 500), Math.max(0, t - 500));
      monitor.observe(0, 0.5, 1, 0.5);
      monitor.end();
      if (t === 500) expect(monitor.now).toBe('learning');
    }
    expect(monitor.read()).toMatchObject({ state: 'diverged', skipped: 199 });
  });

  it('[HEA4] is paused while learning is off, and says how its forecasts do', () => {
    const model = new Model(SINE);
    told(model, sineOf(1000));
    model.learning = false;
    expect(model.health.state).toBe('paused');
    expect(model.health.why).toMatch(/^Learning is switched off\. The last 500 forecasts are \d+ % better/);
    expect(
      told(
        model,
        Array.from({ length: 2000 }, (_, t) => (t % 2) * 1000),
      ),
    ).toEqual([]);
    expect(new Model({ ...SINE, readout: { kind: 'none' } }).health).toEqual({
      state: 'paused',
      why: 'The model makes no forecasts, so there is nothing that it learns from.',
    });
  });

  it('[HEA5] a supervised model is compared with the mean of its targets', () => {
    const model = new Model({ ...SINE, task: { kind: 'supervised', outputs: 1, delay: 0 } });
    const numbers = new Numbers(1);
    for (let t = 0; t < 1500; t++) {
      const x = numbers.one();
      model.step([x]);
      model.learn([3 * x]);
    }
    expect(model.health.state).toBe('learning');
    expect(model.health.why).toContain('better than saying the mean of the targets each time');
  });

  it('[HEA5] a seasonal model is compared with the value of one season before', () => {
    const model = new Model({ ...SINE, season: 24, task: { kind: 'forecast', baseline: 'season' } });
    const numbers = new Numbers(2);
    told(
      model,
      Array.from({ length: 1500 }, (_, t) => (t % 24) + numbers.one(0.5)),
    );
    expect(model.health.why).toContain('the value of one season before');
  });
});

describe('a model that restarts by itself', () => {
  const spec: ModelSpecInput = { ...SINE, onDiverged: 'restart' };
  const series = sineOf(5000);
  /** Learns at a wrong rate for a while. */
  const run = (model: Model, from: number, to: number) => {
    const changes: string[] = [];
    for (let t = from; t < to; t++) {
      if (t === 1000) model.learningRate = WRONG;
      if (t === 1400) model.learningRate = 0.003;
      changes.push(...told(model, [series[t]!]));
    }
    return changes;
  };

  it('[PCS5] restarts in pieces before a step as in the step itself', () => {
    const [whole, cut] = [new Model(spec), new Model(spec)];
    let restarts = 0;
    for (let t = 0; t < 3000; t++) {
      for (const model of [whole, cut]) {
        if (t === 1000) model.learningRate = WRONG;
        if (t === 1400) model.learningRate = 0.003;
      }
      if (cut.isLost) {
        finish(cut.restartInPieces());
        restarts++;
      }
      const [one, other] = [whole.step([series[t]!]), cut.step([series[t]!])];
      expect(other.restart).toBe(one.restart);
      expect(other.health).toEqual(one.health);
    }
    expect(restarts).toBeGreaterThan(0);
    expect(fingerprint(cut.snapshot())).toBe(fingerprint(whole.snapshot()));
  });

  it('[HEA6] draws its weights again when it has diverged, and is well again', () => {
    const model = new Model(spec);
    const changes = run(model, 0, 5000);
    const at = changes.findIndex((change) => change.endsWith('restart'));
    expect(states(changes).slice(at - 1, at + 2)).toEqual([
      'learning > diverged',
      'restart',
      'diverged > warming-up',
    ]);
    expect(model.health.state).toBe('learning');
    expect(model.updates).toBeLessThan(1000);
    const teller = new Model(SINE);
    expect(run(teller, 0, 5000).some((change) => change.endsWith('restart'))).toBe(false);
  });

  it('[HEA6] goes on from a snapshot with the same bits, wherever that was taken', () => {
    const whole = new Model(spec);
    const changes = run(whole, 0, 2500);
    const at = Number(changes.find((change) => change.endsWith('restart'))!.split(' ')[0]);
    for (const cut of [at - 20, at - 1, at, at + 1, at + 300]) {
      const first = new Model(spec);
      const before = run(first, 0, cut);
      const second = new Model(spec);
      second.restore(first.snapshot());
      expect([...before, ...run(second, cut, 2500)]).toEqual(changes);
      expect(fingerprint(second.snapshot())).toBe(fingerprint(whole.snapshot()));
    }
  });
});

describe('the monitor', () => {
  const fed = (
    monitor: HealthMonitor,
    count: number,
    errors: (t: number) => readonly [number, number, number],
  ) => {
    const seen: string[] = [];
    for (let t = 0; t < count; t++) {
      const [served, naive, network] = errors(t);
      monitor.observe(0, served, naive, network);
      monitor.end();
      if (monitor.changedFrom !== null) seen.push(`${t} ${monitor.now}`);
      monitor.clearChange();
    }
    return seen;
  };

  it('[HEA2] does not flap where the error wavers about that of the baseline', () => {
    const numbers = new Numbers(9);
    const monitor = new HealthMonitor(1);
    const seen = fed(monitor, 20_000, () => {
      const naive = Math.abs(numbers.one());
      return [naive * (0.985 + numbers.one(0.3)), naive, naive];
    });
    expect(seen.length).toBeLessThanOrEqual(3);
  });

  it.each([1e9, 65_535, 999])(
    '[HEA2] one wild value of %s changes no verdict, of a good network and of a bad one',
    (wild) => {
      for (const own of [0.5, 1.5]) {
        const monitor = new HealthMonitor(1);
        const errors = (t: number): [number, number, number] =>
          t === 1500 || t === 1501 ? [wild, wild, wild] : [own, 1, own];
        const seen = fed(monitor, 3000, errors);
        expect(seen).toHaveLength(1);
        expect(monitor.read().served).toBeCloseTo(own, 1);
      }
    },
  );

  it('[HEA2] a wild first value is forgotten', () => {
    const monitor = new HealthMonitor(1);
    fed(monitor, 1500, (t) => (t === 0 ? [1e9, 1e9, 1e9] : [0.5, 1, 0.5]));
    expect(monitor.now).toBe('learning');
    expect(monitor.read().served).toBeLessThan(0.6);
  });

  it('counts all outputs alike, whatever their size', () => {
    const monitor = new HealthMonitor(2);
    for (let t = 0; t < 600; t++) {
      monitor.observe(0, 1e6, 2e6, 1e6);
      monitor.observe(1, 1e-6, 1e-6, 1e-6);
      monitor.end();
    }
    expect(monitor.read().served).toBeCloseTo(0.75, 2);
  });

  it('a constant series is as good as its baseline', () => {
    const monitor = new HealthMonitor(1);
    fed(monitor, 600, () => [0, 0, 0]);
    expect(monitor.read()).toMatchObject({ state: 'no-better-than-baseline', served: 1, network: 0 });
  });

  it('[HEA6] goes on from a kept state with the same bits', () => {
    const [one, other] = [new HealthMonitor(2), new HealthMonitor(2)];
    const numbers = new Numbers(4);
    const feed = (monitors: readonly HealthMonitor[]) => {
      const [a, b, c] = numbers.many(3).map(Math.abs) as [number, number, number];
      for (const monitor of monitors) {
        monitor.noteUpdates(Math.floor(a * 10), 3);
        monitor.observe(0, a, b, c);
        monitor.observe(1, b, monitor.spread(1, c), a);
        monitor.end();
      }
    };
    for (let t = 0; t < 700; t++) feed([one]);
    other.restore(one.state());
    for (let t = 0; t < 100; t++) feed([one, other]);
    expect(fingerprint(other.state())).toBe(fingerprint(one.state()));
    one.clear();
    expect(fingerprint(one.state())).toBe(fingerprint(new HealthMonitor(2).state()));
  });
});
