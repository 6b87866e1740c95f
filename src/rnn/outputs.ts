/**
 * What the readout's sums mean in the user's units, and what a target means to the learner.
 *
 * A forecast is made as a change against a baseline: y = base + deviation * gate * p, where base is the last value, or
 * that of one season before the time that is forecast, p are the readout's sums, and deviation that of such changes
 * from 0. Without a baseline, and for targets that are sent, y = mean + deviation * p. The learner sees p and the target
 * in the same units, and nothing of the gate. All statistics are of the past.
 */
import { NO_TARGET, type Reals } from '../kernels/kernels.js';
import { Gate } from './gate.js';
import type { Inputs } from './inputs.js';
import type { Judge } from './judge.js';
import { ln } from './ln.js';
import { CUT, type ScalerState, StandardScaler } from './scaler.js';
import { type ModelSpec, outputsOf } from './spec.js';
import type { Window } from './window.js';

export interface OutputsState {
  readonly scaler: ScalerState | null;
  readonly gate: ReturnType<Gate['state']> | null;
}

/** The largest float32: predictions are cut at it. */
const LARGEST = 3.4028234663852886e38;

const cut = (value: number, limit: number) => Math.min(limit, Math.max(-limit, value));

/** The outputs of a forecast of Q horizons and K features: M = Q K. */
export class ForecastOutputs {
  /** Deviations [M] of what is forecast, or null where nothing is scaled. */
  readonly scaler: StandardScaler | null;
  private readonly gate: Gate | null;
  private readonly horizons: readonly {
    readonly ahead: number;
    readonly arrived: number;
    readonly served: number;
  }[];
  private readonly isChange: boolean;
  private readonly batch: number;
  private readonly perHorizon: number;
  private readonly outputs: number;
  /** What joins the statistics at this step [B,M]; NaN where nothing does. */
  private readonly seen: Float64Array;

  constructor(
    private readonly spec: ModelSpec & { readonly task: { readonly kind: 'forecast' } },
    private readonly inputs: Inputs,
    private readonly judge: Judge,
  ) {
    const { batch, task, season = 0, scaler } = spec;
    const { horizon, baseline, gate } = task as Extract<ModelSpec['task'], { kind: 'forecast' }>;
    this.isChange = baseline !== 'none';
    // how far back the baseline lies from the time that is forecast, and from the time of the forecast
    this.horizons = horizon.map((ahead) => {
      const arrived = baseline === 'season' ? season * Math.ceil(ahead / season) : ahead;
      return { ahead, arrived, served: arrived - ahead };
    });
    this.batch = batch;
    this.outputs = outputsOf(spec);
    this.perHorizon = this.outputs / horizon.length;
    const about = this.isChange ? 'zero' : 'mean';
    this.scaler =
      scaler.kind === 'standard'
        ? new StandardScaler(this.outputs, { halfLife: scaler.halfLife, about })
        : null;
    this.gate = gate ? new Gate(this.outputs) : null;
    this.seen = new Float64Array(batch * this.outputs);
  }

  /** Step `seq` has come, and is in the history: what was forecast for it is scored and becomes a target. */
  arrive(m: Reals, window: Window, seq: number, learning: boolean): void {
    const { inputs, scaler, perHorizon: K, outputs: M, batch: B, seen, isChange } = this;
    const { history, given, lookedBackAt } = inputs;
    for (const [q, { ahead, arrived }] of this.horizons.entries()) {
      const step = seq - ahead;
      const isForecast = step >= window.start;
      let counts = false;
      for (let i = 0; i < B * K; i++) {
        const j = q * K + (i % K);
        const at = Math.floor(i / K) * M + j;
        const truth = given[lookedBackAt[i]!]!;
        const isKnown = !isChange || history.knows(arrived, i);
        const isGiven = !Number.isNaN(truth);
        const d = isChange
          ? isGiven && isKnown && isForecast
            ? truth - history.read(arrived, i)
            : Number.NaN
          : truth;
        seen[at] = d;
        if (!isForecast || !isGiven || !history.knows(ahead, i)) continue;
        this.score(m, window, step, at, j, i, truth, ahead);
        if (!isKnown) continue;
        if (this.meet(m, window, step, at, j, d) && learning) counts = true;
        else m[window.targetAt(step) + at] = NO_TARGET;
      }
      if (isForecast) window.markTarget(step, counts, q === this.horizons.length - 1);
    }
    scaler?.observe(seen, B);
    this.judge.end();
  }

  private score(
    m: Reals,
    window: Window,
    step: number,
    at: number,
    j: number,
    i: number,
    truth: number,
    ahead: number,
  ): void {
    const {
      judge,
      inputs: { history },
      spec: { season },
    } = this;
    const naive = truth - history.read(ahead, i);
    judge.score(j, Math.floor(i / this.perHorizon), m[window.predictionAt(step) + at]!, truth);
    judge.scoreNaive(j, naive);
    if (season === undefined) return;
    const back = season * Math.ceil(ahead / season);
    if (history.knows(back, i)) judge.scoreSeasonal(j, truth - history.read(back, i));
  }

