import { describe, expect, it } from 'vitest';
import { createReferenceKernels } from '../../src/kernels/reference.js';
import { createKernels } from '../../src/kernels/shared.js';
import { createWasmKernels } from '../../src/kernels/wasm.js';
import { Model } from '../../src/rnn/model.js';
import { anomalyKernelsContract } from '../contract/anomaly-kernels.js';
import { gradientPiecesContract } from '../contract/gradient-pieces.js';
import { gruKernelsContract } from '../contract/gru-kernels.js';
import { kernelsContract } from '../contract/kernels.js';
import { stepKernelsContract } from '../contract/step-kernels.js';

const shared = createWasmKernels();
const spec = { features: 3, units: 20, seed: 5 } as const;

kernelsContract('WebAssembly', () => shared, 2e-6);
gruKernelsContract('WebAssembly', () => shared, 2e-6);
gradientPiecesContract('WebAssembly', () => shared, false);
stepKernelsContract('WebAssembly', () => shared);
anomalyKernelsContract('WebAssembly', () => shared);

/** The distance of got from want, in units of the last place of float32 at want. */
function ulps(got: number, want: number): number {
  const exponent = Math.max(-126, Math.floor(Math.log2(Math.abs(want) || 1e-45)));
  return Math.abs(got - want) / 2 ** (exponent - 23);
}

describe('tanh', () => {
  const count = 1 << 16;
  const arena = shared.allocate(count);
  const bits = new Uint32Array(count);
  const numbers = new Float32Array(bits.buffer);

  /** Runs the module's tanh over float32 patterns first, first + step ...; gives the worst error in ulp. */
  const worst = (first: number, step: number): { error: number; at: number } => {
    let found = { error: 0, at: 0 };
    for (let i = 0; i < count; i++) bits[i] = first + i * step;
    arena.data.set(numbers, arena.base);
    shared.tanhAll(arena.data, arena.base, count);
    for (let i = 0; i < count; i++) {
      const x = numbers[i] as number;
      const got = arena.data[arena.base + i] as number;
      if (Number.isNaN(x)) expect(got).toBeNaN();
      else if (Math.abs(x) >= 1e-30) {
        const error = ulps(got, Math.tanh(x));
        if (error > found.error) found = { error, at: x };
      } else expect(got).toBe(x);
    }
    return found;
  };

  it('is at most 4 ulp off, from the smallest to the largest float32, in both signs, and gives NaN for NaN', () => {
    for (const sign of [0, 0x8000_0000]) {
      // every exponent, 512 fractions in each
      for (let first = sign; first < sign + 0x7fff_ffff; first += count * 16_384) {
        const { error, at } = worst(first, 16_384);
        expect(error, `at ${at}`).toBeLessThanOrEqual(4);
      }
    }
  });

  it('is at most 4 ulp off where its two formulas meet, and where it reaches 1', () => {
    for (const around of [0.625, 1, 4.5, 9.01, 9.1]) {
      const start = new Uint32Array(new Float32Array([around]).buffer)[0] as number;
      for (const sign of [0, 0x8000_0000]) {
        const { error, at } = worst(sign + start - count / 2, 1);
        expect(error, `at ${at}`).toBeLessThanOrEqual(4);
      }
    }
  });

  it('gives 1 and -1 for the infinities', () => {
    arena.data.set([Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 100], arena.base);
    shared.tanhAll(arena.data, arena.base, 4);
    expect([...arena.data.subarray(arena.base, arena.base + 4)]).toEqual([1, -1, -0, 1]);
  });
});

describe('the memory of the module', () => {
  it('is where it was after 10,000 models were opened and closed', () => {
    const kernels = createWasmKernels();
    const keeper = new Model(spec, { kernels });
    const size = () => kernels.allocate(0).data.buffer.byteLength;
    const before = size();
    for (let i = 0; i < 10_000; i += 10) {
      const models = Array.from(
        { length: 10 },
        (_, j) => new Model({ ...spec, units: 1 + ((i + j) % 40) }, { kernels }),
      );
      for (const model of models.sort((a, b) => ((a.spec.units * 7) % 11) - ((b.spec.units * 7) % 11)))
        model.free();
    }
    keeper.step([1, 2, 3]);
    expect(size()).toBeLessThanOrEqual(before + 16 * 65_536);
    keeper.free();
  });

  it('is given back once, however often a model is freed', () => {
    const kernels = createWasmKernels();
    const [a, b] = [kernels.allocate(100), kernels.allocate(100)];
    a.free();
    a.free();
    const [c, d] = [kernels.allocate(100), kernels.allocate(100)];
    expect(new Set([b.base, c.base, d.base]).size).toBe(3);
  });

  it('grows under models that are at work without disturbing them', () => {
    const kernels = createWasmKernels();
    const [model, witness] = [
      new Model(spec, { kernels }),
      new Model(spec, { kernels: createWasmKernels() }),
    ];
    for (let t = 0; t < 200; t++) {
      if (t % 20 === 0) kernels.allocate(1 << 16);
      const x = [Math.sin(t), Math.cos(t), t % 5];
      expect([...model.step(x).h]).toEqual([...witness.step(x).h]);
    }
  });
});

describe('the choice of kernels', () => {
  it('falls back to the plain float32 kernels where SIMD is missing, and says so once', () => {
    const validate = WebAssembly.validate;
    const said: string[] = [];
    try {
      WebAssembly.validate = () => false;
      expect(createKernels((why) => said.push(why)).name).toBe('reference-float32');
    } finally {
      WebAssembly.validate = validate;
    }
    expect(said).toEqual([expect.stringContaining('SIMD')]);
    expect(createKernels((why) => said.push(why)).name).toBe('wasm-simd');
    expect(said).toHaveLength(1);
  });

  it('stays within 1e-4 of the float64 oracle over 1,000 steps, and in its gradients', () => {
    for (const units of [7, 64]) {
      const plain = {
        ...spec,
        units,
        scaler: { kind: 'none' },
        learner: { kind: 'tbptt', k1: 8, k2: 16 },
      } as const;
      const model = new Model(plain, { kernels: shared });
      const oracle = new Model(plain, { kernels: createReferenceKernels('float64') });
      for (let t = 0; t < 1000; t++) {
        const x = Float32Array.of(Math.sin(t * 0.1), Math.cos(t * 0.23), Math.sin(t * 0.05) ** 2);
        const [a, b] = [model.step(x), oracle.step(x)];
        for (let j = 0; j < units; j++)
          expect(Math.abs((a.h[j] as number) - (b.h[j] as number))).toBeLessThan(1e-4);
        for (const [i, update] of a.updates.entries()) {
          const norm = b.updates[i]?.gradientNorm as number;
          expect(Math.abs(update.gradientNorm - norm) / norm).toBeLessThan(1e-4);
        }
      }
    }
  });
});
