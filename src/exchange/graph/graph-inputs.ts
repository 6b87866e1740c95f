/** What the cell gets of a step, in a graph: x, its changes, its lagged values and the features of its time; see src/rnn/io/cell-inputs.ts. */
import { decayOf } from '../../rnn/io/scaler.js';
import { lookedBackAt, type ModelSpec } from '../../rnn/spec/spec.js';
import type { Carried } from './carried.js';
import type { Graph, Value } from './graph.js';
import { Relevance } from './step-relevance.js';
import { Statistics } from './step-statistics.js';
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

export class StepInputs {
  readonly past: PastValues;
  /** The newest values that are looked back at [B,K]; NaN is missing. */
  readonly newest: Value;
  readonly relevance: Relevance | null;
  private readonly held: Value;
  private readonly known: Value;
  /** The values that are looked back at, of all that there are along an axis. */
  private readonly looked: (values: Value, axis: number) => Value;
  /** What the cell gets [B,D], in float32, once it was written. */
  z: Value = '';

  /** @param x [B,F], NaN where a number is missing. @param others which features are judged; null where none are */
  constructor(
    private readonly graph: Graph,
    private readonly carried: Carried,
    private readonly spec: ModelSpec,
    private readonly x: Value,
    others: readonly number[] | null,
  ) {
    const g = graph;
    const columns = lookedBackAt(spec);
    const areAll = columns.length === spec.features && columns.every((column, i) => column === i);
    this.looked = (values, axis) => (areAll ? values : g.gather(values, axis, columns));
    const isGiven = g.not(g.isNaN(x));
    this.held = g.where(isGiven, x, carried.get('run.x.last'));
    this.known = g.max(carried.get('run.x.known'), g.flag(isGiven));
    carried.set('run.x.last', this.held);
    carried.set('run.x.known', this.known);
    this.newest = this.looked(x, 1);
    this.past = new PastValues(g, carried, this.looked(this.held, 1), this.looked(this.known, 1));
    this.relevance = others && new Relevance(g, carried, others);
  }

  /** Writes what the cell gets; then the step joins the statistics. @param t [1] or null */
  write(t: Value | null): Value {
    const { graph: g, carried, spec, held, known, relevance } = this;
    const { batch: B, inputs, scaler } = spec;
    const halfLife = scaler.kind === 'standard' ? scaler.halfLife : null;
    const statistics = (name: string, isCentred: boolean) =>
      scaler.kind === 'standard' && carried.has(name)
        ? new Statistics(g, carried, name, decayOf(halfLife), isCentred)
        : null;
    const ofX = statistics('run.x.statistics', true);
    const ofChanges = statistics('run.changes.statistics', false);
    const own = g.cast(ofX ? g.where(g.greater(known, 0), ofX.scale(held), held) : held, 'float');
    const changes = this.changes(ofChanges);
    const parts = [
      relevance ? relevance.apply(own) : own,
      ...changes.map(({ scaled }) => g.cast(scaled, 'float')),
      ...inputs.lags.map((lag) => this.lagged(lag, ofX)),
    ];
    for (let row = 0; row < B; row++) {
      ofX?.observe(g.at(this.x, 0, row));
      const rows = changes.map(({ joins }) => g.slice(joins, 0, row, row + 1));
      ofChanges?.observe(g.concat(rows, 0));
    }
    ofX?.finish();
    ofChanges?.finish();
    if (t) {
      const times = g.reshape(g.cast(timeInputs(g, carried, spec, t), 'float'), [1, -1]);
      parts.push(g.concat(Array<Value>(B).fill(times), 0));
    }
    this.z = g.concat(parts, 1);
    return this.z;
  }

  /** The changes over each lag [B,K], scaled; and as they join the statistics, NaN where one is unknown. */
  private changes(ofChanges: Statistics | null): { readonly scaled: Value; readonly joins: Value }[] {
    const { graph: g, past, newest } = this;
    return this.spec.inputs.changes.map((lag, l) => {
      const isKnown = past.knows(lag);
      const change = g.where(isKnown, g.sub(past.read(0), past.read(lag)), 0);
      const scaled = ofChanges
        ? ofChanges.scale(change, (all) => g.at(all, 0, l))
        : g.clip(change, -LARGEST, LARGEST);
      return { scaled, joins: g.where(g.and(isKnown, g.not(g.isNaN(newest))), change, Number.NaN) };
    });
  }

  private lagged(lag: number, ofX: Statistics | null): Value {
    const { graph: g, past } = this;
    const value = past.read(lag);
    const scaled = ofX ? ofX.scale(value, (all) => this.looked(all, 0)) : value;
    return g.cast(g.where(past.knows(lag), scaled, 0), 'float');
  }
}
