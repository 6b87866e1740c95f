/** L = sum over outputs of (y - target)^2, dL/dy = 2 (y - target). */
import type { CreateLoss } from './loss-function.js';

export const squaredError: CreateLoss = (kernels) => ({
  perRow: (M) => M,
  compute: kernels.squaredError,
});
