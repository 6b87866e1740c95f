/** Online statistics in a graph: [4,…] count, mean, rest of the mean, sum of squares; see src/kernels/scaler-columns.ts. */
import type { Carried } from './carried.js';
import type { Graph, Value } from './graph.js';

const RESOLUTION = 2 ** -50;
export const MAX_DEVIATIONS = 10;

export class Statistics {
  private readonly shape: readonly number[];
  private count: Value;
  private mean: Value;
  private rest: Value;
  private squares: Value;

  constructor(
    private readonly graph: Graph,
    private readonly carried: Carried,
    private readonly name: string,
    private readonly decay: number,
    private readonly isCentred: boolean,
  ) {
    this.shape = carried.shapeOf(name).slice(1);
    const all = carried.get(name);
    const row = (i: number) => graph.at(all, 0, i);
    [this.count, this.mean, this.rest, this.squares] = [row(0), row(1), row(2), row(3)];
  }

  /** Deviations; 0 of what has not varied. */
  get deviation(): Value {
    const g = this.graph;
    const deviation = g.sqrt(g.div(this.squares, g.max(this.count, Number.MIN_VALUE)));
    return g.where(g.greater(deviation, g.mul(g.abs(this.mean), RESOLUTION)), deviation, 0);
  }

  get centre(): Value {
    return this.graph.add(this.mean, this.rest);
  }

  /** Gives values in deviations from the mean, or from 0. @param part which of the statistics are meant */
  scale(values: Value, part: (statistics: Value) => Value = (all) => all): Value {
    const g = this.graph;
    const deviation = part(this.deviation);
    const off = this.isCentred ? g.sub(g.sub(values, part(this.mean)), part(this.rest)) : values;
    return g.where(g.equal(deviation, 0), 0, g.clip(g.div(off, deviation), -MAX_DEVIATIONS, MAX_DEVIATIONS));
  }

  /** Gives scaled values back in the user's units. */
  unscale(scaled: Value): Value {
    const g = this.graph;
    return g.add(this.mean, g.add(this.rest, g.mul(scaled, this.deviation)));
  }

  /** Lets values join, of which NaN do not. */
  observe(values: Value): void {
    const g = this.graph;
    const isGiven = g.not(g.isNaN(values));
    const n = g.add(1, g.mul(this.decay, this.count));
    let square = g.mul(values, values);
    if (this.isCentred) {
      const delta = g.sub(g.sub(values, this.mean), this.rest);
      const move = g.add(this.rest, g.div(delta, n));
      const after = g.add(this.mean, move);
      const moved = g.sub(after, this.mean);
      const rest = g.add(g.sub(this.mean, g.sub(after, moved)), g.sub(move, moved));
      square = g.mul(delta, g.sub(g.sub(values, after), rest));
      this.mean = g.where(isGiven, after, this.mean);
      this.rest = g.where(isGiven, rest, this.rest);
    }
    this.squares = g.where(isGiven, g.add(g.mul(this.decay, this.squares), square), this.squares);
    this.count = g.where(isGiven, n, this.count);
  }

  /** Says what they are after the step. */
  finish(): void {
    const g = this.graph;
    const rows = [this.count, this.mean, this.rest, this.squares].map((row) =>
      g.reshape(row, [1, ...this.shape]),
    );
    this.carried.set(this.name, g.concat(rows, 0));
  }
}
