/**
 * The contract that every implementation of `Kernels` passes. Each kernel is held against its formula, written here once
 * more with plain matrices in float64, on the numbers as the kernel's own precision stores them.
 */
import { describe, expect, it } from 'vitest';
import type { Address, Arena, Kernels, Reals } from '../../src/kernels/kernels.js';
import { bits, relativeError } from '../support/numeric-compare.js';
import { Numbers } from '../support/numeric-random.js';

type Matrix = number[][];

const SIZES = [1, 3, 5, 17, 32, 46];
const PAIRS = SIZES.flatMap((first) => SIZES.map((second) => [first, second] as const));

/**
 * Holds `createKernels` to the contract.
 *
 * @param tolerance the greatest ||got - want|| / ||want|| of a result
 */
export function kernelsContract(name: string, createKernels: () => Kernels, tolerance: number): void {
  describe(`kernels ${name}`, () => {
    const close = (got: ArrayLike<number>, want: ArrayLike<number>, size: string) =>
      expect(relativeError(got, want), size).toBeLessThanOrEqual(tolerance);

    it('[KER1] allocates arenas of zeros that do not overlap', () => {
      const kernels = createKernels();
      const arenas = [1, 3, 17, 1000].map((length) => kernels.allocate(length));
      for (const [i, { base, length }] of arenas.entries()) {
        expect(arenas[i]!.data.subarray(base, base + length).every((value) => value === 0)).toBe(true);
        arenas[i]!.data.fill(i + 1, base, base + length);
      }
      for (const [i, { data, base, length }] of arenas.entries()) {
        expect(length).toBe([1, 3, 17, 1000][i]);
        expect(data.BYTES_PER_ELEMENT).toBe(kernels.bytesPerReal);
        expect(data.subarray(base, base + length).every((value) => value === i + 1)).toBe(true);
      }
      for (const arena of arenas) arena.free();
    });

    it.each(PAIRS)('[KER2] forward is h_t = tanh(z_t W + b), F = %i, N = %i', (F, N) => {
      for (const [T, B] of [
        [1, 1],
        [4, 1],
        [3, 3],
      ] as const) {
        const bench = new Bench(createKernels(), cellParts(new Numbers(F * 100 + N), T, B, F, N), {
          w: F + N,
        });
        const { w, b } = bench.matrices({ w: N, b: N });
        const want = bench.matrices({ z: F + N }).z;
        for (let row = 0; row < T * B; row++) {
          const a = add(matmul([want[row]!], w), b)[0]!;
          want[row + B]!.splice(F, N, ...a.map(Math.tanh));
        }
        bench.forward(T, B, F, N);
        close(bench.read('z'), want.flat(), `T = ${T}, B = ${B}`);
        expect(bench.changed()).toEqual(['z']);
        const inputs = (z: Matrix) => z.map((row, r) => row.slice(0, r < B ? F + N : F));
        expect(inputs(bench.matrices({ z: F + N }).z)).toEqual(inputs(want));
      }
    });

    it.each(PAIRS)(
      '[KER3] backward is the chain rule from the last step to the first, F = %i, N = %i',
      (F, N) => {
        for (const [T, B] of [
          [1, 1],
          [4, 1],
          [3, 3],
        ] as const) {
          const numbers = new Numbers(F * 100 + N + 1);
          const parts = {
            ...cellParts(numbers, T, B, F, N),
            da: numbers.many(T * B * N),
            dz: numbers.many(T * B * (F + N)),
          };
          const bench = new Bench(createKernels(), parts, { w: F + N });
          bench.forward(T, B, F, N);
          const { w, z, da: e } = bench.matrices({ w: N, z: F + N, da: N });
          const da: Matrix = [];
          const dz: Matrix = [];
          for (let row = T * B - 1; row >= 0; row--) {
            const h = z[row + B]!.slice(F);
            const fromLater = dz[row + B]?.slice(F) ?? h.map(() => 0);
            da[row] = h.map((value, j) => (e[row]![j]! + fromLater[j]!) * (1 - value ** 2));
            dz[row] = matmul([da[row]!], transpose(w))[0]!;
          }
          bench.settle();
          bench.kernels.backward(bench.m, ...bench.at('dz', 'da', 'z', 'w'), T, B, F, N);
          close(bench.read('da'), da.flat(), `da, T = ${T}, B = ${B}`);
          close(bench.read('dz'), dz.flat(), `dz, T = ${T}, B = ${B}`);
          expect(bench.changed()).toEqual(['da', 'dz']);
        }
      },
    );

    it.each(PAIRS)('[KER4] dense is a w + b, for rows that lie apart, A = %i, M = %i', (A, M) => {
      const R = 3;
      const stride = A + 2;
      const numbers = new Numbers(A * 100 + M + 2);
      const parts = {
        a: numbers.many(R * stride),
        w: numbers.many(A * M),
        b: numbers.many(M),
        y: numbers.many(R * M),
      };
      const bench = new Bench(createKernels(), parts, { w: A });
      const { a, w, b } = bench.matrices({ a: stride, w: M, b: M });
      const rows = a.map((row) => row.slice(0, A));
      bench.kernels.dense(bench.m, ...bench.at('y', 'a'), stride, ...bench.at('w', 'b'), R, A, M);
      close(bench.read('y'), add(matmul(rows, w), b).flat(), 'y');
      expect(bench.changed()).toEqual(['y']);
    });

    it.each(PAIRS)('[KER5] denseBackward is dy w^T, A = %i, M = %i', (A, M) => {
      const R = 3;
      const numbers = new Numbers(A * 100 + M + 3);
      const parts = { da: numbers.many(R * A), dy: numbers.many(R * M), w: numbers.many(A * M) };
      const bench = new Bench(createKernels(), parts, { w: A });
      const { dy, w } = bench.matrices({ dy: M, w: M });
      bench.kernels.denseBackward(bench.m, ...bench.at('da', 'dy', 'w'), R, A, M);
      close(bench.read('da'), matmul(dy, transpose(w)).flat(), 'da');
      expect(bench.changed()).toEqual(['da']);
    });

    it.each(PAIRS)(
      '[KER6] denseGradient adds a^T dy and the sum of dy to what is there, A = %i, M = %i',
      (A, M) => {
        const R = 4;
        const stride = A + 3;
        const numbers = new Numbers(A * 100 + M + 4);
        const parts = {
          gw: numbers.many(A * M),
          gb: numbers.many(M),
          a: numbers.many(R * stride),
          dy: numbers.many(R * M),
        };
        const bench = new Bench(createKernels(), parts, { gw: A });
        const { gw, gb, a, dy } = bench.matrices({ gw: M, gb: M, a: stride, dy: M });
        const rows = a.map((row) => row.slice(0, A));
        const wantW = gw.map((row, i) => row.map((value, j) => value + matmul(transpose(rows), dy)[i]![j]!));
        const wantB = gb[0]!.map((value, j) => value + dy.reduce((sum, row) => sum + row[j]!, 0));
        bench.kernels.denseGradient(
          bench.m,
          ...bench.at('gw', 'gb', 'a'),
          stride,
          ...bench.at('dy'),
          R,
          A,
          M,
        );
        close(bench.read('gw'), wantW.flat(), 'gw');
        close(bench.read('gb'), wantB, 'gb');
        expect(bench.changed()).toEqual(['gb', 'gw']);
      },
    );

    it.each(SIZES)('[KER7] softmax is exp(y) over its sum, row by row, M = %i', (M) => {
      const R = 5;
      const bench = new Bench(createKernels(), { y: new Numbers(M).many(R * M, 4) });
      const want = bench.matrices({ y: M }).y.flatMap((row) => {
        const sum = row.reduce((total, value) => total + Math.exp(value), 0);
        return row.map((value) => Math.exp(value) / sum);
      });
      bench.kernels.softmax(bench.m, ...bench.at('y'), R, M);
      close(bench.read('y'), want, 'y');
      expect(bench.changed()).toEqual(['y']);
    });

    it.each(SIZES)(
      '[KER18] squaredError is the loss in current deviations, and its gradient, M = %i',
      (M) => {
        const [T, B, factor] = [3, 2, 0.3];
        const numbers = new Numbers(M + 18);
        const parts = {
          dy: numbers.many(T * B * M),
          y: numbers.many(T * B * M),
          target: numbers.many(T * B * M),
          served: numbers.many(T * M).map(Math.abs),
          // an output that does not vary counts for nothing
          current: numbers.many(M).map((value, j) => (j === 1 ? 0 : Math.abs(value) + 0.1)),
        };
        for (const scaled of [true, false]) {
          const bench = new Bench(createKernels(), parts, {});
          const { y, target, served, current } = bench.matrices({ y: M, target: M, served: M, current: M });
          const [dyAt, yAt, targetAt, servedAt, currentAt] = bench.at(
            'dy',
            'y',
            'target',
            'served',
            'current',
          );
          const scale = scaled ? { served: servedAt, current: currentAt } : null;
          const loss = bench.kernels.squaredError(bench.m, dyAt, yAt, targetAt, scale, factor, T, B, M);
          let want = 0;
          const gradient = y.flatMap((row, r) =>
            row.map((value, j) => {
              const now = scaled ? current[0]![j]! : 1;
              if (now === 0) return 0;
              const error = (value - target[r]![j]!) / now;
              want += error ** 2;
              return (2 * factor * error * (scaled ? served[Math.floor(r / B)]![j]! : 1)) / now;
            }),
          );
          close([loss], [want], 'loss');
          close(bench.read('dy'), gradient, 'dy');
          expect(bench.changed()).toEqual(['dy']);
        }
      },
    );

    it('[KER7] softmax survives logits of +-500 and its rows sum to 1', () => {
      const rows = [
        [500, -500, 0],
        [-500, -500, -500],
        [500, 500, 500],
        [499, 500, 499],
      ];
      const bench = new Bench(createKernels(), { y: rows.flat() });
      bench.kernels.softmax(bench.m, ...bench.at('y'), 4, 3);
      const { y } = bench.matrices({ y: 3 });
      for (const row of y) close([row.reduce((sum, value) => sum + value, 0)], [1], 'sum');
      const tail = 1 / (2 + Math.E);
      const want = [
        [1, 0, 0],
        [1, 1, 1].map((v) => v / 3),
        [1, 1, 1].map((v) => v / 3),
        [tail, Math.E * tail, tail],
      ];
      close(y.flat(), want.flat(), 'y');
    });

    /** A layer's gradient of R rows, for few rows and for many, which kernels may compute in different ways. */
    const layerParts = (A: number, M: number, R: number) => {
      const numbers = new Numbers(A * 100 + M + R);
      const stride = A + 3;
      const parts = {
        w: numbers.many(A * M),
        b: numbers.many(M),
        v: numbers.many(A * M),
        vb: numbers.many(M),
        a: numbers.many(R * stride),
        dy: numbers.many(R * M),
      };
      const bench = new Bench(createKernels(), parts, { w: A, v: A });
      const { a, dy } = bench.matrices({ a: stride, dy: M });
      const g = matmul(transpose(a.map((row) => row.slice(0, A))), dy);
      const gb = dy[0]!.map((_, j) => dy.reduce((sum, row) => sum + row[j]!, 0));
      return { bench, stride, g: g.flat(), gb };
    };

    it.each(PAIRS)(
      '[KER8] gradientSquares is the squared norm of a layer gradient, A = %i, M = %i',
      (A, M) => {
        for (const R of [1, 4, 40]) {
          const { bench, stride, g, gb } = layerParts(A, M, R);
          const [a, dy] = bench.at('a', 'dy');
          const got = bench.kernels.gradientSquares(bench.m, a, stride, dy, R, A, M);
          close([Math.sqrt(got)], [Math.hypot(...g, ...gb)], `R = ${R}`);
          expect(bench.changed()).toEqual([]);
        }
      },
    );

    const rules = [
      { rule: 'plain', momentum: 0, nesterov: false },
      { rule: 'classical momentum', momentum: 0.9, nesterov: false },
      { rule: 'Nesterov momentum', momentum: 0.9, nesterov: true },
      { rule: 'Nesterov without momentum', momentum: 0, nesterov: true },
    ];

    it.each(rules)('[KER9] descend takes a step of SGD: $rule', ({ momentum, nesterov }) => {
      for (const [A, M] of [...PAIRS, [5, 64], [8, 32], [2, 61]] as const) {
        const R = 4;
        const { bench, stride, g, gb } = layerParts(A, M, R);
        const before = { w: bench.read('w'), b: bench.read('b'), v: bench.read('v'), vb: bench.read('vb') };
        const rate = 0.05;
        const [w, b, velocity, velocityB, a, dy] = bench.at('w', 'b', 'v', 'vb', 'a', 'dy');
        const layer = { w, b, velocity, velocityB, a, stride, dy, R, A, M };
        bench.kernels.descend(bench.m, layer, { rate, momentum, nesterov });
        for (const [weight, speed, gradient] of [
          ['w', 'v', g],
          ['b', 'vb', gb],
        ] as const) {
          const next = before[speed].map((value, i) => momentum * value - rate * gradient[i]!);
          const move = nesterov ? next.map((value, i) => momentum * value - rate * gradient[i]!) : next;
          const want = before[weight].map((value, i) => value + move[i]!);
          close(bench.read(weight), want, `${weight}, A = ${A}, M = ${M}`);
          if (momentum > 0) close(bench.read(speed), next, `${speed}, A = ${A}, M = ${M}`);
        }
        expect(bench.changed(), 'there is no velocity without momentum').toEqual(
          momentum > 0 ? ['b', 'v', 'vb', 'w'] : ['b', 'w'],
        );
      }
    });

    it.each([0, ...SIZES, 64])('[KER10] largest is the largest magnitude of n numbers, n = %i', (n) => {
      for (let at = 0; at < Math.max(1, n); at++) {
        const numbers = new Numbers(n).many(n).map((value, i) => (i === at ? -99 : value));
        const bench = new Bench(createKernels(), { p: numbers });
        expect(bench.kernels.largest(bench.m, ...bench.at('p'), n)).toBe(n === 0 ? 0 : 99);
      }
    });

    it('[KER13] pack and unpack are each the other way round, and move every number', () => {
      const kernels = createKernels();
      for (const [rows, columns] of [...PAIRS, [3, 64], [2, 61], [1, 1]] as const) {
        const m = Float64Array.from({ length: rows * columns + 4 }, (_, i) => i);
        const before = m.slice();
        kernels.pack(m, 2, rows, columns);
        expect(m.slice().sort()).toEqual(before);
        expect([m[0], m[1], m.at(-2), m.at(-1)]).toEqual([
          before[0],
          before[1],
          before.at(-2),
          before.at(-1),
        ]);
        kernels.unpack(m, 2, rows, columns);
        expect(m).toEqual(before);
      }
    });

    it('[KER12] forward keeps the state in [-1, 1] for the largest inputs and weights that float32 holds', () => {
      const [T, B, F, N] = [4, 2, 5, 3];
      const largest = 3.4028234663852886e38;
      const numbers = new Numbers(9);
      const huge = (count: number) => numbers.many(count).map((value) => Math.sign(value) * largest);
      const parts = cellParts(numbers, T, B, F, N);
      for (const extreme of [
        { z: huge(parts.z.length) },
        { w: huge(parts.w.length), b: huge(N) },
        { z: huge(parts.z.length), w: huge(parts.w.length), b: huge(N) },
      ]) {
        const bench = new Bench(createKernels(), { ...parts, ...extreme }, { w: F + N });
        bench.forward(T, B, F, N);
        const states = bench.matrices({ z: F + N }).z.slice(B);
        expect(states.every((row) => row.slice(F).every((value) => Math.abs(value) <= 1))).toBe(true);
      }
    });

    it.each(PAIRS)(
      '[KER11] one step at a time, a block and a batch row give the same bits, F = %i, N = %i',
      (F, N) => {
        const [T, B, D] = [6, 3, F + N];
        const parts = cellParts(new Numbers(F * 100 + N + 6), T, B, F, N);
        const block = new Bench(createKernels(), parts, { w: D });
        block.forward(T, B, F, N);

        const single = new Bench(createKernels(), parts, { w: D });
        const [z, w, b] = single.at('z', 'w', 'b');
        for (let t = 0; t < T; t++) single.kernels.forward(single.m, z + t * B * D, w, b, 1, B, F, N);
        expect(bits(single.part('z'))).toBe(bits(block.part('z')));

        for (let row = 0; row < B; row++) {
          const alone = new Bench(createKernels(), { ...parts, z: rowOf(parts.z, row, B, D) }, { w: D });
          alone.forward(T, 1, F, N);
          expect(alone.read('z')).toEqual(rowOf(block.read('z'), row, B, D));
        }
      },
    );

    it.each(PAIRS)(
      '[KER11] a batch row goes back with the bits that it has alone, F = %i, N = %i',
      (F, N) => {
        const [T, B, D] = [6, 3, F + N];
        const numbers = new Numbers(F * 100 + N + 7);
        const parts = {
          ...cellParts(numbers, T, B, F, N),
          da: numbers.many(T * B * N),
          dz: numbers.many(T * B * D),
        };
        const run = (bench: Bench, rows: number) => {
          bench.forward(T, rows, F, N);
          bench.kernels.backward(bench.m, ...bench.at('dz', 'da', 'z', 'w'), T, rows, F, N);
          return bench;
        };
        const batch = run(new Bench(createKernels(), parts, { w: D }), B);
        for (let row = 0; row < B; row++) {
          const z = rowOf(parts.z, row, B, D);
          const [da, dz] = [rowOf(parts.da, row, B, N), rowOf(parts.dz, row, B, D)];
          const alone = run(new Bench(createKernels(), { ...parts, z, da, dz }, { w: D }), 1);
          expect(alone.read('da')).toEqual(rowOf(batch.read('da'), row, B, N));
          expect(alone.read('dz')).toEqual(rowOf(batch.read('dz'), row, B, D));
        }
      },
    );

    it.each(PAIRS)(
      '[KER11] a row through dense and softmax has the bits that it has alone, A = %i, M = %i',
      (A, M) => {
        const R = 4;
        const numbers = new Numbers(A * 100 + M + 8);
        const parts = {
          a: numbers.many(R * A),
          w: numbers.many(A * M),
          b: numbers.many(M),
          y: numbers.many(R * M),
        };
        const run = (bench: Bench, rows: number) => {
          bench.kernels.dense(bench.m, ...bench.at('y', 'a'), A, ...bench.at('w', 'b'), rows, A, M);
          bench.kernels.softmax(bench.m, ...bench.at('y'), rows, M);
          return bench;
        };
        const together = run(new Bench(createKernels(), parts, { w: A }), R);
        for (let row = 0; row < R; row++) {
          const alone = run(
            new Bench(
              createKernels(),
              { ...parts, a: rowOf(parts.a, row, R, A), y: rowOf(parts.y, row, R, M) },
              { w: A },
            ),
            1,
          );
          expect(alone.read('y')).toEqual(rowOf(together.read('y'), row, R, M));
        }
      },
    );
  });
}

