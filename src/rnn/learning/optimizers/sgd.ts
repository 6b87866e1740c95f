/**
 * Stochastic gradient descent with momentum (Sutskever et al. 2013), classical or Nesterov's. It goes along a layer's
 * gradient by its factors, which is never written to memory; with momentum its velocity is the first moment.
 */
import { z } from 'zod';
import { clipNorm, type OptimizerKind, plan, ROUNDING, rate, type Scheduled, share } from './update-rule.js';

export const sgdSettings = z.strictObject({
  kind: z.literal('sgd'),
  learningRate: rate.optional(),
  ...plan,
  momentum: share.default(0.9),
  nesterov: z.boolean().default(false),
  clipNorm: clipNorm.default(1),
});

type Settings = Scheduled<z.output<typeof sgdSettings>>;

export const sgd: OptimizerKind<Settings> = {
  needsGradient: false,
  moments: ({ momentum }) => ({ first: momentum > 0, second: false }),

  create(kernels, { momentum, nesterov, weightDecay }) {
    return {
      usesFirst: momentum > 0,

      boundsAfter({ rate, norm, clipTo }, before) {
        const decay = rate * weightDecay;
        const descent = clipped(rate, norm, clipTo) * norm * ROUNDING;
        const first = momentum * before.first + descent + decay * before.weight;
        const step = nesterov ? momentum * first + descent + decay * before.weight : first;
        return { first, weight: before.weight + step };
      },

      apply(m, { at, velocity, cellCount, cellBiases }, { layers, cell }, { rate, norm, clipTo }) {
        const settings = {
          rate: clipped(rate, norm, clipTo),
          momentum,
          nesterov,
          decay: rate * weightDecay,
        };
        for (const layer of layers) kernels.descend(m, layer, settings);
        if (cell === null) return;
        const W = cellCount - cellBiases;
        kernels.descendAlong(m, at, cell, velocity, W, settings);
        kernels.descendAlong(m, at + W, cell + W, velocity + W, cellBiases, { ...settings, decay: 0 });
      },
    };
  },
};

const clipped = (rate: number, norm: number, clipTo: number | null): number =>
  clipTo === null ? rate : (rate * clipTo) / norm;
