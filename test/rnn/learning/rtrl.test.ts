/**
 * Learning forward against learning backward: real-time recurrent learning must give the gradients of full
 * backpropagation, whatever its blocks; SnAp-1 those that it gives where no weight acts through another unit.
 */
import { describe, expect, it } from 'vitest';
import { type Kernels, NO_TARGET, type Reals } from '../../../src/kernels/kernels.js';
import { createWasmKernels } from '../../../src/kernels/wasm.js';
import type { Cell } from '../../../src/rnn/cell/cell.js';
import { layoutParameters, permute } from '../../../src/rnn/cell/parameters.js';
import { createReadout } from '../../../src/rnn/io/readout.js';
import { type BpttInput, bptt } from '../../../src/rnn/learning/bptt.js';
import type { BlockGradient, GradientMethod } from '../../../src/rnn/learning/gradient-method.js';
import { rtrl } from '../../../src/rnn/learning/rtrl.js';
import { snap1 } from '../../../src/rnn/learning/snap-1.js';
import { layWeights } from '../../../src/rnn/learning/weight-places.js';
import { Window } from '../../../src/rnn/learning/window.js';
import { relativeError } from '../../support/numeric-compare.js';
import { float64 } from '../../support/numeric-models.js';
import { Numbers } from '../../support/numeric-random.js';

type Method = typeof rtrl;
const METHODS = [
  { name: 'rtrl', Method: rtrl },
  { name: 'snap-1', Method: snap1 },
] as const;

interface Problem {
  readonly spec: BpttInput['spec'];
  readonly T: number;
  readonly parameters: number[];
  readonly x: number[];
  readonly targets: number[];
}

const LINEAR = { kind: 'linear' } as const;

/** A sequence of T steps with its targets, and weights. */
function problem(
  F: number,
  N: number,
  B: number,
  M: number,
  T: number,
  readout: BpttInput['spec']['readout'] = LINEAR,
): Problem {
  const numbers = new Numbers(F * 1000 + N * 100 + B * 10 + M);
  const task = { kind: 'supervised', outputs: M, delay: 0 } as const;
  const spec = { features: F, units: N, batch: B, readout, task };
  return {
    spec,
    T,
    parameters: numbers.many(layoutParameters(spec).length, 0.8),
    x: numbers.many(T * B * F),
    targets: readout.kind === 'softmax' ? numbers.distributions(T * B, M) : numbers.many(T * B * M),
  };
}

/** A stream that learns forward, its weights as they are; the gradients of its blocks add up. */
class Stream {
  readonly window: Window;
  readonly m: Reals;
  private readonly keptLength: number;
  /** Where the method keeps its influences. */
  private readonly kept: number;
  private readonly method: GradientMethod;
  private readonly base: number;
  private readonly total: number;
  private readonly layout;
  private readonly readout;
  private readonly cell: Cell;
  private blockStart = 0;
  private steps = 0;

  constructor(
    private readonly given: Problem,
    Method: Method,
    private readonly k1: number,
    private readonly kernels: Kernels = float64,
    keep = k1,
  ) {
    const { batch, features, units } = given.spec;
    const layout = layoutParameters(given.spec);
    const { outputs, length: count, cell } = layout;
    const learner = { k1, reduction: 'sum' as const };
    const shape = { keep, batch, features, units, outputs, scaled: false, activations: 0 };
    const size = Method.size(learner, layout, batch);
    this.keptLength = size.kept;
    const lengths = [count, Window.length(shape), size.kept, size.scratch, count];
    const arena = kernels.allocate(lengths.reduce((sum, length) => sum + length));
    this.m = arena.data;
    const [windowAt, kept, scratch, total] = lengths.map((_, i) =>
      lengths.slice(0, i + 1).reduce((sum, length) => sum + length, arena.base),
    ) as [number, number, number, number];
    const { base } = arena;
    this.base = base;
    this.kept = kept;
    this.total = total;
    this.layout = layout;
    this.window = new Window(windowAt, shape);
    this.readout = createReadout(kernels, given.spec.readout, layout)!;
    const none = { first: false, second: false };
    const weights = layWeights(
      none,
      { at: base, count, cellCount: layout.wy, cellBiases: cell.biases },
      base,
    );
    this.cell = layout.kind.create(kernels, cell, { weights: base, velocity: base, scratch: base });
    const { readout } = this;
    this.method = Method.create(learner, {
      kernels,
      cell: this.cell,
      readout,
      layout,
      weights,
      batch,
      kept,
      scratch,
    });
    this.setWeights(given.parameters);
  }

  setWeights(parameters: readonly number[]): void {
    this.m.set(parameters, this.base);
    permute('pack', this.kernels, this.layout, this.m, this.base);
  }

