/**
 * The losses of one block of k1 steps, each counted once, and their gradient at the readout's sums.
 *
 * Its scratch memory, at `base`:  dy [k1,B,M] | current [M]
 */
import type { Address, Reals } from '../../kernels/kernels.js';
import type { ParameterLayout } from '../cell/parameters.js';
import type { Readout } from '../io/readout.js';
import type { Window } from './window.js';

interface Shape {
  readonly batch: number;
  readonly learner: { readonly k1: number; readonly reduction: 'mean' | 'sum' };
}

export class BlockLoss {
  /** dL/dsums [k1,B,M] of the last block; 0 for steps without a target. */
  readonly dy: Address;
  /** The outputs' deviations of the present. */
  private readonly current: Address;

  static length({ batch, learner: { k1 } }: Shape, { outputs }: ParameterLayout): number {
    return k1 * batch * outputs + outputs;
  }

  constructor(
    private readonly readout: Readout,
    private readonly spec: Shape,
    private readonly layout: ParameterLayout,
    base: Address,
  ) {
    this.dy = base;
    this.current = base + spec.learner.k1 * spec.batch * layout.outputs;
  }

  /**
   * Computes the loss of steps blockStart .. to and its gradient, or null where no target of them has come.
   *
   * @param deviation deviations of the outputs now [M], where the loss is in units of them
   */
  compute(
    m: Reals,
    window: Window,
    blockStart: number,
    to: number,
    deviation: ArrayLike<number> | null,
  ): { losses: number; loss: number } | null {
    const { batch: B } = this.spec;
    const { outputs: M } = this.layout;
    let losses = 0;
    for (let step = blockStart; step <= to; step++) if (window.countsTarget(step)) losses++;
    if (losses === 0) return null;
    const share = this.share(losses);
    if (deviation) m.set(deviation, this.current);
    let sum = 0;
    for (let step = blockStart; step <= to; ) {
      // the loss is taken over runs of steps that have their target
      const run = step;
      while (step <= to && window.countsTarget(step)) step++;
      const dy = this.dy + (run - blockStart) * B * M;
      const scale = deviation && { served: window.deviationAt(run), current: this.current };
      const [p, target] = [window.sumsAt(run), window.targetAt(run)];
      if (step > run) sum += this.readout.loss.compute(m, dy, p, target, scale, share, step - run, B, M);
      const gap = step;
      while (step <= to && !window.countsTarget(step)) step++;
      m.fill(0, this.dy + (gap - blockStart) * B * M, this.dy + (step - blockStart) * B * M);
    }
    return { losses, loss: sum * share };
  }

  /** The factor on each loss: mean is over steps, batch rows and, for squared errors, outputs. */
  private share(losses: number): number {
    const { batch, learner } = this.spec;
    return learner.reduction === 'sum'
      ? 1
      : 1 / (losses * batch * this.readout.loss.perRow(this.layout.outputs));
  }
}
