/** Adam (Kingma and Ba 2015, algorithm 1); weight decay joins the gradient, as in PyTorch. */
import { z } from 'zod';
import { adaptive } from './adaptive.js';
import { clipNorm, epsilon, plan, rate, type Scheduled, share } from './update-rule.js';

export const adamSettings = z.strictObject({
  kind: z.literal('adam'),
  learningRate: rate.optional(),
  ...plan,
  beta1: share.default(0.9),
  beta2: share.default(0.999),
  epsilon,
  clipNorm: clipNorm.default(10),
});

type Settings = Scheduled<z.output<typeof adamSettings>>;

export const adam = adaptive(true, (settings: Settings) => ({
  ...settings,
  isCorrected: true,
  isDecoupled: false,
}));
