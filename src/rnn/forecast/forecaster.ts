/**
 * Forecasts an output by an online mixture of the network and of plain forecasters, each causal: the last value, seasons
 * that are found as the series goes on, exponential smoothing, and linear forecasts by recursive least squares. See
 * expert-mixture.ts for the bound.
 *
 * Linear forecasts are of the change from the last value, in units of one-step changes, so that no level and no scale
 * matters, from these regressors:
 *
 *   linear                     where x_t lies in deviations, x_(t-i) - x_t for i = 1 .. p - 1, 1
 *   linear with seasons        the linear forecast; of each season x_(t+h-S) - x_t, x_(t-S) - x_t, x_(t+h-2S) - x_t; 1
 *   network by least squares   the hidden state h_t [N], the cell's inputs but for features that are judged first, 1
 *
 * No change that is forecast exceeds 1.5 times the largest of late, so that no forecaster can run away.
 */
import type { Reals } from '../../kernels/kernels.js';
import { clamp } from '../../math/clamp.js';
import type { Inputs } from '../io/cell-inputs.js';
import { type ScalerState, StandardScaler } from '../io/scaler.js';
import type { Level } from '../io/wild-values.js';
import type { Window } from '../learning/window.js';
import { lagsOf } from '../spec/model-shape.js';
import type { ModelSpec } from '../spec/spec.js';
import { ExpertMixture, NO_FORECAST } from './expert-mixture.js';
import { E, LAST, LINEAR, NETWORK, NETWORK_SQUARES, SEASON, SEASONAL_LINEAR, SMOOTHING } from './experts.js';
import { LeastSquares } from './least-squares.js';
import { Places } from './places.js';
import { SLOTS } from './season-slots.js';
import { Seasons, type SeasonsState } from './seasons.js';
import { SEASONAL } from './size.js';
import { SMOOTHINGS } from './smoothing.js';

export interface ForecasterState {
  readonly numbers: Float64Array;
  readonly levels: ScalerState;
  readonly units: ScalerState;
  readonly seasons: SeasonsState;
}

/** A horizon of a forecast, and the first of its K outputs. */
export interface ForecastHorizon {
  readonly ahead: number;
  readonly first: number;
}

/** The largest change of late halves in about 1,400 steps; and what a forecast may be of it. */
const FADE = 0.9995;
const LARGEST_CHANGE = 1.5;
/** Multiply-adds of least squares that a step may cost: beyond, forecasters take turns once they have seen enough. */
const LINEAR_WORK = 2048;
const NETWORK_WORK = 4096;
const YOUNG = 256;
/** Linear forecasts are clamped to this many units, as a regressor of others. */
const LARGEST_UNITS = 10;

export class Forecaster {
  private readonly c: Float64Array;
  private readonly p: number;
  private readonly targets: number;
  private readonly outputs: number;
  private readonly mixtures: readonly ExpertMixture[];
  private readonly linear: readonly LeastSquares[];
  private readonly seasonal: readonly LeastSquares[];
  /** One for each horizon; none where the readout learns by the gradient alone. */
  private readonly squares: readonly LeastSquares[];
  /** The largest change of late of each output. */
  private readonly largest: number;
  /** Forecasts [rows,O,E] of the last steps. */
  private readonly pending: number;
  private readonly rows: number;
  private readonly levels: StandardScaler;
  private readonly units: StandardScaler;
  readonly seasons: Seasons;
  private readonly phi: Float64Array;
  private readonly psi = new Float64Array(SEASONAL);
  private readonly eta: Float64Array;
  private readonly one = new Float64Array(1);
  private readonly row: Float64Array;
  private readonly linearTurns: number;
  private readonly networkTurns: number;

