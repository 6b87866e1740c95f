/** Scores each error, and tells by it how odd the step is and whether the series has changed. */

import type { OutputName } from '../io/output-names.js';
import { AnomalyScore, type AnomalyState } from './anomaly.js';
import { DriftDetector, type DriftKind, type DriftState } from './drift/drift.js';
import { type Episode, Episodes, episodeOf, numbersOf } from './episodes.js';
import { HealthMonitor, type HealthState } from './health.js';
import { type Metrics, type MetricsState, Prequential } from './prequential.js';

export interface ErrorMonitorState {
  readonly metrics: MetricsState;
  readonly anomalies: AnomalyState;
  readonly drift: DriftState;
  /** Mean absolute errors of the outputs, and how many each is of. */
  readonly errors: Float64Array;
  readonly anomaly: number;
  /** Alerts that were not given yet: 1 for an anomaly; 1 for Page-Hinkley's drift, 2 for ADWIN's. */
  readonly noticed: readonly number[];
  /** Version 0.1 had none. */
  readonly health?: HealthState;
  /** The anomaly that is under way; version 0.1 had none. */
  readonly episode?: readonly number[];
  /** What was not told yet: places that were odd, -1 for none, and the anomaly that is over. */
  readonly untold?: readonly number[];
}

/** Fields that an event names as odd, at most. */
const MOST_ODD = 5;
const NONE: readonly number[] = [];
const NOTHING = -1;
const DRIFTS: readonly (DriftKind | null)[] = [null, 'page-hinkley', 'adwin'];

export class ErrorMonitor {
  /** The anomaly score of the last target, in [0, 1]. */
  anomaly = 0;
  /** Has an anomaly begun since alerts were cleared? */
  isAnomalous = false;
  /** What was odd when it began, oddest first: places in the targets [B,first]. */
  odd: readonly number[] = NONE;
  /** The anomaly that was over since alerts were cleared, if one was. */
  ended: Episode | null = null;
  /** Which detector has found that the series has changed, if one has since alerts were cleared. */
  drift: DriftKind | null = null;
  readonly prequential: Prequential;
  readonly health: HealthMonitor;
  private readonly detector = new DriftDetector();
  private readonly episodes = new Episodes();
  private readonly anomalies: AnomalyScore;
  /** Target and forecast [B,first] by which a step is judged odd; NaN for a target that is missing. */
  private readonly targets: Float64Array;
  private readonly forecasts: Float64Array;
  /** What the season lets expect [B,first]; NaN where nothing does. */
  private readonly seasonal: Float64Array;
  private readonly errors: Float64Array;
  private sum = 0;
  private scored = 0;
  private firsts = 0;

  /** @param first how many outputs, of the shortest horizon, a step is judged odd by. They come first. */
  constructor(
    names: readonly OutputName[],
    batch: number,
    private readonly first: number,
  ) {
    this.prequential = new Prequential(names);
    this.health = new HealthMonitor(names.length);
    this.anomalies = new AnomalyScore(batch * first);
    this.targets = new Float64Array(batch * first).fill(Number.NaN);
    this.forecasts = new Float64Array(batch * first);
    this.seasonal = new Float64Array(batch * first).fill(Number.NaN);
    this.errors = new Float64Array(2 * names.length);
  }

  get metrics(): Metrics {
    return this.prequential.read();
  }

  /**
   * Takes the prediction and the target of output j in row `row`, and what the season lets expect, NaN if that is unknown.
   */
  score(j: number, row: number, prediction: number, target: number, seasonal = Number.NaN): void {
    this.prequential.score(j, prediction, target);
    this.sum += this.relative(j, Math.abs(prediction - target));
    this.scored++;
    if (j >= this.first) return;
    this.targets[row * this.first + j] = target;
    this.forecasts[row * this.first + j] = prediction;
    this.seasonal[row * this.first + j] = seasonal;
    this.firsts++;
  }

  /**
   * Judges the errors that were scored since the last call.
   *
   * @param seq the step that is judged. @param time its time in milliseconds since 1970; NaN if unknown
   */
  end(seq: number, time: number): void {
    if (this.scored > 0) this.drift = this.detector.observe(this.sum / this.scored) ?? this.drift;
    this.sum = 0;
    this.scored = 0;
    this.health.end();
    const isScored = this.firsts > 0;
    if (isScored) {
      this.anomaly = this.anomalies.score(this.targets, this.forecasts, this.seasonal, time);
      this.targets.fill(Number.NaN);
    }
    this.firsts = 0;
    const told = this.episodes.take(seq, isScored ? this.anomaly : 0, time);
    if (told === 'began') {
      this.isAnomalous = true;
      this.odd = this.anomalies.ranked(MOST_ODD);
    } else if (told) this.ended = told;
  }

  /** Is there something to tell since alerts were cleared? */
  get isWorthTelling(): boolean {
    return this.isAnomalous || this.ended !== null || this.drift !== null || this.health.changedFrom !== null;
  }

  /** Forgets the anomaly and the drift that it found: they have been given. */
  clearAlerts(): void {
    this.isAnomalous = false;
    this.odd = NONE;
    this.ended = null;
    this.drift = null;
    this.health.clearChange();
  }

  /** Gives the error of a single output as it is; of several, in units of the output's own mean error, so that all count alike. */
  private relative(j: number, error: number): number {
    const { errors } = this;
    if (errors.length === 2) return error;
    const mean = errors[2 * j]!;
    const n = ++errors[2 * j + 1]!;
    errors[2 * j] = mean + (error - mean) / n;
    return mean > 0 ? error / mean : 1;
  }

  clearMetrics(): void {
    this.prequential.clear();
  }

  clear(): void {
    this.prequential.clear();
    this.detector.clear();
    this.anomalies.clear();
    this.episodes.clear();
    this.errors.fill(0);
    this.health.clear();
    this.anomaly = 0;
    this.clearAlerts();
  }

  state(): ErrorMonitorState {
    return {
      metrics: this.prequential.state(),
      anomalies: this.anomalies.state(),
      drift: this.detector.state(),
      errors: this.errors.slice(),
      anomaly: this.anomaly,
      noticed: [this.isAnomalous ? 1 : 0, DRIFTS.indexOf(this.drift)],
      health: this.health.state(),
      episode: this.episodes.state(),
      untold: this.untold(),
    };
  }

  private untold(): number[] {
    const odd = Array.from({ length: MOST_ODD }, (_, i) => this.odd[i] ?? NOTHING);
    return [...odd, ...numbersOf(this.ended)];
  }

  restore(state: ErrorMonitorState): void {
    const { metrics, anomalies, drift, errors, anomaly, noticed, health, episode, untold } = state;
    this.prequential.restore(metrics);
    this.anomalies.restore(anomalies);
    this.detector.restore(drift);
    this.errors.set(errors);
    this.anomaly = anomaly;
    this.isAnomalous = noticed[0] === 1;
    this.drift = DRIFTS[noticed[1] ?? 0] ?? null;
    this.episodes.restore(episode ?? []);
    this.odd = (untold ?? []).slice(0, MOST_ODD).filter((place) => place !== NOTHING);
    this.ended = episodeOf((untold ?? []).slice(MOST_ODD));
    if (health) this.health.restore(health);
    else this.health.clear();
  }
}
