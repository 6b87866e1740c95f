/**
 * What the readout's sums mean in the user's units, and what a target means to the learner.
 *
 * A forecast is made as a change against a baseline: y = base + deviation * gate * p, where base is the last value, or
 * that of one season before the time that is forecast, p are the readout's sums, and deviation that of such changes
 * from 0. Without a baseline, and for targets that are sent, y = mean + deviation * p. The learner sees p and the target
 * in the same units, and nothing of the gate. All statistics are of the past.
 *
 * A prediction is made, and scored, in float64: what leaves is rounded to float32, which at 10^9 has no digit after the
 * point.
 */
import { LARGEST_TARGET, NO_TARGET, type Reals } from '../../kernels/kernels.js';
import { clamp, LARGEST } from '../../math/clamp.js';
import type { Window } from '../learning/window.js';
import type { ErrorMonitor } from '../scoring/error-monitor.js';
import { type ForecastTask, type ModelSpec, outputsOf } from '../spec/spec.js';
import type { Inputs } from './cell-inputs.js';
import { nats } from './losses/cross-entropy.js';
import { MAX_DEVIATIONS, type ScalerState, StandardScaler } from './scaler.js';
import { SkillGate } from './skill-gate.js';

export interface OutputsState {
  readonly scaler: ScalerState | null;
  readonly gate: ReturnType<SkillGate['state']> | null;
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

/** What rounding takes off a prediction is nothing up to this part of a deviation. */
const NEGLIGIBLE = 2 ** -16;

/**
 * Gives the prediction that a target is measured from: the one that was served, or, where float32 has not digits enough
 * for it, the exact one.
 */
const measured = (served: number, exact: number, deviation: number): number =>
  Math.abs(served - exact) <= NEGLIGIBLE * deviation ? served : exact;

/** What all outputs keep. */
abstract class ScaledOutputs {
  protected readonly batch: number;
  protected readonly outputs: number;
  /** Deviations [M] of what is predicted, or null where nothing is scaled. */
  readonly scaler: StandardScaler | null;
  protected readonly gate: SkillGate | null;

  constructor({ scaler, ...spec }: ModelSpec, centre: 'mean' | 'zero', isGated: boolean) {
    this.batch = spec.batch;
    this.outputs = outputsOf(spec);
    const isScaled = scaler.kind === 'standard' && spec.readout.kind === 'linear';
    this.scaler = isScaled ? new StandardScaler(this.outputs, { halfLife: scaler.halfLife, centre }) : null;
    this.gate = isGated ? new SkillGate(this.outputs) : null;
  }

  state(): OutputsState {
    return { scaler: this.scaler?.state() ?? null, gate: this.gate?.state() ?? null };
  }

  restore({ scaler, gate }: OutputsState): void {
    if (scaler) this.scaler?.restore(scaler);
    if (gate) this.gate?.restore(gate);
  }
}

/** The outputs of a forecast of Q horizons and K features: M = Q K. */
export class ForecastOutputs extends ScaledOutputs {
  private readonly horizons: readonly Horizon[];
  private readonly isChange: boolean;
  private readonly perHorizon: number;
  /** What joins the statistics at this step [B,M]; NaN where nothing does. */
  private readonly seen: Float64Array;

  constructor(
    spec: ModelSpec,
    { horizon, baseline, gate }: ForecastTask,
    private readonly inputs: Inputs,
    private readonly monitor: ErrorMonitor,
  ) {
    super(spec, baseline === 'none' ? 'mean' : 'zero', gate ?? false);
    const { season } = spec;
    this.isChange = baseline !== 'none';
    this.horizons = horizon.map((ahead, q) => {
      const seasonal = season === undefined ? null : season * Math.ceil(ahead / season);
      const arrived = baseline === 'season' && seasonal !== null ? seasonal : ahead;
      const first = (q * outputsOf(spec)) / horizon.length;
      return { ahead, first, arrived, served: arrived - ahead, seasonal };
    });
    this.perHorizon = this.outputs / horizon.length;
    this.seen = new Float64Array(this.batch * this.outputs);
  }

  /** Step `seq` has come, and is in the history: what was forecast for it is scored and becomes a target. */
  arrive(m: Reals, window: Window, seq: number, learning: boolean): void {
    const last = this.horizons.at(-1);
    for (const horizon of this.horizons) {
      const step = seq - horizon.ahead;
      const isForecast = step >= window.start;
      let counts = false;
      for (let row = 0; row < this.batch; row++)
        for (let k = 0; k < this.perHorizon; k++)
          if (this.arriveOne(m, window, horizon, row, k, isForecast ? step : null, learning)) counts = true;
      if (isForecast) window.markTarget(step, counts, horizon === last);
    }
    this.scaler?.observe(this.seen, this.batch);
    this.monitor.end();
  }

