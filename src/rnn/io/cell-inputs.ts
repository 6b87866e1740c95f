/**
 * What the cell gets of a timestep: x, its changes, its lagged values, and features of its time.
 *
 *   [ x | x_t - x_{t-l} for each l of `changes` | x_{t-l} for each l of `lags` | `time` ]
 *
 * x and its lagged values in deviations from the mean, changes in deviations from 0, all by the statistics of the past;
 * without a scaler as they are. Values before the first step count as 0.
 */
import { type ColumnStore, type Columns, looseColumns } from '../../kernels/columns.js';
import { INPUTS, type InputKernels, inputReference } from '../../kernels/input-kernels.js';
import type { Address, Reals } from '../../kernels/kernels.js';
import { historyOf, inputsOf, lookedBackAt, type ModelSpec } from '../spec/spec.js';
import { type Put, putNow, type Take, takeNow } from '../state-copies.js';
import { History, type HistoryState } from './history.js';
import { inputGradient } from './input-gradient.js';
import { tellInputs } from './input-places.js';
import { Relevance } from './relevance.js';
import { type ScalerState, StandardScaler } from './scaler.js';
import { type IntervalState, UsualInterval } from './seasons/usual-interval.js';
import { TimeInputs, type TimeState } from './time-inputs.js';
import { type Level, WildValues } from './wild-values.js';

export interface InputsState {
  readonly history: HistoryState;
  readonly held: Float64Array;
  readonly known: Uint8Array;
  readonly scaler: ScalerState | null;
  readonly changeScaler: ScalerState | null;
  /** null without features of time. */
  readonly time: TimeState | null;
  /** null where nothing is taken for wild. */
  readonly wild: Float64Array | null;
  /** Version 0.1 had none. */
  readonly interval?: IntervalState;
  /** null where features are not judged. */
  readonly relevance?: Float64Array | null;
}

/** A feature of one batch row whose level is another one from this step on. */
export interface Relevelled {
  /** Which of the [B,F]. */
  readonly at: number;
  readonly level: Level;
}

const NONE: readonly Relevelled[] = [];

/** What inputs are computed with, and in. */
export type InputArithmetic = ColumnStore & InputKernels;
const plain: InputArithmetic = { ...looseColumns, ...inputReference };

export class Inputs {
  /** Numbers that the cell gets in one row. */
  readonly size: number;
  /** The last rows of the features that are looked back at, [B,K]. */
  readonly history: History;
  /** The time of the last step, in milliseconds since 1970; NaN if unknown. */
  now = Number.NaN;
  /**
   * What the kernel is told, the steps of changes and lags, and the places that are looked back at [B,K]; x [B,F] of the
   * last step, with the last known value for what is missing; of which of them something is known at all; the same as x
   * with NaN for what is missing; with what was read, wild values too; the changes of the step [B,L,K].
   */
  private readonly columns: Columns;
  /** The features whose level has just become another one. */
  relevelled: readonly Relevelled[] = NONE;
  private readonly wild: WildValues | null;
  private readonly usual = new UsualInterval();
  /** The places of the inputs that are let in whole. */
  readonly direct: Int32Array;
  /** How far features that are not forecast are let in; null where all are, whole. */
  readonly relevance: Relevance | null;
  /** Which of the [B,F] are looked back at. */
  readonly lookedBackAt: Int32Array;
  /** Of those, what is given [B,K] and what was read [B,K], for kernels. */
  private readonly newest: Columns;
  private readonly scaler: StandardScaler | null;
  private readonly changeScaler: StandardScaler | null;
  private readonly time: TimeInputs | null;
  private readonly batch: number;
  private readonly features: number;
  private readonly changes: readonly number[];
  private readonly lags: readonly number[];
  private readonly perRow: number;
  /** How many numbers x has, and where it begins in the columns. */
  private readonly length: number;
  private readonly xAt: number;

