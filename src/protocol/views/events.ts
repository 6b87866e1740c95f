import { z } from 'zod';
import { channel, lastSeq, seq, time } from '../fields.js';
import { entriesOf } from './view-kind.js';

/** The events of a sequence: its life, its settings, and anomalies, gaps, drift and seasons of its series. */
export const EVENTS = [
  'opened',
  'resumed',
  'idle',
  'evicted',
  'reset',
  'configured',
  'learning-paused',
  'learning-resumed',
  'checkpoint',
  'anomaly',
  'anomaly-over',
  'gap',
  'stuck',
  'drift',
  'season',
  'silence',
  'health',
  'damaged',
  'failed',
] as const;

const event = z.object({
  /** A later version may have others, which a client hands on. */
  event: z.custom<(typeof EVENTS)[number]>((value) => typeof value === 'string'),
  seq: lastSeq,
  t: time.optional(),
  epoch: z.string(),
  /** Those of the history are numbered from 0; those of the sequence's life in the server are not. */
  number: seq.optional(),
  detail: z.record(z.string(), z.unknown()),
});

export type SequenceEvent = z.output<typeof event>;

export const events = {
  schema: z.object({ type: z.literal('events'), channel, skipped: seq, events: z.array(event) }),
  needsReadout: false,
  ...entriesOf<'events', SequenceEvent>('events'),
  end: ({ events }: { readonly events: readonly SequenceEvent[] }) => events.at(-1)?.seq,
};