/** z [T+1,B,D] of random x and h_{-1}, and, where the cell writes, of numbers that it must not read; W and b. */
function cellParts(numbers: Numbers, T: number, B: number, F: number, N: number) {
  return {
    z: numbers.many((T + 1) * B * (F + N)),
    w: numbers.many((F + N) * N, 0.7),
    b: numbers.many(N),
  };
}

/** Takes batch row `row` out of [T,B,width]. */
const rowOf = (values: readonly number[], row: number, B: number, width: number): number[] =>
  values.filter((_, i) => Math.floor(i / width) % B === row);

const matmul = (a: Matrix, b: Matrix): Matrix =>
  a.map((row) => transpose(b).map((column) => row.reduce((sum, value, i) => sum + value * column[i]!, 0)));
const transpose = (a: Matrix): Matrix => a[0]!.map((_, j) => a.map((row) => row[j]!));
/** Adds the one row b to every row of a. */
const add = (a: Matrix, [b]: Matrix): Matrix => a.map((row) => row.map((value, j) => value + b![j]!));

/**
 * Lays named arrays into one arena with guards between them, of a length that leaves no part aligned to four numbers.
 * The arena is not the first of its kernels, so that its base need not be 0.
 */
class Bench {
  private readonly arena: Arena;
  private readonly addresses = new Map<string, { at: Address; length: number }>();
  private readonly base: Address;
  private readonly end: Address;
  private before: Reals;

