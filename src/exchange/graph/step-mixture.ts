/**
 * The mixture of forecasters in a graph; see src/kernels/forecast-kernels.ts and expert-mixture.ts. What least squares have
 * learned stands still, and so do the seasons; the weights of the forecasters go on by their errors.
 */
import { EXPERTS } from '../../rnn/forecast/experts.js';
import { decayOf } from '../../rnn/io/scaler.js';
import { push } from './carried.js';
import type { Value } from './graph.js';
import { SeasonsPast } from './seasons-past.js';
import { Smoothings } from './smoothings.js';
import type { HorizonPlace, StepParts } from './step-parts.js';
import { MAX_DEVIATIONS, Statistics } from './step-statistics.js';

const DECAY = 1 - Math.LN2 / 1000;
const [CLIP, WARM, WINDOW] = [5, 30, 500];
const LEAST = 2 ** -1022;
const [FADE, LARGEST_CHANGE] = [0.9995, 1.5];
const LARGEST_UNITS = 10;
const LARGEST = 3.4028234663852886e38;
const E = EXPERTS.length;
const LINEAR = EXPERTS.indexOf('linear');

/** What one horizon carries, as values of this step. */
interface Own {
  regrets: Value;
  squares: Value;
  scale: Value;
  seen: Value;
  largest: Value;
  said: Value;
}

export class Mixture {
  private readonly own: Own[];
  private readonly levels: Statistics;
  private readonly units: Statistics;
  private readonly seasons: SeasonsPast;
  private readonly smoothings: Smoothings;
  private readonly shape: readonly [number, number];

  constructor(
    private readonly parts: StepParts,
    private readonly horizons: readonly HorizonPlace[],
  ) {
    const { graph: g, carried, spec } = parts;
    const [, B = 1, K = 1] = carried.shapeOf('run.experts.regrets');
    this.shape = [B, K];
    const decay = decayOf(spec.scaler.kind === 'standard' ? spec.scaler.halfLife : null);
    this.levels = new Statistics(g, carried, 'run.levels.statistics', decay, true);
    this.units = new Statistics(g, carried, 'run.units.statistics', decay, false);
    this.seasons = new SeasonsPast(parts);
    this.smoothings = new Smoothings(parts);
    const part = (name: string, q: number) => g.at(carried.get(`run.${name}`), 0, q);
    this.own = horizons.map((_, q) => ({
      regrets: part('experts.regrets', q),
      squares: part('experts.squares', q),
      scale: part('experts.scale', q),
      seen: part('experts.seen', q),
      largest: part('largest', q),
      said: '',
    }));
  }

  /** Compares the truths of a horizon with what was forecast for them, where they have come. */
  meet(q: number, comes: Value, served: Value): void {
    const { graph: g, carried, inputs } = this.parts;
    const own = this.own[q]!;
    const { ahead } = this.horizons[q]!;
    const [B, K] = this.shape;
    const said = g.at(g.at(carried.get('run.experts.said'), 0, ahead - 1), 0, q);
    const truth = g.where(comes, inputs.newest, 0);
    const seen = g.add(own.seen, 1);
    const error = g.abs(g.sub(truth, g.at(said, 2, 0)));
    const isClipped = g.and(g.greater(seen, WARM), g.greater(own.scale, 0));
    const counted = g.where(isClipped, g.min(error, g.mul(CLIP, own.scale)), error);
    const scale = g.add(own.scale, g.div(g.sub(counted, own.scale), g.min(seen, WINDOW)));
    const counts = g.and(comes, g.not(g.less(scale, LEAST)));
    const share = g.div(g.sign(g.sub(served, truth)), g.max(scale, LEAST));
    const wide = (value: Value) => g.reshape(value, [B, K, 1]);
    const off = g.mul(g.sub(wide(served), said), wide(share));
    const regret = g.where(g.isNaN(said), 0, g.clip(off, -CLIP, CLIP));
    const goes = wide(counts);
    own.regrets = g.where(goes, g.add(g.mul(DECAY, own.regrets), regret), own.regrets);
    own.squares = g.where(goes, g.add(g.mul(DECAY * DECAY, own.squares), g.mul(regret, regret)), own.squares);
    own.scale = g.where(comes, scale, own.scale);
    own.seen = g.where(comes, seen, own.seen);
    const change = g.abs(g.sub(truth, inputs.past.read(ahead)));
    own.largest = g.where(comes, g.max(g.mul(FADE, own.largest), change), own.largest);
    if (q > 0 || !inputs.relevance) return;
    const linear = g.at(said, 2, LINEAR);
    const isJudged = g.and(g.and(comes, g.greater(own.scale, 0)), g.greater(this.units.deviation, 0));
    const judged = g.and(isJudged, g.not(g.isNaN(linear)));
    inputs.relevance.meet(g.where(judged, g.div(g.sub(truth, linear), own.scale), 0), judged);
  }

  /** Lets the newest values join what forecasters know. */
  take(): void {
    const { graph: g, inputs } = this.parts;
    const { past, newest } = inputs;
    this.levels.observe(newest);
    this.units.observe(g.where(past.knows(1), g.sub(newest, past.read(1)), Number.NaN));
    this.levels.finish();
    this.units.finish();
    this.smoothings.take(newest);
    this.seasons.take(newest);
  }

