/**
 * What the readout's sums mean in the user's units, and what a target means to the learner.
 *
 * The network forecasts a change against a baseline: base + deviation * p, where base is the last value, or that of one
 * season before the time that is forecast, p are the readout's sums, and deviation that of such changes from 0. Without a
 * baseline, and for targets that are sent, it is mean + deviation * p. That is y, or one of the forecasts that y is
 * mixed of: see ../forecast/. The learner sees p and the target in the same units, and nothing of the mixture. All
 * statistics are of the past.
 *
 * A prediction is made, and scored, in float64: what leaves is rounded to float32, which at 10^9 has no digit after the
 * point.
 */

import type { Columns } from '../../kernels/columns.js';
import { JUDGED, measured } from '../../kernels/judge-kernels.js';
import { LARGEST_TARGET, type Reals } from '../../kernels/kernels.js';
import { clamp, LARGEST } from '../../math/clamp.js';
import { SEASON } from '../forecast/experts.js';
import {
  type Arithmetic,
  Forecaster,
  type ForecasterState,
  plainArithmetic,
} from '../forecast/forecaster.js';
import { Intervals, type IntervalsState } from '../forecast/intervals.js';
import type { Window } from '../learning/window.js';
import type { ErrorMonitor } from '../scoring/error-monitor.js';
import { delayOf, type ForecastTask, type ModelSpec, outputsOf, reachOf } from '../spec/spec.js';
import type { Inputs } from './cell-inputs.js';
import { nats } from './losses/cross-entropy.js';
import { MAX_DEVIATIONS, type ScalerState, StandardScaler } from './scaler.js';

export interface OutputsState {
  readonly scaler: ScalerState | null;
  /** null where the network forecasts alone; version 0.1 had none. */
  readonly forecaster: ForecasterState | null;
  /** null of probabilities; version 0.1 had none. */
  readonly intervals: IntervalsState | null;
}

/** One horizon: which outputs it has, and how far back things lie. */
interface Horizon {
  /** Steps ahead, which is how far back the forecast was made when its time has come. */
  readonly ahead: number;
  /** The first of its K outputs. */
  readonly first: number;
  /** How far back the baseline lies when the time has come, and when the forecast is made. */
  readonly arrived: number;
  readonly served: number;
  /** How far back the season's value lies when the time has come; null without a season. */
  readonly seasonal: number | null;
}

/** What all outputs keep. */
abstract class ScaledOutputs {
  protected readonly batch: number;
  protected readonly outputs: number;
  /** Deviations [M] of what is predicted, or null where nothing is scaled. */
  readonly scaler: StandardScaler | null;
  /** The ranges of what is predicted; null of probabilities. */
  readonly intervals: Intervals | null;
  /** Who forecasts beside the network; null where nobody does. */
  readonly forecaster: Forecaster | null = null;

  constructor(spec: ModelSpec, centre: 'mean' | 'zero', arithmetic: Arithmetic) {
    const { scaler, batch, readout, interval } = spec;
    this.batch = batch;
    this.outputs = outputsOf(spec);
    const isScaled = scaler.kind === 'standard' && readout.kind === 'linear';
    this.scaler = isScaled
      ? new StandardScaler(this.outputs, { halfLife: scaler.halfLife, centre }, arithmetic)
      : null;
    const rows = delayOf(spec) + reachOf(spec) + 1;
    this.intervals =
      readout.kind === 'linear' ? new Intervals(batch * this.outputs, rows, interval, arithmetic) : null;
  }

  state(): OutputsState {
    return {
      scaler: this.scaler?.state() ?? null,
      forecaster: this.forecaster?.state() ?? null,
      intervals: this.intervals?.state() ?? null,
    };
  }

  /** @param seq the last step; -1 before the first */
  restore({ scaler, forecaster, intervals }: OutputsState, seq: number): void {
    if (scaler) this.scaler?.restore(scaler);
    if (forecaster) this.forecaster?.restore(forecaster);
    else this.forecaster?.startOver();
    if (intervals) this.intervals?.restore(intervals, seq);
    else this.intervals?.clear();
  }
}

/** The outputs of a forecast of Q horizons and K features: M = Q K. */
export class ForecastOutputs extends ScaledOutputs {
  private readonly horizons: readonly Horizon[];
  private readonly isChange: boolean;
  private readonly perHorizon: number;
  /** What the kernels are told, and each horizon's ways back. */
  private readonly plan: Columns;
  override readonly forecaster: Forecaster | null;
  private expected: Float64Array | null = null;

