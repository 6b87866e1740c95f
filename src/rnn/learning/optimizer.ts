/**
 * The optimizer of a model: a rule (see optimizers/) with a learning-rate schedule, with clipping of the gradient's global
 * norm (Pascanu et al. 2013), and with a check that no update makes a number non-finite.
 *
 * Weight decay takes weights, never biases, and is not clipped.
 */
import type { Kernels, Reals } from '../../kernels/kernels.js';
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
    const { learningRate, updates } = this;
    const { clipNorm } = this.settings;
    if (this.needsGradient) this.layDown(m, weights, gradient);
    const gradientNorm = Math.sqrt(this.squares(m, weights, gradient));
    const clipped = clipNorm !== null && gradientNorm > clipNorm;
    const step = { rate: learningRate, norm: gradientNorm, clipTo: clipped ? clipNorm : null, updates };
    const applied = this.fits(m, weights, step);
    if (applied) {
      this.rule.apply(m, weights, gradient, step);
      this.updates++;
    } else this.skipped++;
    return { gradientNorm, clipped, applied, learningRate };
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
