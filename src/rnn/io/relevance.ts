/**
 * How far each feature that is not forecast is let into the cell: by what it tells of the errors of the linear forecast,
 * which knows the target's own past alone. Columns of noise would stir the state that all forecasts are read from.
 *
 *   t_f = |mean of r z_f| sqrt(n) / sqrt(mean r^2 mean z_f^2)      share_f = (t_f - LEAST) / (ENOUGH - LEAST) within [0, 1]
 *
 * r is the error of the shortest horizon, z_f what the cell would get of feature f when the forecast was made, and n the
 * errors seen, up to the WINDOW of the means: t_f is near the standard normal where f tells nothing. Of several targets
 * the one counts that a feature tells most of.
 */
import { clamp } from '../../math/clamp.js';

/** Errors in the means. */
const WINDOW = 2000;
/** Where a feature begins to be let in, and from where on it is whole. */
const LEAST = 3;
const ENOUGH = 6;
/** Errors before the first is let in. */
const WARM = 50;
/** So few features are let in at once: they stir little, and may matter in ways that no correlation shows. */
export const FEW_OTHERS = 4;
/** Numbers that it may keep; where more would be needed all features are let in. */
const MOST = 65_536;

export interface RelevanceArrays {
  /** Which of the F features are judged [n]. */
  readonly others: Float64Array;
  /** mean r z [K,n], mean z^2 [n], mean r^2 [K], and the errors seen. */
  readonly products: Float64Array;
  readonly squares: Float64Array;
  readonly errors: Float64Array;
  readonly seen: number;
  readonly inputs: Float64Array;
}

export class Relevance {
  /** The share [F] of each feature. */
  readonly share: Float64Array;
  /** mean r z [K,n] | mean z^2 [n] | mean r^2 [K] | errors seen | z of the last steps [rows,B,n] */
  private readonly c: Float64Array;
  private readonly n: number;
  private readonly squares: number;
  private readonly errors: number;
  private readonly seen: number;
  private readonly pending: number;

  /** Gives how many numbers it keeps of `others` features; 0 where there is nothing to judge. */
  static length(others: number, targets: number, batch: number, ahead: number): number {
    const size = others * (targets + 1 + (ahead + 1) * batch) + targets + 1;
    return others <= FEW_OTHERS || size > MOST ? 0 : size;
  }

  /**
   * Creates it where there are features to judge, or gives null.
   *
   * @param forecast which of the F features are forecast
   * @param ahead steps of the shortest horizon
   */
  static of(features: number, forecast: readonly number[], batch: number, ahead: number): Relevance | null {
    const isForecast = new Set(forecast);
    const others = Array.from({ length: features }, (_, f) => f).filter((f) => !isForecast.has(f));
    if (Relevance.length(others.length, forecast.length, batch, ahead) === 0) return null;
    return new Relevance(features, others, forecast.length, batch, ahead + 1);
  }

  private constructor(
    features: number,
    private readonly others: readonly number[],
    private readonly targets: number,
    private readonly batch: number,
    private readonly rows: number,
  ) {
    const n = others.length;
    this.n = n;
    this.share = new Float64Array(features).fill(1);
    for (const f of others) this.share[f] = 0;
    this.squares = targets * n;
    this.errors = this.squares + n;
    this.seen = this.errors + targets;
    this.pending = this.seen + 1;
    this.c = new Float64Array(this.pending + rows * batch * n);
  }

  /** Notes what the cell would get of the features at a step: z [F] of a row, at `at` in m. */
  note(step: number, row: number, m: ArrayLike<number>, at: number): void {
    const { c, n, others } = this;
    const to = this.at(step, row);
    for (let i = 0; i < n; i++) c[to + i] = m[at + others[i]!]!;
  }

  /** Takes the error of the linear forecast for target k of a row that was made at a step, in mean absolute errors. */
  observe(step: number, row: number, k: number, error: number): void {
    const { c, n } = this;
    if (k === 0) c[this.seen]!++;
    const window = Math.min(c[this.seen]!, WINDOW);
    const r = clamp(error, 3);
    const z = this.at(step, row);
    c[this.errors + k] = c[this.errors + k]! + (r * r - c[this.errors + k]!) / window;
    for (let i = 0; i < n; i++) {
      const p = k * n + i;
      c[p] = c[p]! + (r * c[z + i]! - c[p]!) / window;
      if (k > 0) continue;
      const q = this.squares + i;
      c[q] = c[q]! + (c[z + i]! * c[z + i]! - c[q]!) / window;
    }
    if (k === this.targets - 1) this.judge(window);
  }

  private judge(window: number): void {
    const { c, n, others, targets, share } = this;
    if (c[this.seen]! < WARM) return;
    for (let i = 0; i < n; i++) {
      let most = 0;
      for (let k = 0; k < targets; k++) {
        const scale = c[this.errors + k]! * c[this.squares + i]!;
        if (scale > 0) most = Math.max(most, (c[k * n + i]! * c[k * n + i]!) / scale);
      }
      const t = Math.sqrt(most * window);
      share[others[i]!] = Math.min(1, Math.max(0, (t - LEAST) / (ENOUGH - LEAST)));
    }
  }

  private at(step: number, row: number): number {
    return this.pending + ((step % this.rows) * this.batch + row) * this.n;
  }

  /** What it goes by: products and squares of errors and features, and z of the last steps [ahead,B,n], newest first. */
  arrays(step: number): RelevanceArrays {
    const { c, n, batch, rows, targets } = this;
    const inputs = new Float64Array((rows - 1) * batch * n);
    for (let back = 0; back < Math.min(rows - 1, step + 1); back++) {
      const from = this.at(step - back, 0);
      inputs.set(c.subarray(from, from + batch * n), back * batch * n);
    }
    return {
      others: Float64Array.from(this.others),
      products: c.slice(0, targets * n),
      squares: c.slice(this.squares, this.errors),
      errors: c.slice(this.errors, this.seen),
      seen: c[this.seen]!,
      inputs,
    };
  }

  /** Lets nothing in, as before the first error. */
  clear(): void {
    this.c.fill(0);
    for (const f of this.others) this.share[f] = 0;
  }

  state(): Float64Array {
    return this.c.slice();
  }

  restore(state: Float64Array): void {
    this.c.set(state);
    this.judge(Math.min(this.c[this.seen]!, WINDOW));
  }
}
