/** The outputs whose targets are sent; see scaled-outputs.ts. */
import { measured } from '../../kernels/judge-kernels.js';
import { LARGEST_TARGET, type Reals } from '../../kernels/kernels.js';
import { clamp, LARGEST } from '../../math/clamp.js';
import { type Arithmetic, plainArithmetic } from '../forecast/forecaster.js';
import type { Window } from '../learning/window.js';
import type { ErrorMonitor } from '../scoring/error-monitor.js';
import type { ModelSpec } from '../spec/spec.js';
import { nats } from './losses/cross-entropy.js';
import { ScaledOutputs } from './scaled-outputs.js';
import { MAX_DEVIATIONS } from './scaler.js';

/** In the user's units, or the probabilities of classes. */
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
        const { probability } = this.intervals;
        const half = this.intervals.at(step, at);
        monitor.prequential.scoreInterval(j, half, probability, Math.abs(truth - prediction));
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

  restart(): void {
    // nothing is looked back at
  }
}
