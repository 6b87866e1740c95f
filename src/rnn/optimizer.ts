/** SGD with momentum, a learning-rate schedule, and clipping of the gradient's global norm (Pascanu et al. 2013). */
import type { Address, Kernels, LayerGradient, Reals } from '../kernels/kernels.js';
import type { ModelSpec } from './spec.js';

export interface OptimizerResult {
  /** Global norm of the gradient, before clipping. */
  readonly gradientNorm: number;
  readonly clipped: boolean;
  /** false: the update would have made a number non-finite, and nothing was changed. */
  readonly applied: boolean;
  readonly learningRate: number;
}

/** Where the weights lie, and their velocities if they have any. */
export interface Weights {
  readonly at: Address;
  readonly velocity: Address;
  readonly count: number;
}

/** What float32 holds, and what rounding may add to a bound. */
const LARGEST = 3.4e38;
const ROUNDING = 1.001;

export class Optimizer {
  /** Updates applied. */
  updates = 0;
  /** Updates left out because they would have made a number non-finite. */
  skipped = 0;
  /** The rate before the schedule: the spec's, unless changed since. */
  baseRate: number;
  /** No weight and no velocity is larger. */
  private weightBound = Number.POSITIVE_INFINITY;
  private velocityBound = Number.POSITIVE_INFINITY;

  constructor(
    private readonly kernels: Kernels,
    private readonly spec: ModelSpec['optimizer'],
  ) {
    this.baseRate = spec.learningRate;
  }

  /** Begins the schedule anew. */
  restart(): void {
    this.updates = 0;
    this.skipped = 0;
  }

  /** The learning rate of the next update. */
  get learningRate(): number {
    return this.baseRate * scheduleFactor(this.spec.schedule, this.updates);
  }

  /** Forgets how large the weights are: they were set from outside. */
  forgetBounds(): void {
    this.weightBound = Number.POSITIVE_INFINITY;
    this.velocityBound = Number.POSITIVE_INFINITY;
  }

  /** Updates the weights by the gradients of their layers. */
  apply(m: Reals, weights: Weights, layers: readonly LayerGradient[]): OptimizerResult {
    const { clipNorm, momentum, nesterov } = this.spec;
    let squares = 0;
    for (const { a, stride, dy, R, A, M } of layers)
      squares += this.kernels.gradientSquares(m, a, stride, dy, R, A, M);
    const gradientNorm = Math.sqrt(squares);
    const clipped = clipNorm !== null && gradientNorm > clipNorm;
    const learningRate = this.learningRate;
    const rate = clipped ? (learningRate * clipNorm) / gradientNorm : learningRate;
    const applied = this.staysFinite(m, weights, rate * gradientNorm);
    if (applied) {
      const settings = { rate, momentum, nesterov };
      for (const layer of layers) this.kernels.descend(m, layer, settings);
      this.updates++;
    } else this.skipped++;
    return { gradientNorm, clipped, applied, learningRate };
  }

  /**
   * Tells whether no weight and no velocity can become non-finite by a step of length `step`. No part of the step is
   * longer than the whole, so bounds on the largest of them are carried along, and the weights are looked at again
   * only where the bounds have grown too large.
   */
  private staysFinite(m: Reals, weights: Weights, step: number): boolean {
    if (this.move(step)) return true;
    const { at, velocity, count } = weights;
    this.weightBound = this.kernels.largest(m, at, count);
    this.velocityBound = this.spec.momentum > 0 ? this.kernels.largest(m, velocity, count) : 0;
    return this.move(step);
  }

  private move(step: number): boolean {
    const { momentum, nesterov } = this.spec;
    const length = step * ROUNDING;
    const velocity = momentum * this.velocityBound + length;
    const weight = this.weightBound + (nesterov ? momentum * velocity + length : velocity);
    if (!(Math.max(velocity, weight) < LARGEST)) return false;
    this.velocityBound = velocity;
    this.weightBound = weight;
    return true;
  }
}

/** Gives the factor on the learning rate at update n, counted from 0. */
export function scheduleFactor(schedule: ModelSpec['optimizer']['schedule'], n: number): number {
  switch (schedule.kind) {
    case 'constant':
      return 1;
    case 'inverse':
      return 1 / (1 + schedule.decay * n);
    case 'cosine': {
      const progress = Math.min(1, n / schedule.updates);
      return schedule.floor + (1 - schedule.floor) * 0.5 * (1 + Math.cos(Math.PI * progress));
    }
  }
}
