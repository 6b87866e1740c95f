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

import type { Pieces } from '../../math/pieces.js';
import type { Arithmetic, Forecaster, ForecasterState } from '../forecast/forecaster.js';
import { Intervals, type IntervalsState } from '../forecast/intervals.js';
import { delayOf, type ModelSpec, outputsOf, reachOf } from '../spec/spec.js';
import { type Put, putNow, type Take, takeNow } from '../state-copies.js';
import { type ScalerState, StandardScaler } from './scaler.js';

export interface OutputsState {
  readonly scaler: ScalerState | null;
  /** null where the network forecasts alone; version 0.1 had none. */
  readonly forecaster: ForecasterState | null;
  /** null of probabilities; version 0.1 had none. */
  readonly intervals: IntervalsState | null;
}

/** What outputs have in common. */
export abstract class ScaledOutputs {
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

  /** Forgets all that was learned of who forecasts well, and how well: the network starts over. */
  *clearInPieces(): Pieces<void> {
    if (this.forecaster) yield* this.forecaster.begin();
    if (this.intervals) yield* this.intervals.clearInPieces();
  }

  state(take: Take = takeNow): OutputsState {
    return {
      scaler: this.scaler?.state(take) ?? null,
      forecaster: this.forecaster?.state(take) ?? null,
      intervals: this.intervals?.state(take) ?? null,
    };
  }

  /** @param seq the last step; -1 before the first */
  restore({ scaler, forecaster, intervals }: OutputsState, seq: number, put: Put = putNow): void {
    if (scaler) this.scaler?.restore(scaler, put);
    if (forecaster) this.forecaster?.restore(forecaster, put);
    else this.forecaster?.startOver();
    if (intervals) this.intervals?.restore(intervals, seq, put);
    else this.intervals?.clear();
  }
}
