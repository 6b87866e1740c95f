import type { View, ViewMessage } from '../../src/protocol/messages.js';
import type { Results } from './api.js';

/** Splits a message of a view into one item per result. If it holds several, their arrays are copies, so that keeping
 * one item does not keep all of them alive. */
export function itemsOf(message: ViewMessage): Results[View][] {
  switch (message.type) {
    case 'states':
      return rows(message.h, message).map(({ row: h, ...rest }) => ({ ...rest, h }));
    case 'predictions':
      return rows(message.y, message).map(({ row: y, ...rest }) => ({ ...rest, y }));
    case 'inputs':
      return rows(message.x, message).map(({ row: x, ...rest }) => ({ ...rest, x }));
    case 'updates':
      return message.updates.map((update, i) => ({ ...update, skipped: i === 0 ? message.skipped : 0 }));
    case 'events':
      return message.events.map((event, i) => ({ ...event, skipped: i === 0 ? message.skipped : 0 }));
    case 'metrics':
    case 'weights': {
      const { type, channel, ...item } = message;
      return [item as Results['metrics'] | Results['weights']];
    }
  }
}

function rows(
  values: Float32Array,
  { seq, count, skipped }: { seq: number; count: number; skipped: number },
): { seq: number; skipped: number; row: Float32Array }[] {
  const size = values.length / count;
  return Array.from({ length: count }, (_, i) => ({
    seq: seq + i,
    skipped: i === 0 ? skipped : 0,
    // the arrays of a message with one result belong to that result
    row: count === 1 ? values : values.slice(i * size, (i + 1) * size),
  }));
}
