/** AdamW (Loshchilov and Hutter 2019, algorithm 2): Adam, with weights that shrink by learning rate times decay beside the step. */
import { z } from 'zod';
import { adamSettings } from './adam.js';
import { adaptive } from './adaptive.js';
import { type Scheduled, weightDecay } from './update-rule.js';

export const adamwSettings = adamSettings.extend({
  kind: z.literal('adamw'),
  weightDecay: weightDecay.default(0.01),
});

type Settings = Scheduled<z.output<typeof adamwSettings>>;

export const adamw = adaptive(true, (settings: Settings) => ({
  ...settings,
  isCorrected: true,
  isDecoupled: true,
}));
