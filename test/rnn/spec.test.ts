import { describe, expect, it } from 'vitest';
import type { Kernels } from '../../src/kernels/kernels.js';
import { Model } from '../../src/rnn/model.js';
import { delayOf, forecastFeatures, modelSize, outputsOf, parseSpec, stepWork } from '../../src/rnn/spec.js';
import { codeOf, messageOf } from '../support/numeric-compare.js';
import { float64 } from '../support/numeric-models.js';

const cell = { features: 2, units: 3 };

describe('a model spec', () => {
  it('[MSP1] needs only features and units; every other field has its default', () => {
    expect(parseSpec(cell)).toEqual({
      features: 2,
      units: 3,
      batch: 1,
      readout: { kind: 'linear' },
      task: { kind: 'forecast', horizon: 1 },
      learner: { kind: 'tbptt', k1: 8, k2: 32, reduction: 'mean' },
      optimizer: {
        kind: 'sgd',
        learningRate: 0.01,
        schedule: { kind: 'constant' },
        momentum: 0.9,
        nesterov: false,
        clipNorm: 1,
      },
      scaler: { kind: 'standard' },
      seed: 1,
    });
  });

  it('[MSP1] fills in the defaults inside what is given', () => {
    const spec = parseSpec({
      ...cell,
      readout: { kind: 'softmax' },
      task: { kind: 'supervised', outputs: 4 },
      learner: { kind: 'tbptt', k1: 1 },
      optimizer: { kind: 'sgd', schedule: { kind: 'cosine', updates: 10 }, clipNorm: null },
    });
    expect(spec.readout).toEqual({ kind: 'softmax', dense: true });
    expect(spec.task).toEqual({ kind: 'supervised', outputs: 4, delay: 32 });
    expect(spec.learner).toEqual({ kind: 'tbptt', k1: 1, k2: 32, reduction: 'mean' });
    expect(spec.optimizer.schedule).toEqual({ kind: 'cosine', updates: 10, floor: 0 });
    expect(spec.optimizer).toMatchObject({ learningRate: 0.01, clipNorm: null });
    expect(parseSpec({ ...cell, readout: { kind: 'none' } })).not.toHaveProperty('task');
  });

  const whole = [
    cell,
    { ...cell, readout: { kind: 'none' } },
    { ...cell, task: { kind: 'forecast', horizon: 3, targets: [1] } },
    { ...cell, task: { kind: 'supervised', outputs: 5 } },
  ];

  it.each(whole)(
    '[MSP2] is plain JSON, and whole it is the same text whatever order it was written in: %j',
    (written) => {
      const text = JSON.stringify(parseSpec(written));
      expect(JSON.stringify(parseSpec(JSON.parse(text)))).toBe(text);
      const reversed = (value: unknown): unknown =>
        typeof value !== 'object' || value === null || Array.isArray(value)
          ? value
          : Object.fromEntries(
              Object.entries(value)
                .reverse()
                .map(([key, part]) => [key, reversed(part)]),
            );
      expect(JSON.stringify(parseSpec(reversed(JSON.parse(text))))).toBe(text);
      expect(JSON.stringify(parseSpec(reversed(written)))).toBe(text);
    },
  );

  const refused: { spec: unknown; message: string }[] = [
    { spec: null, message: 'spec: Invalid input: expected object, received null' },
    { spec: [], message: 'spec: Invalid input: expected object, received array' },
    { spec: { units: 3 }, message: 'features: Invalid input: expected number, received undefined' },
    { spec: { features: 2 }, message: 'units: Invalid input: expected number, received undefined' },
    { spec: { ...cell, features: 0 }, message: 'features: Too small: expected number to be >=1' },
    { spec: { ...cell, features: 4097 }, message: 'features: Too big: expected number to be <=4096' },
    {
      spec: { ...cell, features: '2' },
      message: 'features: Invalid input: expected number, received string',
    },
    { spec: { ...cell, units: 1.5 }, message: 'units: Invalid input: expected int, received number' },
    { spec: { ...cell, batch: 1025 }, message: 'batch: Too big: expected number to be <=1024' },
    { spec: { ...cell, seed: -1 }, message: 'seed: Too small: expected number to be >=0' },
    { spec: { ...cell, seed: 2 ** 32 }, message: 'seed: Too big: expected number to be <=4294967295' },
    { spec: { ...cell, layers: 2 }, message: 'spec: Unrecognized key: "layers"' },
    {
      spec: { ...cell, readout: { kind: 'relu' } },
      message: "readout.kind: Invalid discriminator value. Expected 'none' | 'linear' | 'softmax'",
    },
    {
      spec: { ...cell, readout: { kind: 'linear', dense: true } },
      message: 'readout: Unrecognized key: "dense"',
    },
    {
      spec: { ...cell, task: { kind: 'forecast', horizon: 0 } },
      message: 'task.horizon: Too small: expected number to be >=1',
    },
    {
      spec: { ...cell, task: { kind: 'forecast', targets: [] } },
      message: 'task.targets: Too small: expected array to have >=1 items',
    },
    {
      spec: { ...cell, task: { kind: 'supervised' } },
      message: 'task.outputs: Invalid input: expected number, received undefined',
    },
    {
      spec: { ...cell, task: { kind: 'supervised', outputs: 1, delay: 1025 } },
      message: 'task.delay: Too big: expected number to be <=1024',
    },
    {
      spec: { ...cell, learner: { kind: 'rtrl' } },
      message: 'learner.kind: Invalid input: expected "tbptt"',
    },
    {
      spec: { ...cell, optimizer: { kind: 'sgd', learningRate: 0 } },
      message: 'optimizer.learningRate: Too small: expected number to be >0',
    },
    {
      spec: { ...cell, optimizer: { kind: 'sgd', learningRate: Number.NaN } },
      message: 'optimizer.learningRate: Invalid input: expected number, received NaN',
    },
    {
      spec: { ...cell, optimizer: { kind: 'sgd', momentum: 1 } },
      message: 'optimizer.momentum: Too big: expected number to be <1',
    },
    {
      spec: { ...cell, optimizer: { kind: 'sgd', schedule: { kind: 'inverse', decay: 0 } } },
      message: 'optimizer.schedule.decay: Too small: expected number to be >0',
    },
    {
      spec: { ...cell, scaler: { kind: 'minmax' } },
      message: "scaler.kind: Invalid discriminator value. Expected 'none' | 'standard'",
    },
  ];

  it.each(refused)(
    '[MSP3] with a wrong field is refused, and the field named: $message',
    ({ spec, message }) => {
      expect(codeOf(() => parseSpec(spec))).toBe('spec-invalid');
      expect(messageOf(() => parseSpec(spec))).toBe(message);
    },
  );

  it('[MSP3] with several wrong fields has all of them named', () => {
    const message = messageOf(() => parseSpec({ features: 0, units: 3, seed: -1 }));
    expect(message).toBe(
      'features: Too small: expected number to be >=1; seed: Too small: expected number to be >=0',
    );
  });

  it('[MSP3] with very many wrong fields has ten of them named, and the rest counted', () => {
    const targets = new Array<number>(30).fill(-1);
    const message = messageOf(() => parseSpec({ ...cell, task: { kind: 'forecast', targets } }));
    const named = targets
      .slice(0, 10)
      .map((_, i) => `task.targets.${i}: Too small: expected number to be >=0`);
    expect(message).toBe([...named, 'and 20 more'].join('; '));
  });

  const softmax = { kind: 'softmax' };
  const contradictions = [
    {
      spec: { ...cell, readout: { kind: 'none' }, task: { kind: 'forecast' } },
      message: 'task: readout none makes no predictions, so it takes no task',
    },
    {
      spec: { ...cell, readout: softmax },
      message: 'task: readout softmax needs a supervised task: its targets are distributions',
    },
    {
      spec: { ...cell, readout: softmax, task: { kind: 'forecast' } },
      message: 'task: readout softmax needs a supervised task: its targets are distributions',
    },
    {
      spec: { ...cell, readout: { ...softmax, dense: false }, task: { kind: 'supervised', outputs: 2 } },
      message: 'task.outputs: softmax of h itself has as many outputs as units (3)',
    },
    {
      spec: { ...cell, task: { kind: 'forecast', targets: [0, 2, 5] } },
      message: 'task.targets.1: there are only 2 features',
    },
    {
      spec: { ...cell, task: { kind: 'forecast', targets: [1, 0, 1] } },
      message: 'task.targets: each feature may be named once',
    },
    {
      spec: { ...cell, learner: { kind: 'tbptt', k1: 8, k2: 7 } },
      message: 'learner.k2: k2 must be at least k1 (8)',
    },
  ];

  it.each(contradictions)(
    '[MSP4] whose fields contradict each other is refused: $message',
    ({ spec, message }) => {
      expect(messageOf(() => parseSpec(spec))).toBe(message);
      expect(codeOf(() => new Model(spec as never))).toBe('spec-invalid');
    },
  );

  it('[MSP5] says how many outputs a model has, which features it forecasts and how late a target may be', () => {
    const derived = (spec: unknown) => {
      const whole = parseSpec(spec);
      return [outputsOf(whole), forecastFeatures(whole), delayOf(whole)];
    };
    expect(derived(cell)).toEqual([2, [0, 1], 1]);
    expect(derived({ ...cell, task: { kind: 'forecast', horizon: 3, targets: [1] } })).toEqual([1, [1], 3]);
    expect(derived({ ...cell, task: { kind: 'supervised', outputs: 5, delay: 4 } })).toEqual([5, null, 4]);
    expect(derived({ ...cell, readout: { kind: 'none' } })).toEqual([0, null, 0]);
  });

  /** Gives how many numbers a model of this spec would allocate, without allocating them. */
  function lengthOf(spec: unknown): number {
    let asked = 0;
    const kernels: Kernels = {
      ...float64,
      allocate(length) {
        asked = length;
        throw new RangeError('measured');
      },
    };
    expect(() => new Model(spec as never, { kernels })).toThrow('measured');
    return asked;
  }

  const long = { kind: 'tbptt', k1: 4096, k2: 4096 };
  const grown = [
    { what: 'units', most: 1024, spec: (n: number) => ({ features: 1, units: n, batch: 8, learner: long }) },
    {
      what: 'features',
      most: 4096,
      spec: (n: number) => ({ features: n, units: 8, batch: 4, learner: long }),
    },
    {
      what: 'batch',
      most: 1024,
      spec: (n: number) => ({ features: 16, units: 16, batch: n, learner: long }),
    },
    {
      what: 'k1 and k2',
      most: 4096,
      spec: (n: number) => ({ features: 64, units: 64, batch: 64, learner: { kind: 'tbptt', k1: n, k2: n } }),
    },
    {
      what: 'outputs',
      most: 4096,
      spec: (n: number) => ({
        features: 1,
        units: 8,
        batch: 8,
        task: { kind: 'supervised', outputs: n, delay: 1024 },
        learner: long,
      }),
    },
  ];

  it.each(grown)(
    '[MSP6] never allows a model of more than 64 Mi numbers, as $what grow',
    ({ spec, most }) => {
      let [allowed, refusedAt] = [1, most];
      expect(codeOf(() => parseSpec(spec(allowed)))).toBe('none');
      expect(messageOf(() => parseSpec(spec(refusedAt)))).toMatch(
        /units: the model would hold \d+ numbers; the limit is 67108864/,
      );
      while (refusedAt - allowed > 1) {
        const middle = Math.floor((allowed + refusedAt) / 2);
        if (codeOf(() => parseSpec(spec(middle))) === 'none') allowed = middle;
        else refusedAt = middle;
      }
      const largest = lengthOf(spec(allowed));
      expect(largest).toBeLessThanOrEqual(64 * 1024 * 1024);
      expect(largest, 'and does not refuse what is far from it').toBeGreaterThan(0.9 * 64 * 1024 * 1024);
    },
  );

  const sized = [
    { ...cell, units: 300 },
    { ...cell, readout: { kind: 'none' }, units: 300, batch: 7 },
    { ...cell, task: { kind: 'supervised', outputs: 9, delay: 0 }, learner: { kind: 'tbptt', k1: 1, k2: 1 } },
    {
      ...cell,
      batch: 50,
      learner: { kind: 'tbptt', k1: 64, k2: 100 },
      optimizer: { kind: 'sgd', momentum: 0 },
    },
  ];

  it.each(sized)('[MSP6] gives a size that the model does not exceed: %j', (spec) => {
    const [size, length] = [modelSize(parseSpec(spec)), lengthOf(spec)];
    expect(length).toBeLessThanOrEqual(size);
    expect(length).toBeGreaterThan(size / 2);
  });

  const bare = { readout: { kind: 'none' } };
  const shortest = { learner: { kind: 'tbptt', k1: 1, k2: 1 } };
  const wide = [
    { what: 'features', spec: (n: number) => ({ ...bare, features: n, units: 1, batch: 1024 }) },
    { what: 'units', spec: (n: number) => ({ ...bare, features: 1, units: n, batch: 1024 }) },
    {
      what: 'outputs',
      spec: (n: number) => ({ ...cell, ...shortest, batch: 1024, task: { kind: 'supervised', outputs: n } }),
    },
  ];

  it.each(wide)(
    '[MSP7] allows no more than 64 Ki numbers in an x, h or y: batch * $what',
    ({ what, spec }) => {
      expect(codeOf(() => parseSpec(spec(64)))).toBe('none');
      expect(messageOf(() => parseSpec(spec(65)))).toBe(
        `batch: batch * ${what} is 66560; the limit is 65536`,
      );
    },
  );

  it('[MSP8] allows no step of more than 2^25 multiply-adds', () => {
    const spec = (batch: number) => ({ ...bare, features: 1024, units: 1024, batch });
    expect(codeOf(() => parseSpec(spec(16)))).toBe('none');
    expect(messageOf(() => parseSpec(spec(17)))).toBe(
      'learner: a step would cost 35651584 multiply-adds; the limit is 33554432',
    );
  });

  const worked = [
    { ...cell, ...bare },
    { features: 7, units: 30, learner: { kind: 'tbptt', k1: 1, k2: 16 } },
    { features: 7, units: 30, batch: 4, learner: { kind: 'tbptt', k1: 8, k2: 8 } },
    {
      features: 3,
      units: 9,
      learner: { kind: 'tbptt', k1: 4, k2: 10 },
      task: { kind: 'forecast', horizon: 3 },
    },
    {
      features: 1,
      units: 8,
      learner: { kind: 'tbptt', k1: 2, k2: 2 },
      task: { kind: 'forecast', targets: [0] },
    },
  ];

  it.each(worked)('[MSP8] counts the multiply-adds that the kernels are asked for: %j', (spec) => {
    let work = 0;
    const counting: Kernels = {
      ...float64,
      forward: (...call) => {
        const [T, B, F, N] = call.slice(4) as [number, number, number, number];
        work += T * B * (F + N) * N;
        float64.forward(...call);
      },
      backward: (...call) => {
        const [T, B, F, N] = call.slice(5) as [number, number, number, number];
        work += T * B * (F + N) * N;
        float64.backward(...call);
      },
      dense: (...call) => {
        const [R, A, M] = call.slice(6) as [number, number, number];
        work += R * A * M;
        float64.dense(...call);
      },
      denseBackward: (...call) => {
        const [R, A, M] = call.slice(4) as [number, number, number];
        work += R * A * M;
        float64.denseBackward(...call);
      },
      denseGradient: (...call) => {
        const [R, A, M] = call.slice(6) as [number, number, number];
        work += R * A * M;
        float64.denseGradient(...call);
      },
      gradientSquares: (...call) => {
        const [R, A, M] = call.slice(4) as [number, number, number];
        work += R * A * M;
        return float64.gradientSquares(...call);
      },
      descend: (...call) => {
        const { R, A, M } = call[1];
        work += R * A * M;
        float64.descend(...call);
      },
    };
    const model = new Model(spec as never, { kernels: counting });
    const x = new Float64Array(model.spec.batch * model.spec.features);
    const run = (steps: number) => {
      for (let t = 0; t < steps; t++) model.step(x.map((_, i) => Math.sin(t + i)));
    };
    run(32);
    work = 0;
    run(64);
    const share = work / 64;
    // Biases are left out of the count: a few hundredths, more where the model is tiny.
    expect(Math.abs(stepWork(model.spec) / share - 1)).toBeLessThan(0.06);
  });
});
