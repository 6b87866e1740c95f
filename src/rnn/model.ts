/**
 * A model: the cell, its state, its readout and its learner, one timestep at a time.
 *
 *   a_t = x_t Wx + h_{t-1} Wh + b      h_t = tanh(a_t)      y_t = readout(h_t)
 *
 * x [B,F], h [B,N], y [B,M]. Pure and synchronous: the same spec and the same calls give the same bits.
 */
import { EddyError } from '../errors.js';
import type { Address, Arena, Kernels, Reals } from '../kernels/kernels.js';
import { sharedKernels } from '../kernels/shared.js';
import { Random } from '../math/random.js';
import { initialise } from './cell/initial-weights.js';
import { eachMatrix, layoutParameters, type ParameterLayout } from './cell/parameters.js';
import { Inputs } from './io/inputs.js';
import { outputNames } from './io/output-names.js';
import { ForecastOutputs, SuppliedOutputs } from './io/outputs.js';
import { createReadout, type Readout } from './io/readout.js';
import { createMethod, methodSize } from './learning/gradient-methods.js';
import {
  type GradientMethod,
  Learner,
  type TrainingWindow,
  type Update,
  type WindowSizes,
} from './learning/learner.js';
import { layWeights, momentsOf, needsGradient, Optimizer, type Weights } from './learning/optimizer.js';
import { Window } from './learning/window.js';
import type { DriftKind } from './scoring/drift/drift.js';
import { ErrorMonitor } from './scoring/error-monitor.js';
import type { Metrics } from './scoring/prequential.js';
import { checkSnapshot, type ModelSnapshot, SNAPSHOT_FORMAT } from './snapshot.js';
import {
  delayOf,
  type ModelSpec,
  type ModelSpecInput,
  parseSpec,
  reachOf,
  windowSizesOf,
} from './spec/spec.js';
import { checkStep, checkTarget } from './spec/step-checks.js';

/** What carrying the state over one timestep gave. The arrays are views that the next step overwrites: copy what you keep. */
export interface CarriedStep {
  /** Number of the step, from 0. */
  readonly seq: number;
  /** The hidden state h_t [B,N]. */
  readonly h: Reals;
  /** The prediction y_t [B,M] in the user's units, or null without a readout. Of a forecast, M is [horizon, feature]. */
  readonly y: Reals | null;
  /** How odd the last target was under its forecast, in [0, 1]; 0 for as long as that cannot be told. */
  readonly anomaly: number;
  /** Has the score just risen to where it is worth an event? */
  readonly isAnomalous: boolean;
  /** Which detector has just found that the series has changed, if one has. */
  readonly drift: DriftKind | null;
}

/** What one timestep gave, and what was learned at it. */
export interface StepResult extends CarriedStep {
  /** The updates that this step led to: mostly none, seldom more than one. */
  readonly updates: readonly Update[];
}

/** What can be changed while a model runs. */
export interface ModelSettings {
  readonly learning?: boolean | undefined;
  /** In [0, 100]; the schedule starts from it. */
  readonly learningRate?: number | undefined;
}

export interface ModelOptions {
  /** The arithmetic; WebAssembly if left out, or the plain float32 kernels where there is none. */
  readonly kernels?: Kernels;
  /** A clock in milliseconds, for the duration of updates; they last 0 without one. */
  readonly now?: () => number;
}

const NO_UPDATES: readonly Update[] = [];

export class Model {
  readonly spec: ModelSpec;
  private readonly layout: ParameterLayout;
  private readonly kernels: Kernels;
  private readonly arena: Arena;
  private readonly weightsAt: Weights;
  /** How many numbers the optimizer keeps of each weight. */
  private readonly moments: number;
  /** The part of the arena that a snapshot keeps: weights, moments, window, what the learner carries forward. */
  private readonly keptLength: number;
  private readonly window: Window;
  private readonly readout: Readout | null;
  private readonly method: GradientMethod | null;
  private readonly optimizer: Optimizer;
  private readonly learner: Learner | null;
  private readonly random: Random;
  private readonly inputs: Inputs;
  private readonly judge: ErrorMonitor;
  /** What is forecast, or supplied: one of them, or none without a readout. */
  private readonly forecasts: ForecastOutputs | null;
  private readonly supplied: SuppliedOutputs | null;
  private readonly outputs: ForecastOutputs | SuppliedOutputs | null;
  /** Where the last h [B,N] and y [B,M] lie in the arena, and views of them. */
  private readonly lastH: Address;
  private readonly lastY: Address;
  private viewed: Reals | null = null;
  private h!: Reals;
  private y: Reals | null = null;

