import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Inputs } from '../../../src/rnn/io/cell-inputs.js';
import { decayOf } from '../../../src/rnn/io/scaler.js';
import { bptt } from '../../../src/rnn/learning/bptt.js';
import type { Update } from '../../../src/rnn/learning/learner.js';
import { Model } from '../../../src/rnn/model.js';
import { type ModelSpecInput, parseSpec } from '../../../src/rnn/spec/spec.js';
import { codeOf, fingerprint, relativeError } from '../../support/numeric-compare.js';
import { centralDifferences } from '../../support/numeric-difference.js';
import { bareModel, float64, inputsOfLast, parametersOf } from '../../support/numeric-models.js';
import { Numbers } from '../../support/numeric-random.js';
import { weighted } from '../../support/numeric-weighted.js';

type Row = readonly (number | null)[];

/** Gives what a cell of this spec gets of each row, [B,inputs]. */
function given(input: ModelSpecInput | Inputs, rows: readonly Row[], batch = 1): number[][] {
  const inputs = input instanceof Inputs ? input : new Inputs(parseSpec(input));
  return rows.map((x, seq) => {
    const z = new Float64Array(batch * inputs.size);
    inputs.take(x, 0);
    inputs.write(z, 0, inputs.size, seq);
    return Array.from(z);
  });
}

const none = { kind: 'none' } as const;
const BARE: ModelSpecInput = { features: 1, units: 2, scaler: none };

describe('what the cell gets', () => {
  it('[INP1] is x, its changes and its lagged values, of the features that are forecast; 0 before the first step', () => {
    const spec: ModelSpecInput = {
      features: 3,
      units: 2,
      batch: 2,
      task: { kind: 'forecast', targets: [2, 0] },
      inputs: { changes: [1, 3], lags: [2] },
      scaler: none,
    };
    const rows = new Numbers(1).rows(8, 6);
    const want = rows.map((x, t) => {
      const ago = (back: number) => rows[t - back];
      return [0, 3].flatMap((at) => {
        const targets = [at + 2, at];
        const change = (back: number) => targets.map((i) => (ago(back) ? x[i]! - ago(back)![i]! : 0));
        return [...x.slice(at, at + 3), ...change(1), ...change(3), ...targets.map((i) => ago(2)?.[i] ?? 0)];
      });
    });
    expect(given(spec, rows, 2)).toEqual(want);
  });

  it('[INP1] looks back at all features where the task is no forecast', () => {
    const spec: ModelSpecInput = {
      ...BARE,
      features: 2,
      inputs: { changes: [1], lags: [1] },
      task: { kind: 'supervised', outputs: 1 },
    };
    expect(
      given(spec, [
        [1, 2],
        [10, 20],
      ]),
    ).toEqual([
      [1, 2, 0, 0, 0, 0],
      [10, 20, 9, 18, 1, 2],
    ]);
  });

  it('[INP1] is what a model computes with', () => {
    const spec: ModelSpecInput = { features: 2, units: 3, batch: 2, inputs: { changes: [1, 2], lags: [4] } };
    const rows = new Numbers(2).rows(30, 4, 5);
    const model = new Model(spec, { kernels: float64 });
    const got = rows.map((x) => {
      model.step(x);
      return inputsOfLast(model);
    });
    expect(got).toEqual(given(spec, rows, 2));
    expect(got.at(-1)!.every((value) => value !== 0)).toBe(true);
  });

  it.each([null, 20])('[INP2] is in deviations by the statistics of the past, half-life %s', (halfLife) => {
    const [batch, lag, change] = [2, 2, 3];
    const spec: ModelSpecInput = {
      features: 2,
      units: 2,
      batch,
      task: { kind: 'forecast', targets: [1] },
      inputs: { changes: [change], lags: [lag] },
      scaler: { kind: 'standard', halfLife },
    };
    const rows = new Numbers(3).rows(60, 4, 4).map((row) => row.map((value, i) => value + 50 * (i % 2)));
    const decay = decayOf(halfLife);
    const scale = (value: number, centre: number, deviation: number) =>
      deviation > 0 ? Math.max(-10, Math.min(10, (value - centre) / deviation)) : 0;
    const got = given(spec, rows, batch);
    for (let t = 4; t < rows.length; t++) {
      const past = (i: number) =>
        weighted(
          rows.slice(0, t).flatMap((x) => [x[i]!, x[2 + i]!]),
          decay,
        );
      const changes = rows.slice(change, t).flatMap((x, s) => [x[1]! - rows[s]![1]!, x[3]! - rows[s]![3]!]);
      const { size } = weighted(changes, decay);
      const want = [0, 2].flatMap((at) => [
        ...[0, 1].map((i) => scale(rows[t]![at + i]!, past(i).mean, past(i).deviation)),
        scale(rows[t]![at + 1]! - rows[t - change]![at + 1]!, 0, size),
        scale(rows[t - lag]![at + 1]!, past(1).mean, past(1).deviation),
      ]);
      expect(relativeError(got[t]!, want), `step ${t}`).toBeLessThan(1e-10);
    }
  });

  it('[INP2] hangs on nothing that comes later, nor on another row of the same step', () => {
    const spec: ModelSpecInput = { features: 1, units: 2, batch: 2, inputs: { changes: [1, 2], lags: [1] } };
    const rows = new Numbers(4).rows(20, 2, 5);
    const as = given(spec, rows, 2);
    fc.assert(
      fc.property(fc.nat(19), fc.double({ min: -50, max: 50, noNaN: true }), (at, other) => {
        const altered = rows.map((x, t) =>
          t === at ? [x[0]!, other] : t > at ? x.map((value) => -value) : x,
        );
        const asOther = given(spec, altered, 2);
        expect(asOther.slice(0, at)).toEqual(as.slice(0, at));
        expect(asOther[at]!.slice(0, 4)).toEqual(as[at]!.slice(0, 4));
      }),
    );
  });

  it('[INP2] cuts what is more than 10 deviations off, and without a scaler at what float32 holds', () => {
    const quiet = new Numbers(5).rows(50, 1);
    const wild = [...quiet, [1e30], [-1e30]];
    const scaled = given({ features: 1, units: 2, inputs: { changes: [1], lags: [1], wild: 'take' } }, wild);
    expect(scaled.slice(-2).map((z) => z.slice(0, 2))).toEqual([
      [10, 10],
      [expect.closeTo(-7, -1), expect.closeTo(-10, -1)],
    ]);
    const largest = 3.4028234663852886e38;
    expect(given({ ...BARE, inputs: { changes: [1] } }, [[largest], [-largest]]).at(-1)).toEqual([
      -largest,
      -largest,
    ]);
  });
});

