/** What a model tells of itself and of its last step. To ask changes nothing. */
import type { Reals } from '../kernels/kernels.js';
import { LARGEST } from '../math/clamp.js';
import { finish, type Pieces } from '../math/pieces.js';
import { EXPERTS } from './forecast/experts.js';
import type { Update } from './learning/learner.js';
import type { ModelParts } from './model-parts.js';
import { type Health, healthOf } from './scoring/health-words.js';
import type { Metrics } from './scoring/prequential.js';
import type { ModelSnapshot } from './snapshot.js';
import { type ModelSpec, outputsOf, stepWork, windowSizesOf } from './spec/spec.js';

/** What a step costs beside its matrix arithmetic, in multiply-adds: forecasts, scores and ranges, of each output too. */
const STEP_COST = 2 ** 14;
const OUTPUT_COST = 2500;

export abstract class ModelFacts {
  /** Nearly how many multiply-adds a step costs, its share of an update included, and an update at most. */
  readonly stepCost: number;
  readonly updateCost: number;

  constructor(
    readonly spec: ModelSpec,
    protected readonly parts: ModelParts,
  ) {
    const work = stepWork(spec);
    this.stepCost = work + STEP_COST + OUTPUT_COST * spec.batch * outputsOf(spec);
    this.updateCost = parts.learner ? work * windowSizesOf(spec).k1 : 0;
  }

  /** Number of the last step, -1 before the first. */
  get seq(): number {
    return this.parts.network.window.next - 1;
  }

  get metrics(): Metrics {
    return this.parts.monitor.metrics;
  }

  /** The anomaly score of the last target, in [0, 1]. */
  get anomaly(): number {
    return this.parts.monitor.anomaly;
  }

  /** How the model does, and why, in words. */
  get health(): Health {
    const { monitor, against } = this.parts;
    return healthOf(monitor.health, against, this.parts.learner?.learning ?? false);
  }

  /** Updates applied so far. */
  get updates(): number {
    return this.parts.optimizer.updates;
  }

  /**
   * The weights, copies: W [F+N,N] (Wx over Wh), b [N], and, where the readout has them, Wy [N,M], by [M]. Of a GRU W is
   * [F+N,3N] and b [2,3N], input biases before recurrent ones, with the columns of r, u and n.
   */
  get weights(): { W: Reals; b: Reals; Wy: Reals; by: Reals } {
    return finish(this.weightsInPieces());
  }

  /** The same, in pieces. */
  weightsInPieces(): Pieces<{ W: Reals; b: Reals; Wy: Reals; by: Reals }> {
    return this.parts.network.weightsInPieces();
  }

  /** Copies h_t [B,N] and y_t [B,M] of the last step to places in arrays, or where there is no array nothing. */
  copyLast(h: Reals | null, hAt: number, y: Reals | null, yAt: number): void {
    this.parts.network.copyLast(h, hAt, y, yAt);
  }

  /**
   * Half-widths [B,M] of the last ranges, which the next step overwrites: 0 without one; null without a readout,
   * and of probabilities.
   */
  get range(): Float64Array | null {
    return this.parts.outputs?.intervals?.last ?? null;
  }

  /** Copies the half-widths [B,M] of the last ranges, at most the largest float32, to a place in an array; 0 without any. */
  copyRange(range: Reals, at: number): void {
    const last = this.range;
    if (last) for (let i = 0; i < last.length; i++) range[at + i] = Math.min(LARGEST, last[i]!);
    else range.fill(0, at, at + this.spec.batch * outputsOf(this.spec));
  }

  /**
   * Who made the last forecast: the names of the forecasters, and with which weight [B,M,E] each counted in each output;
   * null where the network forecasts alone.
   */
  get forecasters(): { readonly names: readonly string[]; readonly weights: Float64Array } | null {
    const forecaster = this.parts.forecasts?.forecaster;
    if (!forecaster) return null;
    const outputs = this.spec.batch * outputsOf(this.spec);
    const weights = new Float64Array(outputs * EXPERTS.length);
    for (let o = 0; o < outputs; o++) weights.set(forecaster.weights(o), o * EXPERTS.length);
    return { names: EXPERTS, weights };
  }

  /** The seasons, in steps, by which each of the B * K forecast series is forecast; null where the network forecasts alone. */
  get seasons(): readonly (readonly number[])[] | null {
    const { forecasts, inputs } = this.parts;
    const seasons = forecasts?.forecaster?.seasons;
    return seasons ? Array.from({ length: inputs.history.width }, (_, i) => seasons.of(i)) : null;
  }

  /** The usual milliseconds between two steps, by their times; null where they do not come regularly. */
  get interval(): number | null {
    return this.parts.inputs.interval;
  }

  /**
   * Gives copies of the last hidden state h [B,N], 0 where a new history begins, and of the prediction y [B,M] that was
   * served with it, if there is one.
   */
  last(): { h: Reals; y: Reals | null } {
    return this.parts.network.last();
  }

  /** Gives a copy of the last prediction y [B,M] in float64, as it is scored, if there is one. */
  lastExact(): Float64Array | null {
    return this.parts.network.lastExact();
  }

  /**
   * Gives the input gradient of the latest update, dL/dx [T,B,F] in the user's units, through x, its changes and its lags
   * in these steps; null for a learner that does not go back.
   */
  inputGradient({ from, to }: Update): Reals | null {
    const { batch: B, features } = this.spec;
    const { network, learner, inputs } = this.parts;
    const { layout, window, numbers } = network;
    const dz = learner?.dz ?? null;
    if (dz === null) return null;
    const T = to - from + 1;
    const dx = network.zeros(T * B * features);
    const { features: F, units: N } = layout.parameters;
    inputs.gradient(numbers, dz, F + N, T, from - window.start, dx);
    return dx;
  }

  /** Gives all that the model is, detached from it. */
  snapshot(): ModelSnapshot {
    return finish(this.snapshotInPieces());
  }

  /** Does the same in pieces, between which the model must not change. */
  snapshotInPieces(): Pieces<ModelSnapshot> {
    return this.parts.snapshot();
  }
}
