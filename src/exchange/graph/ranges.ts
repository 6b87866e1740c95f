/** The ranges of predictions in a graph; see src/kernels/interval.ts. */
import type { Carried } from './carried.js';
import type { Graph, Value } from './graph.js';

const [LEAST, GREATEST] = [1e-3, 1e3];
const FAST = 0.022840031565754093;
const SLOW = 0.0013853338989711084;
const [STEP, FLOOR] = [1.25, 0.05];
const [WARM, CLIP, KNOWN] = [5, 6, 20];

export class Ranges {
  private fast: Value;
  private slow: Value;
  private q: Value;
  private seen: Value;

  /** @param alpha 1 - the probability that a range holds the coming value. @param horizon which of the Q is meant */
  constructor(
    private readonly graph: Graph,
    carried: Carried,
    private readonly alpha: number,
    horizon: number,
  ) {
    const own = graph.at(carried.get('run.y.ranges'), 0, horizon);
    const part = (i: number) => graph.at(own, 2, i);
    [this.fast, this.slow, this.q, this.seen] = [part(0), part(1), part(2), part(3)];
  }

  private get scale(): Value {
    const g = this.graph;
    return g.sqrt(g.mul(this.fast, this.slow));
  }

  /** Half-widths [B,K]; 0 for as long as too few errors have been seen. */
  get half(): Value {
    const g = this.graph;
    return g.where(g.greater(this.seen, WARM), g.mul(this.q, this.scale), 0);
  }

  /** Takes absolute errors [B,K] and the half-widths that were served with them, where `comes`. */
  observe(error: Value, width: Value, comes: Value): void {
    const g = this.graph;
    const seen = g.where(comes, g.add(this.seen, 1), this.seen);
    const some = g.max(seen, 1);
    const gamma = g.max(g.div(STEP, g.sqrt(some)), FLOOR);
    const miss = g.sub(g.flag(g.greater(error, width)), this.alpha);
    const moved = g.clip(g.mul(this.q, g.add(1, g.mul(gamma, miss))), LEAST, GREATEST);
    this.q = g.where(g.and(comes, g.greater(width, 0)), moved, this.q);
    const most = g.mul(g.mul(CLIP, this.q), this.scale);
    const isClipped = g.and(g.greater(seen, KNOWN), g.greater(most, 0));
    const counted = g.where(isClipped, g.min(error, most), error);
    const share = g.div(1, some);
    const towards = (mean: Value, weight: number) =>
      g.where(comes, g.add(mean, g.mul(g.sub(counted, mean), g.max(share, weight))), mean);
    [this.fast, this.slow] = [towards(this.fast, FAST), towards(this.slow, SLOW)];
    this.seen = seen;
  }

  /** What they are after the step [1,B,K,4]. @param shape [B,K] */
  finished(shape: readonly number[]): Value {
    const g = this.graph;
    const all = g.stack([this.fast, this.slow, this.q, this.seen], shape);
    return g.reshape(all, [1, ...shape, 4]);
  }
}
