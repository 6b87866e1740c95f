/** What RMSProp, Adam and AdamW have in common: a step that is scaled by the root of the gradient's second moment. */
import type { AdaptSettings, Address, Kernels } from '../../../kernels/kernels.js';
import { inRanges } from '../../../math/pieces.js';
import { spansOf, type Weights } from '../weight-places.js';
import { type OptimizerKind, ROUNDING, type StepSize, type UpdateRule } from './update-rule.js';

interface AdaptiveSettings {
  /** 0: no first moment is kept. */
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** Are the moments corrected for their beginning at 0? */
  readonly isCorrected: boolean;
  /** Does weight decay shrink the weights beside the step, or join the gradient (L2)? */
  readonly isDecoupled: boolean;
}

/** Makes an optimizer: whether it keeps the first moment beside the second, and how its settings are to be read. */
export const adaptive = <Settings>(
  first: boolean,
  read: (settings: Settings) => AdaptiveSettings,
): OptimizerKind<Settings> => ({
  needsGradient: true,
  moments: () => ({ first, second: true }),
  create: (kernels, settings) => createRule(kernels, read(settings)),
});

/** The square of a gradient below this is far from overflow. */
const LARGEST_TO_SQUARE = 1e18;

function createRule(
  kernels: Kernels,
  { beta1, beta2, epsilon, weightDecay, isCorrected, isDecoupled }: AdaptiveSettings,
): UpdateRule {
  const correction = (beta: number, updates: number) => (isCorrected ? 1 - power(beta, updates + 1) : 1);
  const scaleOf = (norm: number, clipTo: number | null) => (clipTo === null ? 1 : clipTo / norm);
  const l2 = isDecoupled ? 0 : weightDecay;
  const shrinkOf = (rate: number) => (isDecoupled ? rate * weightDecay : 0);
  const settingsOf = ({ rate, norm, clipTo, updates }: StepSize): AdaptSettings => {
    const [c1, c2] = [correction(beta1, updates), correction(beta2, updates)];
    const scale = scaleOf(norm, clipTo);
    return { scale, rate, beta1, beta2, c1, c2, epsilon, l2, shrink: shrinkOf(rate) };
  };
  return {
    usesFirst: beta1 > 0,

    boundsAfter({ rate, norm, clipTo, updates }, before) {
      const largest = (scaleOf(norm, clipTo) * norm + l2 * before.weight) * ROUNDING;
      const first = Math.max(beta1 > 0 ? before.first : 0, largest);
      // a step is at most this long even where the second moment is 0
      const step = (rate * first * ROUNDING) / (correction(beta1, updates) * epsilon);
      const weight = before.weight * Math.max(1, shrinkOf(rate)) + step;
      return { first, weight: largest < LARGEST_TO_SQUARE ? weight : Number.NaN };
    },

    apply(m, weights, gradient, step) {
      const settings = settingsOf(step);
      const undecayed = { ...settings, l2: 0, shrink: 0 };
      for (const { at, count, decays } of spansOf(weights, gradient)) {
        const [g, m1, m2] = placesOf(weights, at);
        kernels.adapt(m, at, g, m1, m2, count, decays ? settings : undecayed);
      }
    },

    *applyInPieces(memory, weights, gradient, step) {
      const settings = settingsOf(step);
      const undecayed = { ...settings, l2: 0, shrink: 0 };
      for (const { at, count, decays } of spansOf(weights, gradient)) {
        const [g, m1, m2] = placesOf(weights, at);
        yield* inRanges(count, ADAPTED, (from, to) => {
          const used = decays ? settings : undecayed;
          kernels.adapt(memory.data, at + from, g + from, m1 + from, m2 + from, to - from, used);
        });
      }
    },
  };
}

/** What the step of a weight costs. */
const ADAPTED = 16;

/** Where the gradient and the moments of weights lie that begin at `at`. */
const placesOf = ({ at: first, gradient, velocity, second }: Weights, at: Address) =>
  [gradient + at - first, velocity + at - first, second + at - first] as const;

/** Gives base^n by squaring: Math.pow may differ between engines in the last bit. */
function power(base: number, n: number): number {
  let result = 1;
  for (let square = base, left = n; left > 0; left = Math.floor(left / 2)) {
    if (left % 2 === 1) result *= square;
    square *= square;
  }
  return result;
}
