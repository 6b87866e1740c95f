/** SGD with momentum, a learning-rate schedule, and clipping of the gradient's global norm (Pascanu et al. 2013). */
import type { Address, Kernels, Reals } from '../kernels/kernels.js';
import type { ModelSpec } from './spec.js';

export interface OptimizerResult {
  /** Global norm of the gradient, before clipping. */
  readonly gradientNorm: number;
  readonly clipped: boolean;
  /** false: the update would have made a number non-finite, and nothing was changed. */
  readonly applied: boolean;
  readonly learningRate: number;
}

export class Optimizer {
  /** Updates applied. */
  updates = 0;
  /** Updates left out because they would have made a number non-finite. */
  skipped = 0;
  /** The rate before the schedule: the spec's, unless changed since. */
  baseRate: number;

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

  /** Updates `count` weights at w by the gradient at g, with the velocity at v. */
  apply(m: Reals, w: Address, v: Address, g: Address, count: number): OptimizerResult {
    const { clipNorm, momentum, nesterov } = this.spec;
    const gradientNorm = Math.sqrt(this.kernels.sumSquares(m, g, count));
    const clipped = clipNorm !== null && gradientNorm > clipNorm;
    const rate = this.learningRate;
    const gradientScale = clipped ? clipNorm / gradientNorm : 1;
    const applied =
      Number.isFinite(gradientNorm) &&
      this.kernels.sgd(m, w, v, g, count, { rate, gradientScale, momentum, nesterov });
    if (applied) this.updates++;
    else this.skipped++;
    return { gradientNorm, clipped, applied, learningRate: rate };
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