  /**
   * Creates a model with first weights drawn from its seed.
   *
   * @throws EddyError `spec-invalid`
   * @example
   * const model = new Model({ features: 3, units: 32 })
   * const { h, y } = model.step([1015.2, 11.5, 3.1])
   */
  constructor(input: ModelSpecInput, { kernels = sharedKernels(), now }: ModelOptions = {}) {
    const spec = parseSpec(input);
    const layout = layoutParameters(spec);
    const { batch, units, task } = spec;
    const { features, outputs, length: count, wy: cellCount } = layout;
    const delay = delayOf(spec);
    this.spec = spec;
    this.kernels = kernels;
    this.layout = layout;
    this.readout = createReadout(kernels, spec.readout, layout);

    const names = outputNames(spec);
    this.judge = new ErrorMonitor(
      names,
      batch,
      task?.kind === 'forecast' ? outputs / task.horizon.length : outputs,
    );
    this.inputs = new Inputs(spec);
    this.forecasts =
      task?.kind === 'forecast' ? new ForecastOutputs(spec, task, this.inputs, this.judge) : null;
    this.supplied = task?.kind === 'supervised' ? new SuppliedOutputs(spec, this.judge) : null;
    this.outputs = this.forecasts ?? this.supplied;
    const scaler = this.outputs?.scaler ?? null;

    const keep = this.readout ? reachOf(spec) + delay : 1;
    const shape = { keep, batch, features, units, outputs, scaled: scaler !== null };
    this.moments = this.readout ? momentsOf(spec.optimizer) : 0;
    const windowAt = count * (1 + this.moments);
    const carriedAt = windowAt + Window.length(shape);
    const size = this.readout ? methodSize(spec, layout) : { kept: 0, scratch: 0 };
    this.keptLength = carriedAt + size.kept;
    const gradientAt = this.keptLength + size.scratch;
    const last = gradientAt + (this.readout && needsGradient(spec.optimizer) ? count : 0);
    this.arena = kernels.allocate(last + batch * (units + outputs));
    const { base } = this.arena;
    this.lastH = base + last;
    this.lastY = this.lastH + batch * units;
    this.weightsAt = layWeights(spec.optimizer, { at: base, count, cellCount, units }, base + gradientAt);
    this.window = new Window(base + windowAt, shape);
    this.optimizer = new Optimizer(kernels, spec.optimizer);
    const places = { kept: base + carriedAt, scratch: base + this.keptLength };
    this.method = this.readout && createMethod(kernels, this.readout, spec, layout, this.weightsAt, places);
    this.learner =
      this.method &&
      new Learner({
        window: this.window,
        method: this.method,
        optimizer: this.optimizer,
        scaler,
        weights: this.weightsAt,
        sizes: windowSizesOf(spec),
        delay: task ? delay : 0,
        now: now ?? (() => 0),
      });
    this.random = Random.fromSeed(spec.seed);
    this.drawWeights();
  }

  /** Number of the last step, -1 before the first. */
  get seq(): number {
    return this.window.next - 1;
  }

  get metrics(): Metrics {
    return this.judge.metrics;
  }

  /** The anomaly score of the last target, in [0, 1]. */
  get anomaly(): number {
    return this.judge.anomaly;
  }

  /** Updates applied so far. */
  get updates(): number {
    return this.optimizer.updates;
  }

  /** Does the model learn? May be set: a model that does not is carried and scored all the same. */
  get learning(): boolean {
    return this.learner?.learning ?? false;
  }

  set learning(on: boolean) {
    this.checkSettings({ learning: on });
    if (this.learner) this.learner.learning = on;
  }

  /** The learning rate of the next update. Setting it sets what the schedule starts from, in [0, 100]. */
  get learningRate(): number {
    return this.optimizer.learningRate;
  }

  set learningRate(rate: number) {
    this.checkSettings({ learningRate: rate });
    this.optimizer.baseRate = rate;
  }

