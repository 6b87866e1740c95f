/**
 * A forecast in a graph: what was forecast for this step is judged, and the next forecasts are made. See
 * src/rnn/io/forecast-outputs.ts and src/kernels/judge-kernels.ts. By horizon everything is [B,K].
 */
import { decayOf } from '../../rnn/io/scaler.js';
import { push } from './carried.js';
import type { Value } from './graph.js';
import { Ranges } from './ranges.js';
import { Mixture } from './step-mixture.js';
import { type HorizonPlace, horizonPlaces, type StepParts } from './step-parts.js';
import { Statistics } from './step-statistics.js';

const LARGEST = 3.4028234663852886e38;

export interface Served {
  /** [B,M] in float64, and half-widths [B,M]. */
  readonly y: Value;
  readonly half: Value;
}

export class Forecast {
  private readonly horizons: readonly HorizonPlace[];
  private readonly isChange: boolean;
  private readonly statistics: readonly Statistics[];
  private readonly ranges: readonly Ranges[];
  private readonly mixture: Mixture | null;
  private readonly shape: readonly [number, number];

  constructor(private readonly parts: StepParts) {
    const { graph, carried, spec, task } = parts;
    this.isChange = task.baseline !== 'none';
    this.horizons = horizonPlaces(task, spec.season);
    const [, B = 1, K = 1] = carried.shapeOf('run.y.ranges');
    this.shape = [B, K];
    const halfLife = spec.scaler.kind === 'standard' ? spec.scaler.halfLife : null;
    this.statistics = carried.has('run.y.statistics')
      ? [new Statistics(graph, carried, 'run.y.statistics', decayOf(halfLife), !this.isChange)]
      : [];
    this.ranges = this.horizons.map((_, q) => new Ranges(graph, carried, 1 - spec.interval, q));
    this.mixture = carried.has('run.experts.regrets') ? new Mixture(parts, this.horizons) : null;
  }

  /** Judges what was forecast for this step, and lets it join the statistics; before anything is forecast. */
  arrive(): void {
    const { graph: g, carried, inputs, steps } = this.parts;
    const { past, newest } = inputs;
    const [B, K] = this.shape;
    const [y] = this.statistics;
    const isHere = g.not(g.isNaN(newest));
    const joins: Value[] = [];
    for (const [q, { ahead, arrived }] of this.horizons.entries()) {
      const wasMade = g.greater(steps, ahead);
      const comes = g.and(g.and(past.knows(ahead), wasMade), isHere);
      const before = (name: string) => g.at(g.at(carried.get(name), 0, ahead - 1), 0, q);
      const served = before('run.y.served');
      const error = g.where(comes, g.abs(g.sub(served, newest)), 0);
      this.ranges[q]!.observe(error, before('run.y.half'), comes);
      this.mixture?.meet(q, comes, served);
      const change = g.sub(newest, past.read(arrived));
      const isKnown = g.and(past.knows(arrived), wasMade);
      joins.push(this.isChange ? g.where(isKnown, change, Number.NaN) : newest);
    }
    if (y)
      for (let row = 0; row < B; row++)
        y.observe(
          g.concat(
            joins.map((join) => g.reshape(g.at(join, 0, row), [1, K])),
            0,
          ),
        );
    y?.finish();
    this.mixture?.take();
  }

  /** Makes the next forecasts. @param sums [B,M] of the readout. @param h [B,N] after the step */
  serve(sums: Value, h: Value): Served {
    const { graph: g, carried, inputs } = this.parts;
    const { past } = inputs;
    const [B, K] = this.shape;
    const Q = this.horizons.length;
    const [statistics] = this.statistics;
    const all = g.transpose(g.reshape(g.cast(sums, 'double'), [B, Q, K]), [1, 0, 2]);
    const deviations = statistics && g.min(statistics.deviation, LARGEST);
    const centred = statistics && !this.isChange ? statistics.unscale(all) : all;
    const served = this.horizons.map(({ served: back }, q) => {
      const p = g.clip(g.at(centred, 0, q), -LARGEST, LARGEST);
      let network = p;
      if (this.isChange) {
        const change = deviations ? g.mul(p, g.at(deviations, 0, q)) : p;
        network = g.where(past.knows(back), g.add(past.read(back), change), past.read(0));
      }
      network = g.clip(network, -LARGEST, LARGEST);
      return this.mixture ? this.mixture.serve(q, network, h) : network;
    });
    const byHorizon = (values: readonly Value[]) =>
      g.concat(
        values.map((value) => g.reshape(value, [1, 1, B, K])),
        1,
      );
    const [y, half] = [byHorizon(served), byHorizon(this.ranges.map(({ half }) => half))];
    push(g, carried, 'run.y.served', y);
    push(g, carried, 'run.y.half', half);
    const ranges = this.ranges.map((range) => range.finished([B, K]));
    carried.set('run.y.ranges', g.concat(ranges, 0));
    this.mixture?.finish();
    const byRow = (value: Value) =>
      g.reshape(g.transpose(g.reshape(value, [Q, B, K]), [1, 0, 2]), [B, Q * K]);
    return { y: byRow(y), half: byRow(half) };
  }
}