  constructor(
    spec: ModelSpec,
    private readonly arithmetic: InputArithmetic = plain,
  ) {
    const { batch, features, scaler, inputs } = spec;
    const columns = lookedBackAt(spec);
    this.size = inputsOf(spec);
    this.batch = batch;
    this.features = features;
    this.changes = inputs.changes;
    this.lags = inputs.lags;
    this.perRow = columns.length;
    this.history = new History(historyOf(spec), batch * columns.length, arithmetic);
    this.newest = arithmetic.allocateColumns(2 * batch * columns.length);
    const L = inputs.changes.length;
    const width = batch * columns.length;
    this.length = batch * features;
    this.xAt = INPUTS.length + L + inputs.lags.length + width;
    this.columns = arithmetic.allocateColumns(this.xAt + 4 * this.length + L * width);
    const { task } = spec;
    const isJudged =
      task?.kind === 'forecast' && task.forecaster === 'mixture' && inputs.others === 'relevant';
    this.relevance = isJudged ? Relevance.of(features, columns, batch, task.horizon[0]!) : null;
    const all = Int32Array.from({ length: this.size }, (_, i) => i);
    const isForecast = new Set(columns);
    this.direct = this.relevance ? all.filter((i) => i >= features || isForecast.has(i)) : all;
    this.wild =
      scaler.kind === 'standard' && inputs.wild === 'hold' ? new WildValues(batch * features) : null;
    this.lookedBackAt = new Int32Array(width);
    for (let i = 0; i < width; i++)
      this.lookedBackAt[i] = Math.floor(i / columns.length) * features + columns[i % columns.length]!;
    const isScaled = scaler.kind === 'standard';
    this.scaler = isScaled
      ? new StandardScaler(features, { halfLife: scaler.halfLife, centre: 'mean' }, arithmetic)
      : null;
    this.changeScaler =
      isScaled && this.changes.length > 0
        ? new StandardScaler(
            columns.length * this.changes.length,
            { halfLife: scaler.halfLife, centre: 'zero' },
            arithmetic,
          )
        : null;
    this.time = inputs.time.length > 0 ? new TimeInputs(spec) : null;
    tellInputs(this.columns, spec, {
      history: this.history,
      lookedBackAt: this.lookedBackAt,
      scaler: this.scaler,
      changeScaler: this.changeScaler,
      xAt: this.xAt,
    });
  }

  /** What is given of the last step [B,F]; NaN is missing. */
  get given(): Float64Array {
    return this.columns.array.subarray(this.xAt + 2 * this.length, this.xAt + 3 * this.length);
  }

  /** Where what was read of the last step [B,F] lies, wild values too: in an array, which may move, and from where on. */
  get read(): readonly [Float64Array, number] {
    return [this.columns.array, this.xAt + 3 * this.length];
  }

  /** Takes the B * F numbers of x from `at` on; null and NaN are missing. The time is in milliseconds since 1970; NaN is unknown. */
  take(x: ArrayLike<number | null>, at: number, time = Number.NaN): void {
    const { wild, length, xAt } = this;
    const c = this.columns.array;
    const [known, given, read] = [xAt + length, xAt + 2 * length, xAt + 3 * length];
    if (this.relevelled.length > 0) this.relevelled = NONE;
    for (let i = 0; i < length; i++) {
      const value = x[at + i] ?? Number.NaN;
      c[read + i] = value;
      c[given + i] = value;
      if (Number.isNaN(value)) continue;
      const verdict = wild ? wild.judge(value, i) : 'usual';
      if (verdict === 'wild') {
        c[given + i] = Number.NaN;
        continue;
      }
      if (verdict !== 'usual') this.relevel(i, verdict);
      c[xAt + i] = value;
      c[known + i] = 1;
    }
    this.history.push(c, this.lookedBackAt, c, xAt, known);
    this.gather(c, given, read);
    for (const { at } of this.relevelled) this.forget(at);
    this.now = time;
    this.time?.take(time);
    this.usual.take(time);
  }