describe('what is missing', () => {
  const held = (spec: Partial<ModelSpecInput> = {}): ModelSpecInput => ({
    ...BARE,
    ...spec,
    inputs: { changes: [1], lags: [2], missing: 'hold', ...spec.inputs },
  });
  const nothing = [null, Number.NaN];

  it.each(nothing)('[INP3] is taken as its last value: %d', (gap) => {
    expect(given(held(), [[1], [4], [gap as number], [gap as number], [6]])).toEqual([
      [1, 0, 0],
      [4, 3, 0],
      [4, 0, 1],
      [4, 0, 4],
      [6, 2, 4],
    ]);
  });

  it('[INP3] joins no statistics: neither its value nor its change', () => {
    const gaps = new Numbers(6).rows(60, 1, 5).map(([value], t): Row => [t % 4 === 3 ? null : value!]);
    const inputs = new Inputs(
      parseSpec({ features: 1, units: 2, inputs: { changes: [1], missing: 'hold' } }),
    );
    given(inputs, gaps);
    const values: number[] = [];
    const changes: number[] = [];
    let last: number | null = null;
    for (const [value] of gaps)
      if (typeof value === 'number') {
        values.push(value);
        if (last !== null) changes.push(value - last);
        last = value;
      }
    const { scaler, changeScaler } = inputs.state();
    const decay = decayOf(2000);
    const own = weighted(values, decay);
    expect(relativeError([scaler!.mean[0]!], [own.mean])).toBeLessThan(1e-12);
    expect(relativeError([scaler!.m2[0]! / scaler!.count[0]!], [own.deviation ** 2])).toBeLessThan(1e-12);
    const { size } = weighted(changes, decay);
    expect(relativeError([changeScaler!.m2[0]! / changeScaler!.count[0]!], [size ** 2])).toBeLessThan(1e-12);
  });

  it('[INP4] from the first step on is 0, and so is what is looked back at, until something is known', () => {
    const rows = [[null], [null], [7], [9], [12]];
    expect(given(held(), rows)).toEqual([
      [0, 0, 0],
      [0, 0, 0],
      [7, 0, 0],
      [9, 2, 0],
      [12, 3, 7],
    ]);
  });

  it('[INP4] in one batch row is 0 whatever the others have, deviations from the mean too', () => {
    const spec = held({ features: 1, batch: 2, scaler: { kind: 'standard' } });
    const rows = new Numbers(7).rows(20, 1).map(([value]): Row => [null, 500 + value!]);
    for (const z of given(spec, rows, 2)) expect(z.slice(0, 3)).toEqual([0, 0, 0]);
  });

  it.each([null, Number.NaN, Number.POSITIVE_INFINITY, undefined, '1', 1e39])(
    '[INP5] is refused with step-non-finite unless the spec holds it, and then only null and NaN are missing: %s',
    (value) => {
      const steps = (missing: 'refuse' | 'hold') => {
        const model = new Model({ ...held(), inputs: { missing } });
        model.step([1]);
        const before = fingerprint(model.snapshot());
        const code = codeOf(() => model.step([value as number]));
        if (code !== 'none') expect(fingerprint(model.snapshot())).toBe(before);
        return code;
      };
      const isMissing = value === null || Number.isNaN(value);
      expect(steps('refuse')).toBe('step-non-finite');
      expect(steps('hold')).toBe(isMissing ? 'none' : 'step-non-finite');
      expect(codeOf(() => new Model(BARE).step([value as number]))).toBe('step-non-finite');
    },
  );

  it('[INP5] goes as NaN in a typed array', () => {
    const [typed, plain] = [new Model(held()), new Model(held())];
    for (const row of [[1], [null], [3]] as Row[]) {
      const one = typed.step(Float64Array.from(row, (value) => value ?? Number.NaN));
      expect(fingerprint(one)).toBe(fingerprint(plain.step(row)));
    }
  });
});

