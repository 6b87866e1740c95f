/** How the learning rate goes on from update to update. */
import { z } from 'zod';
import { cosTurn } from '../../math/sine.js';

export const schedule = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('constant') }),
  /** rate / (1 + decay * n) at update n, but never less than `floor` times the rate. */
  z.strictObject({
    kind: z.literal('inverse'),
    decay: z.number().positive(),
    floor: z.number().min(0).max(1).default(0),
  }),
  /** From the rate down to `floor` times it, over `updates` updates, along half a cosine; then it stays there. */
  z.strictObject({
    kind: z.literal('cosine'),
    updates: z.int().min(1).max(1e12),
    floor: z.number().min(0).max(1).default(0),
  }),
]);

export type Schedule = z.output<typeof schedule>;

/** Gives the factor on the learning rate at update n, counted from 0. */
export function scheduleFactor(schedule: Schedule, n: number): number {
  switch (schedule.kind) {
    case 'constant':
      return 1;
    case 'inverse':
      return Math.max(schedule.floor, 1 / (1 + schedule.decay * n));
    case 'cosine': {
      const progress = Math.min(1, n / schedule.updates);
      return schedule.floor + (1 - schedule.floor) * 0.5 * (1 + cosTurn(progress / 2));
    }
  }
}
