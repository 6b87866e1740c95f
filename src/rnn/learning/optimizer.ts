/**
 * The optimizers, each with a learning-rate schedule and with clipping of the gradient's global norm (Pascanu et al. 2013):
 * SGD with momentum (Sutskever et al. 2013), RMSProp (Tieleman and Hinton 2012), Adam (Kingma and Ba 2015) and AdamW
 * (Loshchilov and Hutter 2019).
 *
 * Weight decay takes weights, never biases, and is not clipped. AdamW shrinks the weights by learning rate times decay,
 * beside its step; for all others decay times weight joins the gradient (L2), as in PyTorch.
 *
 * Moments lie behind the weights, in the weights' layout:  weights | first | second. SGD without momentum keeps none, with
 * momentum it keeps the velocity as the first; RMSProp keeps the second alone, Adam both.
 */
import type { Address, Kernels, LayerGradient, Reals } from '../../kernels/kernels.js';
import { cosTurn } from '../../math/sine.js';
import type { ModelSpec } from '../spec/spec.js';

export type OptimizerSpec = ModelSpec['optimizer'];
type Sgd = Extract<OptimizerSpec, { kind: 'sgd' }>;
type Adaptive = Exclude<OptimizerSpec, Sgd>;

export interface OptimizerResult {
  /** Global norm of the gradient, before clipping and without weight decay. */
  readonly gradientNorm: number;
  readonly clipped: boolean;
  /** false: the update would have made a number non-finite, and nothing was changed. */
  readonly applied: boolean;
  readonly learningRate: number;
}

/** The gradient of all weights. */
export interface Gradient {
  /** That of layers, by their factors. */
  readonly layers: readonly LayerGradient[];
  /** That of W and b laid down, in the order of the weights, or null where the cell is among the layers. */
  readonly cell: Address | null;
}

/** Where the weights lie, and what belongs to them: see {@link layWeights}. */
export interface Weights {
  readonly at: Address;
  readonly count: number;
  /** W and b, with which the weights begin. */
  readonly cellCount: number;
  /** N, of which b has as many numbers. */
  readonly units: number;
  /** The moments, each of which is not touched where the optimizer does not keep it. */
  readonly velocity: Address;
  readonly second: Address;
  /** Scratch of `count` numbers, not touched where the optimizer needs none. */
  readonly gradient: Address;
}

/** Weights that lie one after the other, and decay or do not. */
interface Span {
  readonly at: Address;
  readonly count: number;
  readonly decays: boolean;
}

/** What float32 holds, and what rounding may add to a bound. */
const LARGEST = 3.4e38;
const ROUNDING = 1.001;
/** The square of a gradient below this is far from overflow. */
const LARGEST_TO_SQUARE = 1e18;

/** Gives how many moments of the weights are kept: buffers that lie behind them, and that a snapshot keeps. */
export function momentsOf(spec: OptimizerSpec): 0 | 1 | 2 {
  if (spec.kind === 'sgd') return spec.momentum > 0 ? 1 : 0;
  return spec.kind === 'rmsprop' ? 1 : 2;
}

/** Tells whether the whole gradient is laid down, for which {@link Weights.gradient} is needed. */
export const needsGradient = (spec: OptimizerSpec): boolean => spec.kind !== 'sgd';

/**
 * Lays `count` weights that begin at `at`, of which W and b of N units are the first `cellCount`, and their moments behind
 * them. What comes after begins at `at + (1 + momentsOf(spec)) * count`.
 *
 * @param gradient scratch of `count` numbers where {@link needsGradient}, else not touched
 */
export function layWeights(
  spec: OptimizerSpec,
  weights: Pick<Weights, 'at' | 'count' | 'cellCount' | 'units'>,
  gradient: Address,
): Weights {
  const { at, count } = weights;
  return { ...weights, velocity: at + count, second: at + momentsOf(spec) * count, gradient };
}

export class Optimizer {
  /** Updates applied. */
  updates = 0;
  /** Updates left out because they would have made a number non-finite. */
  skipped = 0;
  /** The rate before the schedule: the spec's, unless changed since. */
  baseRate: number;
  /** No weight is larger, and no first moment. */
  private weightBound = Number.POSITIVE_INFINITY;
  private firstBound = Number.POSITIVE_INFINITY;

  constructor(
    private readonly kernels: Kernels,
    private readonly spec: OptimizerSpec,
  ) {
    this.baseRate = spec.learningRate;
  }