describe('a new history', () => {
  it('[INP6] has nothing to look back at, and the statistics and last values from before', () => {
    const spec: ModelSpecInput = {
      features: 1,
      units: 2,
      inputs: { changes: [1], lags: [1], missing: 'hold' },
    };
    const model = new Model(spec, { kernels: float64 });
    for (const x of new Numbers(8).rows(30, 1, 5)) model.step(x);
    const { scaler, changeScaler, held } = model.snapshot().inputs;
    model.reset('state');
    expect(fingerprint(model.snapshot().inputs.scaler)).toBe(fingerprint(scaler));
    expect(fingerprint(model.snapshot().inputs.changeScaler)).toBe(fingerprint(changeScaler));
    const deviation = Math.sqrt(scaler!.m2[0]! / scaler!.count[0]!);
    model.step([null]);
    const [x, ...lookedBack] = inputsOfLast(model);
    expect(x).toBeCloseTo((held[0]! - scaler!.mean[0]!) / deviation, 10);
    expect(lookedBack).toEqual([0, 0]);
    model.step([3]);
    const [, change, lag] = inputsOfLast(model);
    expect(change).not.toBe(0);
    expect(lag).toBeCloseTo(x!, 10);
  });

  it('[INP6] goes on from a kept state with the same bits', () => {
    const spec = parseSpec({
      features: 2,
      units: 2,
      inputs: { changes: [1, 3], lags: [2], missing: 'hold' },
    });
    const rows = new Numbers(9)
      .rows(30, 2, 5)
      .map((row, t): Row => row.map((value, i) => ((t + 2 * i) % 5 === 0 ? null : value)));
    const one = new Inputs(spec);
    given(one, rows.slice(0, 13));
    const other = new Inputs(spec);
    given(other, rows.slice(20));
    other.restore(one.state());
    expect(given(other, rows.slice(13))).toEqual(given(one, rows.slice(13)));
    expect(fingerprint(other.state())).toBe(fingerprint(one.state()));
  });
});

