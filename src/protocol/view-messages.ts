/** Operations on results on their way to a subscriber: count them, join them, keep only the latest. */
import type { ViewMessage } from './messages.js';

/** Gives the number of results in a message. */
export function countOf(message: ViewMessage): number {
  switch (message.type) {
    case 'states':
    case 'predictions':
    case 'inputs':
      return message.count;
    case 'updates':
      return message.updates.length;
    case 'events':
      return message.events.length;
    case 'metrics':
    case 'weights':
      return 1;
  }
}

/** Gives only the latest result of a message; `skipped` counts the earlier ones that the subscriber does not get. */
export function latestOf(message: ViewMessage, skipped: number): ViewMessage {
  switch (message.type) {
    case 'states':
      return { ...message, ...lastOf(message), skipped, h: lastRow(message.h, message) };
    case 'predictions':
      return { ...message, ...lastOf(message), skipped, y: lastRow(message.y, message) };
    case 'inputs':
      return { ...message, ...lastOf(message), skipped, x: lastRow(message.x, message) };
    case 'updates':
      return { ...message, skipped, updates: message.updates.slice(-1) };
    case 'events':
      return { ...message, skipped, events: message.events.slice(-1) };
    case 'metrics':
    case 'weights':
      return { ...message, skipped };
  }
}

/** Joins messages of one view, oldest first, into one with all their results. */
export function joinMessages(messages: readonly [ViewMessage, ...ViewMessage[]]): ViewMessage {
  const [first] = messages;
  if (messages.length === 1) return first;
  switch (first.type) {
    case 'states': {
      const all = messages as readonly (typeof first)[];
      return { ...first, count: sum(all, (one) => one.count), h: concat(all.map((one) => one.h)) };
    }
    case 'predictions': {
      const all = messages as readonly (typeof first)[];
      return { ...first, count: sum(all, (one) => one.count), y: concat(all.map((one) => one.y)) };
    }
    case 'inputs': {
      const all = messages as readonly (typeof first)[];
      return { ...first, count: sum(all, (one) => one.count), x: concat(all.map((one) => one.x)) };
    }
    case 'updates': {
      const all = messages as readonly (typeof first)[];
      return { ...first, seq: all.at(-1)!.seq, updates: all.flatMap((one) => one.updates) };
    }
    case 'events':
      return { ...first, events: (messages as readonly (typeof first)[]).flatMap((one) => one.events) };
    case 'metrics':
    case 'weights':
      return latestOf(messages[messages.length - 1] as ViewMessage, messages.length - 1);
  }
}

const lastOf = ({ seq, count }: { seq: number; count: number }) => ({ seq: seq + count - 1, count: 1 });

const lastRow = (values: Float32Array<ArrayBuffer>, { count }: { count: number }) =>
  values.slice(values.length - values.length / count);

const sum = <T>(items: readonly T[], of: (item: T) => number) =>
  items.reduce((total, item) => total + of(item), 0);

function concat(parts: readonly Float32Array[]): Float32Array<ArrayBuffer> {
  const joined = new Float32Array(sum(parts, (part) => part.length));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