  /** Runs the next step; with a target or not. */
  step(hasTarget = true): void {
    const { m, window, given, cell, base, layout, readout } = this;
    const { batch: B, features: F, units: N } = given.spec;
    const { outputs: M } = layout;
    const t = this.steps++ % given.T;
    const seq = window.advance(m);
    const z = window.zAt(seq);
    for (let i = 0; i < B * F; i++) m[z + Math.floor(i / F) * (F + N) + (i % F)] = given.x[t * B * F + i]!;
    cell.forward(m, { z, activations: z, T: 1, B });
    readout.forward(m, window.sumsAt(seq), window.zAt(seq + 1) + F, F + N, base, B);
    if (!hasTarget) return;
    m.set(given.targets.slice(t * B * M, (t + 1) * B * M), window.targetAt(seq));
    window.markTarget(seq, true);
  }

  /** Learns from the next block, and adds its gradient up. */
  learn(): BlockGradient | null {
    const { m, window, method, kernels, layout, total } = this;
    const first = this.blockStart;
    this.blockStart = Math.min(first + this.k1, window.next);
    const block = method.backward(m, window, { from: first, first, last: this.blockStart - 1 }, null);
    if (!block) return null;
    for (let k = 0; k < layout.wy; k++) m[total + k] = m[total + k]! + m[block.gradient.cell! + k]!;
    for (const { w, b, a, stride, dy, R, A, M } of block.gradient.layers)
      kernels.denseGradient(m, w - this.base + total, b - this.base + total, a, stride, dy, R, A, M);
    return block;
  }

  /** Lets a block pass without learning from it. */
  pass(): void {
    this.blockStart += this.k1;
  }

  /** Runs `steps` steps, and learns from each block when it is there. */
  run(steps: number): BlockGradient[] {
    const blocks: (BlockGradient | null)[] = [];
    for (let t = 0; t < steps; t++) {
      this.step();
      if (this.window.next === this.blockStart + this.k1) blocks.push(this.learn());
    }
    if (this.blockStart < this.window.next) blocks.push(this.learn());
    return blocks.filter((block) => block !== null);
  }

  restart(): void {
    this.window.clear(this.m);
    this.method.restart?.(this.m);
    this.blockStart = this.window.next;
  }

  /** What the method carries forward. */
  influences(): Reals {
    return this.m.slice(this.kept, this.kept + this.keptLength - 2);
  }

  /** Begins at a step other than 0. */
  beginAt(step: number): void {
    this.window.restore({ ...this.window.state(), origin: step, start: step, next: step });
    this.restart();
  }

  /** Takes up where another stream is, by what a snapshot keeps of it. */
  takeUp(other: Stream): void {
    this.m.set(other.m.slice(other.base, other.kept + other.keptLength), this.base);
    this.window.restore(other.window.state());
    this.steps = other.steps;
    this.blockStart = other.blockStart;
  }

  /** The sum of the gradients so far, in the order of the layout; it begins at 0 again. */
  takeGradient(): Reals {
    const { m, total, layout } = this;
    permute('unpack', this.kernels, layout, m, total);
    const sum = m.slice(total, total + layout.length);
    m.fill(0, total, total + layout.length);
    return sum;
  }

  /** h [B,N] that entered a step. */
  stateBefore(step: number): number[] {
    const { batch: B, features: F, units: N } = this.given.spec;
    const rows = Array.from({ length: B }, (_, row) => this.window.zAt(step) + row * (F + N) + F);
    return rows.flatMap((at) => Array.from(this.m.subarray(at, at + N)));
  }
}

/** Full backpropagation over steps from .. to - 1, with the losses of those that `counts` names. */
function full(
  { spec, parameters, x, targets, T }: Problem,
  { from = 0, to = T, h0, counts = () => true }: Partial<Range> = {},
): Reals {
  const { batch: B, features: F } = spec;
  const M = layoutParameters(spec).outputs;
  const wanted = targets.map((value, i) => (counts(Math.floor(i / (B * M))) ? value : NO_TARGET));
  const input = {
    spec,
    parameters,
    x: x.slice(from * B * F, to * B * F),
    targets: wanted.slice(from * B * M, to * B * M),
    ...(h0 && { h0 }),
  };
  return bptt({ ...input, reduction: 'sum' }, float64).parameters;
}

interface Range {
  readonly from: number;
  readonly to: number;
  readonly h0: number[];
  readonly counts: (step: number) => boolean;
}