describe('the input gradient', () => {
  const [T, B, F, N] = [6, 2, 2, 4];
  const cell = { features: F, units: N, batch: B } as const;
  const lookBack = { changes: [1, 3], lags: [2] };

  /** Learns one block after the other, and gives for each what its update was and what was before it. */
  function* blocks(model: Model, count: number, targets: () => number[]) {
    const numbers = new Numbers(10);
    let h0: number[] = new Array(B * N).fill(0);
    for (let block = 0; block < count; block++) {
      const parameters = parametersOf(model);
      const rows = numbers.rows(T, B * F);
      const wanted: number[][] = [];
      const z: number[][] = [];
      let update: Update | undefined;
      let h: number[] = [];
      for (const x of rows) {
        h = Array.from(model.step(x).h);
        z.push(inputsOfLast(model));
        wanted.push(targets());
        [update] = model.learn(wanted.at(-1)!);
      }
      yield { rows, z, targets: wanted.flat(), parameters, h0, gradient: model.inputGradient(update!)! };
      h0 = h;
    }
  }

  it('[INP7] is dL/dx through x itself and all that later steps of the block get of it', () => {
    const task = { kind: 'supervised', outputs: 2, delay: 0 } as const;
    const learner = { kind: 'tbptt', k1: T, k2: T } as const;
    const model = bareModel({ ...cell, task, learner, inputs: lookBack });
    const numbers = new Numbers(11);
    const before: number[][] = [];
    const width = F * 4;
    const spec = { features: width, units: N, batch: B, readout: { kind: 'linear' }, task } as const;
    for (const { rows, targets, parameters, h0, gradient } of blocks(model, 3, () => numbers.many(B * 2))) {
      const x = Float64Array.from(rows.flat());
      const loss = () => {
        const now = Array.from({ length: T }, (_, t) => Array.from(x.slice(t * B * F, (t + 1) * B * F)));
        const all = [...before, ...now];
        const z = now.flatMap((row, t) => {
          const at = before.length + t;
          return Array.from({ length: B }, (_, r) => {
            const own = (of: readonly number[]) => of.slice(r * F, (r + 1) * F);
            const ago = (back: number) => (all[at - back] ? own(all[at - back]!) : null);
            const x = own(row);
            const change = (back: number) => x.map((value, i) => (ago(back) ? value - ago(back)![i]! : 0));
            return [...x, ...change(1), ...change(3), ...(ago(2) ?? [0, 0])];
          }).flat();
        });
        return bptt({ spec, parameters, x: z, targets, h0 }, float64).loss;
      };
      const want = centralDifferences(loss, x);
      expect(relativeError(gradient, want), `after ${before.length} steps`).toBeLessThan(1e-7);
      before.push(...rows);
    }
  });

  it("[INP7] is in the user's units, by the deviations of now", () => {
    const model = new Model(
      {
        ...cell,
        readout: { kind: 'softmax' },
        task: { kind: 'supervised', outputs: 3, delay: 0 },
        inputs: { changes: [1], lags: [2] },
        learner: { kind: 'tbptt', k1: T, k2: T },
        optimizer: { kind: 'sgd', learningRate: 0.1 },
      },
      { kernels: float64 },
    );
    const numbers = new Numbers(12);
    const [, ...later] = blocks(model, 3, () => numbers.distributions(B, 3));
    const last = later.at(-1)!;
    const width = F * 3;
    const { x: dz } = bptt(
      {
        spec: { ...model.spec, features: width, inputs: { changes: [], lags: [], missing: 'refuse' } },
        parameters: last.parameters,
        x: last.z.flat(),
        targets: last.targets,
        h0: last.h0,
      } as Parameters<typeof bptt>[0],
      float64,
    );
    const { scaler, changeScaler } = model.snapshot().inputs;
    const deviation = (state: typeof scaler, i: number) => Math.sqrt(state!.m2[i]! / state!.count[i]!);
    const at = (t: number, row: number, i: number) => (t < T ? dz[(t * B + row) * width + i]! : 0);
    const want = Array.from({ length: T * B * F }, (_, k) => {
      const [t, row, i] = [Math.floor(k / (B * F)), Math.floor(k / F) % B, k % F];
      const [own, change] = [deviation(scaler, i), deviation(changeScaler, i)];
      return (
        (at(t, row, i) + at(t + 2, row, 2 * F + i)) / own +
        (at(t, row, F + i) - at(t + 1, row, F + i)) / change
      );
    });
    expect(relativeError(last.gradient, want)).toBeLessThan(1e-10);
  });

  it('[INP7] is none where the learner does not go back', () => {
    for (const kind of ['rtrl', 'snap-1'] as const) {
      const model = new Model({ ...BARE, learner: { kind, k1: 1 } });
      const updates = [[1], [2], [3]].flatMap((x) => model.step(x).updates);
      expect(updates).toHaveLength(2);
      expect(model.inputGradient(updates.at(-1)!)).toBeNull();
    }
  });
});
