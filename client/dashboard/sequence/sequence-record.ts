/** What a page keeps of a sequence that it watches: half an hour of it, in constant memory. */

import type { Field } from '../../../src/fields/field.js';
import { type OutputLabel, outputLabels } from '../../../src/fields/output-labels.js';
import { cellOf } from '../../../src/rnn/cell/cells.js';
import { type OutputName, outputNames } from '../../../src/rnn/io/output-names.js';
import type { ModelSpec } from '../../../src/rnn/spec/spec.js';
import type { Joined, Results } from '../../sdk/index.js';
import { PrincipalComponents } from '../analysis/principal-components.js';
import { spectralRadius } from '../analysis/spectral-radius.js';
import { GapCount } from '../charts/gaps.js';
import { Ring } from '../charts/ring.js';
import { StateRing, stateRows } from '../charts/state-ring.js';
import { StepClock } from '../charts/step-clock.js';
import { EventLog } from './event-log.js';

/** Steps a second that half an hour is kept of. */
const STEPS_PER_SECOND = 200;
/** Half an hour of updates at 50, of scores at 4, and of looks at the weights at 1 a second. */
const UPDATES = 90_000;
const SCORES = 7200;
const LOOKS = 1800;
const MAX_ANOMALIES = 1000;
/** Minutes of steps that are kept. */
const MINUTES = 30;
/** Bytes of a reading. */
const READING = 8;
/** |h| from which on a unit counts as saturated. */
const SATURATED = 0.97;
/** Units up to which the spectral radius is taken of all weights that come; of more, of each fifth: it takes longer. */
const MAX_OFTEN = 64;

type Weights = Results['weights'];
type OutputScores = Pick<
  Results['metrics'],
  'recentMae' | 'recentNaiveMae' | 'recentSkill' | 'recentCoverage' | 'forecasters'
>;
type Readings = StateRing<Float64Array>;

const float64 = (length: number) => new Float64Array(length);

/** What a sequence is, as a page shows it. */
export type Shown = Pick<Joined, 'spec' | 'fields' | 'targets' | 'resample'>;

export class SequenceRecord {
  /** h_t [N] of one row of the batch. */
  readonly states: StateRing;
  readonly components: PrincipalComponents;
  /** x_t [F] of that row; NaN where there is a gap. */
  readonly inputs: Readings;
  /** y_t [M] of that row, and after it the half-width of each range [M], NaN without one. Of a model without readout, nothing. */
  readonly predictions: StateRing;
  /** x_t [F] of the steps that the sequence called anomalous. */
  readonly anomalies: Readings;
  readonly saturation: Ring<'step' | 'share'>;
  readonly updates = new Ring(['step', 'loss', 'norm', 'rate', 'duration'], UPDATES);
  readonly scores = new Ring(
    ['step', 'error', 'naive', 'seasonal', 'skill', 'seasonalSkill', 'crossEntropy', 'accuracy', 'anomaly'],
    SCORES,
  );
  readonly dynamics = new Ring(['step', 'radius', 'ratio'], LOOKS);
  events = new EventLog();
  /** When the steps were. */
  readonly clock: StepClock;
  readonly gaps: GapCount;
  readonly spec: ModelSpec;
  /** What the numbers of x are. */
  readonly fields: readonly Field[];
  readonly outputs: readonly OutputName[];
  /** What they are, in the same order. */
  readonly labels: readonly OutputLabel[];
  /** Of when the page was opened, and of now; null before they came. */
  firstWeights: Weights | null = null;
  weights: Weights | null = null;
  /** What was said last; null before it was. */
  metrics: Results['metrics'] | null = null;
  /** How the sequence does, and why, as it was told last. */
  health: Results['metrics']['health'] | null = null;
  /** The seasons by which it forecasts, in words, as they were told last. */
  seasons = '';
  /** Steps and updates whose results were left out. */
  skipped = 0;
  private readonly awaited: number[] = [];
  private looks = 0;
  private radius = Number.NaN;

  /** @param row of the batch */
  constructor(
    readonly shown: Shown,
    readonly row = 0,
  ) {
    const { spec, fields, targets, resample } = shown;
    const { units, features } = spec;
    this.spec = spec;
    this.fields = fields;
    this.outputs = outputNames(spec);
    this.labels = outputLabels(spec, fields, targets);
    const M = this.outputs.length;
    const rows = (width: number, bytes?: number) => stateRows(width, STEPS_PER_SECOND, MINUTES, bytes);
    this.states = new StateRing(units, rows(units));
    this.components = new PrincipalComponents(units);
    this.inputs = new StateRing(features, rows(features, READING), float64);
    this.predictions = new StateRing(2 * M, rows(Math.max(1, 2 * M)));
    this.anomalies = new StateRing(features, MAX_ANOMALIES, float64);
    const capacity = Math.max(this.states.capacity, this.inputs.capacity);
    this.clock = new StepClock(capacity, resample?.every ?? null);
    this.gaps = new GapCount(features);
    this.saturation = new Ring(['step', 'share'], this.states.capacity);
  }

  /** Does the spectral radius of Wh tell how the state goes on? Behind gates it does not. */
  get hasRadius(): boolean {
    return cellOf(this.spec).gates.length === 1;
  }

  /** Which of the readings came last, by its row in `inputs`, of a field; -1 where none is kept near. */
  lastReading(feature: number): number {
    const { inputs } = this;
    const oldest = Math.max(inputs.first, inputs.total - this.gaps.window);
    for (let row = inputs.total - 1; row >= oldest; row--)
      if (!Number.isNaN(inputs.row(row)[feature])) return row;
    return -1;
  }

