import type { View, ViewMessage } from '../../protocol/messages.js';
import type { Model } from '../../rnn/model.js';

/** Gives the latest result of a view, for subscribers whose missed results are gone; null if there is none. */
export function latestResult(view: View, channel: number, model: Model): ViewMessage | null {
  const { seq } = model;
  if (seq < 0) return null;
  switch (view) {
    case 'states':
      return { type: 'states', channel, seq, count: 1, skipped: 0, h: Float32Array.from(model.last().h) };
    case 'predictions': {
      const { y } = model.last();
      return y && { type: 'predictions', channel, seq, count: 1, skipped: 0, y: Float32Array.from(y) };
    }
    case 'metrics':
      return metricsMessage(channel, model);
    case 'inputs':
    case 'updates':
    case 'weights':
    case 'events':
      return null;
  }
}

export function metricsMessage(
  channel: number,
  { seq, updates, anomaly, metrics }: Pick<Model, 'seq' | 'updates' | 'metrics' | 'anomaly'>,
): ViewMessage {
  const outputs = [...metrics.outputs];
  return { type: 'metrics', channel, seq, skipped: 0, updates, anomaly, ...metrics, outputs };
}
