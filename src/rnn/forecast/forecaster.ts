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

import { type ColumnStore, type Columns, looseColumns } from '../../kernels/columns.js';
import { type ForecastKernels, forecastReference } from '../../kernels/forecast-kernels.js';
import { LINEAR, SEASON, SEASONAL_LINEAR, SMOOTHED } from '../../kernels/forecast-plan.js';
import { type JudgeKernels, judgeReference } from '../../kernels/judge-kernels.js';
import type { Reals } from '../../kernels/kernels.js';
import type { Pieces } from '../../math/pieces.js';
import type { Inputs } from '../io/cell-inputs.js';
import { type ScalerState, StandardScaler } from '../io/scaler.js';
import type { Level } from '../io/wild-values.js';
import type { Window } from '../learning/window.js';
import { lagsOf } from '../spec/model-shape.js';
import type { ModelSpec } from '../spec/spec.js';
import { type Put, putNow, type Take, takeNow } from '../state-copies.js';
import { type ForecasterLayout, layoutForecaster } from './forecaster-layout.js';
import { ForecasterMemory } from './forecaster-memory.js';
import { type ForecastHorizon, tellForecaster } from './forecaster-places.js';
import { Seasons, type SeasonsState } from './seasons.js';

export interface ForecasterState {
  readonly numbers: Float64Array;
  readonly levels: ScalerState;
  readonly units: ScalerState;
  readonly seasons: SeasonsState;
}

/** What a forecaster computes with, and in. */
export type Arithmetic = ColumnStore & ForecastKernels & JudgeKernels;
export const plainArithmetic: Arithmetic = { ...looseColumns, ...forecastReference, ...judgeReference };

/** Multiply-adds of least squares that a step may cost: beyond, forecasters take turns once they have seen enough. */
const LINEAR_WORK = 2048;
const NETWORK_WORK = 1600;
const YOUNG = 256;

/** The weight from which on a forecast by a season helps, and that of smoothing, which has weight without a season too. */
const HELPS = 0.05;
const SHARED_HELPS = 0.25;

export class Forecaster {
  private readonly layout: ForecasterLayout;
  private readonly columns: Columns;
  private readonly memory: ForecasterMemory;
  private readonly targets: number;
  private readonly levels: StandardScaler;
  private readonly units: StandardScaler;
  readonly seasons: Seasons;
  private readonly linearTurns: number;
  private readonly networkTurns: number;
  private readonly helpsBy = (i: number, slot: number) => this.helps(i, slot);

  /** @param scaler of the outputs: the network forecasts in its deviations */
  constructor(
    private readonly spec: ModelSpec,
    private readonly horizons: readonly ForecastHorizon[],
    private readonly inputs: Inputs,
    scaler: StandardScaler,
    longest: number,
    private readonly kernels: Arithmetic,
  ) {
    const { batch: B, units: N, readout } = spec;
    const K = inputs.history.width / B;
    const O = B * K * horizons.length;
    const n = lagsOf(K) + 1;
    const direct = inputs.direct.length;
    const hasSquares = readout.kind === 'linear' && readout.rule === 'rls';
    const sizes = { n, nNetwork: N + direct + 1, hasSquares, direct, rows: longest + 1 };
    this.layout = layoutForecaster({ O, K, horizons: horizons.length, ...sizes });
    this.columns = kernels.allocateColumns(this.layout.length);
    this.targets = K;
    const halfLife = spec.scaler.kind === 'standard' ? spec.scaler.halfLife : null;
    this.levels = new StandardScaler(B * K, { halfLife, centre: 'mean' }, kernels);
    this.units = new StandardScaler(B * K, { halfLife, centre: 'zero' }, kernels);
    this.seasons = new Seasons(B * K, longest, spec.season, kernels);
    this.linearTurns = Math.ceil((O * n * n) / LINEAR_WORK);
    this.networkTurns = Math.ceil((B * sizes.nNetwork ** 2) / NETWORK_WORK);
    this.memory = new ForecasterMemory(this.columns, this.layout);
    const { layout, columns, levels, units, seasons, linearTurns } = this;
    tellForecaster(columns, spec, { layout, horizons, inputs, scaler, levels, units, seasons, linearTurns });
  }

  /** Begins without having learned anything, or forgets it. */
  begin(): Pieces<void> {
    return this.memory.begin();
  }

  /** The weights [E] of output o in the last forecast. */
  weights(o: number): Float64Array {
    return this.memory.weights(o);
  }

  /** Gives what forecaster `e` said of output o at a step, or null where it said nothing. */
  forecastOf(e: number, step: number, o: number): number | null {
    return this.memory.said(e, step, o);
  }

  /** Writes what forecaster `e` said at a step of `count` outputs from o on; NaN where it said nothing. */
  copyForecasts(e: number, step: number, o: number, count: number, to: Float64Array, toAt: number): void {
    this.memory.copySaid(e, step, o, count, to, toAt);
  }

