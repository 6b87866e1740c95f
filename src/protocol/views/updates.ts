import { z } from 'zod';
import { channel, lastSeq, score, seq, time } from '../fields.js';
import { entriesOf } from './view-kind.js';

const update = z.object({
  update: seq,
  from: seq,
  to: seq,
  t: time.optional(),
  losses: seq,
  loss: score,
  gradientNorm: score,
  clipped: z.boolean(),
  applied: z.boolean(),
  learningRate: z.number(),
  duration: z.number(),
});

export type UpdateEntry = z.output<typeof update>;

export const updates = {
  schema: z.object({
    type: z.literal('updates'),
    channel,
    seq: lastSeq,
    skipped: seq,
    updates: z.array(update),
  }),
  needsReadout: true,
  ...entriesOf<'updates', UpdateEntry>('updates'),
  end: ({ seq }: { readonly seq: number }) => seq,
};
