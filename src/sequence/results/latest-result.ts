import type { View, ViewMessage } from '../../protocol/views/index.js';
import type { Model } from '../../rnn/model.js';

/** What a view would have shown last, of the views of which that can be told. */
const LATEST: Partial<Record<View, (channel: number, model: Model) => ViewMessage | null>> = {
  states: (channel, model) => {
    const h = Float32Array.from(model.last().h);
    return { type: 'states', channel, seq: model.seq, count: 1, skipped: 0, h };
  },
  predictions: (channel, model) => {
    const { y } = model.last();
    const head = { channel, seq: model.seq, count: 1, skipped: 0 };
    return y && { type: 'predictions', ...head, y: Float32Array.from(y) };
  },
  metrics: (channel, model) => metricsMessage(channel, model),
};

/** Gives what a view would have shown last, for subscribers who come too late for the results before; null where there is nothing. */
export const latestResult = (view: View, channel: number, model: Model): ViewMessage | null =>
  model.seq < 0 ? null : (LATEST[view]?.(channel, model) ?? null);

export function metricsMessage(
  channel: number,
  { seq, updates, anomaly, metrics }: Pick<Model, 'seq' | 'updates' | 'metrics' | 'anomaly'>,
): ViewMessage {
  const outputs = [...metrics.outputs];
  return { type: 'metrics', channel, seq, skipped: 0, updates, anomaly, ...metrics, outputs };
}