  /** @throws EddyError `setting-invalid` for settings that cannot be set */
  checkSettings({ learning, learningRate }: ModelSettings): void {
    if (learning && !this.learner)
      throw new EddyError('setting-invalid', 'a model without a readout has nothing to learn from');
    if (learningRate !== undefined && !(learningRate >= 0 && learningRate <= 100))
      throw new EddyError('setting-invalid', `the learning rate ${learningRate} is not in [0, 100]`);
  }

  /** The weights: W [F+N,N] (Wx over Wh), b [N], and, where the readout has them, Wy [N,M], by [M]. Copies. */
  get weights(): { W: Reals; b: Reals; Wy: Reals; by: Reals } {
    const { w, b, wy, by, length } = this.layout;
    const { data, base } = this.arena;
    const plain = data.slice(base, base + length);
    this.permute('unpack', plain, 0);
    const copy = (from: number, to: number) => plain.slice(from, to);
    return { W: copy(w, b), b: copy(b, wy), Wy: copy(wy, by), by: copy(by, length) };
  }

  /**
   * Carries the state over one timestep. A forecast then meets its target, x itself, is scored, and is learned from.
   *
   * @param x [B,F] in the user's units; null where a number is missing and `inputs.missing` is `hold`
   * @throws EddyError `step-shape`, `step-non-finite`; the model is as it was before
   */
  step(x: ArrayLike<number | null>): StepResult {
    checkStep(this.spec, x);
    return this.stepOf(x, 0);
  }

  /** Does the same with the B * F numbers of `x` from `at` on, which were checked; NaN is missing. */
  stepOf(x: ArrayLike<number | null>, at: number): StepResult {
    const overdue = this.isOverdue ? this.trainDue(this.seq + 1) : NO_UPDATES;
    const { seq, h, y, anomaly, isAnomalous, drift } = this.carry(x, at);
    const updates = this.forecasts ? this.trainDue(seq) : overdue;
    return { seq, h, y, updates, anomaly, isAnomalous, drift };
  }

  /**
   * Carries the state over one timestep, and changes no weight. A forecast meets its target, x itself, and is scored.
   *
   * @param x its B * F numbers from `at` on, which were checked; NaN or null is missing
   */
  carry(x: ArrayLike<number | null>, at: number): CarriedStep {
    const { batch: B, units: N } = this.spec;
    const { window, inputs, judge } = this;
    const { features: F, w, b } = this.layout;
    const m = this.arena.data;
    inputs.take(x, at);
    this.forecasts?.arrive(m, window, window.next, this.learning);
    const seq = window.advance(m);
    const z = window.zAt(seq);
    inputs.write(m, z, F + N);
    const { base } = this.arena;
    this.kernels.simpleRnnForward(m, z, base + w, base + b, 1, B, F, N);
    this.copyState(m, seq);
    this.predict(m, seq);
    const { anomaly, isAnomalous, drift } = judge;
    judge.told();
    return { seq, h: this.h, y: this.y, anomaly, isAnomalous, drift };
  }

  /** Steps that can be carried before a window may be due. */
  get stepsToWindow(): number {
    return this.learner ? Math.max(1, this.learner.dueAt - this.seq) : Number.POSITIVE_INFINITY;
  }

  /** Is the time of a window's targets over at the next step, before it is carried? */
  get isOverdue(): boolean {
    return this.supplied !== null && this.learner !== null && this.learner.dueAt <= this.seq;
  }

  /**
   * Takes the next training window that is due at step `now`, each once; null where none is, or nothing is learned.
   *
   * @throws EddyError `setting-invalid` for sizes other than 1 <= k1 <= k2 within those of the spec
   */
  takeWindow(now = this.seq, sizes?: WindowSizes): TrainingWindow | null {
    if (sizes) checkSizes(sizes, windowSizesOf(this.spec));
    return this.learner?.takeWindow(now, sizes) ?? null;
  }

  /** Updates the weights by a window that was just taken, or gives null where none of its targets has come. */
  train(part: TrainingWindow): Update | null {
    return this.learner?.train(this.arena.data, part) ?? null;
  }