  constructor(
    spec: ModelSpec,
    { horizon, baseline, forecaster }: ForecastTask,
    private readonly inputs: Inputs,
    private readonly monitor: ErrorMonitor,
    private readonly arithmetic: Arithmetic = plainArithmetic,
  ) {
    super(spec, baseline === 'none' ? 'mean' : 'zero', arithmetic);
    const { season } = spec;
    this.isChange = baseline !== 'none';
    this.horizons = horizon.map((ahead, q) => {
      const seasonal = season === undefined ? null : season * Math.ceil(ahead / season);
      const arrived = baseline === 'season' && seasonal !== null ? seasonal : ahead;
      const first = (q * outputsOf(spec)) / horizon.length;
      return { ahead, first, arrived, served: arrived - ahead, seasonal };
    });
    this.perHorizon = this.outputs / horizon.length;
    this.plan = arithmetic.allocateColumns(JUDGED.length + 3 * horizon.length);
    this.tell();
    this.forecaster =
      forecaster === 'mixture' && this.scaler
        ? new Forecaster(spec, this.horizons, inputs, this.scaler, delayOf(spec), arithmetic)
        : null;
  }

  /** Writes what the kernels are told. */
  private tell(): void {
    const { plan, inputs, monitor, intervals, scaler, horizons, batch, perHorizon: K } = this;
    const { targets, forecasts, errors, sums } = monitor.places;
    const { ranges = 0, naiveRanges = 0, served = 0, naiveServed = 0 } = intervals?.places ?? {};
    const alpha = intervals ? 1 - intervals.probability : 1;
    const told: Record<keyof typeof JUDGED, number> = {
      B: batch,
      K,
      Q: horizons.length,
      first: monitor.first,
      scores: monitor.prequential.columns.base,
      health: monitor.health.places.units,
      healthStep: monitor.health.places.step,
      errors,
      targets,
      forecasts,
      sums,
      ranges,
      naiveRanges,
      served,
      naiveServed,
      alpha,
      per: 2 / alpha,
      history: inputs.history.at,
      historyRows: inputs.history.rows,
      known: inputs.history.knownAt,
      newest: inputs.newestAt,
      scaler: scaler?.at ?? 0,
      decay: scaler?.decay ?? 1,
      isCentred: scaler?.isCentred ? 1 : 0,
      isChange: this.isChange ? 1 : 0,
      horizons: plan.base + JUDGED.length,
      length: 0,
    };
    const c = plan.array;
    for (const [name, value] of Object.entries(told)) c[JUDGED[name as keyof typeof JUDGED]] = value;
    for (const [q, { ahead, arrived, seasonal }] of horizons.entries())
      c.set([ahead, arrived, seasonal ?? -1], JUDGED.length + 3 * q);
  }

  /** Step `seq` has come, and is in the history: what was forecast for it is scored and becomes a target. */
  arrive(m: Reals, window: Window, seq: number, learning: boolean): void {
    const { forecaster, horizons } = this;
    if (this.inputs.relevelled.length > 0) this.relevel();
    for (let q = 0; q < horizons.length; q++) {
      const step = seq - horizons[q]!.ahead;
      const counts = this.judge(m, window, q, step, learning);
      if (step < window.start) continue;
      window.markTarget(step, counts, q === horizons.length - 1);
      forecaster?.meet(m, window, q, step, learning);
    }
    forecaster?.take();
    this.monitor.end(seq, this.inputs.now, this.seasonal(seq));
  }

  /** Judges what was forecast at a step by the newest values, and tells whether one of them is to be learned from. */
  private judge(m: Reals, window: Window, q: number, step: number, learning: boolean): boolean {
    const { plan, inputs, arithmetic, intervals } = this;
    const { slot, seen } = inputs.history;
    const isForecast = step >= window.start;
    const from = isForecast ? step : window.next;
    return (
      arithmetic.judgeForecasts(
        plan.data,
        m,
        plan.base,
        q,
        isForecast ? (intervals?.rowOf(step) ?? 0) : -1,
        learning ? 1 : 0,
        slot,
        seen,
        window.exactPlace(from),
        window.sumsAt(from),
        window.predictionAt(from),
        window.targetAt(from),
        window.deviationAt(from),
      ) === 1
    );
  }

  /** What the season lets expect of the first outputs at step `seq`, as far as it is known; null where the time says it. */
  private seasonal(seq: number): Float64Array | null {
    const { forecaster, inputs, batch: B, perHorizon: K, outputs: M } = this;
    const [{ ahead }] = this.horizons as [Horizon];
    if (!forecaster || !Number.isNaN(inputs.now) || seq < ahead) return null;
    this.expected ??= new Float64Array(B * K);
    for (let row = 0; row < B; row++)
      forecaster.copyForecasts(SEASON, seq - ahead, row * M, K, this.expected, row * K);
    return this.expected;
  }

  private relevel(): void {
    const { inputs, batch, perHorizon: K } = this;
    if (batch > 1) return;
    for (const { at, level } of inputs.relevelled) {
      const k = inputs.lookedBackAt.indexOf(at);
      if (k < 0) continue;
      this.forecaster?.relevel(k, level);
      for (const { first } of this.horizons) {
        if (k >= K) continue;
        this.scaler?.exchange(first + k, level);
        if (level === 'anew') this.intervals?.begin(first + k);
      }
    }
  }

  /** Turns the sums of step `seq` into the predictions that are served. */
  serve(m: Reals, window: Window, seq: number): void {
    if (this.forecaster) this.forecaster.serve(m, window, seq);
    else this.serveNetwork(m, window, seq);
    this.intervals?.serve(seq);
  }

