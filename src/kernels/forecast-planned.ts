/** What the reference of the forecaster's kernels reads and writes by a plan; see forecast-plan.ts. */
import type { Address, Reals } from './arena.js';
import { mixtureLength, NO_FORECAST } from './expert-mixture.js';
import {
  EXPERTS_LENGTH as E,
  IS_SEASONAL,
  PENDING,
  PLAN,
  SEASON,
  SEASONAL_N,
  SEASONS,
  SMOOTHED,
} from './forecast-plan.js';
import { leastSquaresLength } from './least-squares.js';
import { IS_KNOWN, SMOOTHING_LENGTH, SMOOTHINGS, smoothingForecast } from './smoothing.js';
import { ringKnown, ringRead } from './value-ring.js';

/** Linear forecasts are clamped to this many units, as a regressor of others. */
const LARGEST_UNITS = 10;
/** Scaled values are clamped to this many deviations, which are 2 of a regressor. */
const MAX_DEVIATIONS = 10;

export const clamp = (value: number, limit: number): number => Math.min(limit, Math.max(-limit, value));

/** One call's view of a plan. */
export class Planned {
  constructor(
    readonly c: Float64Array,
    readonly plan: Address,
    readonly slot: number,
    readonly seen: number,
  ) {}

  of(name: keyof typeof PLAN): number {
    return this.c[this.plan + PLAN[name]];
  }

  get width(): number {
    return this.of('B') * this.of('K');
  }

  knows(back: number, i: number): boolean {
    return back < this.of('historyRows') && this.seen - back > this.c[this.of('known') + i];
  }

  /** Gives value i of `back` steps ago. */
  read(back: number, i: number): number {
    const row = this.slot - back;
    return this.c[this.of('history') + (row < 0 ? row + this.of('historyRows') : row) * this.width + i];
  }

  ahead(q: number): number {
    return this.c[this.of('horizons') + 2 * q];
  }

  served(q: number): number {
    return this.c[this.of('horizons') + 2 * q + 1];
  }

  mixture(o: number): Address {
    return this.of('mixtures') + o * mixtureLength(E);
  }

  linear(o: number): Address {
    return this.of('linear') + o * leastSquaresLength(this.of('n'), 1);
  }

  seasonal(o: number): Address {
    return this.of('seasonal') + o * leastSquaresLength(SEASONAL_N, 1);
  }

  pending(row: number, o: number): Address {
    return this.of('pending') + (row * this.width * this.of('Q') + o) * PENDING;
  }

  /** Writes the regressors of the linear forecast at the step `back` steps ago: x_t, changes from it, 1. */
  regressors(i: number, back: number, per: number): Address {
    const { c } = this;
    const [phi, n, levels] = [this.of('phi'), this.of('n'), this.of('levels')];
    const newest = this.read(back, i);
    const deviation = c[this.of('levelDeviations') + i];
    const centre = c[levels + this.width + i] + c[levels + 3 * this.width + i];
    c[phi] = deviation > 0 ? clamp((newest - centre) / deviation, MAX_DEVIATIONS) / 2 : 0;
    for (let lag = 1; lag < n - 1; lag++)
      c[phi + lag] = this.knows(back + lag, i) ? (this.read(back + lag, i) - newest) * per : 0;
    c[phi + n - 1] = 1;
    return phi;
  }

  /** Writes those of the linear forecast with seasons, as they were kept with the forecasts at f. */
  seasonalRegressors(f: Address, linear: number, per: number): Address {
    const { c } = this;
    const psi = this.of('psi');
    c[psi] = clamp(linear, LARGEST_UNITS);
    for (let i = 0; i < SEASONAL_N - 2; i++) c[psi + 1 + i] = c[f + SEASONS + i] * per;
    c[psi + SEASONAL_N - 1] = 1;
    return psi;
  }

  /** Writes what the seasons of series i and its smoothing say for `ahead` steps on. */
  lookBack(f: Address, i: number, ahead: number, base: number): void {
    const { c } = this;
    const smoothing = this.of('smoothing') + i * SMOOTHING_LENGTH;
    const isKnown = c[smoothing + IS_KNOWN] !== 0;
    for (let k = 0; k < SMOOTHINGS; k++)
      c[f + SMOOTHED + k] = isKnown ? smoothingForecast(c, smoothing, k, ahead) : NO_FORECAST;
    c[f + IS_SEASONAL] = 0;
    for (let slot = 0; slot < 2; slot++)
      this.lookBackAt(f, i, slot, c[this.of('periods') + 2 * i + slot], ahead, base);
  }

  /** Writes what a season says: the value of the time that is forecast, the change since, and the regressors. */
  private lookBackAt(f: Address, i: number, slot: number, period: number, ahead: number, base: number): void {
    const { c } = this;
    const ring = this.of('ring');
    const season = f + SEASON + 2 * slot;
    const off = f + SEASONS + 3 * slot;
    const known = period > 0 ? ringKnown(c, ring, i) : 0;
    const whole = period > 0 ? period * Math.ceil(ahead / period) : 0;
    const isThere = period > 0 && whole - ahead < known;
    const then = isThere ? ringRead(c, ring, whole - ahead, i) : NO_FORECAST;
    c[season] = then;
    if (whole >= known) {
      c[season + 1] = NO_FORECAST;
      c.fill(0, off, off + 3);
      return;
    }
    const there = ringRead(c, ring, whole, i);
    const before = whole - ahead + period;
    c[season + 1] = then + base - there;
    c[f + IS_SEASONAL] = 1;
    c[off] = then - base;
    c[off + 1] = there - base;
    c[off + 2] = before < known ? ringRead(c, ring, before, i) - base : then - base;
  }

  /** Writes the regressors of the network at a step: h_t, the cell's inputs, 1. */
  state(m: Reals, z: Address, h: Address): Address {
    const { c } = this;
    const [eta, N, direct, count] = [
      this.of('eta'),
      this.of('units'),
      this.of('direct'),
      this.of('directCount'),
    ];
    for (let i = 0; i < N; i++) c[eta + i] = m[h + i];
    for (let i = 0; i < count; i++) c[eta + N + i] = m[z + (direct > 0 ? c[direct + i] : i)];
    c[eta + N + count] = 1;
    return eta;
  }
}