  /** Trains on all windows that are due at step `now`. */
  private trainDue(now: number): readonly Update[] {
    let updates: Update[] | null = null;
    for (let part = this.takeWindow(now); part; part = this.takeWindow(now)) {
      const update = this.train(part);
      if (update) {
        updates ??= [];
        updates.push(update);
      }
    }
    return updates ?? NO_UPDATES;
  }

  /**
   * Gives the target of a step, of the last one or of an earlier one that has not been learned from, and learns from what
   * is due then.
   *
   * @param target [B,M] in the user's units; for softmax a distribution in each row
   * @param seq number of the step that the target is for
   * @throws EddyError `target-*`; the model is as it was before
   */
  learn(target: ArrayLike<number>, seq = this.seq): readonly Update[] {
    this.meet(target, seq);
    return this.trainDue(this.seq);
  }

  /** Scores a step by its target, which waits to be learned from; changes no weight. @throws EddyError as `learn` does */
  meet(target: ArrayLike<number>, seq = this.seq): void {
    const { window, learner, supplied } = this;
    if (!learner || !supplied)
      throw new EddyError('target-unexpected', 'only a model with a supervised task takes targets');
    checkTarget(this.spec, target);
    if (!Number.isInteger(seq) || seq > this.seq)
      throw new EddyError('target-early', `step ${seq} has not happened; the last is ${this.seq}`);
    if (seq < learner.firstOpen)
      throw new EddyError(
        'target-expired',
        `the target of step ${seq} is too late; ${learner.firstOpen} is the first that still counts`,
      );
    if (window.hasTarget(seq)) throw new EddyError('target-duplicate', `step ${seq} has its target already`);
    supplied.meet(this.arena.data, window, seq, target, learner.learning);
  }

  /**
   * Starts a new history; step numbers go on. `state` puts h to 0 and empties the window. `weights` does that too,
   * draws new weights from the model's random state, and begins optimizer and metrics anew.
   */
  reset(what: 'state' | 'weights'): void {
    const { data } = this.arena;
    this.window.clear(data);
    this.inputs.restart();
    this.learner?.restart(data);
    if (what === 'state') return;
    this.drawWeights();
    const { at, count } = this.weightsAt;
    data.fill(0, at + count, at + count * (1 + this.moments));
    this.optimizer.restart();
    this.forecasts?.clear();
    this.judge.clear();
  }

  /** Forgets what was scored so far; nothing else changes. */
  resetMetrics(): void {
    this.judge.clearMetrics();
  }

  /** Gives all that the model is, detached from it. */
  snapshot(): ModelSnapshot {
    const { data, base } = this.arena;
    const numbers = data.slice(base, base + this.keptLength);
    this.permuteAll('unpack', numbers, 0);
    return {
      format: SNAPSHOT_FORMAT,
      kernels: this.kernels.name,
      spec: this.spec,
      numbers,
      window: this.window.state(),
      learner: this.learner?.state() ?? null,
      random: this.random.state(),
      inputs: this.inputs.state(),
      outputs: this.outputs?.state() ?? null,
      judge: this.judge.state(),
    };
  }

  /**
   * Puts the model where the snapshot was taken. It goes on with the same bits.
   *
   * @throws EddyError `snapshot-invalid`; the model is as it was before
   */
  restore(snapshot: ModelSnapshot): void {
    const { data, base } = this.arena;
    checkSnapshot(snapshot, this.snapshot());
    this.checkMoments(snapshot.numbers);
    data.set(snapshot.numbers, base);
    this.permuteAll('pack', data, base);
    this.window.restore(snapshot.window);
    if (snapshot.learner) this.learner?.restore(snapshot.learner);
    this.random.restore(snapshot.random);
    this.inputs.restore(snapshot.inputs);
    if (snapshot.outputs) this.outputs?.restore(snapshot.outputs);
    this.judge.restore(snapshot.judge);
  }

  /**
   * Gives the input gradient of the latest update, dL/dx [T,B,F] in the user's units, through all that the cell got of
   * x in these steps; null for a learner that does not go back.
   */
  inputGradient({ from, to }: Update): Reals | null {
    const { batch: B, features, units: N } = this.spec;
    const dz = this.method?.dz ?? null;
    if (dz === null) return null;
    const T = to - from + 1;
    const dx = this.zeros(T * B * features);
    this.inputs.gradient(this.arena.data, dz, this.layout.features + N, T, from - this.window.start, dx);
    return dx;
  }