  constructor(
    private readonly spec: ModelSpec,
    private readonly horizons: readonly ForecastHorizon[],
    private readonly inputs: Inputs,
    longest: number,
  ) {
    const { batch: B, units: N } = spec;
    const K = inputs.history.width / B;
    const O = B * K * horizons.length;
    const p = lagsOf(K);
    const n = N + inputs.direct.length + 1;
    const hasSquares = spec.readout.kind === 'linear' && spec.readout.rule === 'rls';
    const places = new Places();
    const mixtures = places.take(O * ExpertMixture.length(E));
    const linear = places.take(O * LeastSquares.length(p + 1, 1));
    const seasonal = places.take(O * LeastSquares.length(SEASONAL, 1));
    const squares = places.take(hasSquares ? horizons.length * LeastSquares.length(n, K) : 0);
    this.largest = places.take(O);
    this.rows = longest + 1;
    this.pending = places.take(this.rows * O * E);
    const c = new Float64Array(places.length);
    this.c = c;
    const each = <T>(count: number, create: (i: number) => T) =>
      Array.from({ length: count }, (_, i) => create(i));
    this.mixtures = each(O, (o) => new ExpertMixture(c, mixtures + o * ExpertMixture.length(E), E));
    this.linear = each(O, (o) => new LeastSquares(c, linear + o * LeastSquares.length(p + 1, 1), p + 1, 1));
    this.seasonal = each(
      O,
      (o) => new LeastSquares(c, seasonal + o * LeastSquares.length(SEASONAL, 1), SEASONAL, 1),
    );
    this.squares = each(
      hasSquares ? horizons.length : 0,
      (q) => new LeastSquares(c, squares + q * LeastSquares.length(n, K), n, K),
    );
    this.p = p;
    this.targets = K;
    this.outputs = K * horizons.length;
    const halfLife = spec.scaler.kind === 'standard' ? spec.scaler.halfLife : null;
    this.levels = new StandardScaler(B * K, { halfLife, centre: 'mean' });
    this.units = new StandardScaler(B * K, { halfLife, centre: 'zero' });
    this.seasons = new Seasons(B * K, longest, spec.season);
    this.phi = new Float64Array(B * K * (p + 1));
    this.eta = new Float64Array(B * n);
    this.row = new Float64Array(K);
    this.linearTurns = Math.ceil((O * (p + 1) * (p + 1)) / LINEAR_WORK);
    this.networkTurns = Math.ceil((B * n * n) / NETWORK_WORK);
  }

  /** The weights [E] of output o in the last forecast. */
  weights(o: number): Float64Array {
    const at = this.mixtures[o]!.weights;
    return this.c.subarray(at, at + E);
  }

  /** Gives what forecaster `e` said of output o at a step, or null where it said nothing. */
  forecastOf(e: number, step: number, o: number): number | null {
    const value = this.c[this.pendingAt(step, o) + e]!;
    return value === NO_FORECAST ? null : value;
  }

  /**
   * Takes the truths of one horizon, which `step` was the time to forecast: the newest values of the history, NaN where
   * one is missing. All are scored, and learned from if `learning`.
   */
  meet(m: Reals, window: Window, q: number, step: number, learning: boolean): void {
    const { spec, targets: K, inputs } = this;
    const { ahead, first } = this.horizons[q]!;
    const { history, given, lookedBackAt } = inputs;
    const learnsNetwork = learning && this.squares.length > 0 && this.isNetworksTurn(q, step);
    for (let row = 0; row < spec.batch; row++) {
      let comes = false;
      for (let k = 0; k < K; k++) {
        const i = row * K + k;
        const o = row * this.outputs + first + k;
        const truth = given[lookedBackAt[i]!]!;
        const unit = this.units.deviation[i]!;
        const isKnown = !Number.isNaN(truth) && history.knows(ahead, i);
        const change = isKnown && unit > 0 ? (truth - history.read(ahead, i)) / unit : Number.NaN;
        this.row[k] = change;
        if (!isKnown) continue;
        comes ||= unit > 0;
        this.mixtures[o]!.observe(truth, window.exact[window.exactAt(step) + o]!, this.pendingAt(step, o));
        const size = this.largest + o;
        this.c[size] = Math.max(FADE * this.c[size]!, Math.abs(truth - history.read(ahead, i)));
        if (q === 0 && unit > 0) this.judgeOthers(step, row, k, o, truth);
        if (learning && unit > 0 && this.isLinearsTurn(o, step, window))
          this.learnLinear(o, i, ahead, step, unit, change);
      }
      if (!learnsNetwork || !comes) continue;
      this.squares[q]!.learn(this.stateOf(m, window, step, row), this.row);
    }
  }

  /** Lets the features that are not forecast be judged by the error of the linear forecast. */
  private judgeOthers(step: number, row: number, k: number, o: number, truth: number): void {
    const { relevance } = this.inputs;
    const linear = this.c[this.pendingAt(step, o) + LINEAR]!;
    const scale = this.mixtures[o]!.scale;
    if (relevance && linear !== NO_FORECAST && scale > 0)
      relevance.observe(step, row, k, (truth - linear) / scale);
  }

  private isLinearsTurn(o: number, step: number, window: Window): boolean {
    return step - window.start < YOUNG || (step + o) % this.linearTurns === 0;
  }

  private isNetworksTurn(q: number, step: number): boolean {
    return (
      this.networkTurns === 1 ||
      step < 8 * (this.spec.units + this.inputs.direct.length) ||
      (step + q) % this.networkTurns === 0
    );
  }

