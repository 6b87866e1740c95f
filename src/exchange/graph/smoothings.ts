/** Exponential smoothing of the series in a graph, for both settings at once [B,K,2]; see src/kernels/smoothing.ts. */
import type { Value } from './graph.js';
import type { StepParts } from './step-parts.js';

const SETTINGS = 2;
const [A, B_TREND, G] = [
  [0.1, 0.6],
  [0, 0.1],
  [0.05, 0.2],
] as const;

export class Smoothings {
  private readonly shape: readonly [number, number];
  /** Steps of the longest season, and the season of each series; 0 for none. */
  private readonly longest: number;
  private readonly periods: readonly number[];
  private level: Value = '';
  private trend: Value = '';
  private known: Value = '';
  private phase: Value = '';
  private season: Value = '';

  constructor(private readonly parts: StepParts) {
    const { carried, constants } = parts;
    const [B = 1, K = 1] = carried.shapeOf('run.smoothing.level');
    this.shape = [B, K];
    this.periods = Array.from(constants.get('run.smoothing.period')!.data);
    this.longest = Math.max(0, ...this.periods);
  }

  /** What each series has in the season at a phase [B,K]: 1 at that place of [B,K,1,P], of a series without a season nowhere. */
  private mask(phase: Value): Value {
    const { graph: g } = this.parts;
    const [B, K] = this.shape;
    const places = Array.from({ length: this.longest }, (_, i) => i);
    const has = this.constant(this.periods.map((period) => (period > 0 ? 0 : -1 - this.longest)));
    return g.equal(
      g.reshape(g.add(phase, has), [B, K, 1, 1]),
      g.constant('double', [1, 1, 1, this.longest], places),
    );
  }

  private constant(data: readonly number[]): Value {
    return this.parts.graph.constant('double', [...this.shape], data);
  }

  private setting(data: readonly number[]): Value {
    return this.parts.graph.constant('double', [1, 1, SETTINGS], data);
  }

  private seasonAt(mask: Value): Value {
    const { graph: g } = this.parts;
    return g.sumLast(g.where(mask, this.season, 0));
  }

  take(newest: Value): void {
    const { graph: g, carried } = this.parts;
    const [B, K] = this.shape;
    const x = g.reshape(newest, [B, K, 1]);
    const isHere = g.not(g.isNaN(x));
    const known = carried.get('run.smoothing.known');
    const wasKnown = g.greater(g.reshape(known, [B, K, 1]), 0);
    const periods = this.constant(this.periods);
    const next = g.add(carried.get('run.smoothing.phase'), 1);
    this.phase = g.where(g.less(next, periods), next, 0);
    const [level, trend] = [carried.get('run.smoothing.level'), carried.get('run.smoothing.trend')];
    const goesOn = g.add(level, trend);
    let season: Value = this.setting([0, 0]);
    let mask: Value | null = null;
    if (this.longest > 0) {
      this.season = carried.get('run.smoothing.season');
      mask = this.mask(this.phase);
      season = this.seasonAt(mask);
    }
    const own = (a: readonly number[], one: Value, other: Value) =>
      g.add(g.mul(this.setting(a), one), g.mul(this.setting(a.map((share) => 1 - share)), other));
    const after = own(A, g.sub(x, season), goesOn);
    const taken = g.where(isHere, after, goesOn);
    this.level = g.where(wasKnown, taken, g.where(isHere, x, level));
    const moves = g.and(wasKnown, isHere);
    this.trend = g.where(moves, own(B_TREND, g.sub(after, level), trend), trend);
    if (mask) {
      const turned = own(G, g.sub(x, after), season);
      const wide = (value: Value, size: number) => g.reshape(value, [B, K, size, 1]);
      this.season = g.where(g.and(mask, wide(moves, 1)), wide(turned, SETTINGS), this.season);
      carried.set('run.smoothing.season', this.season);
    }
    this.known = g.max(known, g.flag(g.not(g.isNaN(newest))));
    carried.set('run.smoothing.phase', this.phase);
    carried.set('run.smoothing.level', this.level);
    carried.set('run.smoothing.trend', this.trend);
    carried.set('run.smoothing.known', this.known);
  }

  /** What both settings say for so many steps ahead [B,K]; NaN as long as nothing is known. */
  forecast(ahead: number): Value[] {
    const { graph: g } = this.parts;
    const [B, K] = this.shape;
    let all = g.add(this.level, g.mul(this.trend, ahead));
    if (this.longest > 0) {
      const phase = g.modulo(
        g.add(this.phase, ahead),
        this.constant(this.periods.map((one) => Math.max(1, one))),
      );
      all = g.add(all, this.seasonAt(this.mask(phase)));
    }
    const said = g.where(g.greater(g.reshape(this.known, [B, K, 1]), 0), all, Number.NaN);
    return Array.from({ length: SETTINGS }, (_, k) => g.at(said, 2, k));
  }
}
