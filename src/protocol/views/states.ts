import { z } from 'zod';
import { channel, seq, times, uint32, vector } from '../fields.js';
import { rowsOf } from './view-kind.js';

/** The hidden states h_t [T,B,N]. */
export const states = {
  schema: z.object({
    type: z.literal('states'),
    channel,
    seq,
    count: uint32,
    skipped: seq,
    t: times,
    h: vector,
  }),
  needsReadout: false,
  ...rowsOf('h'),
};
