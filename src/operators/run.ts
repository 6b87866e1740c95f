import type { Reals } from '../kernels/kernels.js';
import type { TrainingWindow, Update } from '../rnn/learning/learner.js';
import type { Alert, Model } from '../rnn/model.js';

export type { Alert } from '../rnn/model.js';

/**
 * A run: consecutive steps of one sequence that the cell has carried with the same weights. Weights may change
 * after it, so a block of steps is split into runs wherever an update may fall; a single step is a run.
 *
 * A run of no steps changes no state: it announces that the time for a supervised window's targets is over before the
 * next step.
 */
export interface Run {
  readonly model: Model;
  /** Number of the first step, or of the next step if the run has none. */
  readonly seq: number;
  /** T, its steps. */
  readonly count: number;
  /** Number of the step by which the lateness of targets is judged: the last one, or the next if the run has none. */
  readonly now: number;
  /** The hidden states h [T,B,N], a copy; null if nobody asked for them. */
  readonly h: Reals | null;
  /** The predictions y [T,B,M] in the user's units, a copy; null without a readout, or if nobody asked for them. */
  readonly y: Reals | null;
  /** Anomalous steps, and steps at which drift was detected. */
  readonly alerts: readonly Alert[];
  /** Is it the last run of its block? */
  readonly isLast: boolean;
}

/** A run, and the training windows that are due with it. */
export interface WindowedRun extends Run {
  readonly windows: readonly TrainingWindow[];
}

/** A run, and the updates that were made behind it. */
export interface LearnedRun extends WindowedRun {
  readonly updates: readonly Update[];
}

/** A run as the operator sees it that fills it in. */
export type Filled<R extends Run> = { -readonly [K in Exclude<keyof R, keyof Run>]: R[K] };

const NO_WINDOWS: readonly TrainingWindow[] = [];
const NO_UPDATES: readonly Update[] = [];

/** One object for all three: `windows` and `learn` fill in their results, so that a run costs one allocation. */
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
