/** The registry of losses. */
import { crossEntropy } from './cross-entropy.js';
import type { CreateLoss } from './loss-function.js';
import { squaredError } from './squared-error.js';

export const LOSSES = {
  'squared-error': squaredError,
  'cross-entropy': crossEntropy,
} as const satisfies Record<string, CreateLoss>;
