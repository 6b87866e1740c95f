/** The numbers of a model and what computes with them: the cell and the readout, over a window, in one arena. */
import { EddyError } from '../errors.js';
import type { ColumnStore } from '../kernels/columns.js';
import type { Address, Arena, Kernels, Reals } from '../kernels/kernels.js';
import type { Random } from '../math/random.js';
import { type ArenaLayout, layoutArena } from './arena-layout.js';
import type { Cell } from './cell/cell.js';
import { initialise, permute, transfer } from './cell/parameters.js';
import type { Draw } from './cell/random-matrix.js';
import { createReadout, type Readout } from './io/readout.js';
import type { GradientMethod } from './learning/gradient-method.js';
import { learnerOf } from './learning/learners.js';
import { layWeights, type Weights } from './learning/weight-places.js';
import { Window } from './learning/window.js';
import type { ModelSpec } from './spec/defaults.js';

export class Network {
  readonly layout: ArenaLayout;
  readonly window: Window;
  readonly weightsAt: Weights;
  /** How the gradient of the weights is computed; null without a readout, from which it would come. */
  readonly method: GradientMethod | null;
  private readonly cell: Cell;
  private readonly readout: Readout | null;
  private readonly arena: Arena;
  private viewed: Reals | null = null;
  /** h_t [B,N] and y_t [B,M] of the last step that was shown; y is null without a readout. */
  h!: Reals;
  y: Reals | null = null;

  constructor(
    readonly kernels: Kernels,
    private readonly spec: ModelSpec,
    columns: ColumnStore,
  ) {
    const layout = layoutArena(spec);
    const { parameters, moments } = layout;
    this.layout = layout;
    this.arena = kernels.allocate(layout.length);
    const { base } = this.arena;
    const { length: count, wy: cellCount, cell } = parameters;
    const lengths = { at: base, count, cellCount, cellBiases: cell.biases };
    const weights = layWeights(moments, lengths, base + layout.gradientAt);
    this.weightsAt = weights;
    this.window = new Window(base + layout.windowAt, layout.window, columns);
    const scratch = base + layout.cellScratchAt;
    this.cell = parameters.kind.create(kernels, cell, { weights: base, velocity: weights.velocity, scratch });
    this.readout = createReadout(kernels, spec.readout, parameters);
    this.method =
      this.readout &&
      learnerOf(spec.learner).create(spec.learner, {
        kernels,
        cell: this.cell,
        readout: this.readout,
        layout: parameters,
        weights,
        batch: spec.batch,
        kept: base + layout.carriedAt,
        scratch: base + layout.scratchAt,
      });
  }

  /** The memory that all addresses count in. Read it again after other models were made: it may move. */
  get numbers(): Reals {
    return this.arena.data;
  }

  /** Computes h_t, and the readout's sums, of a step whose inputs are in the window. */
  forward(m: Reals, seq: number): void {
    const { window, cell, readout } = this;
    const { batch: B } = this.spec;
    const { features: F, units: N } = this.layout.parameters;
    cell.forward(m, { z: window.zAt(seq), activations: window.activationsAt(seq), T: 1, B });
    readout?.forward(m, window.sumsAt(seq), window.zAt(seq + 1) + F, F + N, this.arena.base, B);
  }

  /** Copies h_t and y_t out of the window, to where they stay until the next step. */
  show(m: Reals, seq: number): void {
    const { window, layout } = this;
    const { features: F, units: N, outputs: M } = layout.parameters;
    const { base } = this.arena;
    if (this.viewed !== m) this.view(m);
    let from = window.zAt(seq + 1) + F;
    for (let to = base + layout.hAt; to < base + layout.yAt; to += N) {
      m.copyWithin(to, from, from + N);
      from += F + N;
    }
    if (!this.readout) return;
    const y = window.predictionAt(seq);
    const to = base + layout.yAt;
    for (let i = 0; i < this.spec.batch * M; i++) m[to + i] = m[y + i]!;
  }

  /** Copies h_t [B,N] and y_t [B,M] of the last step to places in arrays, or where there is no array nothing. */
  copyLast(h: Reals | null, hAt: number, y: Reals | null, yAt: number): void {
    const { numbers: m, window } = this;
    const { batch: B } = this.spec;
    const { features: F, units: N, outputs: M } = this.layout.parameters;
    if (h)
      for (let row = 0; row < B; row++)
        copy(m, window.zAt(window.next) + row * (F + N) + F, h, hAt + row * N, N);
    if (y && this.readout) copy(m, window.predictionAt(window.next - 1), y, yAt, B * M);
  }

