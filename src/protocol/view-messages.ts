/** What can be done to results on their way to a subscriber: count them, join them, keep only the latest. */
import type { ViewMessage } from './messages.js';

/** Gives how many results a message holds. */
export function countOf(message: ViewMessage): number {
  switch (message.type) {
    case 'states':
    case 'predictions':
      return message.count;
    case 'updates':
      return message.updates.length;
    case 'events':
      return message.events.length;
    case 'metrics':
      return 1;
  }
}

/** Gives the latest result of a message alone; `skipped` counts those before it that the subscriber does not get. */
export function latestOf(message: ViewMessage, skipped: number): ViewMessage {
  switch (message.type) {
    case 'states': {
      const { seq, count, h } = message;
      return { ...message, seq: seq + count - 1, count: 1, skipped, h: h.slice(h.length - h.length / count) };
    }
    case 'predictions': {
      const { seq, count, y } = message;
      return { ...message, seq: seq + count - 1, count: 1, skipped, y: y.slice(y.length - y.length / count) };
    }
    case 'updates':
      return { ...message, skipped, updates: message.updates.slice(-1) };
    case 'events':
      return { ...message, skipped, events: message.events.slice(-1) };
    case 'metrics':
      return { ...message, skipped };
  }
}

/** Joins messages of one view, oldest first, into one that holds all of them. */
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
    case 'updates': {
      const all = messages as readonly (typeof first)[];
      return { ...first, seq: all.at(-1)!.seq, updates: all.flatMap((one) => one.updates) };
    }
    case 'events':
      return { ...first, events: (messages as readonly (typeof first)[]).flatMap((one) => one.events) };
    case 'metrics':
      return latestOf(messages[messages.length - 1] as ViewMessage, messages.length - 1);
  }
}

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
