import { z } from 'zod';
import { channel, seq, uint32, vector } from '../fields.js';
import { rowsOf } from './view-kind.js';

/** The predictions y_t [T,B,M], in the unit of what is predicted. */
export const predictions = {
  schema: z.object({ type: z.literal('predictions'), channel, seq, count: uint32, skipped: seq, y: vector }),
  needsReadout: true,
  ...rowsOf('y'),
};
