/** AdamW (Loshchilov and Hutter 2019, algorithm 2): Adam, with weights that shrink by learning rate times decay beside the step. */
import { z } from 'zod';
import { adamSettings } from './adam.js';
import { createAdaptive } from './adaptive.js';
import { type OptimizerKind, type Scheduled, weightDecay } from './update-rule.js';

export const adamwSettings = adamSettings.extend({
  kind: z.literal('adamw'),
  weightDecay: weightDecay.default(0.01),
});

type Settings = Scheduled<z.output<typeof adamwSettings>>;

export const adamw: OptimizerKind<Settings> = {
  needsGradient: true,
  moments: () => ({ first: true, second: true }),
  create: (kernels, { beta1, beta2, epsilon, weightDecay }) =>
    createAdaptive(kernels, { beta1, beta2, epsilon, weightDecay, isCorrected: true, isDecoupled: true }),
};