  /** The newest step of which there is anything; -1 before the first. */
  get lastStep(): number {
    const rings = [this.states, this.inputs, this.predictions].filter(({ total }) => total > 0);
    return Math.max(-1, ...rings.map((ring) => ring.stepOf(ring.total - 1)));
  }

  /** The oldest step that is kept. */
  get firstStep(): number {
    const rings = [this.states, this.inputs].filter(({ total }) => total > 0);
    return rings.length === 0 ? 0 : Math.min(...rings.map((ring) => ring.stepOf(ring.first)));
  }

  /** Gives how well an output was predicted, as was said last; nothing before it was. */
  scoresOf(output: number): OutputScores | undefined {
    const { metrics, outputs } = this;
    // of a single output the server says what it says of all
    return outputs.length === 1 ? (metrics ?? undefined) : metrics?.outputs[output];
  }

  addState({ seq, t, h, skipped }: Results['states']): void {
    const { units } = this.spec;
    const at = this.row * units;
    if (!this.begin(this.states, seq, t)) return;
    this.skipped += skipped;
    this.states.append(seq, h, at);
    this.components.observe(h, at);
    let saturated = 0;
    for (let i = 0; i < units; i++) if (Math.abs(h[at + i] as number) > SATURATED) saturated++;
    this.saturation.append(seq, saturated / units);
  }

  addInput({ seq, t, x }: Results['inputs']): void {
    if (!this.begin(this.inputs, seq, t)) return;
    const at = this.row * this.spec.features;
    this.inputs.append(seq, x, at);
    this.gaps.add(x, at);
    while ((this.awaited[0] ?? Number.POSITIVE_INFINITY) <= seq)
      this.markAnomaly(this.awaited.shift() as number);
  }

  addPrediction({ seq, t, y, range, interval }: Results['predictions']): void {
    const M = this.outputs.length;
    if (!this.begin(this.predictions, seq, t)) return;
    this.clock.pace(seq, interval);
    const row = new Float32Array(2 * M);
    row.set(y.subarray(this.row * M, (this.row + 1) * M));
    for (let m = 0; m < M; m++) row[M + m] = positive(range?.[this.row * M + m]);
    this.predictions.append(seq, row);
  }

  addUpdate({ to, loss, gradientNorm, learningRate, duration, skipped }: Results['updates']): void {
    this.skipped += skipped;
    this.updates.append(to, positive(loss), positive(gradientNorm), learningRate, duration);
  }

  addMetrics(metrics: Results['metrics']): void {
    this.metrics = metrics;
    this.health = metrics.health ?? this.health;
    const { seq, recentMae, recentNaiveMae, recentSeasonalMae, recentSkill, recentSeasonalSkill } = metrics;
    if (seq <= this.scores.get('step', this.scores.total - 1)) return;
    this.scores.append(
      seq,
      positive(recentMae),
      positive(recentNaiveMae),
      positive(recentSeasonalMae),
      recentSkill ?? Number.NaN,
      recentSeasonalSkill ?? Number.NaN,
      positive(metrics.recentCrossEntropy),
      metrics.recentAccuracy ?? Number.NaN,
      metrics.anomaly,
    );
  }

  addWeights(weights: Weights): void {
    const { seq, w, inputs, updates } = weights;
    const { units } = this.spec;
    const before = this.weights;
    this.firstWeights ??= weights;
    this.weights = weights;
    const isDue = units <= MAX_OFTEN || this.looks++ % 5 === 0;
    if (isDue && this.hasRadius) this.radius = spectralRadius(w, units, inputs * units);
    const done = before ? updates - before.updates : 0;
    const ratio = before && done > 0 ? distance(w, before.w) / norm(before.w) / done : Number.NaN;
    if (!(seq <= this.dynamics.get('step', this.dynamics.total - 1)))
      this.dynamics.append(seq, this.radius, positive(ratio));
  }

  addEvent(item: Results['events']): void {
    if (!this.events.add(item)) return;
    if (item.event === 'health') {
      const { to, why } = item.detail as {
        to: NonNullable<Results['metrics']['health']>['state'];
        why: string;
      };
      this.health = { state: to, why };
    }
    if (item.event !== 'anomaly') return;
    if (item.seq <= this.inputs.stepOf(this.inputs.total - 1)) this.markAnomaly(item.seq);
    else this.awaited.push(item.seq);
  }

  private markAnomaly(step: number): void {
    const row = this.inputs.firstAt(step);
    if (this.inputs.stepOf(row) !== step) return;
    if (!(step <= this.anomalies.stepOf(this.anomalies.total - 1)))
      this.anomalies.append(step, this.inputs.row(row));
  }

  /** Puts a hole where steps are missing. Gives false for a step that is there already. */
  private begin(ring: StateRing | Readings, seq: number, t: number | null): boolean {
    this.clock.take(seq, t);
    if (ring.total === 0) return true;
    const last = ring.stepOf(ring.total - 1);
    if (seq <= last) return false;
    if (seq > last + 1) ring.append(last + 1, Array(ring.width).fill(Number.NaN));
    if (seq > last + 1 && ring === this.states) this.saturation.append(last + 1, Number.NaN);
    return true;
  }
}

/** A logarithmic scale has no place for 0. */
const positive = (value: number | null | undefined) =>
  typeof value === 'number' && value > 0 ? value : Number.NaN;

function norm(a: Float32Array): number {
  let sum = 0;
  for (const value of a) sum += value * value;
  return Math.sqrt(sum);
}

function distance(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += ((a[i] as number) - (b[i] as number)) ** 2;
  return Math.sqrt(sum);
}