const SIZES = [
  { F: 1, N: 1, B: 1, M: 1 },
  { F: 3, N: 4, B: 1, M: 2 },
  { F: 2, N: 7, B: 3, M: 1 },
  { F: 5, N: 6, B: 2, M: 3 },
  { F: 1, N: 17, B: 1, M: 4 },
  { F: 9, N: 3, B: 4, M: 5 },
];

describe('real-time recurrent learning', () => {
  it.each(SIZES)(
    '[RTR1] the gradients of its blocks add up to that of full backpropagation, F = $F, N = $N, B = $B, M = $M',
    ({ F, N, B, M }) => {
      for (const k1 of [1, 4, 7]) {
        const given = problem(F, N, B, M, 23);
        const stream = new Stream(given, rtrl, k1);
        stream.run(23);
        expect(relativeError(stream.takeGradient(), full(given)), `k1 = ${k1}`).toBeLessThan(1e-9);
      }
    },
  );

  it.each([
    { name: 'softmax', readout: { kind: 'softmax', dense: true }, M: 3 },
    { name: 'softmax of h', readout: { kind: 'softmax', dense: false }, M: 5 },
  ] as const)('[RTR1] through a readout of $name too', ({ readout, M }) => {
    const given = problem(3, 5, 2, M, 17, readout);
    const stream = new Stream(given, rtrl, 4);
    stream.run(17);
    expect(relativeError(stream.takeGradient(), full(given))).toBeLessThan(1e-9);
  });

  it('[RTR1] in the WebAssembly kernels to 1e-4', () => {
    const kernels = createWasmKernels();
    for (const { F, N, B, M } of [...SIZES, { F: 3, N: 46, B: 1, M: 2 }]) {
      const given = problem(F, N, B, M, 23);
      const scaled = { ...given, parameters: given.parameters.map((value) => value / Math.sqrt(N)) };
      const stream = new Stream(scaled, rtrl, 4, kernels);
      stream.run(23);
      expect(relativeError(stream.takeGradient(), full(scaled)), `N = ${N}`).toBeLessThan(1e-4);
    }
  });

  it('[RTR2] a loss sees all of the past, further back than its block and the window', () => {
    const given = problem(3, 5, 2, 2, 40);
    const stream = new Stream(given, rtrl, 4);
    for (const { from, to, losses } of stream.run(40)) expect([to - from + 1, losses]).toEqual([4, 4]);
    stream.takeGradient();
    const blocks = new Stream(given, rtrl, 4);
    for (let from = 0; from < 40; from += 4) {
      blocks.run(4);
      const counts = (step: number) => step >= from && step < from + 4;
      const want = full(given, { to: from + 4, counts });
      expect(relativeError(blocks.takeGradient(), want), `block at ${from}`).toBeLessThan(1e-9);
    }
  });

  it('[RTR2] a step without a target counts for nothing, and the influences go on through it', () => {
    const given = problem(3, 4, 2, 2, 20);
    // the block 8 .. 11 has no target at all
    const hasTarget = (step: number) => step % 3 !== 1 && (step < 8 || step > 11);
    const stream = new Stream(given, rtrl, 4);
    const losses: (number | undefined)[] = [];
    for (let t = 0; t < 20; t++) {
      stream.step(hasTarget(t));
      if (t % 4 === 3) losses.push(stream.learn()?.losses);
    }
    expect(losses).toEqual([3, 2, undefined, 3, 2]);
    expect(relativeError(stream.takeGradient(), full(given, { counts: hasTarget }))).toBeLessThan(1e-9);
  });
});

describe('SnAp-1', () => {
  const F = 3;
  const N = 5;
  /** Leaves of Wh only what a unit gives itself. */
  const diagonal = (given: Problem): Problem => ({
    ...given,
    parameters: given.parameters.map((value, k) => {
      const [i, j] = [Math.floor(k / N) - F, k % N];
      return k < (F + N) * N && i >= 0 && i !== j ? 0 : value;
    }),
  });
  const gradient = (given: Problem, Method: Method, kernels?: Kernels) => {
    const stream = new Stream(given, Method, 4, kernels);
    stream.run(given.T);
    return stream.takeGradient();
  };

  it('[RTR3] gives the gradient of RTRL where no unit acts on another', () => {
    const given = diagonal(problem(F, N, 2, 2, 21));
    const want = full(given);
    // Wh_ij with i != j acts in the same step only, so nothing is left out for it either
    expect(relativeError(gradient(given, snap1), want)).toBeLessThan(1e-9);
    expect(relativeError(gradient(given, rtrl), want)).toBeLessThan(1e-9);
    expect(relativeError(gradient(given, snap1, createWasmKernels()), want)).toBeLessThan(1e-5);
  });

  it('[RTR3] leaves out what goes round through other units: it differs, and points the same way', () => {
    const given = problem(F, N, 2, 2, 21);
    const [got, want] = [gradient(given, snap1), full(given)];
    expect(relativeError(got, want)).toBeGreaterThan(0.01);
    const along = Array.from(got, (value, k) => value * want[k]!);
    expect(along.reduce((sum, value) => sum + value)).toBeGreaterThan(0);
    const { wy } = layoutParameters(given.spec);
    expect(relativeError(got.slice(wy), want.slice(wy)), 'the readout').toBeLessThan(1e-12);
  });

  it('[RTR3] is exact for losses one step from the beginning', () => {
    const given = problem(F, N, 2, 2, 1);
    expect(relativeError(gradient(given, snap1), full(given))).toBeLessThan(1e-12);
  });
});

