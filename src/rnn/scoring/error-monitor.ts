/** Scores each error, and tells by it how odd the step is and whether the series has changed. */

import type { Columns } from '../../kernels/columns.js';
import { relativeError } from '../../kernels/scores.js';
import { finish, type Pieces } from '../../math/pieces.js';
import type { OutputName } from '../io/output-names.js';
import { type Put, putNow, type Take, takeNow } from '../state-copies.js';
import { type AnomalyArithmetic, AnomalyScore, type AnomalyState, plainScoring } from './anomaly.js';
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
  /**
   * Targets [B,first], NaN for what is missing, and forecasts [B,first] by which a step is judged odd; mean absolute errors
   * of the outputs, and of how many [M,2]; of the step under way the sum of the relative errors, their count, and that of
   * the first outputs.
   */
  private readonly columns: Columns;
  private readonly size: number;
  private readonly outputs: number;
  private readonly firstErrors: number;
  private readonly step: number;

  /** @param first how many outputs, of the shortest horizon, a step is judged odd by. They come first. */
  constructor(
    names: readonly OutputName[],
    batch: number,
    readonly first: number,
    store: AnomalyArithmetic = plainScoring,
  ) {
    this.prequential = new Prequential(names, store);
    this.health = new HealthMonitor(names.length, store);
    this.anomalies = new AnomalyScore(batch * first, store);
    this.size = batch * first;
    this.outputs = names.length;
    this.firstErrors = 2 * this.size;
    this.step = this.firstErrors + 2 * names.length;
    this.columns = store.allocateColumns(this.step + 3);
    this.columns.array.fill(Number.NaN, 0, this.size);
  }

  /** Where its numbers lie in the columns. */
  get places(): { targets: number; forecasts: number; errors: number; sums: number } {
    const { base } = this.columns;
    const { size, firstErrors, step } = this;
    return { targets: base, forecasts: base + size, errors: base + firstErrors, sums: base + step };
  }

  get metrics(): Metrics {
    return this.prequential.read();
  }

  /** Takes the prediction and the target of output j in row `row`. */
  score(j: number, row: number, prediction: number, target: number): void {
    this.prequential.score(j, prediction, target);
    const { size, outputs, firstErrors, step } = this;
    const c = this.columns.array;
    const error = Math.abs(prediction - target);
    // a single output's error counts as it is; of several, so that all count alike, in units of the output's own mean one
    c[step]! += outputs === 1 ? error : relativeError(c, firstErrors + 2 * j, error);
    c[step + 1]!++;
    if (j >= this.first) return;
    c[row * this.first + j] = target;
    c[size + row * this.first + j] = prediction;
    c[step + 2]!++;
  }

  /**
   * Judges the errors that were scored since the last call.
   *
   * @param seq the step that is judged. @param time its time in milliseconds since 1970; NaN if unknown
   * @param seasonal what the season lets expect [B,first], NaN where nothing does; null where the time says it
   */
  end(seq: number, time: number, seasonal: Float64Array | null = null): void {
    const { size, step } = this;
    const { array: c, base } = this.columns;
    const [scored, firsts] = [c[step + 1]!, c[step + 2]!];
    if (scored > 0) this.drift = this.detector.observe(c[step]! / scored) ?? this.drift;
    for (let i = step; i < step + 3; i++) c[i] = 0;
    this.health.end();
    const isScored = firsts > 0;
    if (isScored) {
      this.anomaly = this.anomalies.scoreColumns(base, base + size, seasonal, time);
      for (let i = 0; i < size; i++) c[i] = Number.NaN;
    }
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

  private get errors(): Float64Array {
    return this.columns.array.subarray(this.firstErrors, this.step);
  }

  clearMetrics(): void {
    this.prequential.clear();
  }

  clear(): void {
    finish(this.clearInPieces());
  }

  *clearInPieces(): Pieces<void> {
    this.prequential.clear();
    this.detector.clear();
    yield* this.anomalies.clearInPieces();
    this.episodes.clear();
    this.errors.fill(0);
    this.health.clear();
    this.anomaly = 0;
    this.clearAlerts();
  }

  state(take: Take = takeNow): ErrorMonitorState {
    return {
      metrics: this.prequential.state(take),
      anomalies: this.anomalies.state(take),
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

  restore(state: ErrorMonitorState, put: Put = putNow): void {
    const { metrics, anomalies, drift, errors, anomaly, noticed, health, episode, untold } = state;
    this.prequential.restore(metrics, put);
    this.anomalies.restore(anomalies, put);
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
