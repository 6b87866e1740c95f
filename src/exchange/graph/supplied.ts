/** Predictions whose targets are sent, in a graph: their statistics and ranges stand still, since no target comes. */
import { decayOf } from '../../rnn/io/scaler.js';
import { type ModelSpec, outputsOf } from '../../rnn/spec/spec.js';
import type { Carried } from './carried.js';
import type { Graph, Value } from './graph.js';
import { Ranges } from './ranges.js';
import { Statistics } from './step-statistics.js';

const LARGEST = 3.4028234663852886e38;

/** @param sums [B,M] of the readout */
export function supplied(
  g: Graph,
  carried: Carried,
  spec: ModelSpec,
  sums: Value,
): { readonly y: Value; readonly half: Value | null } {
  const M = outputsOf(spec);
  const exact = g.clip(g.cast(sums, 'double'), -LARGEST, LARGEST);
  const half = carried.has('run.y.ranges') ? new Ranges(g, carried, 1 - spec.interval, 0).half : null;
  if (!carried.has('run.y.statistics')) return { y: exact, half };
  const { scaler } = spec;
  const decay = decayOf(scaler.kind === 'standard' ? scaler.halfLife : null);
  const statistics = new Statistics(g, carried, 'run.y.statistics', decay, true);
  const y = g.reshape(statistics.unscale(exact), [spec.batch, M]);
  return { y: g.clip(y, -LARGEST, LARGEST), half };
}
