/**
 * The optimizer of a model: a rule (see optimizers/) with a learning-rate schedule, with clipping of the gradient's global
 * norm (Pascanu et al. 2013), and with a check that no update makes a number non-finite.
 *
 * Weight decay takes weights, never biases, and is not clipped.
 */
import type { Memory } from '../../kernels/gradient-pieces.js';
import type { Address, Kernels, Reals } from '../../kernels/kernels.js';
import { BYTE, inRanges, type Pieces } from '../../math/pieces.js';
import { type OptimizerSettings, optimizerOf } from './optimizers/optimizers.js';
import type { Bounds, StepSize, UpdateRule } from './optimizers/update-rule.js';
import { scheduleFactor } from './schedule.js';
import type { Gradient, Weights } from './weight-places.js';

export interface OptimizerResult {
  /** Global norm of the gradient, before clipping and without weight decay. */
  readonly gradientNorm: number;
  readonly clipped: boolean;
  /** false: the update would have made a number non-finite, and nothing was changed. */
  readonly applied: boolean;
  readonly learningRate: number;
}

/** What float32 holds. */
const LARGEST = 3.4e38;
/** What it costs to look at a number. */
const SEEN = 4;
const UNKNOWN: Bounds = { weight: Number.POSITIVE_INFINITY, first: Number.POSITIVE_INFINITY };

export class Optimizer {
  /** Updates applied. */
  updates = 0;
  /** Updates left out because they would have made a number non-finite. */
  skipped = 0;
  /** The rate before the schedule: the spec's, unless changed since. */
  baseRate: number;
  private bounds = UNKNOWN;
  private readonly rule: UpdateRule;
  private readonly needsGradient: boolean;

  constructor(
    private readonly kernels: Kernels,
    private readonly settings: OptimizerSettings,
  ) {
    const kind = optimizerOf(settings);
    this.rule = kind.create(kernels, settings);
    this.needsGradient = kind.needsGradient;
    this.baseRate = settings.learningRate;
  }

  /** Begins the schedule, and the bias corrections of moments that are 0 again, from update 0. */
  restart(): void {
    this.updates = 0;
    this.skipped = 0;
  }

  /** The learning rate of the next update. */
  get learningRate(): number {
    return this.baseRate * scheduleFactor(this.settings.schedule, this.updates);
  }

  /** Forgets how large the weights are: they were set from outside. */
  forgetBounds(): void {
    this.bounds = UNKNOWN;
  }

  apply(m: Reals, weights: Weights, gradient: Gradient): OptimizerResult {
    if (this.needsGradient) this.layDown(m, weights, gradient);
    const step = this.stepOf(Math.sqrt(this.squares(m, weights, gradient)));
    const applied = this.fits(m, weights, step);
    if (applied) this.rule.apply(m, weights, gradient, step);
    return this.resultOf(step, applied);
  }

  /** Does the same in pieces. */
  *applyInPieces(memory: Memory, weights: Weights, gradient: Gradient): Pieces<OptimizerResult> {
    if (this.needsGradient) yield* this.layDownInPieces(memory, weights, gradient);
    const step = this.stepOf(Math.sqrt(yield* this.squaresInPieces(memory, weights, gradient)));
    const applied = this.move(step) || (yield* this.fitsInPieces(memory, weights, step));
    if (applied) yield* this.rule.applyInPieces(memory, weights, gradient, step);
    return this.resultOf(step, applied);
  }

  private stepOf(norm: number): StepSize {
    const { learningRate, updates } = this;
    const { clipNorm } = this.settings;
    const clipTo = clipNorm !== null && norm > clipNorm ? clipNorm : null;
    return { rate: learningRate, norm, clipTo, updates };
  }

  private resultOf({ rate, norm, clipTo }: StepSize, applied: boolean): OptimizerResult {
    if (applied) this.updates++;
    else this.skipped++;
    return { gradientNorm: norm, clipped: clipTo !== null, applied, learningRate: rate };
  }

