/** What every implementation of the GRU's kernels passes: its formulas, written here once more with plain matrices. */
import { describe, expect, it } from 'vitest';
import type { Kernels } from '../../src/kernels/kernels.js';
import { add, Bench, type Matrix, matmul, rowOf, transpose } from '../support/kernel-bench.js';
import { bits, relativeError } from '../support/numeric-compare.js';
import { Numbers } from '../support/numeric-random.js';

const SIZES = [1, 3, 17, 32];
const PAIRS = SIZES.flatMap((first) => SIZES.map((second) => [first, second] as const));
const SHAPES = [
  [1, 1],
  [4, 1],
  [3, 5],
] as const;

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

/** The numbers of a GRU over T steps of B rows; those that the kernels write are random first. */
function gruParts(numbers: Numbers, T: number, B: number, F: number, N: number) {
  return {
    z: numbers.many((T + 1) * B * (F + N), 0.9),
    gates: numbers.many(T * B * 4 * N),
    sums: numbers.many(B * 3 * N),
    w: numbers.many((F + N) * 3 * N, 0.7),
    b: numbers.many(6 * N),
    e: numbers.many(T * B * N),
    dgi: numbers.many(T * B * 3 * N),
    dgh: numbers.many(T * B * 3 * N),
    dz: numbers.many(T * B * (F + N)),
  };
}

const benchOf = (kernels: Kernels, parts: Record<string, readonly number[]>, F: number, N: number) =>
  new Bench(kernels, parts, { w: [F, N] });

const forward = (bench: Bench, T: number, B: number, F: number, N: number) =>
  bench.kernels.gruForward(bench.m, ...bench.at('z', 'gates', 'sums', 'w', 'b'), T, B, F, N);

const backward = (bench: Bench, T: number, B: number, F: number, N: number) =>
  bench.kernels.gruBackward(bench.m, ...bench.at('dz', 'dgi', 'dgh', 'e', 'z', 'gates', 'w'), T, B, F, N);

/** Cuts a row of three or four gates. */
const gatesOf = (row: readonly number[], N: number) =>
  Array.from({ length: row.length / N }, (_, gate) => row.slice(gate * N, (gate + 1) * N));

/**
 * Holds the GRU's kernels to the contract.
 *
 * @param tolerance the greatest ||got - want|| / ||want|| of a result
 */
