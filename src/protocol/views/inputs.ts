import { z } from 'zod';
import { channel, readings, seq, times, uint32 } from '../fields.js';
import { rowsOf } from './view-kind.js';

/** The steps x_t [T,B,F] as they were accepted; NaN where a number is missing. */
export const inputs = {
  schema: z.object({
    type: z.literal('inputs'),
    channel,
    seq,
    count: uint32,
    skipped: seq,
    t: times,
    x: readings,
  }),
  needsReadout: false,
  ...rowsOf<'x', Float64Array<ArrayBuffer>>('x'),
};