  private *layDownInPieces(
    memory: Memory,
    { at, gradient, cellCount }: Weights,
    { layers, cell }: Gradient,
  ): Pieces<void> {
    const bytes = memory.data.BYTES_PER_ELEMENT;
    for (const { w, b, a, stride, dy, R, A, M } of layers) {
      const [gw, gb] = [gradient + w - at, gradient + b - at];
      yield* inRanges(A * M, bytes, (from, to) => memory.data.fill(0, gw + from, gw + to));
      memory.data.fill(0, gb, gb + M);
      yield* this.kernels.denseGradientInPieces(memory, gw, gb, a, stride, dy, R, A, M);
    }
    if (cell === null) return;
    const copy = (from: number, to: number) =>
      memory.data.copyWithin(gradient + from, cell + from, cell + to);
    yield* inRanges(cellCount, BYTE * bytes, copy);
  }

  private *squaresInPieces(memory: Memory, weights: Weights, { layers, cell }: Gradient): Pieces<number> {
    const { kernels } = this;
    if (this.needsGradient) return yield* kernels.squaresInPieces(memory, weights.gradient, weights.count);
    let sum = cell === null ? 0 : yield* kernels.squaresInPieces(memory, cell, weights.cellCount);
    for (const { a, stride, dy, R, A, M } of layers)
      sum += yield* kernels.gradientSquaresInPieces(memory, a, stride, dy, R, A, M);
    return sum;
  }

  private *fitsInPieces(memory: Memory, { at, velocity, count }: Weights, step: StepSize): Pieces<boolean> {
    const weight = yield* this.largestInPieces(memory, at, count);
    const first = this.rule.usesFirst ? yield* this.largestInPieces(memory, velocity, count) : 0;
    this.bounds = { weight, first };
    return this.move(step);
  }

  private *largestInPieces(memory: Memory, at: Address, count: number): Pieces<number> {
    let largest = 0;
    yield* inRanges(count, SEEN, (from, to) => {
      largest = Math.max(largest, this.kernels.largest(memory.data, at + from, to - from));
    });
    return largest;
  }

  /** Writes the whole gradient to memory. */
  private layDown(m: Reals, { at, gradient, cellCount }: Weights, { layers, cell }: Gradient): void {
    for (const { w, b, a, stride, dy, R, A, M } of layers) {
      const [gw, gb] = [gradient + w - at, gradient + b - at];
      m.fill(0, gw, gw + A * M);
      m.fill(0, gb, gb + M);
      this.kernels.denseGradient(m, gw, gb, a, stride, dy, R, A, M);
    }
    if (cell !== null) m.copyWithin(gradient, cell, cell + cellCount);
  }

  private squares(m: Reals, weights: Weights, { layers, cell }: Gradient): number {
    const { kernels } = this;
    if (this.needsGradient) return kernels.squares(m, weights.gradient, weights.count);
    let sum = cell === null ? 0 : kernels.squares(m, cell, weights.cellCount);
    for (const { a, stride, dy, R, A, M } of layers)
      sum += kernels.gradientSquares(m, a, stride, dy, R, A, M);
    return sum;
  }

  /**
   * Tells whether no weight and no first moment can become non-finite by a step. Bounds on them are carried along, and the
   * weights are looked at again only where the bounds have grown too large.
   */
  private fits(m: Reals, weights: Weights, step: StepSize): boolean {
    if (this.move(step)) return true;
    const { at, velocity, count } = weights;
    const { kernels, rule } = this;
    this.bounds = {
      weight: kernels.largest(m, at, count),
      first: rule.usesFirst ? kernels.largest(m, velocity, count) : 0,
    };
    return this.move(step);
  }

  private move(step: StepSize): boolean {
    const after = this.rule.boundsAfter(step, this.bounds);
    if (!(Math.max(after.first, after.weight) < LARGEST)) return false;
    this.bounds = after;
    return true;
  }
}