  /** Forecasts a horizon [B,K]. @param network what the network says. @param h [B,N] after the step */
  serve(q: number, network: Value, h: Value): Value {
    const { graph: g, inputs } = this.parts;
    const own = this.own[q]!;
    const { ahead } = this.horizons[q]!;
    const base = inputs.past.read(0);
    const unit = this.units.deviation;
    const hasUnit = g.greater(unit, 0);
    const per = g.where(hasUnit, g.div(1, unit), 0);
    const most = g.mul(LARGEST_CHANGE, own.largest);
    const changed = (change: Value) =>
      g.where(hasUnit, g.add(base, g.max(g.min(g.mul(change, unit), most), g.sub(0, most))), Number.NaN);
    const linear = changed(this.linear(q, base, per));
    const { forecasts, isSeasonal, off } = this.seasons.lookBack(ahead, base);
    const clipped = g.clip(g.mul(g.sub(linear, base), per), -LARGEST_UNITS, LARGEST_UNITS);
    const seasonal = g.where(isSeasonal, changed(this.seasonal(q, clipped, off, per)), Number.NaN);
    const squares = this.squares(q, h);
    const all = [
      base,
      ...forecasts,
      ...this.smoothings.forecast(ahead),
      linear,
      seasonal,
      network,
      squares ? changed(squares) : this.filled(Number.NaN),
    ];
    own.said = g.stack(all, this.shape);
    return g.clip(this.mix(own, base), -LARGEST, LARGEST);
  }

  private mix({ regrets, squares, said }: Own, base: Value): Value {
    const g = this.parts.graph;
    const [B, K] = this.shape;
    const isSaid = g.not(g.isNaN(said));
    const regret = g.where(g.and(isSaid, g.greater(regrets, 0)), regrets, 0);
    const weight = g.div(regret, g.add(1, squares));
    const sum = g.sumLast(weight);
    const off = g.where(isSaid, g.sub(said, g.reshape(base, [B, K, 1])), 0);
    const shares = g.div(weight, g.reshape(g.max(sum, LEAST), [B, K, 1]));
    return g.add(base, g.where(g.less(sum, LEAST), 0, g.sumLast(g.mul(shares, off))));
  }

  /** The weights of a horizon, which stand still. */
  private weights(name: string, q: number): Value {
    const { graph: g, constants } = this.parts;
    const { shape, data } = constants.get(`run.${name}`)!;
    const size = data.length / shape[0]!;
    const own = Array.from(data).slice(q * size, (q + 1) * size);
    return g.tensor(`${name}_${q}`, 'double', shape.slice(1), own);
  }

  private linear(q: number, base: Value, per: Value): Value {
    const { graph: g, inputs, constants } = this.parts;
    const { past } = inputs;
    const n = constants.get('run.linear')!.shape.at(-1)!;
    const deviation = this.levels.deviation;
    const off = g.clip(g.div(g.sub(base, this.levels.centre), deviation), -MAX_DEVIATIONS, MAX_DEVIATIONS);
    const phi = [g.where(g.greater(deviation, 0), g.div(off, 2), 0)];
    for (let lag = 1; lag < n - 1; lag++)
      phi.push(g.where(past.knows(lag), g.mul(g.sub(past.read(lag), base), per), 0));
    phi.push(this.filled(1));
    return g.sumLast(g.mul(this.weights('linear', q), g.stack(phi, this.shape)));
  }

  private seasonal(q: number, linear: Value, off: readonly Value[], per: Value): Value {
    const g = this.parts.graph;
    const psi = [linear, ...off.map((one) => g.mul(one, per)), this.filled(1)];
    return g.sumLast(g.mul(this.weights('seasonal', q), g.stack(psi, this.shape)));
  }

  private squares(q: number, h: Value): Value | null {
    const { graph: g, inputs, constants } = this.parts;
    const direct = constants.get('run.squares.inputs');
    if (!direct) return null;
    const z = g.cast(g.gather(inputs.z, 1, Array.from(direct.data)), 'double');
    const own = g.cast(h, 'double');
    const [B] = this.shape;
    const ones = g.constant('double', [B, 1], Array<number>(B).fill(1));
    return g.matMul(g.concat([own, z, ones], 1), g.transpose(this.weights('squares', q), [1, 0]));
  }

  /** One number for all of [B,K]. */
  private filled(number: number): Value {
    const [B, K] = this.shape;
    return this.parts.graph.constant('double', [B, K], Array<number>(B * K).fill(number));
  }

  finish(): void {
    const { graph: g, carried } = this.parts;
    const [B, K] = this.shape;
    const set = (name: string, values: readonly Value[], ...more: number[]) =>
      carried.set(
        `run.${name}`,
        g.concat(
          values.map((value) => g.reshape(value, [1, B, K, ...more])),
          0,
        ),
      );
    set(
      'experts.regrets',
      this.own.map(({ regrets }) => regrets),
      E,
    );
    set(
      'experts.squares',
      this.own.map(({ squares }) => squares),
      E,
    );
    set(
      'experts.scale',
      this.own.map(({ scale }) => scale),
    );
    set(
      'experts.seen',
      this.own.map(({ seen }) => seen),
    );
    set(
      'largest',
      this.own.map(({ largest }) => largest),
    );
    const said = this.own.map((one) => g.reshape(one.said, [1, 1, B, K, E]));
    push(g, carried, 'run.experts.said', g.concat(said, 1));
  }
}
