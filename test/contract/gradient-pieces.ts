/** The contract of kernels that work in pieces: they give the bits that they give at once, whatever is cut where. */
import { describe, expect, it } from 'vitest';
import { type Kernels, NO_TARGET } from '../../src/kernels/kernels.js';
import { Bench } from '../support/kernel-bench.js';
import { bits } from '../support/numeric-compare.js';
import { Numbers } from '../support/numeric-random.js';
import { costsOf } from '../support/pieces.js';

/** Rows, inputs and outputs: small ones, whole panels together, and panels that are cut into rows, wide and narrow ones. */
const SIZES = [
  [1, 1, 1],
  [3, 5, 46],
  [40, 17, 61],
  [2, 300, 2000],
  [9001, 37, 75],
  [20_001, 31, 16],
  [40_003, 27, 13],
] as const;
const MOST = 2 ** 23;

/** @param isSlow it computes a hundred times longer: the largest sizes are left out */
export function gradientPiecesContract(name: string, createKernels: () => Kernels, isSlow: boolean): void {
  const sizes = SIZES.filter(([R, A, M]) => !isSlow || R * A * M < 2 ** 25);
  describe(`kernels ${name} in pieces`, () => {
    const layer = ([R, A, M]: (typeof SIZES)[number], kernels: Kernels) => {
      const numbers = new Numbers(R + A + M);
      const stride = A + 3;
      // numbers repeat, so that many are made soon
      const some = numbers.many(997);
      const many = (n: number) => Array.from({ length: n }, (_, i) => some[(i * 7) % 997]!);
      const parts = {
        w: numbers.many(A * M),
        b: numbers.many(M),
        v: numbers.many(A * M),
        vb: numbers.many(M),
        a: many(R * stride),
        dy: many(R * M),
      };
      return { bench: new Bench(kernels, parts, { w: A, v: A }), stride };
    };
    const expectPieces = (costs: readonly number[], R: number, A: number, M: number) => {
      expect(costs.length).toBeGreaterThanOrEqual((R * A * M) / MOST);
      // a column of the plain kernels is not cut
      if (!isSlow) for (const cost of costs) expect(cost).toBeLessThanOrEqual(MOST);
    };

    it.each(sizes)('[PCS1] the gradient of a layer, R = %i, A = %i, M = %i', (R, A, M) => {
      const kernels = createKernels();
      const [whole, cut] = [layer([R, A, M] as never, kernels), layer([R, A, M] as never, kernels)];
      const places = (bench: Bench) => bench.at('w', 'b', 'a', 'dy');
      const [w, b, a, dy] = places(whole.bench);
      kernels.denseGradient(whole.bench.m, w, b, a, whole.stride, dy, R, A, M);
      const [w2, b2, a2, dy2] = places(cut.bench);
      const memory = {
        get data() {
          return cut.bench.m;
        },
      };
      const { costs } = costsOf(kernels.denseGradientInPieces(memory, w2, b2, a2, cut.stride, dy2, R, A, M));
      for (const part of ['w', 'b', 'v', 'vb', 'a', 'dy'])
        expect(bits(cut.bench.part(part)) === bits(whole.bench.part(part)), part).toBe(true);
      expectPieces(costs, R, A, M);
      expect(cut.bench.changed()).toEqual(['b', 'w']);

      const squares = kernels.gradientSquares(whole.bench.m, a, whole.stride, dy, R, A, M);
      const inPieces = costsOf(kernels.gradientSquaresInPieces(memory, a2, cut.stride, dy2, R, A, M));
      expect(inPieces.value).toBe(squares);
      for (const n of [0, 1, 7, A * M]) {
        const { value } = costsOf(kernels.squaresInPieces(memory, w2, n));
        expect(value).toBe(kernels.squares(whole.bench.m, w, n));
      }
    });

    it.each(sizes)('[PCS1] a step of SGD, R = %i, A = %i, M = %i', (R, A, M) => {
      const kernels = createKernels();
      for (const settings of [
        { rate: 0.05, momentum: 0.9, nesterov: true, decay: 0.02 },
        { rate: 0.05, momentum: 0, nesterov: false, decay: 0 },
      ]) {
        const [whole, cut] = [layer([R, A, M] as never, kernels), layer([R, A, M] as never, kernels)];
        const of = ({ bench, stride }: typeof whole) => {
          const [w, b, velocity, velocityB, from, dy] = bench.at('w', 'b', 'v', 'vb', 'a', 'dy');
          return { w, b, velocity, velocityB, a: from, stride, dy, R, A, M };
        };
        kernels.descend(whole.bench.m, of(whole), settings);
        const memory = {
          get data() {
            return cut.bench.m;
          },
        };
        const { costs } = costsOf(kernels.descendInPieces(memory, of(cut), settings));
        expectPieces(costs, R, A, M);
        for (const part of ['w', 'b', 'v', 'vb', 'a', 'dy'])
          expect(bits(cut.bench.part(part)) === bits(whole.bench.part(part)), part).toBe(true);
      }
    });

    it('[PCS1] squares of many numbers', () => {
      const kernels = createKernels();
      const n = 5_000_003;
      const arena = kernels.allocate(n);
      for (let i = 0; i < n; i++) arena.data[arena.base + i] = ((i * 7919) % 10_007) / 1000;
      const { costs, value } = costsOf(kernels.squaresInPieces(arena, arena.base, n));
      expect(value).toBe(kernels.squares(arena.data, arena.base, n));
      expect(costs.length).toBeGreaterThan(1);
      arena.free();
    });

    const ways = [
      [1, 1, 3, 5],
      [5, 3, 4, 46],
      [7, 1, 2, 33],
    ] as const;

    it.each(ways)(
      '[PCS1] the way back through rows of the simple cell and of the GRU, T = %i, B = %i, F = %i, N = %i',
      (...size) => {
        const [T, B, F, N] = size;
        const [D, R] = [F + N, T * B];
        const numbers = new Numbers(T + N);
        const parts = {
          w: numbers.many(D * 3 * N),
          z: numbers.many((T + 1) * B * D),
          gates: numbers.many(R * 4 * N),
          e: numbers.many(R * N),
          dz: numbers.many(R * D),
          dgi: numbers.many(R * 3 * N),
          dgh: numbers.many(R * 3 * N),
        };
        const run = (cell: 'simple-rnn' | 'gru', cuts: readonly number[]) => {
          const bench = new Bench(createKernels(), parts, {});
          const [w, z, gates, e, dz, dgi, dgh] = bench.at('w', 'z', 'gates', 'e', 'dz', 'dgi', 'dgh');
          for (const [i, first] of cuts.entries()) {
            const rows = [first, cuts[i - 1] ?? R] as const;
            if (cell === 'gru')
              bench.kernels.gruBackward(bench.m, dz, dgi, dgh, e, z, gates, w, T, B, F, N, rows);
            else bench.kernels.simpleRnnBackward(bench.m, dz, e, z, w, T, B, F, N, rows);
          }
          return ['e', 'dz', 'dgi', 'dgh'].map((part) => bits(bench.part(part))).join();
        };
        const one = Array.from({ length: R }, (_, i) => R - 1 - i);
        for (const cell of ['simple-rnn', 'gru'] as const)
          for (const cuts of [one, [Math.floor(R / 2), 0], [R - 1, 0]])
            expect(run(cell, cuts) === run(cell, [0]), `${cell} ${cuts}`).toBe(true);
      },
    );

    it('[PCS1] influences weight by weight', () => {
      const [F, N] = [3, 9];
      const P = (F + N + 1) * N;
      const numbers = new Numbers(4);
      const parts = {
        ...{ out: numbers.many(P * N), J: numbers.many(P * N) },
        ...{ z: numbers.many(F + N), h: numbers.many(N), w: numbers.many((F + N) * N) },
      };
      const run = (cuts: readonly number[]) => {
        const bench = new Bench(createKernels(), parts, { w: F + N });
        for (const [i, end] of cuts.entries())
          bench.kernels.influence(bench.m, ...bench.at('out', 'J', 'z', 'h', 'w'), F, N, [
            cuts[i - 1] ?? 0,
            end,
          ]);
        return bits(bench.part('out'));
      };
      for (const cuts of [
        [4, P],
        [100, P],
        [8, 12, 96, P],
      ])
        expect(run(cuts)).toBe(run([P]));
    });

    it('[PCS1] a loss goes on from that of the steps before', () => {
      const [T, B, M] = [9, 2, 7];
      const numbers = new Numbers(8);
      const parts = {
        ...{ dy: numbers.many(T * B * M), y: numbers.many(T * B * M) },
        target: numbers.many(T * B * M).map((value, i) => (i % 7 === 4 ? NO_TARGET : value)),
        ...{ served: numbers.many(T * M).map(Math.abs), current: numbers.many(M).map(Math.abs) },
      };
      const run = (ends: readonly number[]) => {
        const bench = new Bench(createKernels(), parts, {});
        const [dy, y, target, served, current] = bench.at('dy', 'y', 'target', 'served', 'current');
        let loss = 0;
        for (const [i, end] of ends.entries()) {
          const t = ends[i - 1] ?? 0;
          const at = t * B * M;
          const scale = { served: served + t * M, current };
          const sizes = [end - t, B, M, loss] as const;
          loss = bench.kernels.squaredError(bench.m, dy + at, y + at, target + at, scale, 0.3, ...sizes);
        }
        return [loss, bits(bench.part('dy'))];
      };
      for (const ends of [
        [1, 9],
        [3, 4, 9],
        [1, 2, 3, 4, 5, 6, 7, 8, 9],
      ])
        expect(run(ends)).toEqual(run([9]));
    });
  });
}
