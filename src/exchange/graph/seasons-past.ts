/** What lies in the seasons of the series, in a graph; see src/kernels/forecast-planned.ts. The seasons stand still. */
import type { Value } from './graph.js';
import type { StepParts } from './step-parts.js';

const SLOTS = 2;

/** What the seasons say for so many steps ahead. */
export interface LookedBack {
  /** By each season, and by each and the change since; NaN without. */
  readonly forecasts: readonly Value[];
  /** Is there a season at all? */
  readonly isSeasonal: Value;
  /** What lies in the seasons [6] less the last value. */
  readonly off: readonly Value[];
}

export class SeasonsPast {
  private readonly shape: readonly [number, number];
  private readonly rows: number;
  private readonly periods: readonly number[];
  private values: Value = '';
  private known: Value = '';

  constructor(private readonly parts: StepParts) {
    const { carried, constants } = parts;
    const { shape, data } = constants.get('run.seasons.periods')!;
    const [B = 1, K = 1] = shape;
    this.shape = [B, K];
    this.periods = Array.from(data);
    this.rows = carried.has('run.seasons.values') ? carried.shapeOf('run.seasons.values')[0]! : 0;
  }

  /** Lets the newest values join; one that is missing is as the last one was. */
  take(newest: Value): void {
    const { rows, parts } = this;
    if (rows === 0) return;
    const { graph: g, carried } = parts;
    const [B, K] = this.shape;
    const before = carried.get('run.seasons.values');
    const known = carried.get('run.seasons.known');
    const isMissing = g.isNaN(newest);
    const row = g.reshape(g.where(isMissing, g.at(before, 0, 0), newest), [1, B, K]);
    this.values = rows === 1 ? row : g.concat([row, g.slice(before, 0, 0, rows - 1)], 0);
    const more = g.min(g.add(known, 1), rows);
    this.known = g.where(g.and(isMissing, g.equal(known, 0)), 0, more);
    carried.set('run.seasons.values', this.values);
    carried.set('run.seasons.known', this.known);
  }

  lookBack(ahead: number, base: Value): LookedBack {
    const { graph: g } = this.parts;
    const [B, K] = this.shape;
    const filled = (number: number) => g.constant('double', [B, K], Array<number>(B * K).fill(number));
    if (this.rows === 0) {
      const [none, zero] = [filled(Number.NaN), filled(0)];
      return {
        forecasts: [none, none, none, none],
        isSeasonal: g.greater(zero, 0),
        off: Array(6).fill(zero),
      };
    }
    const slots = Array.from({ length: SLOTS }, (_, slot) => this.lookBackAt(slot, ahead, base));
    return {
      forecasts: slots.flatMap(({ then, change }) => [then, change]),
      isSeasonal: g.or(slots[0]!.isWhole, slots[1]!.isWhole),
      off: slots.flatMap(({ off }) => off),
    };
  }

  private lookBackAt(slot: number, ahead: number, base: Value) {
    const { graph: g } = this.parts;
    const [B, K] = this.shape;
    const of = (count: (period: number) => number) =>
      Array.from({ length: B * K }, (_, i) => {
        const period = this.periods[i * SLOTS + slot]!;
        return period > 0 ? count(period) : Number.POSITIVE_INFINITY;
      });
    const whole = of((period) => period * Math.ceil(ahead / period));
    const isKnown = (back: readonly number[]) => g.less(g.constant('double', [B, K], back), this.known);
    const read = (back: readonly number[]) => {
      const places = back.map((one) => Math.max(0, Math.min(this.rows - 1, one)));
      const indices = g.constant('int64', [1, B, K], places);
      return g.reshape(g.op('GatherElements', [this.values, indices], { axis: 0 }), [B, K]);
    };
    const [first, second] = [
      whole.map((one) => one - ahead),
      of((p) => p * Math.ceil(ahead / p) - ahead + p),
    ];
    const then = g.where(isKnown(first), read(first), Number.NaN);
    const isWhole = isKnown(whole);
    const there = read(whole);
    const lessBase = (value: Value) => g.where(isWhole, g.sub(value, base), 0);
    const earlier = g.where(isKnown(second), read(second), then);
    const change = g.where(isWhole, g.sub(g.add(then, base), there), Number.NaN);
    return { then, change, isWhole, off: [lessBase(then), lessBase(there), lessBase(earlier)] };
  }
}
