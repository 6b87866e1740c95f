import type { ViewMessage } from '../../src/protocol/views/index.js';

/** One result of a view, as text that tells all its numbers; durations are left out, and `interval`, which is an estimate. */
export interface ViewText {
  readonly seq: number;
  readonly text: string;
}

/** Takes a message of a view apart into its results. */
export function textsOf(message: ViewMessage): ViewText[] {
  switch (message.type) {
    case 'states':
    case 'inputs':
    case 'predictions': {
      const values: Float32Array | Float64Array =
        message.type === 'states' ? message.h : message.type === 'inputs' ? message.x : message.y;
      const { seq, count, t } = message;
      const size = values.length / count;
      const range = message.type === 'predictions' ? message.range : undefined;
      const rangeOf = (i: number) => (range ? ` +- ${[...range.subarray(i * size, (i + 1) * size)]}` : '');
      return Array.from({ length: count }, (_, i) => ({
        seq: seq + i,
        text: `${seq + i} at ${t[i]}: ${[...values.subarray(i * size, (i + 1) * size)]}${rangeOf(i)}`,
      }));
    }
    case 'updates':
      return message.updates.map(({ duration: _duration, ...update }) => ({
        seq: update.to,
        text: JSON.stringify(update),
      }));
    case 'events':
      return message.events.map((event) => ({ seq: event.seq, text: JSON.stringify(event) }));
    case 'metrics':
    case 'weights': {
      const { channel: _channel, ...told } = message;
      return [{ seq: message.seq, text: JSON.stringify(told) }];
    }
  }
}
