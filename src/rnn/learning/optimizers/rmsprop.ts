/** RMSProp (Tieleman and Hinton 2012, lecture 6.5), which keeps the second moment alone; weight decay joins the gradient. */
import { z } from 'zod';
import { adaptive } from './adaptive.js';
import { clipNorm, epsilon, plan, rate, type Scheduled, share } from './update-rule.js';

export const rmspropSettings = z.strictObject({
  kind: z.literal('rmsprop'),
  learningRate: rate.optional(),
  ...plan,
  decay: share.default(0.99),
  epsilon,
  clipNorm: clipNorm.default(10),
});

type Settings = Scheduled<z.output<typeof rmspropSettings>>;

export const rmsprop = adaptive(false, ({ decay, epsilon, weightDecay }: Settings) => ({
  beta1: 0,
  beta2: decay,
  epsilon,
  weightDecay,
  isCorrected: false,
  isDecoupled: false,
}));