  private learnLinear(o: number, i: number, ahead: number, step: number, unit: number, change: number): void {
    const phi = this.regressors(i, ahead, unit);
    this.one[0] = change;
    this.linear[o]!.learn(phi, this.one);
    const linear = this.c[this.pendingAt(step, o) + LINEAR]!;
    if (linear === NO_FORECAST || !this.seasons.has(i)) return;
    const base = this.inputs.history.read(ahead, i);
    if (this.seasonalRegressors(i, ahead, ahead, unit, (linear - base) / unit))
      this.seasonal[o]!.learn(this.psi, this.one);
  }

  /** Writes the regressors of the linear forecast at the step `back` steps ago. */
  private regressors(i: number, back: number, unit: number): Float64Array {
    const { p } = this;
    const { history } = this.inputs;
    const phi = this.phi.subarray(i * (p + 1), (i + 1) * (p + 1));
    const newest = history.read(back, i);
    phi[0] = this.levels.scale(newest, i) / 2;
    for (let lag = 1; lag < p; lag++)
      phi[lag] = history.knows(back + lag, i) ? (history.read(back + lag, i) - newest) / unit : 0;
    phi[p] = 1;
    return phi;
  }

  /** Writes those of the linear forecast with seasons, made `back` steps ago for `ahead` steps on; tells if there is a season. */
  private seasonalRegressors(i: number, ahead: number, back: number, unit: number, linear: number): boolean {
    const { psi, seasons } = this;
    psi.fill(0);
    psi[0] = clamp(linear, LARGEST_UNITS);
    psi[SEASONAL - 1] = 1;
    const newest = this.inputs.history.read(back, i);
    let isThere = false;
    for (let slot = 0; slot < SLOTS; slot++) {
      const period = seasons.period(i, slot);
      if (period === 0) continue;
      const whole = period * Math.ceil(ahead / period);
      if (!seasons.knows(back + whole, i)) continue;
      isThere = true;
      const at = 1 + 3 * slot;
      psi[at] = (seasons.read(back + whole - ahead, i) - newest) / unit;
      psi[at + 1] = (seasons.read(back + whole, i) - newest) / unit;
      const before = back + whole - ahead + period;
      psi[at + 2] = seasons.knows(before, i) ? (seasons.read(before, i) - newest) / unit : psi[at]!;
    }
    return isThere;
  }

  /** Gives the regressors of the network at a step: h_t, the cell's inputs, 1. */
  private stateOf(m: Reals, window: Window, step: number, row: number): Float64Array {
    const { units: N } = this.spec;
    const { size: F, direct } = this.inputs;
    const n = N + direct.length + 1;
    const eta = this.eta.subarray(row * n, (row + 1) * n);
    const h = window.zAt(step + 1) + row * (F + N) + F;
    const z = window.zAt(step) + row * (F + N);
    for (let i = 0; i < N; i++) eta[i] = m[h + i]!;
    for (let i = 0; i < direct.length; i++) eta[N + i] = m[z + direct[i]!]!;
    eta[n - 1] = 1;
    return eta;
  }

  /** Lets the newest values of the history join what forecasters know; searches for seasons where that is due. */
  take(): void {
    const { inputs, spec, targets: K } = this;
    const { history, given, lookedBackAt } = inputs;
    for (let i = 0; i < spec.batch * K; i++) {
      const value = given[lookedBackAt[i]!]!;
      this.levels.observeOne(value, i);
      if (history.knows(1, i) && !Number.isNaN(value)) this.units.observeOne(value - history.read(1, i), i);
    }
    this.seasons.take(inputs, (i, slot) => this.helps(i, slot));
    for (const { series, slot } of this.seasons.changed) this.forgetSeason(series, slot);
  }

  /** Takes series i for one of another level: its statistics begin anew, or are those of before. */
  relevel(i: number, level: Level): void {
    this.levels.exchange(i, level);
    this.units.exchange(i, level);
    this.seasons.forget(i);
    if (level !== 'anew') return;
    for (const o of this.outputsOf(i)) {
      for (const part of [this.mixtures[o]!, this.linear[o]!, this.seasonal[o]!]) part.clear();
      this.c[this.largest + o] = 0;
    }
    for (const part of this.squares) part.clear();
  }

  private *outputsOf(i: number): Iterable<number> {
    const row = Math.floor(i / this.targets);
    for (const { first } of this.horizons) yield row * this.outputs + first + (i % this.targets);
  }

