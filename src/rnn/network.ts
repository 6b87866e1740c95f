/** The numbers of a model and what computes with them: the cell and the readout, over a window, in one arena. */
import { EddyError } from '../errors.js';
import type { ColumnStore } from '../kernels/columns.js';
import type { Memory } from '../kernels/gradient-pieces.js';
import type { Address, Arena, Kernels, Reals } from '../kernels/kernels.js';
import { inRanges, type Pieces, VISIT } from '../math/pieces.js';
import type { Random } from '../math/random.js';
import { type ArenaLayout, layoutArena } from './arena-layout.js';
import type { Cell } from './cell/cell.js';
import { copyPlaced, initialise, type Placed, transfer } from './cell/parameters.js';
import type { Draw } from './cell/random-matrix.js';
import { createReadout, type Readout } from './io/readout.js';
import type { GradientMethod } from './learning/gradient-method.js';
import { learnerOf } from './learning/learners.js';
import { layWeights, type Weights } from './learning/weight-places.js';
import { Window } from './learning/window.js';
import { placeWeights, type WeightsInput } from './named-weights.js';
import type { ModelSpec } from './spec/defaults.js';
import { ArrayForm } from './state-copies.js';

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

  /** @param store where its arena and its columns are allocated */
  constructor(
    readonly kernels: Kernels,
    private readonly spec: ModelSpec,
    store: ColumnStore & Pick<Kernels, 'allocate'>,
  ) {
    const layout = layoutArena(spec);
    const { parameters, moments } = layout;
    this.layout = layout;
    this.arena = store.allocate(layout.length);
    const { base } = this.arena;
    const { length: count, wy: cellCount, cell } = parameters;
    const lengths = { at: base, count, cellCount, cellBiases: cell.biases };
    const weights = layWeights(moments, lengths, base + layout.gradientAt);
    this.weightsAt = weights;
    this.window = new Window(base + layout.windowAt, layout.window, store);
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

  /** The same, for work in pieces. */
  get memory(): Memory {
    return this.arena;
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
  *weightsInPieces(): Pieces<{ W: Reals; b: Reals; Wy: Reals; by: Reals }> {
    const { parameters } = this.layout;
    const { w, b, wy, by, length } = parameters;
    const plain = this.zeros(length);
    yield* transfer('unpack', this.kernels, parameters, [{ data: plain, base: 0 }, 0], [this.arena, 0]);
    const part = (from: number, to: number) => plain.subarray(from, to);
    return { W: part(w, b), b: part(b, wy), Wy: part(wy, by), by: part(by, length) };
  }

  /** Puts named weights in place of some or all, and their moments to 0. @throws EddyError `weights-invalid`; all is as before then */
  *place(weights: WeightsInput): Pieces<void> {
    const { kernels, arena } = this;
    const { parameters } = this.layout;
    const plain = this.zeros(parameters.length);
    yield* transfer('unpack', kernels, parameters, [{ data: plain, base: 0 }, 0], [arena, 0]);
    yield* placeWeights(plain, weights, parameters, this.spec);
    yield* transfer('pack', kernels, parameters, [arena, 0], [{ data: plain, base: 0 }, 0]);
    yield* this.clearMoments();
  }

  private *clearMoments(): Pieces<void> {
    const { arena } = this;
    const { parameters, windowAt } = this.layout;
    const clear = (from: number, to: number) => arena.data.fill(0, arena.base + from, arena.base + to);
    yield* inRanges(windowAt, arena.data.BYTES_PER_ELEMENT, clear, parameters.length);
  }

  /** Draws first weights, and puts their moments to 0. @param isNull the readout begins with Wy = 0 */
  *draw(random: Random, draw: Draw, isNull: boolean): Pieces<void> {
    const { kernels, arena } = this;
    const { parameters } = this.layout;
    const plain = this.zeros(parameters.length);
    yield* initialise({ kernels, random, draw, to: plain }, parameters, isNull);
    yield* transfer('pack', kernels, parameters, [arena, 0], [{ data: plain, base: 0 }, 0]);
    yield* this.clearMoments();
  }

  /** Of what a snapshot keeps, the form. */
  get keptForm(): Reals {
    return new ArrayForm(this.layout.scratchAt, this.arena.data.constructor) as unknown as Reals;
  }

  /** Gives what a snapshot keeps, matrices row after row: weights, moments, window, what the learner carries forward. */
  *kept(): Pieces<Reals> {
    const numbers = this.zeros(this.layout.scratchAt);
    yield* this.transferAll('unpack', { data: numbers, base: 0 }, this.arena);
    return numbers;
  }

  /** @throws EddyError `snapshot-invalid` where a mean of squares, of which roots are taken, is negative */
  *restore(numbers: Reals): Pieces<void> {
    const { at, second, count } = this.weightsAt;
    const check = (from: number, to: number) => {
      for (let i = from; i < to; i++)
        if (numbers[i]! < 0)
          throw new EddyError('snapshot-invalid', 'the snapshot has a negative second moment');
    };
    if (this.layout.moments.second) yield* inRanges(second - at + count, VISIT, check, second - at);
    yield* this.transferAll('pack', this.arena, { data: numbers, base: 0 });
  }

  /** Copies what a snapshot keeps, with matrices brought into the form of the kernels or back. */
  private *transferAll(how: 'pack' | 'unpack', to: Placed, from: Placed): Pieces<void> {
    const { kernels, layout } = this;
    const { parameters, windowAt, scratchAt } = layout;
    for (let i = 0; i < windowAt; i += parameters.length)
      yield* transfer(how, kernels, parameters, [to, i], [from, i]);
    yield* copyPlaced(to, windowAt, from, windowAt, scratchAt - windowAt);
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