  /** Does that for one number, if a forecast was made for it at `step`, and tells whether it is to be learned from. */
  private arriveOne(
    m: Reals,
    window: Window,
    horizon: Horizon,
    row: number,
    k: number,
    step: number | null,
    learning: boolean,
  ): boolean {
    const { history, given, lookedBackAt } = this.inputs;
    const { ahead, arrived } = horizon;
    const i = row * this.perHorizon + k;
    const j = horizon.first + k;
    const at = row * this.outputs + j;
    const truth = given[lookedBackAt[i]!]!;
    const isForecast = step !== null && !Number.isNaN(truth);
    const isKnown = !this.isChange || history.knows(arrived, i);
    // what joins the statistics: a change that was forecast, or any truth where there is no baseline
    if (!this.isChange) this.seen[at] = truth;
    else this.seen[at] = isForecast && isKnown ? truth - history.read(arrived, i) : Number.NaN;
    if (!isForecast || !history.knows(ahead, i)) return false;
    const y = window.exact[window.exactAt(step) + at]!;
    this.score(horizon, i, j, row, y, truth);
    const deviation = this.scaler ? m[window.deviationAt(step) + j]! : 1;
    this.judge(horizon, i, j, y, truth, isKnown ? deviation * m[window.sumsAt(step) + at]! : 0);
    if (!isKnown) return false;
    if (this.meet(m, window, step, at, j, this.seen[at]!) && learning) return true;
    m[window.targetAt(step) + at] = NO_TARGET;
    return false;
  }

  private score(
    { ahead, seasonal }: Horizon,
    i: number,
    j: number,
    row: number,
    y: number,
    truth: number,
  ): void {
    const { monitor } = this;
    const { history } = this.inputs;
    monitor.score(j, row, y, truth);
    monitor.prequential.scoreNaive(j, truth - history.read(ahead, i));
    if (seasonal !== null && history.knows(seasonal, i))
      monitor.prequential.scoreSeasonal(j, truth - history.read(seasonal, i));
  }

  /** Compares with the baseline what was served, and what the network itself predicted. */
  private judge(
    { ahead, arrived, seasonal }: Horizon,
    i: number,
    j: number,
    y: number,
    truth: number,
    change: number,
  ): void {
    const { health } = this.monitor;
    const { history } = this.inputs;
    const served = Math.abs(truth - y);
    const isSeasonal = this.isChange && arrived === seasonal && history.knows(arrived, i);
    const actual = truth - history.read(isSeasonal ? arrived : ahead, i);
    const naive = Math.abs(actual);
    if (this.isChange) health.observe(j, served, naive, Math.abs(actual - change));
    else health.observe(j, served, naive, served, health.spread(j, truth));
  }

  /** Makes the truth a target, in the units of the sums, and tells whether it can count. */
  private meet(m: Reals, window: Window, step: number, at: number, j: number, d: number): boolean {
    const { scaler, gate } = this;
    const p = m[window.sumsAt(step) + at]!;
    const deviation = scaler ? m[window.deviationAt(step) + j]! : 1;
    if (deviation === 0) return false;
    let offset = d / deviation;
    if (!this.isChange) {
      const exact = window.exact[window.exactAt(step) + at]!;
      offset = p - (measured(m[window.predictionAt(step) + at]!, exact, deviation) - d) / deviation;
    }
    gate?.observe(j, offset, p);
    m[window.targetAt(step) + at] = clamp(offset, scaler ? MAX_DEVIATIONS : LARGEST_TARGET);
    return true;
  }

  /** Turns the sums of step `seq` into the predictions that are served. */
  serve(m: Reals, window: Window, seq: number): void {
    const { scaler, gate, isChange, perHorizon: K, outputs: M, batch: B } = this;
    const { history } = this.inputs;
    const [sums, y, deviationAt] = [window.sumsAt(seq), window.predictionAt(seq), window.deviationAt(seq)];
    const exact = window.exactAt(seq);
    for (const { served, first } of this.horizons)
      for (let i = 0; i < B * K; i++) {
        const isKnown = !isChange || history.knows(served, i);
        const j = first + (i % K);
        const at = Math.floor(i / K) * M + j;
        const deviation = scaler ? Math.min(scaler.deviation[j]!, LARGEST) : 1;
        if (scaler) m[deviationAt + j] = deviation;
        const p = clamp(m[sums + at]!, LARGEST);
        m[sums + at] = p;
        const value = isChange
          ? history.read(isKnown ? served : 0, i) + (isKnown ? deviation * (gate?.factor[j] ?? 1) * p : 0)
          : (scaler?.unscale(p, j) ?? p);
        const prediction = clamp(value, LARGEST);
        window.exact[exact + at] = prediction;
        m[y + at] = prediction;
      }
  }

  /** Forgets what it learned of the network's skill: the network starts over. */
  clear(): void {
    this.gate?.clear();
  }
}

/** The outputs whose targets are sent: in the user's units, or the probabilities of classes. */
export class SuppliedOutputs extends ScaledOutputs {
  private readonly isSoftmax: boolean;

  constructor(
    spec: ModelSpec,
    private readonly monitor: ErrorMonitor,
  ) {
    super(spec, 'mean', false);
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
    monitor.end();
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
      if (scaler) m[deviationAt + j] = scaler.deviation[j]!;
      const p = clamp(m[sums + at]!, LARGEST);
      m[sums + at] = p;
      const prediction = clamp(scaler ? scaler.unscale(p, j) : p, LARGEST);
      window.exact[exact + at] = prediction;
      m[y + at] = prediction;
    }
  }
}