  /** Does a forecast of series i by the season of a slot have a weight? */
  private helps(i: number, slot: number): boolean {
    for (const o of this.outputsOf(i)) {
      const weights = this.weights(o);
      const own = weights[SEASON + 2 * slot]! + weights[SEASON + 2 * slot + 1]! + weights[SEASONAL_LINEAR]!;
      const shared = slot === 0 ? weights[SMOOTHING]! + weights[SMOOTHING + 1]! : 0;
      if (own + shared > 0.01) return true;
    }
    return false;
  }

  private forgetSeason(i: number, slot: number): void {
    for (const o of this.outputsOf(i)) {
      this.seasonal[o]!.clear();
      this.mixtures[o]!.forget(SEASON + 2 * slot);
      this.mixtures[o]!.forget(SEASON + 2 * slot + 1);
    }
  }

  /** Prepares the forecasts of a step. */
  begin(m: Reals, window: Window, seq: number): void {
    if (this.squares.length > 0)
      for (let row = 0; row < this.spec.batch; row++) this.stateOf(m, window, seq, row);
    for (let i = 0; i < this.spec.batch * this.targets; i++)
      if (this.units.deviation[i]! > 0) this.regressors(i, 0, this.units.deviation[i]!);
  }

  /** Gives the forecast of horizon q for series i, which the network says is `network`. */
  forecast(q: number, i: number, seq: number, network: number): number {
    const { c, inputs, seasons, targets: K, p } = this;
    const { ahead, first } = this.horizons[q]!;
    const row = Math.floor(i / K);
    const k = i % K;
    const o = row * this.outputs + first + k;
    const at = this.pendingAt(seq, o);
    const base = inputs.history.read(0, i);
    const unit = this.units.deviation[i]!;
    c.fill(NO_FORECAST, at, at + E);
    c[at + LAST] = base;
    c[at + NETWORK] = network;
    for (let slot = 0; slot < SLOTS; slot++) {
      const period = seasons.period(i, slot);
      if (period === 0) continue;
      const whole = period * Math.ceil(ahead / period);
      if (!seasons.knows(whole - ahead, i)) continue;
      const then = seasons.read(whole - ahead, i);
      c[at + SEASON + 2 * slot] = then;
      if (seasons.knows(whole, i)) c[at + SEASON + 2 * slot + 1] = then + base - seasons.read(whole, i);
    }
    if (seasons.hasLevel(i))
      for (let s = 0; s < SMOOTHINGS; s++) c[at + SMOOTHING + s] = seasons.smoothed(i, s, ahead);
    if (unit > 0) {
      const most = LARGEST_CHANGE * c[this.largest + o]!;
      const linear = this.linear[o]!.predict(this.phi.subarray(i * (p + 1), (i + 1) * (p + 1)), 0);
      c[at + LINEAR] = base + clamp(linear * unit, most);
      if (seasons.has(i) && this.seasonalRegressors(i, ahead, 0, unit, (c[at + LINEAR]! - base) / unit))
        c[at + SEASONAL_LINEAR] = base + clamp(this.seasonal[o]!.predict(this.psi, 0) * unit, most);
      const squares = this.squares[q];
      if (squares) {
        const n = this.spec.units + inputs.direct.length + 1;
        const change = squares.predict(this.eta.subarray(row * n, (row + 1) * n), k) * unit;
        c[at + NETWORK_SQUARES] = base + clamp(change, most);
      }
    }
    return this.mixtures[o]!.mix(at);
  }

  private pendingAt(step: number, o: number): number {
    const { rows, spec } = this;
    return this.pending + ((step % rows) * spec.batch * this.outputs + o) * E;
  }

  /** Begins a new history: nothing that was seen is looked back at. */
  restart(): void {
    this.seasons.restart();
  }

  /** Forgets all that was learned. */
  clear(): void {
    const { mixtures, linear, seasonal, squares } = this;
    for (const part of [...mixtures, ...linear, ...seasonal, ...squares]) part.clear();
    this.c.fill(0, this.largest, this.pending);
  }

  /** Begins as of a model that has seen nothing. */
  startOver(): void {
    this.clear();
    this.restart();
    this.levels.clear();
    this.units.clear();
    this.c.fill(0, this.pending);
  }

  state(): ForecasterState {
    const { c, levels, units, seasons } = this;
    return { numbers: c.slice(), levels: levels.state(), units: units.state(), seasons: seasons.state() };
  }

  restore({ numbers, levels, units, seasons }: ForecasterState): void {
    this.c.set(numbers);
    this.levels.restore(levels);
    this.units.restore(units);
    this.seasons.restore(seasons);
  }
}