  /**
   * Gives copies of the last hidden state h [B,N], 0 where a new history begins, and of the prediction y [B,M] that was
   * served with it, if there is one.
   */
  last(): { h: Reals; y: Reals | null } {
    const { data } = this.arena;
    const { window, seq } = this;
    const { batch: B, units: N } = this.spec;
    const { features: F, outputs: M } = this.layout;
    const h = this.zeros(B * N);
    const row = window.zAt(seq + 1) + F;
    for (let i = 0; i < B; i++) h.set(data.subarray(row + i * (F + N), row + i * (F + N) + N), i * N);
    const y = window.predictionAt(seq);
    return { h, y: this.readout && seq >= window.start ? data.slice(y, y + B * M) : null };
  }

  /** Gives the model's memory back. It must not be used after. */
  free(): void {
    this.arena.free();
  }

  /** @throws EddyError `snapshot-invalid` where a mean of squares, of which roots are taken, is negative */
  private checkMoments(numbers: Reals): void {
    const { at, second, count } = this.weightsAt;
    if (this.moments === 0 || this.spec.optimizer.kind === 'sgd') return;
    for (let i = second - at; i < second - at + count; i++)
      if (numbers[i]! < 0)
        throw new EddyError('snapshot-invalid', 'the snapshot has a negative second moment');
  }

  private drawWeights(): void {
    const { data, base } = this.arena;
    initialise(
      data,
      base,
      this.layout,
      this.random,
      this.forecasts !== null && this.spec.scaler.kind !== 'none',
    );
    this.permute('pack', data, base);
    this.optimizer.forgetBounds();
  }

  /** Brings the matrices of parameters, or of one of their moments, into the kernels' form or back. */
  private permute(how: 'pack' | 'unpack', m: Reals, at: Address): void {
    eachMatrix(this.layout, at, (matrix, rows, columns) => this.kernels[how](m, matrix, rows, columns));
  }

  private permuteAll(how: 'pack' | 'unpack', m: Reals, at: Address): void {
    for (let i = 0; i <= this.moments; i++) this.permute(how, m, at + i * this.layout.length);
  }

  private zeros(length: number): Reals {
    return this.kernels.bytesPerReal === 4 ? new Float32Array(length) : new Float64Array(length);
  }

  /** Copies h_t out of the window, to where it stays until the next step. */
  private copyState(m: Reals, seq: number): void {
    const { features: F, units: N } = this.layout;
    if (this.viewed !== m) this.view(m);
    let from = this.window.zAt(seq + 1) + F;
    for (let to = this.lastH; to < this.lastY; to += N) {
      m.copyWithin(to, from, from + N);
      from += F + N;
    }
  }

  /** Makes the views of h and y, anew where the memory has moved. */
  private view(m: Reals): void {
    const { batch, units } = this.spec;
    this.viewed = m;
    this.h = m.subarray(this.lastH, this.lastH + batch * units);
    this.y = this.readout && m.subarray(this.lastY, this.lastY + batch * this.layout.outputs);
  }

  /** Computes y_t, which is served in the user's units. */
  private predict(m: Reals, seq: number): void {
    const { readout, outputs, window } = this;
    if (!readout || !outputs) return;
    const { batch: B } = this.spec;
    const { features: F, units: N, outputs: M } = this.layout;
    readout.forward(m, window.sumsAt(seq), window.zAt(seq + 1) + F, F + N, this.arena.base, B);
    outputs.serve(m, window, seq);
    const y = window.predictionAt(seq);
    for (let i = 0; i < B * M; i++) m[this.lastY + i] = m[y + i]!;
  }
}

/** @throws EddyError `setting-invalid` */
function checkSizes({ k1, k2 }: WindowSizes, most: WindowSizes): void {
  const areCounts = Number.isSafeInteger(k1) && Number.isSafeInteger(k2) && k1 >= 1 && k2 >= k1;
  if (!areCounts || k1 > most.k1 || k2 > most.k2)
    throw new EddyError(
      'setting-invalid',
      `k1 ${k1} and k2 ${k2} are not within the model's: 1 <= k1 <= ${most.k1}, k1 <= k2 <= ${most.k2}`,
    );
}