  constructor(
    readonly kernels: Kernels,
    parts: Record<string, readonly number[]>,
    /** Rows of the parts that are weight matrices, which the kernels keep in a form of their own. */
    private readonly rows: Record<string, number> = {},
  ) {
    const guard = 3;
    const total = Object.values(parts).reduce((sum, part) => sum + part.length + guard, guard);
    kernels.allocate(5);
    this.arena = kernels.allocate(total);
    const { data, base } = this.arena;
    this.base = base;
    this.end = base + total;
    data.fill(-7.25, base, this.end);
    let at = base + guard;
    for (const [name, part] of Object.entries(parts)) {
      this.addresses.set(name, { at, length: part.length });
      data.set(part, at);
      if (rows[name]) kernels.pack(data, at, rows[name], part.length / rows[name]);
      at += part.length + guard;
    }
    this.before = data.slice(base, this.end);
  }

  /** The memory, which may have moved since. */
  get m(): Reals {
    return this.arena.data;
  }

  at<Names extends string[]>(...names: Names): { [K in keyof Names]: Address } {
    return names.map((name) => this.addresses.get(name)!.at) as { [K in keyof Names]: Address };
  }

  part(name: string): Reals {
    const { at, length } = this.addresses.get(name)!;
    const part = this.m.slice(at, at + length);
    const rows = this.rows[name];
    if (rows) this.kernels.unpack(part, 0, rows, length / rows);
    return part;
  }