  /** Makes the truth a target, in the units of the sums, and tells whether it can count. */
  private meet(m: Reals, window: Window, step: number, at: number, j: number, d: number): boolean {
    const { scaler, gate } = this;
    const p = m[window.sumsAt(step) + at]!;
    const deviation = scaler ? m[window.deviationAt(step) + j]! : 1;
    if (deviation === 0) return false;
    const offset = this.isChange ? d / deviation : p - (m[window.predictionAt(step) + at]! - d) / deviation;
    gate?.observe(j, offset, p);
    m[window.targetAt(step) + at] = cut(offset, scaler ? CUT : LARGEST);
    return true;
  }

  /** Turns the sums of step `seq` into the predictions that are served. */
  serve(m: Reals, window: Window, seq: number): void {
    const { scaler, gate, isChange, perHorizon: K, outputs: M, batch: B } = this;
    const { history } = this.inputs;
    const [sums, y, deviationAt] = [window.sumsAt(seq), window.predictionAt(seq), window.deviationAt(seq)];
    for (const [q, { served }] of this.horizons.entries()) {
      for (let i = 0; i < B * K; i++) {
        const isKnown = !isChange || history.knows(served, i);
        const j = q * K + (i % K);
        const at = Math.floor(i / K) * M + j;
        const deviation = scaler ? Math.min(scaler.deviation[j]!, LARGEST) : 1;
        if (scaler) m[deviationAt + j] = deviation;
        const p = cut(m[sums + at]!, LARGEST);
        m[sums + at] = p;
        const value = isChange
          ? history.read(isKnown ? served : 0, i) + (isKnown ? deviation * (gate?.factor[j] ?? 1) * p : 0)
          : (scaler?.unscale(p, j) ?? p);
        m[y + at] = cut(value, LARGEST);
      }
    }
  }

  /** Forgets what it learned of the network's skill: the network begins anew. */
  clear(): void {
    this.gate?.clear();
  }

  state(): OutputsState {
    return { scaler: this.scaler?.state() ?? null, gate: this.gate?.state() ?? null };
  }

  restore({ scaler, gate }: OutputsState): void {
    if (scaler) this.scaler?.restore(scaler);
    if (gate) this.gate?.restore(gate);
  }
}

/** Below this a probability counts as this: the loss of a miss stays finite. */
const LEAST_PROBABILITY = 1e-7;

/** The outputs whose targets are sent: in the user's units, or the probabilities of classes. */
export class SuppliedOutputs {
  readonly scaler: StandardScaler | null;
  private readonly batch: number;
  private readonly outputs: number;
  private readonly isSoftmax: boolean;

  constructor(
    spec: ModelSpec,
    private readonly judge: Judge,
  ) {
    this.batch = spec.batch;
    this.outputs = outputsOf(spec);
    this.isSoftmax = spec.readout.kind === 'softmax';
    const { scaler } = spec;
    const isScaled = scaler.kind === 'standard' && spec.readout.kind === 'linear';
    this.scaler = isScaled
      ? new StandardScaler(this.outputs, { halfLife: scaler.halfLife, about: 'mean' })
      : null;
  }

  /** The target [B,M] of a step has come: its prediction is scored, and it can be learned from. */
  meet(m: Reals, window: Window, step: number, target: ArrayLike<number>, learning: boolean): void {
    const { scaler, judge, batch: B, outputs: M } = this;
    const [sums, y, to] = [window.sumsAt(step), window.predictionAt(step), window.targetAt(step)];
    for (let at = 0; at < B * M; at++) {
      const j = at % M;
      const truth = target[at]!;
      judge.score(j, Math.floor(at / M), m[y + at]!, truth);
      if (!learning) continue;
      if (!scaler) m[to + at] = truth;
      else {
        const deviation = m[window.deviationAt(step) + j]!;
        if (deviation > 0) m[to + at] = cut(m[sums + at]! - (m[y + at]! - truth) / deviation, CUT);
      }
    }
    if (this.isSoftmax) this.scoreClasses(m, y, target);
    window.markTarget(step, learning);
    scaler?.observe(target, B);
    judge.end();
  }

  private scoreClasses(m: Reals, y: number, target: ArrayLike<number>): void {
    const { outputs: M } = this;
    for (let row = 0; row < this.batch * M; row += M) {
      let [crossEntropy, likeliest, wanted] = [0, 0, 0];
      for (let j = 0; j < M; j++) {
        const t = target[row + j]!;
        if (t > 0) crossEntropy += t * ln(1 / Math.max(m[y + row + j]!, LEAST_PROBABILITY));
        if (m[y + row + j]! > m[y + row + likeliest]!) likeliest = j;
        if (t > target[row + wanted]!) wanted = j;
      }
      this.judge.scoreClasses(crossEntropy, likeliest === wanted);
    }
  }

  /** Turns the sums of step `seq` into the predictions that are served. */
  serve(m: Reals, window: Window, seq: number): void {
    const { scaler, batch: B, outputs: M } = this;
    const [sums, y, deviationAt] = [window.sumsAt(seq), window.predictionAt(seq), window.deviationAt(seq)];
    for (let at = 0; at < B * M; at++) {
      const j = at % M;
      if (scaler) m[deviationAt + j] = scaler.deviation[j]!;
      const p = cut(m[sums + at]!, LARGEST);
      m[sums + at] = p;
      m[y + at] = cut(scaler ? scaler.unscale(p, j) : p, LARGEST);
    }
  }

  state(): OutputsState {
    return { scaler: this.scaler?.state() ?? null, gate: null };
  }

  restore({ scaler }: OutputsState): void {
    if (scaler) this.scaler?.restore(scaler);
  }
}
