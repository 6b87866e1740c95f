import { forecastersOf, meanShares } from '../../fields/forecaster-shares.js';
import { type OutputLabel, outputLabels } from '../../fields/output-labels.js';
import type { View, ViewMessage } from '../../protocol/views/index.js';
import type { Course } from '../course.js';

type Told = Pick<Course, 'model' | 'schema' | 'times'>;

/** What a view would have shown last, of the views of which that can be told. */
const LATEST: Partial<Record<View, (channel: number, course: Told, ranges: boolean) => ViewMessage | null>> =
  {
    states: (channel, course) => {
      const h = Float32Array.from(course.model.last().h);
      return { type: 'states', ...headOf(channel, course), h };
    },
    predictions: (channel, course, ranges) => {
      const { y } = course.model.last();
      const { interval } = course.times;
      if (!y) return null;
      const message = { ...headOf(channel, course), interval, y: Float32Array.from(y) };
      if (!ranges || !course.model.range) return { type: 'predictions', ...message };
      const range = new Float32Array(y.length);
      course.model.copyRange(range, 0);
      return { type: 'predictions', ...message, range };
    },
    metrics: (channel, { model, schema, times }) =>
      metricsMessage(
        channel,
        model,
        timeOf(times.last),
        outputLabels(model.spec, schema.fields, schema.targets),
      ),
  };

const headOf = (channel: number, { model, times }: Told) => ({
  channel,
  seq: model.seq,
  count: 1,
  skipped: 0,
  t: Float64Array.of(times.last),
});

/** Gives what a view would have shown last, for subscribers who come too late for the results before; null where there is nothing. */
export const latestResult = (
  view: View,
  channel: number,
  course: Told,
  ranges = false,
): ViewMessage | null => (course.model.seq < 0 ? null : (LATEST[view]?.(channel, course, ranges) ?? null));

/** Names the outputs of metrics. */
export const named = <S extends { readonly output: number }>(
  outputs: readonly S[],
  labels: readonly OutputLabel[],
) =>
  outputs.map((scores) => {
    const { name, unit } = labels[scores.output]!;
    return { ...scores, name, ...(unit && { unit }) };
  });

/** A time in a message: null where it is not known. */
export const timeOf = (t: number): number | null => (Number.isNaN(t) ? null : t);

type Scored = Pick<
  Told['model'],
  'spec' | 'seq' | 'updates' | 'metrics' | 'anomaly' | 'health' | 'forecasters'
>;

/** Gives how a model does, and who forecasts, in all and of each output. */
export function scoresOf(model: Scored) {
  const { updates, anomaly, health } = model;
  const { outputs, ...all } = model.metrics;
  const shares = forecastersOf(model);
  return {
    updates,
    anomaly,
    health,
    ...all,
    ...(shares && { forecasters: meanShares(shares) }),
    outputs: outputs.map((scores) => ({
      ...scores,
      ...(shares && { forecasters: shares[scores.output]! }),
    })),
  };
}

export function metricsMessage(
  channel: number,
  model: Scored,
  t: number | null,
  labels: readonly OutputLabel[],
): ViewMessage {
  const { outputs, ...scores } = scoresOf(model);
  return {
    type: 'metrics',
    channel,
    seq: model.seq,
    t,
    skipped: 0,
    ...scores,
    outputs: named(outputs, labels),
  };
}