  read(name: string): number[] {
    return Array.from(this.part(name));
  }

  /** Gives parts as matrices of the widths asked for. */
  matrices<Widths extends Record<string, number>>(widths: Widths): { [K in keyof Widths]: Matrix } {
    const entries = Object.entries(widths).map(([name, width]) => {
      const values = this.read(name);
      const rows = Array.from({ length: values.length / width }, (_, r) =>
        values.slice(r * width, (r + 1) * width),
      );
      return [name, rows];
    });
    return Object.fromEntries(entries) as { [K in keyof Widths]: Matrix };
  }

  forward(T: number, B: number, F: number, N: number): void {
    this.kernels.forward(this.m, ...this.at('z', 'w', 'b'), T, B, F, N);
  }

  /** Takes what is there now as what {@link changed} compares with. */
  settle(): void {
    this.before = this.m.slice(this.base, this.end);
  }

  /** Names, in the order of the alphabet, the parts that have changed, and 'guard' where anything between them has. */
  changed(): string[] {
    const names = new Set<string>();
    for (let at = this.base; at < this.end; at++) {
      if (Object.is(this.m[at], this.before[at - this.base])) continue;
      const part = [...this.addresses].find(([, { at: from, length }]) => at >= from && at < from + length);
      names.add(part?.[0] ?? 'guard');
    }
    return [...names].sort();
  }
}
