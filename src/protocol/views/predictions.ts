import { z } from 'zod';
import { channel, seq, time, times, uint32, vector } from '../fields.js';
import { joinFloats } from '../join-floats.js';
import { type Rows, rowsOf } from './view-kind.js';

const rows = rowsOf('y');

type Numbers = Float32Array<ArrayBuffer>;
type Predictions = Rows & {
  readonly y: Numbers;
  readonly range?: Numbers | undefined;
  readonly interval?: number | null | undefined;
};

/** The numbers of one row of several. */
const rowOf = (values: Numbers, i: number, count: number): Numbers =>
  count === 1 ? values : values.slice((i * values.length) / count, ((i + 1) * values.length) / count);

/**
 * The predictions y_t [T,B,M], in the unit of what is predicted, and for whom asked the half-widths `range` [T,B,M]: what
 * comes lies in y - range .. y + range with the spec's probability; 0 where there is no range. Where the steps come
 * regularly, `interval` is the time between two of them: what is forecast h steps ahead at t is for t + h * interval.
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
    range: vector.optional(),
  }),
  needsReadout: true,
  ...rows,
  latest: <T extends Predictions>(message: T, skipped: number): T => {
    const { range, count } = message;
    return { ...rows.latest(message, skipped), ...(range && { range: rowOf(range, count - 1, count) }) };
  },
  /** Those without ranges, which are from the past, have none then too. */
  join: <T extends Predictions>(messages: readonly [T, ...T[]]): T => {
    const joined = rows.join(messages);
    if (messages.every(({ range }) => !range)) return joined;
    return {
      ...joined,
      range: joinFloats(messages.map(({ y, range }) => range ?? new Float32Array(y.length))),
    };
  },
  items: (message: Predictions) => {
    const { interval = null, range, count } = message;
    return rows
      .items(message)
      .map((item, i) => ({ ...item, interval, range: range ? rowOf(range, i, count) : null }));
  },
};
