/** Adam (Kingma and Ba 2015, algorithm 1); weight decay joins the gradient, as in PyTorch. */
import { z } from 'zod';
import { createAdaptive } from './adaptive.js';
import { clipNorm, epsilon, type OptimizerKind, plan, rate, type Scheduled, share } from './update-rule.js';

export const adamSettings = z.strictObject({
  kind: z.literal('adam'),
  learningRate: rate.default(0.002),
  ...plan,
  beta1: share.default(0.9),
  beta2: share.default(0.999),
  epsilon,
  clipNorm: clipNorm.default(10),
});

type Settings = Scheduled<z.output<typeof adamSettings>>;

export const adam: OptimizerKind<Settings> = {
  needsGradient: true,
  moments: () => ({ first: true, second: true }),
  create: (kernels, { beta1, beta2, epsilon, weightDecay }) =>
    createAdaptive(kernels, { beta1, beta2, epsilon, weightDecay, isCorrected: true, isDecoupled: false }),
};