  /** Serves what the network says. */
  private serveNetwork(m: Reals, window: Window, seq: number): void {
    const { scaler, isChange, perHorizon: K, outputs: M, batch: B } = this;
    const { history } = this.inputs;
    const [sums, y, deviationAt] = [window.sumsAt(seq), window.predictionAt(seq), window.deviationAt(seq)];
    const exact = window.exactAt(seq);
    for (const { served, first } of this.horizons)
      for (let i = 0; i < B * K; i++) {
        const isKnown = !isChange || history.knows(served, i);
        const j = first + (i % K);
        const at = Math.floor(i / K) * M + j;
        const deviation = scaler ? Math.min(scaler.deviationOf(j), LARGEST) : 1;
        if (scaler) m[deviationAt + j] = deviation;
        const p = clamp(m[sums + at]!, LARGEST);
        m[sums + at] = p;
        const network = isChange
          ? history.read(isKnown ? served : 0, i) + (isKnown ? deviation * p : 0)
          : (scaler?.unscale(p, j) ?? p);
        const prediction = clamp(network, LARGEST);
        window.exact[exact + at] = prediction;
        m[y + at] = prediction;
      }
  }

  /** Forgets all that was learned of who forecasts well: the network starts over. */
  clear(): void {
    this.forecaster?.clear();
    this.intervals?.clear();
  }

  /** Begins a new history. */
  restart(): void {
    this.forecaster?.restart();
  }
}

/** The outputs whose targets are sent: in the user's units, or the probabilities of classes. */
export class SuppliedOutputs extends ScaledOutputs {
  private readonly isSoftmax: boolean;

  constructor(
    spec: ModelSpec,
    private readonly monitor: ErrorMonitor,
    arithmetic: Arithmetic = plainArithmetic,
  ) {
    super(spec, 'mean', arithmetic);
    this.isSoftmax = spec.readout.kind === 'softmax';
  }

  /** The target [B,M] of a step has come: its prediction is scored, and it can be learned from. */
  meet(m: Reals, window: Window, step: number, target: ArrayLike<number>, learning: boolean): void {
    const { scaler, monitor, batch: B, outputs: M } = this;
    const [sums, y, to] = [window.sumsAt(step), window.predictionAt(step), window.targetAt(step)];
    const exact = window.exactAt(step);
    for (let at = 0; at < B * M; at++) {
      const j = at % M;
      const truth = target[at]!;
      const prediction = window.exact[exact + at]!;
      monitor.score(j, Math.floor(at / M), prediction, truth);
      if (this.intervals) {
        monitor.prequential.scoreInterval(j, Math.abs(truth - prediction), null, this.intervals, step, at);
        this.intervals.observe(step, at, truth - prediction);
      }
      const error = Math.abs(prediction - truth);
      monitor.health.observe(j, error, monitor.health.spread(j, truth), error);
      if (!learning) continue;
      if (!scaler) m[to + at] = clamp(truth, LARGEST_TARGET);
      else {
        const deviation = m[window.deviationAt(step) + j]!;
        const from = measured(m[y + at]!, prediction, deviation);
        if (deviation > 0) m[to + at] = clamp(m[sums + at]! - (from - truth) / deviation, MAX_DEVIATIONS);
      }
    }
    if (this.isSoftmax) this.scoreClasses(m, y, target);
    window.markTarget(step, learning);
    scaler?.observe(target, B);
    monitor.end(step, Number.NaN);
  }

  private scoreClasses(m: Reals, y: number, target: ArrayLike<number>): void {
    const { outputs: M } = this;
    for (let row = 0; row < this.batch * M; row += M) {
      let [crossEntropy, likeliest, wanted] = [0, 0, 0];
      for (let j = 0; j < M; j++) {
        const t = target[row + j]!;
        if (t > 0) crossEntropy += t * nats(m[y + row + j]!);
        if (m[y + row + j]! > m[y + row + likeliest]!) likeliest = j;
        if (t > target[row + wanted]!) wanted = j;
      }
      this.monitor.prequential.scoreClasses(crossEntropy, likeliest === wanted);
    }
  }

  /** Turns the sums of step `seq` into the predictions that are served. */
  serve(m: Reals, window: Window, seq: number): void {
    const { scaler, batch: B, outputs: M } = this;
    const [sums, y, deviationAt] = [window.sumsAt(seq), window.predictionAt(seq), window.deviationAt(seq)];
    const exact = window.exactAt(seq);
    for (let at = 0; at < B * M; at++) {
      const j = at % M;
      if (scaler) m[deviationAt + j] = scaler.deviationOf(j);
      const p = clamp(m[sums + at]!, LARGEST);
      m[sums + at] = p;
      const prediction = clamp(scaler ? scaler.unscale(p, j) : p, LARGEST);
      window.exact[exact + at] = prediction;
      m[y + at] = prediction;
    }
    this.intervals?.serve(seq);
  }

  clear(): void {
    this.intervals?.clear();
  }

  restart(): void {
    // nothing is looked back at
  }
}
