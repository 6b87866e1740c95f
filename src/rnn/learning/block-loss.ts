/**
 * The losses of one block of k1 steps, each counted once, and their gradient at the readout's sums.
 *
 * Its scratch memory, at `base`:  dy [k1,B,M] | current [M]
 */
import type { Memory } from '../../kernels/gradient-pieces.js';
import type { Address, Reals } from '../../kernels/kernels.js';
import { PIECE, type Pieces } from '../../math/pieces.js';
import type { ParameterLayout } from '../cell/parameters.js';
import type { Readout } from '../io/readout.js';
import type { Window } from './window.js';

interface Shape {
  readonly batch: number;
  readonly learner: { readonly k1: number; readonly reduction: 'mean' | 'sum' };
}

/** What the loss of an output costs. */
const LOSS = 16;

export class BlockLoss {
  /** dL/dsums [k1,B,M] of the last block; 0 for steps without a target. */
  readonly dy: Address;
  /** The outputs' deviations of the present. */
  private readonly current: Address;
  /** Losses of the runs that are over, and of the one under way. */
  private sum = 0;
  private run = 0;

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
    const losses = this.begin(m, window, blockStart, to, deviation);
    if (losses === 0) return null;
    const share = this.share(losses);
    for (let step = blockStart; step <= to; )
      step = this.take(m, window, blockStart, step, to, share, deviation !== null);
    this.end();
    return { losses, loss: this.sum * share };
  }

  /** Does the same in pieces. */
  *computeInPieces(
    memory: Memory,
    window: Window,
    blockStart: number,
    to: number,
    deviation: ArrayLike<number> | null,
  ): Pieces<{ losses: number; loss: number } | null> {
    const losses = this.begin(memory.data, window, blockStart, to, deviation);
    if (losses === 0) return null;
    const share = this.share(losses);
    const each = LOSS * this.spec.batch * this.layout.outputs;
    const most = Math.max(1, Math.floor(PIECE / each));
    for (let step = blockStart; step <= to; ) {
      const end = Math.min(to, step + most - 1);
      const next = this.take(memory.data, window, blockStart, step, end, share, deviation !== null);
      yield each * (next - step);
      step = next;
    }
    this.end();
    return { losses, loss: this.sum * share };
  }

  /** Begins, and gives how many losses count. */
  private begin(
    m: Reals,
    window: Window,
    blockStart: number,
    to: number,
    deviation: ArrayLike<number> | null,
  ): number {
    let losses = 0;
    for (let step = blockStart; step <= to; step++) if (window.countsTarget(step)) losses++;
    if (losses > 0 && deviation) m.set(deviation, this.current);
    this.sum = 0;
    this.run = 0;
    return losses;
  }

  /**
   * Takes the loss of a run of steps from `step` on, up to `to`, that have their target, or goes over one of steps that have
   * not; gives the step behind. Losses add up run by run, each as if it were taken at once.
   */
  private take(
    m: Reals,
    window: Window,
    blockStart: number,
    step: number,
    to: number,
    share: number,
    isScaled: boolean,
  ): number {
    const { batch: B } = this.spec;
    const { outputs: M } = this.layout;
    const counts = window.countsTarget(step);
    let end = step + 1;
    while (end <= to && window.countsTarget(end) === counts) end++;
    const dy = this.dy + (step - blockStart) * B * M;
    if (!counts) {
      this.end();
      m.fill(0, dy, this.dy + (end - blockStart) * B * M);
      return end;
    }
    const scale = isScaled ? { served: window.deviationAt(step), current: this.current } : null;
    const [p, target] = [window.sumsAt(step), window.targetAt(step)];
    const { loss } = this.readout;
    this.run = loss.compute(m, dy, p, target, scale, share, end - step, B, M, this.run);
    return end;
  }

  /** The run is over. */
  private end(): void {
    this.sum += this.run;
    this.run = 0;
  }

  /** The factor on each loss: mean is over steps, batch rows and, for squared errors, outputs. */
  private share(losses: number): number {
    const { batch, learner } = this.spec;
    return learner.reduction === 'sum'
      ? 1
      : 1 / (losses * batch * this.readout.loss.perRow(this.layout.outputs));
  }
}