  private gather(c: Float64Array, given: number, read: number): void {
    const { lookedBackAt } = this;
    const to = this.newest.array;
    const width = lookedBackAt.length;
    for (let i = 0; i < width; i++) {
      to[i] = c[given + lookedBackAt[i]!]!;
      to[width + i] = c[read + lookedBackAt[i]!]!;
    }
  }

  /** Where the newest values [B,K] lie of what is looked back at, NaN where one is missing; and those read, wild ones too. */
  get newestAt(): Address {
    return this.newest.base;
  }

  /** Milliseconds from one step to the next, where they are known and usual ones. */
  get interval(): number | null {
    return this.usual.interval;
  }

  /** Takes feature i for one of another level. The statistics of batch rows are common, and stay. */
  private relevel(i: number, level: Level): void {
    this.relevelled = [...this.relevelled, { at: i, level }];
    if (this.batch > 1) return;
    this.scaler?.exchange(i, level);
    const k = this.lookedBackAt.indexOf(i);
    if (k < 0) return;
    for (let l = 0; l < this.changes.length; l++) this.changeScaler?.exchange(l * this.perRow + k, level);
  }

  /** Holds no value for known that a feature had before its level was another one. */
  private forget(i: number): void {
    const k = this.lookedBackAt.indexOf(i);
    if (k >= 0) this.history.forget(k);
  }

  /** Writes what the cell gets at step `seq` to z, whose rows lie `stride` apart; then the step joins the statistics. */
  write(m: Reals, z: Address, stride: number, seq: number): void {
    const { batch: B, features: F, relevance, time, columns, history, perRow, changes, lags } = this;
    columns.array[INPUTS.stride] = stride;
    this.arithmetic.writeInputs(columns.data, m, columns.base, z, history.slot, history.seen);
    if (relevance)
      for (let row = 0; row < B; row++) {
        const to = z + row * stride;
        relevance.note(seq, row, m, to);
        for (let i = 0; i < F; i++) m[to + i] = m[to + i]! * relevance.share[i]!;
      }
    if (!time) return;
    const end = F + perRow * (changes.length + lags.length);
    for (let row = 0; row < B; row++) time.write(m, z + row * stride + end);
  }

  /** Carries dL/dinputs [T,B,size] back to x [T,B,F]; see input-gradient.ts. The first of the T steps is step `since` of its history. */
  gradient(m: Reals, dz: Address, stride: number, T: number, since: number, out: Reals): void {
    const { batch, features, scaler, changeScaler, relevance, changes, lags, lookedBackAt } = this;
    const shape = { batch, features, changes, lags, lookedBackAt, scaler, changeScaler, relevance };
    inputGradient(shape, m, dz, stride, T, since, out);
  }

  /** Begins a new history; statistics stay. */
  restart(): void {
    this.history.clear();
    this.usual.clear();
    this.time?.restart();
  }

  state(take: Take = takeNow): InputsState {
    return {
      history: this.history.state(take),
      held: this.columns.array.slice(this.xAt, this.xAt + this.length),
      known: new Uint8Array(this.columns.array.subarray(this.xAt + this.length, this.xAt + 2 * this.length)),
      scaler: this.scaler?.state(take) ?? null,
      changeScaler: this.changeScaler?.state(take) ?? null,
      time: this.time?.state() ?? null,
      wild: this.wild?.state(take) ?? null,
      interval: this.usual.state(),
      relevance: this.relevance?.state() ?? null,
    };
  }

  restore(state: InputsState, put: Put = putNow): void {
    const { history, held, known, scaler, changeScaler, time, wild, interval, relevance } = state;
    this.history.restore(history, put);
    this.columns.array.set(held, this.xAt);
    this.columns.array.set(known, this.xAt + this.length);
    if (scaler) this.scaler?.restore(scaler, put);
    if (changeScaler) this.changeScaler?.restore(changeScaler, put);
    if (time) this.time?.restore(time);
    if (wild) this.wild?.restore(wild, put);
    else this.wild?.clear();
    if (interval) this.usual.restore(interval);
    else this.usual.clear();
    if (relevance) this.relevance?.restore(relevance);
    else this.relevance?.clear();
  }
}
