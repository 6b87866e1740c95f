/** L = - sum over outputs of target * log y, with y = softmax(logits): dL/dlogits = y - target. */
import { ln } from '../../../math/logarithm.js';
import type { CreateLoss } from './loss-function.js';

/** A smaller probability counts as this one: the loss of a miss stays finite. */
const LEAST_PROBABILITY = 1e-7;

/** Gives -ln p, in nats. */
export const nats = (p: number): number => ln(1 / Math.max(p, LEAST_PROBABILITY));

export const crossEntropy: CreateLoss = () => ({
  perRow: () => 1,
  compute(m, dy, y, target, _scale, factor, T, B, M, before = 0) {
    let loss = before;
    for (let j = 0; j < T * B * M; j++) {
      const t = m[target + j]!;
      if (t > 0) loss += t * nats(m[y + j]!);
      m[dy + j] = (m[y + j]! - t) * factor;
    }
    return loss;
  },
});