  /** Makes the views of h and y, which are void where the memory has moved. */
  private view(m: Reals): void {
    const { hAt, yAt, cellScratchAt } = this.layout;
    const { base } = this.arena;
    this.viewed = m;
    this.h = m.subarray(base + hAt, base + yAt);
    this.y = this.readout && m.subarray(base + yAt, base + cellScratchAt);
  }

  /** Gives copies of h [B,N] that enters the next step, and of the prediction y [B,M] of the last, if there is one. */
  last(): { h: Reals; y: Reals | null } {
    const { numbers: m, window } = this;
    const { batch: B } = this.spec;
    const { features: F, units: N, outputs: M } = this.layout.parameters;
    const h = this.zeros(B * N);
    const row = window.zAt(window.next) + F;
    for (let i = 0; i < B; i++) h.set(m.subarray(row + i * (F + N), row + i * (F + N) + N), i * N);
    const y = window.predictionAt(window.next - 1);
    return { h, y: this.readout && window.next > window.start ? m.slice(y, y + B * M) : null };
  }

  /** Gives a copy of the last prediction [B,M] in float64, if there is one. */
  lastExact(): Float64Array | null {
    const { window } = this;
    if (!this.readout || window.next === window.start) return null;
    const at = window.exactAt(window.next - 1);
    return window.exact.slice(at, at + this.spec.batch * this.layout.parameters.outputs);
  }

  /** The weights, row after row; copies. */
  get weights(): { W: Reals; b: Reals; Wy: Reals; by: Reals } {
    const { parameters } = this.layout;
    const { w, b, wy, by, length } = parameters;
    const { data, base } = this.arena;
    const plain = this.zeros(length);
    transfer('unpack', this.kernels, parameters, [plain, 0], [data, base]);
    const copy = (from: number, to: number) => plain.slice(from, to);
    return { W: copy(w, b), b: copy(b, wy), Wy: copy(wy, by), by: copy(by, length) };
  }

  /** Draws first weights, and puts their moments to 0. @param isNull the readout begins with Wy = 0 */
  draw(random: Random, draw: Draw, isNull: boolean): void {
    const { kernels, arena } = this;
    const { parameters, windowAt } = this.layout;
    initialise({ kernels, random, draw, to: arena }, parameters, isNull);
    const { data, base } = arena;
    permute('pack', kernels, parameters, data, base);
    data.fill(0, base + parameters.length, base + windowAt);
  }

  /** What a snapshot keeps, as it lies here: for its form only. */
  get keptForm(): Reals {
    const { data, base } = this.arena;
    return data.subarray(base, base + this.layout.scratchAt);
  }

  /** Gives what a snapshot keeps, matrices row after row: weights, moments, window, what the learner carries forward. */
  kept(): Reals {
    const { data, base } = this.arena;
    const numbers = this.zeros(this.layout.scratchAt);
    this.transferAll('unpack', [numbers, 0], [data, base]);
    return numbers;
  }

  /** @throws EddyError `snapshot-invalid` where a mean of squares, of which roots are taken, is negative */
  restore(numbers: Reals): void {
    const { at, second, count } = this.weightsAt;
    if (this.layout.moments.second)
      for (let i = second - at; i < second - at + count; i++)
        if (numbers[i]! < 0)
          throw new EddyError('snapshot-invalid', 'the snapshot has a negative second moment');
    const { data, base } = this.arena;
    this.transferAll('pack', [data, base], [numbers, 0]);
  }

  /** Copies what a snapshot keeps, with matrices brought into the form of the kernels or back. */
  private transferAll(
    how: 'pack' | 'unpack',
    [to, at]: [Reals, Address],
    [from, fromAt]: [Reals, Address],
  ): void {
    const { kernels, layout } = this;
    const { parameters, windowAt, scratchAt } = layout;
    for (let i = 0; i < windowAt; i += parameters.length)
      transfer(how, kernels, parameters, [to, at + i], [from, fromAt + i]);
    to.set(from.subarray(fromAt + windowAt, fromAt + scratchAt), at + windowAt);
  }

  /** Gives zeros in the precision of the kernels. */
  zeros(length: number): Reals {
    return this.kernels.bytesPerReal === 4 ? new Float32Array(length) : new Float64Array(length);
  }

  free(): void {
    this.arena.free();
  }
}

/** Up to so many numbers, a loop is faster than a copy of bytes, which needs a view. */
const FEW = 128;

function copy(from: Reals, at: Address, to: Reals, toAt: number, length: number): void {
  if (length > FEW) to.set(from.subarray(at, at + length), toAt);
  else for (let i = 0; i < length; i++) to[toAt + i] = from[at + i]!;
}
