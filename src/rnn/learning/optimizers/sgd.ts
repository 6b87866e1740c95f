/**
 * Stochastic gradient descent with momentum (Sutskever et al. 2013), classical or Nesterov's. It goes along a layer's
 * gradient by its factors, which is never written to memory; with momentum its velocity is the first moment.
 */
import { z } from 'zod';
import type { SgdSettings } from '../../../kernels/kernels.js';
import { inRanges } from '../../../math/pieces.js';
import {
  clipNorm,
  type OptimizerKind,
  plan,
  ROUNDING,
  rate,
  type Scheduled,
  type StepSize,
  share,
} from './update-rule.js';

export const sgdSettings = z.strictObject({
  kind: z.literal('sgd'),
  learningRate: rate.optional(),
  ...plan,
  momentum: share.default(0.9),
  nesterov: z.boolean().default(false),
  clipNorm: clipNorm.default(1),
});

type Settings = Scheduled<z.output<typeof sgdSettings>>;

/** What the step of a weight costs. */
const DESCENDED = 8;

export const sgd: OptimizerKind<Settings> = {
  needsGradient: false,
  moments: ({ momentum }) => ({ first: momentum > 0, second: false }),

  create(kernels, { momentum, nesterov, weightDecay }) {
    const settingsOf = ({ rate, norm, clipTo }: StepSize): SgdSettings => ({
      rate: clipped(rate, norm, clipTo),
      momentum,
      nesterov,
      decay: rate * weightDecay,
    });
    return {
      usesFirst: momentum > 0,

      boundsAfter({ rate, norm, clipTo }, before) {
        const decay = rate * weightDecay;
        const descent = clipped(rate, norm, clipTo) * norm * ROUNDING;
        const first = momentum * before.first + descent + decay * before.weight;
        const step = nesterov ? momentum * first + descent + decay * before.weight : first;
        return { first, weight: before.weight + step };
      },

      apply(m, { at, velocity, cellCount, cellBiases }, { layers, cell }, step) {
        const settings = settingsOf(step);
        for (const layer of layers) kernels.descend(m, layer, settings);
        if (cell === null) return;
        const W = cellCount - cellBiases;
        kernels.descendAlong(m, at, cell, velocity, W, settings);
        kernels.descendAlong(m, at + W, cell + W, velocity + W, cellBiases, { ...settings, decay: 0 });
      },

      *applyInPieces(memory, { at, velocity, cellCount, cellBiases }, { layers, cell }, step) {
        const settings = settingsOf(step);
        for (const layer of layers) yield* kernels.descendInPieces(memory, layer, settings);
        if (cell === null) return;
        const W = cellCount - cellBiases;
        yield* inRanges(W, DESCENDED, (from, to) =>
          kernels.descendAlong(memory.data, at + from, cell + from, velocity + from, to - from, settings),
        );
        const undecayed = { ...settings, decay: 0 };
        kernels.descendAlong(memory.data, at + W, cell + W, velocity + W, cellBiases, undecayed);
      },
    };
  },
};

const clipped = (rate: number, norm: number, clipTo: number | null): number =>
  clipTo === null ? rate : (rate * clipTo) / norm;