  /**
   * Takes the truths of one horizon, which `step` was the time to forecast: the newest values of the history, NaN where
   * one is missing. All are scored, and learned from if `learning`.
   */
  meet(m: Reals, window: Window, q: number, step: number, learning: boolean): void {
    const { columns, layout, inputs, kernels } = this;
    const { slot, seen } = inputs.history;
    const learnsNetwork = layout.hasSquares && this.isNetworksTurn(q, step);
    kernels.forecastMeet(
      columns.data,
      m,
      columns.base + layout.plan,
      q,
      step % layout.rows,
      window.zAt(step),
      window.zAt(step + 1) + inputs.size,
      learning ? (learnsNetwork ? 2 : 1) : 0,
      step - window.start < YOUNG ? -1 : step % this.linearTurns,
      slot,
      seen,
    );
    if (q === 0 && inputs.relevance) this.judgeOthers(step);
  }

  /** Lets the features that are not forecast be judged by the error of the linear forecast. */
  private judgeOthers(step: number): void {
    const { inputs, targets: K, spec, memory, horizons } = this;
    const { relevance, history, newestAt } = inputs;
    const { ahead } = horizons[0]!;
    const { data } = this.columns;
    for (let i = 0; i < spec.batch * K; i++) {
      const row = Math.floor(i / K);
      const o = row * horizons.length * K + (i % K);
      const truth = data[newestAt + i]!;
      const isKnown = !Number.isNaN(truth) && history.knows(ahead, i) && this.units.deviationOf(i) > 0;
      const linear = memory.said(LINEAR, step, o);
      const scale = memory.scale(o);
      if (isKnown && linear !== null && scale > 0)
        relevance?.observe(step, row, i % K, (truth - linear) / scale);
    }
  }

  private isNetworksTurn(q: number, step: number): boolean {
    return (
      this.networkTurns === 1 ||
      step < 8 * (this.spec.units + this.layout.direct) ||
      (step + q) % this.networkTurns === 0
    );
  }

  /** Lets the newest values of the history join what forecasters know; searches for seasons where that is due. */
  take(): void {
    const { columns, layout, inputs, seasons, memory } = this;
    seasons.prepare();
    this.kernels.forecastTake(
      columns.data,
      columns.base + layout.plan,
      inputs.history.slot,
      inputs.history.seen,
    );
    seasons.search(inputs.interval, this.helpsBy);
    for (const { series, slot } of seasons.changed)
      for (const o of this.outputsOf(series)) memory.forgetSeason(o, slot);
  }

  /** Takes series i for one of another level: its statistics begin again, or are those of before. */
  relevel(i: number, level: Level): void {
    this.levels.exchange(i, level);
    this.units.exchange(i, level);
    this.seasons.forget(i);
    for (const o of this.outputsOf(i)) {
      if (level === 'again') this.memory.clearOutput(o);
      this.memory.forgetSeasonal(o);
    }
    if (level === 'again') this.memory.clearSquares();
  }

  private *outputsOf(i: number): Iterable<number> {
    const { targets: K, horizons } = this;
    const row = Math.floor(i / K);
    for (const { first } of horizons) yield row * K * horizons.length + first + (i % K);
  }

  /**
   * Does the season of a slot help a forecast of series i? By those that stand on it alone, or, where no other season can be
   * meant, by those that use it among others: smoothing goes by the first season that there is.
   */
  private helps(i: number, slot: number): boolean {
    const { memory, seasons } = this;
    const isOnly = seasons.period(i, 1 - slot) === 0;
    const isFirst = slot === 0 || isOnly;
    for (const o of this.outputsOf(i)) {
      const weights = memory.weights(o);
      const own = weights[SEASON + 2 * slot]! + weights[SEASON + 2 * slot + 1]!;
      const linear = isOnly ? weights[SEASONAL_LINEAR]! : 0;
      const smoothed = isFirst ? weights[SMOOTHED]! + weights[SMOOTHED + 1]! : 0;
      if (own > HELPS || linear > HELPS || smoothed > SHARED_HELPS) return true;
    }
    return false;
  }

  /** Forecasts all outputs of step `seq`: turns the sums of the window into its predictions. */
  serve(m: Reals, window: Window, seq: number): void {
    const { columns, layout, inputs } = this;
    const { slot, seen } = inputs.history;
    this.kernels.forecastServe(
      columns.data,
      m,
      columns.base + layout.plan,
      seq % layout.rows,
      window.zAt(seq),
      window.zAt(seq + 1) + inputs.size,
      window.sumsAt(seq),
      window.predictionAt(seq),
      window.deviationAt(seq),
      window.exactPlace(seq),
      slot,
      seen,
    );
  }

  /** Begins a new history: nothing that was seen is looked back at. */
  restart(): void {
    this.seasons.restart();
  }

  /** Begins as of a model that has seen nothing. */
  startOver(): void {
    this.memory.startOver();
    this.restart();
    this.levels.clear();
    this.units.clear();
  }

  state(take: Take = takeNow): ForecasterState {
    const { memory, levels, units, seasons } = this;
    return {
      numbers: memory.state(take),
      levels: levels.state(take),
      units: units.state(take),
      seasons: seasons.state(take),
    };
  }

  restore({ numbers, levels, units, seasons }: ForecasterState, put: Put = putNow): void {
    this.memory.restore(numbers, put);
    this.levels.restore(levels, put);
    this.units.restore(units, put);
    this.seasons.restore(seasons, put);
  }
}
