/** How far features that are not forecast are let into the cell, in a graph; see src/rnn/io/relevance.ts. */
import type { Carried } from './carried.js';
import { push } from './carried.js';
import type { Graph, Value } from './graph.js';

const [WINDOW, LEAST, ENOUGH, WARM, CLIP] = [2000, 3, 6, 50, 3];

export class Relevance {
  private share: Value;
  private readonly n: number;

  /** @param others which of the F features are judged */
  constructor(
    private readonly graph: Graph,
    private readonly carried: Carried,
    private readonly others: readonly number[],
  ) {
    this.share = carried.get('run.x.share');
    this.n = others.length;
  }

  /**
   * Judges the features by errors of the linear forecast of the shortest horizon.
   *
   * @param error [B,K] in mean absolute errors. @param comes [B,K] where there is one
   */
  meet(error: Value, comes: Value): void {
    const { graph: g, carried, n } = this;
    const [ahead = 1, B = 1] = carried.shapeOf('run.relevance.inputs');
    const [K = 1] = carried.shapeOf('run.relevance.products');
    const inputs = g.at(carried.get('run.relevance.inputs'), 0, ahead - 1);
    let [products, squares, errors, seen] = ['products', 'squares', 'errors', 'seen'].map((name) =>
      carried.get(`run.relevance.${name}`),
    ) as [Value, Value, Value, Value];
    for (let row = 0; row < B; row++) {
      const has = g.at(comes, 0, row);
      const r = g.where(has, g.clip(g.at(error, 0, row), -CLIP, CLIP), 0);
      const z = g.at(inputs, 0, row);
      const isFirst = g.slice(has, 0, 0, 1);
      seen = g.add(seen, g.flag(isFirst));
      const window = g.max(g.min(seen, WINDOW), 1);
      const towards = (mean: Value, value: Value) => g.add(mean, g.div(g.sub(value, mean), window));
      errors = g.where(has, towards(errors, g.mul(r, r)), errors);
      const wide = (value: Value) => g.reshape(value, [K, 1]);
      products = g.where(wide(has), towards(products, g.mul(wide(r), z)), products);
      squares = g.where(isFirst, towards(squares, g.mul(z, z)), squares);
      const scale = g.mul(wide(errors), squares);
      const told = g.where(g.greater(scale, 0), g.div(g.mul(products, products), scale), 0);
      const most = g.op('ReduceMax', [told], { axes: [0], keepdims: 0 });
      const t = g.sqrt(g.mul(most, window));
      const found = g.clip(g.div(g.sub(t, LEAST), ENOUGH - LEAST), 0, 1);
      const isJudged = g.and(g.slice(has, 0, K - 1, K), g.not(g.less(seen, WARM)));
      const index = g.constant('int64', [n], this.others);
      const shares = g.op('ScatterElements', [this.share, index, found], { axis: 0 });
      this.share = g.where(isJudged, shares, this.share);
    }
    for (const [name, value] of Object.entries({ products, squares, errors, seen }))
      carried.set(`run.relevance.${name}`, value);
    carried.set('run.x.share', this.share);
  }

  /** Lets in what is to be let in. @param z [B,F] in float32 */
  apply(z: Value): Value {
    const { graph: g, carried } = this;
    const [, B = 1] = carried.shapeOf('run.relevance.inputs');
    const noted = g.reshape(g.cast(g.gather(z, 1, this.others), 'double'), [1, B, this.n]);
    push(g, carried, 'run.relevance.inputs', noted);
    return g.cast(g.mul(g.cast(z, 'double'), this.share), 'float');
  }
}