export function gruKernelsContract(name: string, createKernels: () => Kernels, tolerance: number): void {
  describe(`kernels ${name}, GRU`, () => {
    const close = (got: ArrayLike<number>, want: ArrayLike<number>, size: string) =>
      expect(relativeError(got, want), size).toBeLessThanOrEqual(tolerance);

    it.each(PAIRS)(
      '[GRU1] forward is its formula, with the reset after the product, F = %i, N = %i',
      (F, N) => {
        for (const [T, B] of SHAPES) {
          const bench = benchOf(createKernels(), gruParts(new Numbers(F * 100 + N), T, B, F, N), F, N);
          const { w, b } = bench.matrices({ w: 3 * N, b: 3 * N });
          const want = bench.matrices({ z: F + N }).z;
          const kept: Matrix = [];
          for (let row = 0; row < T * B; row++) {
            const [x, h] = [want[row]!.slice(0, F), want[row]!.slice(F)];
            const gi = gatesOf(add(matmul([x], w.slice(0, F)), [b[0]!])[0]!, N);
            const gh = gatesOf(add(matmul([h], w.slice(F)), [b[1]!])[0]!, N);
            const r = gi[0]!.map((value, j) => sigmoid(value + gh[0]![j]!));
            const u = gi[1]!.map((value, j) => sigmoid(value + gh[1]![j]!));
            const n = gi[2]!.map((value, j) => Math.tanh(value + r[j]! * gh[2]![j]!));
            kept.push([...r, ...u, ...n, ...gh[2]!]);
            want[row + B]!.splice(F, N, ...h.map((value, j) => (1 - u[j]!) * n[j]! + u[j]! * value));
          }
          forward(bench, T, B, F, N);
          close(bench.read('z'), want.flat(), `z, T = ${T}, B = ${B}`);
          close(bench.read('gates'), kept.flat(), `gates, T = ${T}, B = ${B}`);
          expect(bench.changed()).toEqual(['gates', 'sums', 'z']);
        }
      },
    );

    it.each(PAIRS)(
      '[GRU2] backward is the chain rule from the last step to the first, F = %i, N = %i',
      (F, N) => {
        for (const [T, B] of SHAPES) {
          const bench = benchOf(createKernels(), gruParts(new Numbers(F * 100 + N + 1), T, B, F, N), F, N);
          forward(bench, T, B, F, N);
          const { w, z, gates, e } = bench.matrices({ w: 3 * N, z: F + N, gates: 4 * N, e: N });
          const [dh, dgi, dgh, dz]: Matrix[] = [[], [], [], []];
          for (let row = T * B - 1; row >= 0; row--) {
            const [r, u, n, q] = gatesOf(gates[row]!, N);
            const h = z[row]!.slice(F);
            const d = e[row]!.map((value, j) => value + (dz![row + B]?.[F + j] ?? 0));
            const dn = d.map((value, j) => value * (1 - u![j]!) * (1 - n![j]! ** 2));
            const du = d.map((value, j) => value * (h[j]! - n![j]!) * u![j]! * (1 - u![j]!));
            const dr = dn.map((value, j) => value * q![j]! * r![j]! * (1 - r![j]!));
            dh![row] = d;
            dgi![row] = [...dr, ...du, ...dn];
            dgh![row] = [...dr, ...du, ...dn.map((value, j) => value * r![j]!)];
            const dx = matmul([dgi![row]!], transpose(w.slice(0, F)))[0]!;
            const past = matmul([dgh![row]!], transpose(w.slice(F)))[0]!;
            dz![row] = [...dx, ...past.map((value, j) => value + d[j]! * u![j]!)];
          }
          bench.settle();
          backward(bench, T, B, F, N);
          const want = { e: dh!, dgi: dgi!, dgh: dgh!, dz: dz! };
          for (const [part, rows] of Object.entries(want))
            close(bench.read(part), rows.flat(), `${part}, T = ${T}, B = ${B}`);
          const written = ['dgh', 'dgi', 'dz', 'e'];
          expect(bench.changed(), 'nothing flows to the only step').toEqual(
            T > 1 ? written : written.slice(0, 3),
          );
        }
      },
    );

    it.each(PAIRS)(
      '[GRU3] one step at a time, a block and a batch row give the same bits, forward and back, F = %i, N = %i',
      (F, N) => {
        const [T, B, D] = [5, 5, F + N];
        const parts = gruParts(new Numbers(F * 100 + N + 2), T, B, F, N);
        const block = benchOf(createKernels(), parts, F, N);
        forward(block, T, B, F, N);

        const single = benchOf(createKernels(), parts, F, N);
        const [z, gates, sums, w, b] = single.at('z', 'gates', 'sums', 'w', 'b');
        for (let t = 0; t < T; t++)
          single.kernels.gruForward(single.m, z + t * B * D, gates + t * B * 4 * N, sums, w, b, 1, B, F, N);
        for (const part of ['z', 'gates']) expect(bits(single.part(part))).toBe(bits(block.part(part)));

        backward(block, T, B, F, N);
        const widths = { z: D, gates: 4 * N, e: N, dgi: 3 * N, dgh: 3 * N, dz: D, sums: 3 * N };
        for (let row = 0; row < B; row++) {
          const own = Object.entries(widths).map(([part, width]) => [
            part,
            rowOf(parts[part as keyof typeof widths], row, B, width),
          ]);
          const alone = benchOf(createKernels(), { ...parts, ...Object.fromEntries(own) }, F, N);
          forward(alone, T, 1, F, N);
          backward(alone, T, 1, F, N);
          for (const part of ['z', 'gates', 'e', 'dgi', 'dgh', 'dz'] as const)
            expect(alone.read(part), part).toEqual(rowOf(block.read(part), row, B, widths[part]));
        }
      },
    );

    it('[GRU4] the state stays in [-1, 1], and all that is kept finite, for the largest numbers that float32 holds', () => {
      const [T, B, F, N] = [4, 2, 5, 3];
      const largest = 3.4028234663852886e38;
      const numbers = new Numbers(9);
      const huge = (count: number) => numbers.many(count).map((value) => Math.sign(value) * largest);
      const parts = gruParts(numbers, T, B, F, N);
      // a state is a state, whatever comes in
      const inputs = parts.z.map((value, i) => (i % (F + N) < F ? Math.sign(value) * largest : value));
      for (const extreme of [
        { z: inputs },
        { w: huge(parts.w.length), b: huge(parts.b.length) },
        { z: inputs, w: huge(parts.w.length), b: huge(parts.b.length) },
      ]) {
        const bench = benchOf(createKernels(), { ...parts, ...extreme }, F, N);
        forward(bench, T, B, F, N);
        const states = bench.matrices({ z: F + N }).z.slice(B);
        expect(states.every((row) => row.slice(F).every((value) => Math.abs(value) <= 1))).toBe(true);
        expect(bench.read('gates').every(Number.isFinite)).toBe(true);
      }
    });
  });
}
