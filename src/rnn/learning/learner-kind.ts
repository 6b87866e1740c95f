/** What a learner is: how it computes gradients, and what that costs. A file for each; learners.ts is the registry. */
import { z } from 'zod';
import type { Address, Kernels } from '../../kernels/kernels.js';
import type { Cell } from '../cell/cell.js';
import type { ParameterLayout } from '../cell/parameters.js';
import type { Readout } from '../io/readout.js';
import type { GradientMethod, WindowSizes } from './gradient-method.js';
import type { Weights } from './weight-places.js';

/** How the losses of one update are put together. */
export const reduction = z.enum(['mean', 'sum']).default('mean');
/** Steps, at most, in a training window. */
const blockLength = z.int().min(1).max(4096);
/** One update every k1 steps, from the k1 newest losses; 4, or in forecasts by the mixture 16, unless it is given. */
export const k1 = blockLength.optional();

/** Settings as they were parsed, with the k1 that the spec's defaults fill in. */
export type Blocked<T> = T extends unknown ? Omit<T, 'k1'> & { k1: number } : never;
/** Gradients flow back at most k2 steps. */
export const k2 = blockLength.default(16);

export interface MethodParts {
  readonly kernels: Kernels;
  readonly cell: Cell;
  readonly readout: Readout;
  readonly layout: ParameterLayout;
  readonly weights: Weights;
  readonly batch: number;
  /** Where what a snapshot keeps of the method begins, of which 0 is the beginning, and where its scratch does. */
  readonly kept: Address;
  readonly scratch: Address;
}

/** Numbers that a method keeps, and numbers that it needs while it works. */
export interface MethodSize {
  readonly kept: number;
  readonly scratch: number;
}

/** What of a model the work of a learner depends on. */
export interface WorkShape {
  readonly layout: ParameterLayout;
  /** Is the gradient of the weights used by its factors, and never written to memory? */
  readonly isFactored: boolean;
}

/** A kind of learner, by its settings. */
export interface LearnerKind<Settings> {
  /** Can it be used only with a cell whose influences can be carried forward? */
  readonly needsInfluence: boolean;
  /** Gives the sizes of a training window: k1, and k2, or k1 again where the past is carried forward. */
  windowSizes(settings: Settings): WindowSizes;
  size(settings: Settings, layout: ParameterLayout, batch: number): MethodSize;
  /** Gives the multiply-adds that a step costs in one batch row beside the cell and the readout. */
  work(settings: Settings, shape: WorkShape): number;
  create(settings: Settings, parts: MethodParts): GradientMethod;
}

/** Gives the parameters of a cell: P, the length of its gradient. */
export const cellSize = ({ cell }: ParameterLayout): number => cell.weights + cell.biases;
