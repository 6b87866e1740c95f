import { z } from 'zod';
import { channel, seq, time, times, uint32, vector } from '../fields.js';
import { type Rows, rowsOf } from './view-kind.js';

const rows = rowsOf('y');

type Predictions = Rows & { readonly y: Float32Array<ArrayBuffer>; readonly interval?: number | null };

/**
 * The predictions y_t [T,B,M], in the unit of what is predicted. Where the steps come regularly, `interval` is the time
 * between two of them: what is forecast h steps ahead at t is for t + h * interval.
 */
export const predictions = {
  schema: z.object({
    type: z.literal('predictions'),
    channel,
    seq,
    count: uint32,
    skipped: seq,
    t: times,
    interval: time.optional(),
    y: vector,
  }),
  needsReadout: true,
  ...rows,
  items: (message: Predictions) => {
    const { interval = null } = message;
    return rows.items(message).map((item) => ({ ...item, interval }));
  },
};