describe.each(METHODS)('a history of $name', ({ Method }) => {
  const given = problem(3, 5, 2, 2, 24);
  const fresh = (keep = 4, kernels?: Kernels) => new Stream(given, Method, 4, kernels, keep);

  it('[RTR4] begins anew at a restart: nothing of the one before is left', () => {
    const [stream, other] = [fresh(), fresh()];
    stream.run(24);
    stream.takeGradient();
    stream.restart();
    expect(stream.influences().every((value) => value === 0)).toBe(true);
    stream.run(24);
    other.run(24);
    expect(stream.takeGradient()).toEqual(other.takeGradient());
  });

  it('[RTR4] that begins in the middle of the window takes its entering state as a constant', () => {
    const stream = fresh(12);
    stream.run(7);
    stream.restart();
    stream.takeGradient();
    stream.run(9);
    const want = new Stream(
      { ...given, x: given.x.slice(7 * 6), targets: given.targets.slice(7 * 4) },
      Method,
      4,
    );
    want.run(9);
    expect(relativeError(stream.takeGradient(), want.takeGradient())).toBeLessThan(1e-12);
  });

  it('[RTR5] is brought up to date after blocks that were passed over, while the window has them', () => {
    const [stream, other] = [fresh(16), fresh(16)];
    for (const each of [stream, other]) each.run(8);
    for (let t = 0; t < 8; t++) {
      stream.step();
      other.step();
      if (t % 4 !== 3) continue;
      stream.pass();
      other.learn();
    }
    for (const each of [stream, other]) {
      each.takeGradient();
      each.run(8);
    }
    expect(stream.takeGradient()).toEqual(other.takeGradient());
  });

  it('[RTR5] else goes on from the oldest step of the window, whose entering state is a constant', () => {
    const stream = fresh(8);
    stream.run(4);
    for (let t = 4; t < 20; t++) stream.step();
    for (let block = 1; block < 4; block++) stream.pass();
    stream.takeGradient();
    const { first } = stream.window;
    const h0 = stream.stateBefore(first);
    expect(stream.learn()).toMatchObject({ from: 16, to: 19, losses: 4 });
    const counts = (step: number) => step >= 16;
    const want = full(given, { from: first, to: 20, h0, counts });
    const error = relativeError(stream.takeGradient(), want);
    if (Method === rtrl) expect(error).toBeLessThan(1e-9);
    else expect(error).toBeLessThan(1);
    expect(first).toBe(12);
  });

  it.each([0, 2 ** 24 + 3, 2 ** 40 + 5])(
    '[RTR6] goes on with the same bits from what a snapshot keeps, at step %d and later',
    (step) => {
      for (const kernels of [float64, createWasmKernels()]) {
        const [stream, restored] = [fresh(4, kernels), fresh(4, kernels)];
        const early = fresh(4, kernels);
        stream.beginAt(step);
        for (const each of [stream, early]) each.run(12);
        restored.takeUp(stream);
        for (const each of [stream, early]) each.takeGradient();
        for (const each of [stream, early, restored]) each.run(8);
        const want = early.takeGradient();
        expect(stream.takeGradient()).toEqual(want);
        expect(restored.takeGradient()).toEqual(want);
      }
    },
  );

  it('[RTR7] whose influences grow beyond all numbers begins again at 0', () => {
    const still = { ...given, x: given.x.map(() => 0) };
    const unbounded = given.parameters.map((value, k) => (k < 40 ? 1e250 * Math.sign(value) : 0));
    const stream = new Stream(still, Method, 4);
    stream.setWeights(unbounded);
    stream.run(4);
    expect(stream.takeGradient().every(Number.isFinite)).toBe(false);
    expect(stream.influences().every((value) => value === 0)).toBe(true);
    stream.setWeights(given.parameters);
    stream.run(8);
    expect(stream.takeGradient().every(Number.isFinite)).toBe(true);
  });
});
