/**
 * Recursive least squares with forgetting (Haykin 2014, section 10.3), robust to wild errors: weights w [n,M] of
 * regressors phi [n] for M targets at once, which share what was seen of the regressors.
 *
 *   k = P phi      g = lambda + phi . k      w_j += k / g * clip(y_j - w_j . phi, CLIP s_j)      P = (P - k k^T / g) / lambda
 *
 * s_j is the mean absolute error of late. A column that was hardly excited would make P grow for ever: while the trace of
 * P exceeds its limit nothing is forgotten.
 *
 *   P [n,n] | w [M,n] | s [M] | errors seen [M] | trace | k [n]
 */
import { clamp } from '../../math/clamp.js';

/** The share of a sample's weight that is left at the next. */
const LAMBDA = 0.998;
/** P at the beginning, times the unit matrix: a ridge of a tenth of a sample of unit size. */
const FIRST = 10;
/** The trace of P, at most, in traces at the beginning. */
const MOST = 1e5;
/** An error counts as no more than this many mean ones, once so many were seen. */
const CLIP = 3;
const WARM = 30;
/** Samples in the mean error. */
const WINDOW = 200;

export class LeastSquares {
  /** Numbers that it keeps. */
  static length(n: number, outputs: number): number {
    return n * n + outputs * (n + 2) + 1 + n;
  }

  private readonly w: number;
  private readonly scale: number;
  private readonly seen: number;
  private readonly trace: number;
  private readonly k: number;

  /** @param at where it begins in `c`. @param n regressors. @param outputs targets that share them */
  constructor(
    private readonly c: Float64Array,
    private readonly at: number,
    private readonly n: number,
    private readonly outputs: number,
  ) {
    this.w = at + n * n;
    this.scale = this.w + outputs * n;
    this.seen = this.scale + outputs;
    this.trace = this.seen + outputs;
    this.k = this.trace + 1;
    this.clear();
  }

  clear(): void {
    const { c, at, n } = this;
    c.fill(0, at, at + LeastSquares.length(n, this.outputs));
    for (let i = 0; i < n; i++) c[at + i * n + i] = FIRST;
    c[this.trace] = FIRST * n;
  }

  /** Gives w_j . phi for target j. */
  predict(phi: Float64Array, j: number): number {
    const { c, n } = this;
    const w = this.w + j * n;
    let y = 0;
    for (let i = 0; i < n; i++) y += c[w + i]! * phi[i]!;
    return y;
  }

  /** Learns from regressors phi [n] and the targets y [M] that came for them; NaN is one that did not. */
  learn(phi: Float64Array, y: Float64Array): void {
    const { c, n, outputs, k } = this;
    const g = this.gain(phi);
    for (let j = 0; j < outputs; j++) {
      if (Number.isNaN(y[j]!)) continue;
      const step = this.clipped(y[j]! - this.predict(phi, j), j) / g;
      const w = this.w + j * n;
      for (let i = 0; i < n; i++) c[w + i] = c[w + i]! + c[k + i]! * step;
    }
    this.shrink(g);
  }

  /** Writes k = P phi, and gives lambda + phi . k. */
  private gain(phi: Float64Array): number {
    const { c, at, n, k } = this;
    let g = this.forgetting;
    for (let i = 0; i < n; i++) {
      let sum = 0;
      for (let j = 0, p = at + i * n; j < n; j++, p++) sum += c[p]! * phi[j]!;
      c[k + i] = sum;
      g += sum * phi[i]!;
    }
    return g;
  }

  private get forgetting(): number {
    return this.c[this.trace]! > MOST * FIRST * this.n ? 1 : LAMBDA;
  }

  /** Takes k k^T / g from P: with k over the root of g, so that P stays symmetric to the bit. */
  private shrink(g: number): void {
    const { c, at, n, k } = this;
    const up = 1 / this.forgetting;
    const root = 1 / Math.sqrt(g);
    for (let i = 0; i < n; i++) c[k + i] = c[k + i]! * root;
    let trace = 0;
    for (let i = 0; i < n; i++) {
      const ki = c[k + i]!;
      for (let j = 0, p = at + i * n; j < n; j++, p++) c[p] = (c[p]! - ki * c[k + j]!) * up;
      trace += c[at + i * n + i]!;
    }
    c[this.trace] = trace;
  }

  private clipped(error: number, j: number): number {
    const { c } = this;
    const seen = ++c[this.seen + j]!;
    const scale = c[this.scale + j]!;
    const most = seen > WARM && scale > 0 ? CLIP * scale : Number.POSITIVE_INFINITY;
    c[this.scale + j] = scale + (Math.min(Math.abs(error), CLIP * most) - scale) / Math.min(seen, WINDOW);
    return clamp(error, most);
  }
}
