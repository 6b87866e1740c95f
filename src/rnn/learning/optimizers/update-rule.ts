/**
 * What an optimizer is: settings, moments, a step. A file for each; optimizers.ts is the registry. Schedule, clipping and
 * the check that no number becomes infinite are common to all: see ../optimizer.ts.
 */
import { z } from 'zod';
import type { Memory } from '../../../kernels/gradient-pieces.js';
import type { Kernels, Reals } from '../../../kernels/kernels.js';
import type { Pieces } from '../../../math/pieces.js';
import { type Schedule, schedule } from '../schedule.js';
import type { Gradient, Moments, Weights } from '../weight-places.js';

export const rate = z.number().positive().max(100);
export const share = z.number().min(0).lt(1);
export const epsilon = z.number().min(1e-16).max(1).default(1e-8);
export const weightDecay = z.number().min(0).max(1);
/** The gradient's global norm is clipped to this; null leaves it as it is. */
export const clipNorm = z.number().positive().nullable();
export const plan = {
  /** `constant`; for softmax, whose single losses are noisy, down to a tenth: see SOFTMAX_SCHEDULE. */
  schedule: schedule.optional(),
  weightDecay: weightDecay.default(0),
};

/** Settings as they were parsed, with the rate and the schedule that the spec's defaults fill in. */
export type Scheduled<T> = T extends unknown
  ? Omit<T, 'schedule' | 'learningRate'> & { learningRate: number; schedule: Schedule }
  : never;

/** One step: what it is made with besides the gradient. */
export interface StepSize {
  /** The learning rate by the schedule. */
  readonly rate: number;
  /** Global norm of the gradient, and to which it is clipped; null where it is not. */
  readonly norm: number;
  readonly clipTo: number | null;
  /** Updates applied before it. */
  readonly updates: number;
}

/** Numbers that no weight and no first moment exceeds. */
export interface Bounds {
  readonly weight: number;
  readonly first: number;
}

/** What rounding may add to a bound. */
export const ROUNDING = 1.001;

export interface UpdateRule {
  /** Does it use a first moment, of which bounds are kept? */
  readonly usesFirst: boolean;
  /** Gives the bounds after a step from those before it; NaN where they cannot be told. */
  boundsAfter(step: StepSize, before: Bounds): Bounds;
  apply(m: Reals, weights: Weights, gradient: Gradient, step: StepSize): void;
  /** Does the same in pieces. */
  applyInPieces(memory: Memory, weights: Weights, gradient: Gradient, step: StepSize): Pieces<void>;
}

/** A kind of optimizer, by its settings. */
export interface OptimizerKind<Settings> {
  /** Needs the gradient of all weights in memory, in {@link Weights.gradient}. */
  readonly needsGradient: boolean;
  moments(settings: Settings): Moments;
  create(kernels: Kernels, settings: Settings): UpdateRule;
}
