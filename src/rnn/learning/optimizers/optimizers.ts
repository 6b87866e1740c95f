/** The registry of optimizers. */
import { z } from 'zod';
import { adam, adamSettings } from './adam.js';
import { adamw, adamwSettings } from './adamw.js';
import { rmsprop, rmspropSettings } from './rmsprop.js';
import { sgd, sgdSettings } from './sgd.js';
import type { OptimizerKind, Scheduled } from './update-rule.js';

export const optimizerSettings = z.discriminatedUnion('kind', [
  sgdSettings,
  rmspropSettings,
  adamSettings,
  adamwSettings,
]);

/** The settings of an optimizer, complete. */
export type OptimizerSettings = Scheduled<z.output<typeof optimizerSettings>>;

const OPTIMIZERS = { sgd, rmsprop, adam, adamw };
export const OPTIMIZER_NAMES = Object.keys(OPTIMIZERS) as OptimizerSettings['kind'][];

export const optimizerOf = ({ kind }: Pick<OptimizerSettings, 'kind'>): OptimizerKind<OptimizerSettings> =>
  OPTIMIZERS[kind];
