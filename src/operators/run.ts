import type { Reals } from '../kernels/kernels.js';
import type { TrainingWindow, Update } from '../rnn/learning/learner.js';
import type { CarriedStep, Model } from '../rnn/model.js';

/**
 * A run: consecutive steps of one sequence that the cell has carried, with the weights as they were. Weights may change
 * behind it, so a block of steps is as many runs as there may be updates in it; a single step is a run.
 *
 * A run of no steps changes no state: it says that the time of a supervised window's targets is over before the next step.
 */
export interface Run {
  readonly model: Model;
  /** Number of the first step; of the next step where the run has none. */
  readonly seq: number;
  /** T, its steps. */
  readonly count: number;
  /** Number of the step at which it is told whose targets are late: the last one, or the next where the run has none. */
  readonly now: number;
  /** The hidden states h [T,B,N], a copy; null where nobody asked for it. */
  readonly h: Reals | null;
  /** The predictions y [T,B,M] in the user's units, a copy; null without a readout, or where nobody asked for it. */
  readonly y: Reals | null;
  /** Steps that were anomalous, or at which the series was found to have changed. */
  readonly alerts: readonly Alert[];
  /** Does the run end the block that it is part of? */
  readonly isLast: boolean;
}

/** What the error of a step tells of the series. */
export type Alert = Pick<CarriedStep, 'seq' | 'anomaly' | 'isAnomalous' | 'drift'>;

/** A run, and the training windows that are due with it. */
export interface WindowedRun extends Run {
  readonly windows: readonly TrainingWindow[];
}

/** A run, and the updates that were made behind it. */
export interface LearnedRun extends WindowedRun {
  readonly updates: readonly Update[];
}

const NO_WINDOWS: readonly TrainingWindow[] = [];
const NO_UPDATES: readonly Update[] = [];

/** The one object that is all three: `windows` and `learn` fill in what they found, so that a run costs one allocation. */
export class OwnRun implements LearnedRun {
  windows = NO_WINDOWS;
  updates = NO_UPDATES;

  constructor(
    readonly model: Model,
    readonly seq: number,
    readonly count: number,
    readonly now: number,
    readonly h: Reals | null,
    readonly y: Reals | null,
    readonly alerts: readonly Alert[],
    readonly isLast: boolean,
  ) {}
}

export type RunConstructor<R extends Run> = new (...parts: ConstructorParameters<typeof OwnRun>) => R;
