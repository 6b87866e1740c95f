/** What the cell gets of a step, in a graph: x, its changes, its lagged values and the features of its time; see src/rnn/io/cell-inputs.ts. */
import { decayOf } from '../../rnn/io/scaler.js';
import { lookedBackAt, type ModelSpec } from '../../rnn/spec/spec.js';
import type { Carried } from './carried.js';
import type { Graph, Value } from './graph.js';
import { Statistics } from './statistics.js';
import { timeInputs } from './time.js';

const LARGEST = 3.4028234663852886e38;

/** The values that are looked back at, the present step's first. */
export class PastValues {
  private readonly rows: Value;
  private readonly known: Value;

  /** @param newest [B,K] values; @param isKnown [B,K] 1 where something is known at all */
  constructor(
    private readonly graph: Graph,
    carried: Carried,
    newest: Value,
    isKnown: Value,
  ) {
    const g = graph;
    const [rows = 1, B = 1, K = 1] = carried.shapeOf('run.history');
    const before = carried.get('run.history');
    const row = g.reshape(newest, [1, B, K]);
    this.rows = rows === 1 ? row : g.concat([row, g.slice(before, 0, 0, rows - 1)], 0);
    const more = g.add(carried.get('run.history.known'), 1);
    this.known = g.where(g.greater(isKnown, 0), more, 0);
    carried.set('run.history', this.rows);
    carried.set('run.history.known', this.known);
  }

  /** Values [B,K] of so many steps ago. */
  read(back: number): Value {
    return this.graph.at(this.rows, 0, back);
  }

  knows(back: number): Value {
    return this.graph.greater(this.known, back);
  }
}

export interface StepInputs {
  /** What the cell gets [B,D], in float32. */
  readonly z: Value;
  readonly past: PastValues;
  /** The newest values that are looked back at [B,K]; NaN is missing. */
  readonly newest: Value;
}

/** @param x [B,F], NaN where a number is missing. @param t [1] or null */
export function stepInputs(
  graph: Graph,
  carried: Carried,
  spec: ModelSpec,
  x: Value,
  t: Value | null,
  share: ArrayLike<number> | null,
): StepInputs {
  const g = graph;
  const { batch: B, features: F, inputs, scaler } = spec;
  const columns = lookedBackAt(spec);
  const [K, L] = [columns.length, inputs.changes.length];
  const isGiven = g.not(g.isNaN(x));
  const held = g.where(isGiven, x, carried.get('run.x.last'));
  const known = g.max(carried.get('run.x.known'), g.flag(isGiven));
  carried.set('run.x.last', held);
  carried.set('run.x.known', known);
  const looked = (values: Value) => (K === F ? values : g.gather(values, 1, columns));
  const newest = looked(x);
  const past = new PastValues(g, carried, looked(held), looked(known));
  const halfLife = scaler.kind === 'standard' ? scaler.halfLife : null;
  const statistics = (name: string, isCentred: boolean) =>
    scaler.kind === 'standard' && carried.has(name)
      ? new Statistics(g, carried, name, decayOf(halfLife), isCentred)
      : null;
  const ofX = statistics('run.x.statistics', true);
  const ofChanges = statistics('run.changes.statistics', false);

  const own = ofX ? g.where(g.greater(known, 0), ofX.scale(held), held) : held;
  const whole = g.cast(own, 'float');
  const parts = [share ? g.op('Mul', [whole, sharesOf(g, share)]) : whole];
  const joins: Value[] = [];
  for (const [l, lag] of inputs.changes.entries()) {
    const isKnown = past.knows(lag);
    const change = g.where(isKnown, g.sub(past.read(0), past.read(lag)), 0);
    const scaled = ofChanges
      ? ofChanges.scale(change, (all) => g.at(all, 0, l))
      : g.clip(change, -LARGEST, LARGEST);
    parts.push(g.cast(scaled, 'float'));
    joins.push(g.where(g.and(isKnown, g.not(g.isNaN(newest))), change, Number.NaN));
  }
  for (const lag of inputs.lags) {
    const value = past.read(lag);
    const scaled = ofX ? ofX.scale(value, (all) => (K === F ? all : g.gather(all, 0, columns))) : value;
    parts.push(g.cast(g.where(past.knows(lag), scaled, 0), 'float'));
  }
  for (let row = 0; row < B; row++) {
    ofX?.observe(g.at(x, 0, row));
    if (ofChanges && L > 0)
      ofChanges.observe(
        g.concat(
          joins.map((join) => g.reshape(g.at(join, 0, row), [1, K])),
          0,
        ),
      );
  }
  ofX?.finish();
  ofChanges?.finish();
  if (t) {
    const times = timeInputs(g, carried, spec, t);
    const row = g.reshape(g.cast(times, 'float'), [1, -1]);
    parts.push(g.concat(Array<Value>(B).fill(row), 0));
  }
  return { z: g.concat(parts, 1), past, newest };
}

const sharesOf = (g: Graph, share: ArrayLike<number>): Value =>
  g.tensor('x_share', 'float', [share.length], share);
