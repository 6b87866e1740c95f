/** What a model gives for one timestep. */
import type { Reals } from '../kernels/kernels.js';
import type { SeasonChange } from './forecast/seasons.js';
import type { Update } from './learning/learner.js';
import type { DriftKind } from './scoring/drift/drift.js';
import type { Episode } from './scoring/episodes.js';
import type { HealthChange } from './scoring/health-words.js';
import type { SensorNotice } from './scoring/sensor-watch.js';

/**
 * What carrying the state over one timestep gave. The arrays are views that the next step overwrites: copy what you keep.
 * They are void, too, once the memory of the kernels has grown: by a new model, or as another one takes up a season.
 */
export interface CarriedStep {
  /** Number of the step, from 0. */
  readonly seq: number;
  /** The hidden state h_t [B,N]. */
  readonly h: Reals;
  /** The prediction y_t [B,M] in the user's units, or null without a readout. Of a forecast, M is [horizon, feature]. */
  readonly y: Reals | null;
  /**
   * Half-widths [B,M] of the ranges y - range .. y + range, in the user's units, in which what comes lies with the spec's
   * probability; 0 for as long as too few errors are known. null without a readout, and of probabilities.
   */
  readonly range: Float64Array | null;
  /** How odd the last target was under its forecast, in [0, 1]; 0 for as long as that cannot be told. */
  readonly anomaly: number;
  /** Does an anomaly begin? One that goes on is told once. */
  readonly isAnomalous: boolean;
  /** Which detector has just found that the series has changed, if one has. */
  readonly drift: DriftKind | null;
  /** How the model's health has just changed, if it has. */
  readonly health: HealthChange | null;
  /** Why the model has drawn new weights by itself before this step, if it has. */
  readonly restart: string | null;
}

/**
 * A step that is worth an event: an anomaly began or is over, drift was detected, the model's health changed, a season was
 * taken up or dropped, or a sensor sends nothing, or one number, for unusually long.
 */
export interface Alert
  extends Pick<CarriedStep, 'seq' | 'anomaly' | 'isAnomalous' | 'drift' | 'health' | 'restart'> {
  /** The outputs that were odd as an anomaly began, oddest first: their places in [B,M], of the shortest horizon. */
  readonly odd: readonly number[];
  /** The anomaly that is over, if one is. */
  readonly ended: Episode | null;
  /** Gaps and stuck phases of single features that were noticed or are over. */
  readonly sensors: readonly SensorNotice[];
  readonly seasons: readonly SeasonChange[];
  /** The usual milliseconds between two steps then; null where they did not come regularly. */
  readonly interval: number | null;
}

/** What one timestep gave, and what was learned at it. */
export interface StepResult extends CarriedStep {
  /** The updates that this step led to: mostly none, seldom more than one. */
  readonly updates: readonly Update[];
}
