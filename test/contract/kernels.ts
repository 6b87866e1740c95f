/**
 * The contract that every implementation of `Kernels` passes. Each kernel is held against its formula, written here once
 * more with plain matrices in float64, on the numbers as the kernel's own precision stores them.
 */
import { describe, expect, it } from 'vitest';
import { type Kernels, NO_TARGET } from '../../src/kernels/kernels.js';
import { add, Bench, type Matrix, matmul, rowOf, transpose } from '../support/kernel-bench.js';
import { bits, relativeError } from '../support/numeric-compare.js';
import { Numbers } from '../support/numeric-random.js';

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

    it('allocates arenas of zeros that do not overlap', () => {
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

    it.each(PAIRS)('forward is h_t = tanh(z_t W + b), F = %i, N = %i', (F, N) => {
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
        forward(bench, T, B, F, N);
        close(bench.read('z'), want.flat(), `T = ${T}, B = ${B}`);
        expect(bench.changed()).toEqual(['z']);
        const inputs = (z: Matrix) => z.map((row, r) => row.slice(0, r < B ? F + N : F));
        expect(inputs(bench.matrices({ z: F + N }).z)).toEqual(inputs(want));
      }
    });

    it.each(PAIRS)('backward is the chain rule from the last step to the first, F = %i, N = %i', (F, N) => {
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
        forward(bench, T, B, F, N);
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
        bench.kernels.simpleRnnBackward(bench.m, ...bench.at('dz', 'da', 'z', 'w'), T, B, F, N);
        close(bench.read('da'), da.flat(), `da, T = ${T}, B = ${B}`);
        close(bench.read('dz'), dz.flat(), `dz, T = ${T}, B = ${B}`);
        expect(bench.changed()).toEqual(['da', 'dz']);
      }
    });

    it.each(PAIRS)('dense is a w + b, for rows that lie apart, A = %i, M = %i', (A, M) => {
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

    it.each(PAIRS)('denseBackward is dy w^T, A = %i, M = %i', (A, M) => {
      const R = 3;
      const numbers = new Numbers(A * 100 + M + 3);
      const parts = { da: numbers.many(R * A), dy: numbers.many(R * M), w: numbers.many(A * M) };
      const bench = new Bench(createKernels(), parts, { w: A });
      const { dy, w } = bench.matrices({ dy: M, w: M });
      bench.kernels.denseBackward(bench.m, ...bench.at('da', 'dy', 'w'), R, A, M);
      close(bench.read('da'), matmul(dy, transpose(w)).flat(), 'da');
      expect(bench.changed()).toEqual(['da']);
    });

    it.each(PAIRS)('denseGradient adds a^T dy and the sum of dy to what is there, A = %i, M = %i', (A, M) => {
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
      bench.kernels.denseGradient(bench.m, ...bench.at('gw', 'gb', 'a'), stride, ...bench.at('dy'), R, A, M);
      close(bench.read('gw'), wantW.flat(), 'gw');
      close(bench.read('gb'), wantB, 'gb');
      expect(bench.changed()).toEqual(['gb', 'gw']);
    });

    it.each(SIZES)('softmax is exp(y) over its sum, row by row, M = %i', (M) => {
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

    it.each(SIZES)('squaredError is the loss in current deviations, and its gradient, M = %i', (M) => {
      const [T, B, factor] = [3, 2, 0.3];
      const numbers = new Numbers(M + 18);
      const parts = {
        dy: numbers.many(T * B * M),
        y: numbers.many(T * B * M),
        // a target in seven has not come
        target: numbers.many(T * B * M).map((value, i) => (i % 7 === 4 ? NO_TARGET : value)),
        // an output that did not vary, or does not, counts for nothing, however far off it is
        served: numbers.many(T * M).map((value, i) => (i % 5 === 2 ? 0 : Math.abs(value))),
        current: numbers.many(M).map((value, j) => (j === 1 ? 0 : Math.abs(value) + 0.1)),
      };
      parts.y[1] = NO_TARGET;
      for (const scaled of [true, false]) {
        if (!scaled) parts.y[1] = 0.5;
        const bench = new Bench(createKernels(), parts, {});
        const { y, target, served, current } = bench.matrices({ y: M, target: M, served: M, current: M });
        const [dyAt, yAt, targetAt, servedAt, currentAt] = bench.at('dy', 'y', 'target', 'served', 'current');
        const scale = scaled ? { served: servedAt, current: currentAt } : null;
        const loss = bench.kernels.squaredError(bench.m, dyAt, yAt, targetAt, scale, factor, T, B, M);
        let want = 0;
        const gradient = y.flatMap((row, r) =>
          row.map((value, j) => {
            const now = scaled ? current[0]![j]! : 1;
            const then = scaled ? served[Math.floor(r / B)]![j]! : 1;
            if (now === 0 || then === 0 || target[r]![j] === NO_TARGET) return 0;
            const error = ((value - target[r]![j]!) * then) / now;
            want += error ** 2;
            return (2 * factor * error * then) / now;
          }),
        );
        close([loss], [want], 'loss');
        close(bench.read('dy'), gradient, 'dy');
        expect(bench.changed()).toEqual(['dy']);
      }
    });

    it('squaredError of outputs that all count for nothing is 0, and so is its gradient', () => {
      const parts = { dy: [1, 1], y: [3, NO_TARGET], target: [NO_TARGET, -NO_TARGET], served: [1, 0] };
      const bench = new Bench(createKernels(), { ...parts, current: [1, 1] });
      const [dy, y, target, served, current] = bench.at('dy', 'y', 'target', 'served', 'current');
      const scale = { served, current };
      expect(bench.kernels.squaredError(bench.m, dy, y, target, scale, 1, 1, 1, 2)).toBe(0);
      expect(bench.read('dy')).toEqual([0, 0]);
    });

    it('softmax survives logits of +-500 and its rows sum to 1', () => {
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

    it.each(PAIRS)('gradientSquares is the squared norm of a layer gradient, A = %i, M = %i', (A, M) => {
      for (const R of [1, 4, 40]) {
        const { bench, stride, g, gb } = layerParts(A, M, R);
        const [a, dy] = bench.at('a', 'dy');
        const got = bench.kernels.gradientSquares(bench.m, a, stride, dy, R, A, M);
        close([Math.sqrt(got)], [Math.hypot(...g, ...gb)], `R = ${R}`);
        expect(bench.changed()).toEqual([]);
      }
    });

    const rules = [
      { rule: 'plain', momentum: 0, nesterov: false, decay: 0 },
      { rule: 'classical momentum', momentum: 0.9, nesterov: false, decay: 0 },
      { rule: 'Nesterov momentum', momentum: 0.9, nesterov: true, decay: 0 },
      { rule: 'Nesterov without momentum', momentum: 0, nesterov: true, decay: 0 },
      { rule: 'plain with decay', momentum: 0, nesterov: false, decay: 0.02 },
      { rule: 'classical momentum with decay', momentum: 0.9, nesterov: false, decay: 0.02 },
      { rule: 'Nesterov momentum with decay', momentum: 0.9, nesterov: true, decay: 0.02 },
    ];

    /** The velocities and weights after a step of SGD along g. */
    const descended = (
      { momentum, nesterov }: (typeof rules)[number],
      decay: number,
      [w, v, g]: readonly (readonly number[])[],
    ) => {
      const descent = g!.map((value, i) => 0.05 * value + decay * w![i]!);
      const next = v!.map((value, i) => momentum * value - descent[i]!);
      const move = nesterov ? next.map((value, i) => momentum * value - descent[i]!) : next;
      return { v: next, w: w!.map((value, i) => value + move[i]!) };
    };

    it.each(rules)('descend takes a step of SGD: $rule', (rule) => {
      for (const [A, M] of [...PAIRS, [5, 64], [8, 32], [2, 61]] as const) {
        const R = 4;
        const { bench, stride, g, gb } = layerParts(A, M, R);
        const before = { w: bench.read('w'), b: bench.read('b'), v: bench.read('v'), vb: bench.read('vb') };
        const [w, b, velocity, velocityB, a, dy] = bench.at('w', 'b', 'v', 'vb', 'a', 'dy');
        const layer = { w, b, velocity, velocityB, a, stride, dy, R, A, M };
        bench.kernels.descend(bench.m, layer, { ...rule, rate: 0.05 });
        const size = `A = ${A}, M = ${M}`;
        const weights = descended(rule, rule.decay, [before.w, before.v, g]);
        const biases = descended(rule, 0, [before.b, before.vb, gb]);
        close(bench.read('w'), weights.w, `w, ${size}`);
        close(bench.read('b'), biases.w, `b, ${size}`);
        if (rule.momentum > 0) close(bench.read('v'), weights.v, `v, ${size}`);
        if (rule.momentum > 0) close(bench.read('vb'), biases.v, `vb, ${size}`);
        expect(bench.changed(), 'there is no velocity without momentum').toEqual(
          rule.momentum > 0 ? ['b', 'v', 'vb', 'w'] : ['b', 'w'],
        );
      }
    });

    it.each(rules)('descendAlong takes a step of SGD along a gradient in memory: $rule', (rule) => {
      for (const n of [...SIZES, 61, 64]) {
        const numbers = new Numbers(n + 19);
        const parts = { w: numbers.many(n), v: numbers.many(n), g: numbers.many(n) };
        const bench = new Bench(createKernels(), parts);
        const want = descended(rule, rule.decay, [bench.read('w'), bench.read('v'), bench.read('g')]);
        const [w, g, v] = bench.at('w', 'g', 'v');
        bench.kernels.descendAlong(bench.m, w, g, v, n, { ...rule, rate: 0.05 });
        close(bench.read('w'), want.w, `w, n = ${n}`);
        if (rule.momentum > 0) close(bench.read('v'), want.v, `v, n = ${n}`);
        expect(bench.changed()).toEqual(rule.momentum > 0 ? ['v', 'w'] : ['w']);
      }
    });

    const adaptations = [
      { rule: 'Adam', beta1: 0.9, beta2: 0.999, c1: 0.271, c2: 0.003, l2: 0, shrink: 0 },
      { rule: 'Adam with L2', beta1: 0.9, beta2: 0.99, c1: 0.271, c2: 0.03, l2: 0.2, shrink: 0 },
      { rule: 'AdamW', beta1: 0.8, beta2: 0.99, c1: 1, c2: 1, l2: 0, shrink: 0.02 },
      { rule: 'RMSProp', beta1: 0, beta2: 0.99, c1: 1, c2: 1, l2: 0, shrink: 0 },
      { rule: 'RMSProp with L2', beta1: 0, beta2: 0.9, c1: 1, c2: 1, l2: 0.1, shrink: 0 },
    ];

    it.each(adaptations)('adapt takes a step: $rule', ({ rule, ...given }) => {
      const settings = { ...given, scale: 0.7, rate: 0.03, epsilon: 1e-3 };
      const { beta1, beta2, c1, c2, l2, shrink, scale, rate, epsilon } = settings;
      for (const n of [...SIZES, 61, 64]) {
        const numbers = new Numbers(n + 20);
        const parts = {
          w: numbers.many(n),
          g: numbers.many(n),
          m1: numbers.many(n),
          m2: numbers.many(n).map(Math.abs),
        };
        const bench = new Bench(createKernels(), parts);
        const before = { w: bench.read('w'), g: bench.read('g'), m1: bench.read('m1'), m2: bench.read('m2') };
        const g = before.g.map((value, i) => scale * value + l2 * before.w[i]!);
        const m1 = g.map((value, i) => (beta1 === 0 ? value : beta1 * before.m1[i]! + (1 - beta1) * value));
        const m2 = g.map((value, i) => beta2 * before.m2[i]! + (1 - beta2) * value ** 2);
        const w = before.w.map(
          (value, i) => value - shrink * value - (rate * m1[i]!) / c1 / (Math.sqrt(m2[i]! / c2) + epsilon),
        );
        bench.kernels.adapt(bench.m, ...bench.at('w', 'g', 'm1', 'm2'), n, settings);
        close(bench.read('w'), w, `w, n = ${n}`);
        close(bench.read('m2'), m2, `m2, n = ${n}`);
        if (beta1 > 0) close(bench.read('m1'), m1, `m1, n = ${n}`);
        expect(bench.changed(), rule).toEqual(beta1 > 0 ? ['m1', 'm2', 'w'] : ['m2', 'w']);
      }
    });

    it('adapt gives a weight the bits that it has alone', () => {
      const numbers = new Numbers(20);
      const parts = {
        w: numbers.many(46),
        g: numbers.many(46),
        m1: numbers.many(46),
        m2: numbers.many(46).map(Math.abs),
      };
      const settings = { ...adaptations[1]!, shrink: 0.01, scale: 0.7, rate: 0.03, epsilon: 1e-8 };
      const run = (from: number, to: number) => {
        const cut = Object.entries(parts).map(([name, part]) => [name, part.slice(from, to)]);
        const bench = new Bench(createKernels(), Object.fromEntries(cut));
        bench.kernels.adapt(bench.m, ...bench.at('w', 'g', 'm1', 'm2'), to - from, settings);
        return [bench.read('w'), bench.read('m1'), bench.read('m2')];
      };
      const whole = run(0, 46);
      for (let i = 0; i < 46; i++) expect(run(i, i + 1)).toEqual(whole.map((part) => [part[i]]));
    });

    it.each([0, ...SIZES, 64])('squares is the sum of the squares of n numbers, n = %i', (n) => {
      const bench = new Bench(createKernels(), { p: new Numbers(n + 21).many(n) });
      const want = bench.read('p').reduce((sum, value) => sum + value ** 2, 0);
      expect(bench.kernels.squares(bench.m, ...bench.at('p'), n)).toBeCloseTo(want, 13);
      expect(bench.changed()).toEqual([]);
    });

    it('squares adds up the largest numbers that float32 holds, and is not finite where one of them is not', () => {
      for (const n of [1, 4, 7]) {
        const kernels = createKernels();
        const squaresOf = (value: number) => {
          const bench = new Bench(kernels, { p: Array.from({ length: n }, () => value) });
          return bench.kernels.squares(bench.m, ...bench.at('p'), n);
        };
        close([Math.sqrt(squaresOf(-NO_TARGET))], [NO_TARGET * Math.sqrt(n)], `n = ${n}`);
        expect(squaresOf(Number.NEGATIVE_INFINITY)).toBe(Number.POSITIVE_INFINITY);
        expect(squaresOf(Number.NaN)).toBeNaN();
      }
    });

    it.each([0, ...SIZES, 64])('largest is the largest magnitude of n numbers, n = %i', (n) => {
      for (let at = 0; at < Math.max(1, n); at++) {
        const numbers = new Numbers(n).many(n).map((value, i) => (i === at ? -99 : value));
        const bench = new Bench(createKernels(), { p: numbers });
        expect(bench.kernels.largest(bench.m, ...bench.at('p'), n)).toBe(n === 0 ? 0 : 99);
      }
    });

    it.each(PAIRS)('rotate turns pairs of rows, one after the other, of %i + 1 rows of %i', (A, M) => {
      const numbers = new Numbers(A * 100 + M + 30);
      const turns = Array.from({ length: 2 * A }, (_, k) => {
        const c = numbers.many(1)[0]!;
        return [k % (A + 1), (k + 1 + (k % A)) % (A + 1), c, Math.sqrt(1 - c * c)];
      });
      const bench = new Bench(createKernels(), { x: numbers.many((A + 1) * M), plan: turns.flat() });
      const want = bench.matrices({ x: M }).x;
      for (const [i, j, c, s] of bench.matrices({ plan: 4 }).plan as [number, number, number, number][]) {
        const [u, v] = [want[i]!, want[j]!];
        want[i] = u.map((value, k) => c * value - s * v[k]!);
        want[j] = u.map((value, k) => s * value + c * v[k]!);
      }
      bench.kernels.rotate(bench.m, ...bench.at('x', 'plan'), turns.length, M);
      close(bench.read('x'), want.flat(), 'x');
      expect(bench.changed()).toEqual(['x']);
    });

    it('pack and unpack are each the other way round, and move every number', () => {
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
        const packed = m.slice();
        kernels.unpack(m, 2, rows, columns);
        expect(m).toEqual(before);
        const other = m.slice().fill(-1);
        kernels.pack(other, 1, rows, columns, before, 2);
        expect(other.slice(1, -3)).toEqual(packed.slice(2, -2));
        kernels.unpack(other, 2, rows, columns, packed, 2);
        expect(other.slice(2, -2)).toEqual(before.slice(2, -2));
      }
    });

    /** The weights (i,j) of W and, with i = D, of b, in the order in which the kernels keep them. */
    const weightOrder = (F: number, N: number): { i: number; j: number }[] => {
      const order = Float64Array.from({ length: (F + N) * N }, (_, k) => k);
      createKernels().pack(order, 0, F + N, N);
      const weights = Array.from(order, (k) => ({ i: Math.floor(k / N), j: k % N }));
      return [...weights, ...Array.from({ length: N }, (_, j) => ({ i: F + N, j }))];
    };

    const influenceParts = (F: number, N: number, width: number) => {
      const numbers = new Numbers(F * 100 + N + 22);
      const P = (F + N + 1) * N;
      return {
        out: numbers.many(P * N),
        J: numbers.many(P * width),
        z: numbers.many(F + N),
        h: numbers.many(N, 0.9),
        w: numbers.many((F + N) * N, 0.7),
        e: numbers.many(N),
        g: numbers.many(P),
      };
    };

    it.each([...PAIRS, [2, 61] as const])(
      "influence is the chain rule of each weight's influence on the state, F = %i, N = %i",
      (F, N) => {
        const bench = new Bench(createKernels(), influenceParts(F, N, N), { w: F + N });
        const { J, z, h, w } = bench.matrices({ J: N, z: F + N, h: N, w: N });
        const inputs = [...z[0]!, 1];
        const product = matmul(J, w.slice(F));
        bench.kernels.influence(bench.m, ...bench.at('out', 'J', 'z', 'h', 'w'), F, N);
        const { out } = bench.matrices({ out: N });
        for (const [r, { i, j }] of weightOrder(F, N).entries()) {
          const sums = product[r]!.map((sum, k) => (k === j ? sum + inputs[i]! : sum));
          const want = sums.map((sum, k) => sum * (1 - h[0]![k]! ** 2));
          close(out[r]!, want, `row ${r}, of weight (${i}, ${j})`);
        }
        expect(bench.changed()).toEqual(['out']);
      },
    );

    it.each([...PAIRS, [2, 61] as const])(
      'influenceGradient adds J e to what is there, F = %i, N = %i',
      (F, N) => {
        const bench = new Bench(createKernels(), influenceParts(F, N, N));
        const { J, e, g } = bench.matrices({ J: N, e: N, g: 1 });
        const want = matmul(J, transpose(e)).map(([value], r) => value! + g[r]![0]!);
        bench.kernels.influenceGradient(bench.m, ...bench.at('g', 'J', 'e'), J.length, N);
        close(bench.read('g'), want, 'g');
        expect(bench.changed()).toEqual(['g']);
      },
    );

    it.each([...PAIRS, [2, 61] as const])(
      "influenceDiagonal is the influence of each weight on its own unit's state, F = %i, N = %i",
      (F, N) => {
        const bench = new Bench(createKernels(), influenceParts(F, N, 1), { w: F + N });
        const { J, z, h, w } = bench.matrices({ J: 1, z: F + N, h: N, w: N });
        const inputs = [...z[0]!, 1];
        const want = weightOrder(F, N).map(
          ({ i, j }, r) => (1 - h[0]![j]! ** 2) * (inputs[i]! + w[F + j]![j]! * J[r]![0]!),
        );
        bench.kernels.influenceDiagonal(bench.m, ...bench.at('J', 'z', 'h', 'w'), F, N);
        close(bench.read('J'), want, 'S');
        expect(bench.changed()).toEqual(['J']);
      },
    );

    it.each([...PAIRS, [2, 61] as const])(
      'influenceDiagonalGradient adds e_j S_ij to what is there, F = %i, N = %i',
      (F, N) => {
        const bench = new Bench(createKernels(), influenceParts(F, N, 1));
        const { J, e, g } = bench.matrices({ J: 1, e: N, g: 1 });
        const want = weightOrder(F, N).map(({ j }, r) => g[r]![0]! + e[0]![j]! * J[r]![0]!);
        bench.kernels.influenceDiagonalGradient(bench.m, ...bench.at('g', 'J', 'e'), F, N);
        close(bench.read('g'), want, 'g');
        expect(bench.changed()).toEqual(['g']);
      },
    );

    it('forward keeps the state in [-1, 1] for the largest inputs and weights that float32 holds', () => {
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
        forward(bench, T, B, F, N);
        const states = bench.matrices({ z: F + N }).z.slice(B);
        expect(states.every((row) => row.slice(F).every((value) => Math.abs(value) <= 1))).toBe(true);
      }
    });

    it.each(PAIRS)(
      'one step at a time, a block and a batch row give the same bits, F = %i, N = %i',
      (F, N) => {
        const [T, B, D] = [6, 3, F + N];
        const parts = cellParts(new Numbers(F * 100 + N + 6), T, B, F, N);
        const block = new Bench(createKernels(), parts, { w: D });
        forward(block, T, B, F, N);

        const single = new Bench(createKernels(), parts, { w: D });
        const [z, w, b] = single.at('z', 'w', 'b');
        for (let t = 0; t < T; t++)
          single.kernels.simpleRnnForward(single.m, z + t * B * D, w, b, 1, B, F, N);
        expect(bits(single.part('z'))).toBe(bits(block.part('z')));

        for (let row = 0; row < B; row++) {
          const alone = new Bench(createKernels(), { ...parts, z: rowOf(parts.z, row, B, D) }, { w: D });
          forward(alone, T, 1, F, N);
          expect(alone.read('z')).toEqual(rowOf(block.read('z'), row, B, D));
        }
      },
    );

    it.each(PAIRS)('a batch row goes back with the bits that it has alone, F = %i, N = %i', (F, N) => {
      const [T, B, D] = [6, 3, F + N];
      const numbers = new Numbers(F * 100 + N + 7);
      const parts = {
        ...cellParts(numbers, T, B, F, N),
        da: numbers.many(T * B * N),
        dz: numbers.many(T * B * D),
      };
      const run = (bench: Bench, rows: number) => {
        forward(bench, T, rows, F, N);
        bench.kernels.simpleRnnBackward(bench.m, ...bench.at('dz', 'da', 'z', 'w'), T, rows, F, N);
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
    });

    it.each(PAIRS)(
      'a row through dense and softmax has the bits that it has alone, A = %i, M = %i',
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

/** Runs the simple cell over the parts of a bench. */
const forward = (bench: Bench, T: number, B: number, F: number, N: number) =>
  bench.kernels.simpleRnnForward(bench.m, ...bench.at('z', 'w', 'b'), T, B, F, N);

/** z [T+1,B,D] of random x and h_{-1}, and, where the cell writes, of numbers that it must not read; W and b. */
function cellParts(numbers: Numbers, T: number, B: number, F: number, N: number) {
  return {
    z: numbers.many((T + 1) * B * (F + N)),
    w: numbers.many((F + N) * N, 0.7),
    b: numbers.many(N),
  };
}