  /** Begins the schedule, and the bias corrections of moments that are 0 again, anew. */
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
    this.firstBound = Number.POSITIVE_INFINITY;
  }

  /** Updates the weights by their gradient. */
  apply(m: Reals, weights: Weights, gradient: Gradient): OptimizerResult {
    const { spec, learningRate } = this;
    const { clipNorm } = spec;
    if (needsGradient(spec)) this.layDown(m, weights, gradient);
    const gradientNorm = Math.sqrt(this.squares(m, weights, gradient));
    const clipped = clipNorm !== null && gradientNorm > clipNorm;
    const applied =
      spec.kind === 'sgd'
        ? this.descend(m, weights, gradient, spec, gradientNorm)
        : this.adapt(m, weights, gradient, spec, gradientNorm);
    if (applied) this.updates++;
    else this.skipped++;
    return { gradientNorm, clipped, applied, learningRate };
  }

  /** Lays the whole gradient down. */
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
    if (needsGradient(this.spec)) return kernels.squares(m, weights.gradient, weights.count);
    let sum = cell === null ? 0 : kernels.squares(m, cell, weights.cellCount);
    for (const { a, stride, dy, R, A, M } of layers)
      sum += kernels.gradientSquares(m, a, stride, dy, R, A, M);
    return sum;
  }

  private descend(
    m: Reals,
    weights: Weights,
    { layers, cell }: Gradient,
    { momentum, nesterov, weightDecay, clipNorm }: Sgd,
    norm: number,
  ): boolean {
    const { kernels, learningRate } = this;
    const { at, velocity, cellCount, units } = weights;
    const rate = clipNorm !== null && norm > clipNorm ? (learningRate * clipNorm) / norm : learningRate;
    const decay = learningRate * weightDecay;
    const descent = rate * norm * ROUNDING;
    const fits = this.fits(m, weights, () => {
      const first = momentum * this.firstBound + descent + decay * this.weightBound;
      const step = nesterov ? momentum * first + descent + decay * this.weightBound : first;
      return { first, weight: this.weightBound + step };
    });
    if (!fits) return false;
    const settings = { rate, momentum, nesterov, decay };
    for (const layer of layers) kernels.descend(m, layer, settings);
    if (cell !== null) {
      const W = cellCount - units;
      kernels.descendAlong(m, at, cell, velocity, W, settings);
      kernels.descendAlong(m, at + W, cell + W, velocity + W, units, { ...settings, decay: 0 });
    }
    return true;
  }

  private adapt(m: Reals, weights: Weights, gradient: Gradient, spec: Adaptive, norm: number): boolean {
    const { learningRate: rate, updates } = this;
    const { epsilon, weightDecay, clipNorm } = spec;
    const scale = clipNorm !== null && norm > clipNorm ? clipNorm / norm : 1;
    const [beta1, beta2] = spec.kind === 'rmsprop' ? [0, spec.decay] : [spec.beta1, spec.beta2];
    const correction = (beta: number) => (spec.kind === 'rmsprop' ? 1 : 1 - power(beta, updates + 1));
    const [c1, c2] = [correction(beta1), correction(beta2)];
    const l2 = spec.kind === 'adamw' ? 0 : weightDecay;
    const shrink = spec.kind === 'adamw' ? rate * weightDecay : 0;
    const fits = this.fits(m, weights, () => {
      const largest = (scale * norm + l2 * this.weightBound) * ROUNDING;
      const first = Math.max(beta1 > 0 ? this.firstBound : 0, largest);
      // a step is at most this long even where the second moment is 0
      const step = (rate * first * ROUNDING) / (c1 * epsilon);
      const weight = this.weightBound * Math.max(1, shrink) + step;
      return { first, weight: largest < LARGEST_TO_SQUARE ? weight : Number.NaN };
    });
    if (!fits) return false;
    const settings = { scale, rate, beta1, beta2, c1, c2, epsilon, l2, shrink };
    const undecayed = { ...settings, l2: 0, shrink: 0 };
    for (const { at, count, decays } of spansOf(weights, gradient)) {
      const offset = at - weights.at;
      const [g, m1, m2] = [weights.gradient + offset, weights.velocity + offset, weights.second + offset];
      this.kernels.adapt(m, at, g, m1, m2, count, decays ? settings : undecayed);
    }
    return true;
  }

  /**
   * Tells whether no weight and no first moment can become non-finite by a step: `after` gives the bounds on them after it
   * from those before. So bounds are carried along, and the weights are looked at again only where they have grown too large.
   */
  private fits(m: Reals, weights: Weights, after: () => { first: number; weight: number }): boolean {
    if (this.move(after())) return true;
    const { at, velocity, count } = weights;
    const { kernels, spec } = this;
    const hasFirst = spec.kind === 'sgd' ? spec.momentum > 0 : spec.kind !== 'rmsprop' && spec.beta1 > 0;
    this.weightBound = kernels.largest(m, at, count);
    this.firstBound = hasFirst ? kernels.largest(m, velocity, count) : 0;
    return this.move(after());
  }

  private move({ first, weight }: { first: number; weight: number }): boolean {
    if (!(Math.max(first, weight) < LARGEST)) return false;
    this.firstBound = first;
    this.weightBound = weight;
    return true;
  }
}

/** Gives the runs of weights that a gradient is for, and of biases. */
function* spansOf({ at, cellCount, units }: Weights, { layers, cell }: Gradient): Iterable<Span> {
  if (cell !== null) {
    yield { at, count: cellCount - units, decays: true };
    yield { at: at + cellCount - units, count: units, decays: false };
  }
  for (const { w, b, A, M } of layers) {
    yield { at: w, count: A * M, decays: true };
    yield { at: b, count: M, decays: false };
  }
}

/** Gives base^n by squaring: Math.pow may differ between engines in the last bit. */
function power(base: number, n: number): number {
  let result = 1;
  for (let square = base, left = n; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) result *= square;
    square *= square;
  }
  return result;
}

/** Gives the factor on the learning rate at update n, counted from 0. */
export function scheduleFactor(schedule: OptimizerSpec['schedule'], n: number): number {
  switch (schedule.kind) {
    case 'constant':
      return 1;
    case 'inverse':
      return Math.max(schedule.floor, 1 / (1 + schedule.decay * n));
    case 'cosine': {
      const progress = Math.min(1, n / schedule.updates);
      return schedule.floor + (1 - schedule.floor) * 0.5 * (1 + cosTurn(progress / 2));
    }
  }
}
