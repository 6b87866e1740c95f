import { z } from 'zod';
import { channel, lastSeq, seq, time, uint32, vector } from '../fields.js';
import { standOf } from './view-kind.js';

const schema = z.object({
  type: z.literal('weights'),
  channel,
  seq: lastSeq,
  t: time.optional(),
  skipped: seq,
  updates: seq,
  inputs: uint32,
  /** What each of the inputs of a row is: fields by name, their changes and lags, and the time. */
  names: z.array(z.string()).optional(),
  w: vector,
  b: vector,
  wy: vector,
  by: vector,
  from: lastSeq,
  to: lastSeq,
  saliency: vector,
});

/** The weights as they stand, and the input gradient of the latest update. */
export const weights = { schema, needsReadout: false, ...standOf<z.output<typeof schema>>() };
