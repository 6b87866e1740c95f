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
import { checkFinite, checkTarget } from './checks.js';
import { initialise } from './init.js';
import { Learner, type Update } from './learner.js';
import { type Metrics, Prequential } from './metrics.js';
import { Optimizer } from './optimizer.js';
import { eachMatrix, layoutParameters, type ParameterLayout } from './parameters.js';
import { Random } from './random.js';
import { createReadout, type Readout } from './readout.js';
import { StandardScaler } from './scaler.js';
import { checkSnapshot, type ModelSnapshot, SNAPSHOT_FORMAT } from './snapshot.js';
import { delayOf, forecastFeatures, type ModelSpec, type ModelSpecInput, parseSpec } from './spec.js';
import { Tbptt } from './tbptt.js';
import { Window } from './window.js';

/** What one timestep gave. The arrays are views that the next step overwrites: copy what you keep. */
export interface StepResult {
  /** Number of the step, from 0. */
  readonly seq: number;
  /** The hidden state h_t [B,N]. */
  readonly h: Reals;
  /** The prediction y_t [B,M] in the user's units, or null without a readout. */
  readonly y: Reals | null;
  /** The updates that this step led to: mostly none, seldom more than one. */
  readonly updates: readonly Update[];
}

export interface ModelOptions {
  /** The arithmetic; WebAssembly if left out, or the plain float32 kernels where there is none. */
  readonly kernels?: Kernels;
  /** A clock in milliseconds, for the duration of updates; they last 0 without one. */
  readonly now?: () => number;
}

const NO_UPDATES: readonly Update[] = [];

/** The largest float32: numbers come in within it, in every precision, and predictions are cut at it. */
const LARGEST = 3.4028234663852886e38;

export class Model {
  readonly spec: ModelSpec;
  private readonly layout: ParameterLayout;
  private readonly kernels: Kernels;
  private readonly arena: Arena;
  private readonly velocity: Address;
  /** The part of the arena that a snapshot keeps: weights, velocity, window. */
  private readonly keptLength: number;
  private readonly window: Window;
  private readonly readout: Readout | null;
  private readonly tbptt: Tbptt | null;
  private readonly optimizer: Optimizer;
  private readonly learner: Learner | null;
  private readonly random: Random;
  private readonly scaler: StandardScaler | null;
  private readonly targetScaler: StandardScaler | null;
  private readonly prequential: Prequential;
  /** The features that are forecast, by index; null where targets are sent. */
  private readonly forecast: readonly number[] | null;
  /** Where the last h [B,N] and y [B,M] lie in the arena, and views of them. */
  private readonly lastH: Address;
  private readonly lastY: Address;
  private viewed: Reals | null = null;
  private h!: Reals;
  private y: Reals | null = null;
  /** x's forecast features [B,M], gathered. */
  private readonly truth: Float64Array;

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
    const { batch, features, units, task } = spec;
    const { outputs, length: parameterCount } = layout;
    const delay = delayOf(spec);
    this.spec = spec;
    this.kernels = kernels;
    this.layout = layout;
    this.forecast = forecastFeatures(spec);
    this.readout = createReadout(kernels, spec.readout, layout);

    const isScaled = spec.scaler.kind === 'standard';
    const scaled = isScaled && spec.readout.kind === 'linear';
    const keep = this.readout ? spec.learner.k2 + delay : 1;
    const shape = { keep, batch, features, units, outputs, scaled };
    const hasVelocity = this.readout !== null && spec.optimizer.momentum > 0;
    const windowAt = parameterCount * (hasVelocity ? 2 : 1);
    this.keptLength = windowAt + Window.length(shape);
    const scratch = this.readout ? Tbptt.scratchLength(spec, layout) : 0;
    const last = this.keptLength + scratch;
    this.arena = kernels.allocate(last + batch * (units + outputs));
    const { base } = this.arena;
    this.lastH = base + last;
    this.lastY = this.lastH + batch * units;
    this.velocity = base + parameterCount;
    this.window = new Window(base + windowAt, shape);

    this.scaler = isScaled ? new StandardScaler(features) : null;
    this.targetScaler = scaled ? new StandardScaler(outputs) : null;
    this.prequential = new Prequential(this.forecast ? delay : 0, batch * outputs);
    this.optimizer = new Optimizer(kernels, spec.optimizer);
    const weights = { at: base, velocity: this.velocity, count: parameterCount };
    this.tbptt =
      this.readout && new Tbptt(kernels, this.readout, spec, layout, weights, base + this.keptLength);
    this.learner =
      this.tbptt &&
      new Learner({
        window: this.window,
        tbptt: this.tbptt,
        optimizer: this.optimizer,
        prequential: this.prequential,
        targetScaler: this.targetScaler,
        weights,
        k1: spec.learner.k1,
        delay: task ? delay : 0,
        now: now ?? (() => 0),
      });
    this.truth = new Float64Array(batch * outputs);
    this.random = Random.fromSeed(spec.seed);
    this.drawWeights();
  }

  /** Number of the last step, -1 before the first. */
  get seq(): number {
    return this.window.next - 1;
  }

  get metrics(): Metrics {
    return this.prequential.read();
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
    if (this.learner) this.learner.learning = on;
    else if (on)
      throw new EddyError('setting-invalid', 'a model without a readout has nothing to learn from');
  }

  /** The learning rate of the next update. Setting it sets what the schedule starts from, in [0, 100]. */
  get learningRate(): number {
    return this.optimizer.learningRate;
  }

  set learningRate(rate: number) {
    if (!(rate >= 0 && rate <= 100))
      throw new EddyError('setting-invalid', `the learning rate ${rate} is not in [0, 100]`);
    this.optimizer.baseRate = rate;
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
   * @param x [B,F] in the user's units
   * @throws EddyError `step-shape`, `step-non-finite`; the model is as it was before
   */
  step(x: ArrayLike<number>): StepResult {
    const { batch: B, features: F } = this.spec;
    if (x.length !== B * F)
      throw new EddyError('step-shape', `x has ${x.length} numbers; a step of this model has ${B} * ${F}`);
    checkFinite(x, 'step-non-finite', 'x');
    return this.stepOf(x, 0);
  }

  /** Does the same with the B * F numbers of `x` from `at` on, of which it is known that they are there and finite. */
  stepOf(x: ArrayLike<number>, at: number): StepResult {
    const { batch: B, features: F, units: N } = this.spec;
    const m = this.arena.data;
    const overdue = this.forecast ? NO_UPDATES : (this.learner?.update(m, this.window.next) ?? NO_UPDATES);
    const seq = this.window.advance(m);
    this.writeInput(m, this.window.zAt(seq), x, at);
    const { base } = this.arena;
    const { w, b } = this.layout;
    this.kernels.forward(m, this.window.zAt(seq), base + w, base + b, 1, B, F, N);
    this.copyState(m, seq);
    this.predict(m, seq, x, at);
    const updates = this.forecast ? this.meetForecast(m, seq) : overdue;
    return { seq, h: this.h, y: this.y, updates };
  }

  /**
   * Gives the target of a step: of the last one, or of an earlier one that has not been learned from.
   *
   * @param target [B,M] in the user's units; for softmax a distribution in each row
   * @param seq number of the step that the target is for
   * @throws EddyError `target-*`; the model is as it was before
   */
  learn(target: ArrayLike<number>, seq = this.seq): readonly Update[] {
    const { window, learner } = this;
    if (!learner || this.forecast)
      throw new EddyError('target-unexpected', 'only a model with a supervised task takes targets');
    checkTarget(this.spec, target);
    if (!Number.isInteger(seq) || seq > this.seq)
      throw new EddyError('target-early', `step ${seq} has not happened; the last is ${this.seq}`);
    if (seq < learner.blockStart)
      throw new EddyError(
        'target-expired',
        `the target of step ${seq} is too late; ${learner.blockStart} is the first that still counts`,
      );
    if (window.hasTarget(seq)) throw new EddyError('target-duplicate', `step ${seq} has its target already`);
    const m = this.arena.data;
    learner.meet(m, seq, target);
    this.targetScaler?.observe(target, this.spec.batch);
    return learner.update(m, this.seq);
  }

  /**
   * Starts a new history; step numbers go on. `state` puts h to 0 and empties the window. `weights` does that too,
   * draws new weights from the model's random state, and begins optimizer and metrics anew.
   */
  reset(what: 'state' | 'weights'): void {
    const { data } = this.arena;
    this.window.clear(data);
    this.learner?.restart();
    this.prequential.restart();
    if (what === 'state') return;
    this.drawWeights();
    if (this.velocity < this.window.base) data.fill(0, this.velocity, this.window.base);
    this.optimizer.restart();
    this.prequential.clear();
  }

  /** Gives all that the model is, detached from it. */
  snapshot(): ModelSnapshot {
    const { data, base } = this.arena;
    const numbers = data.slice(base, base + this.keptLength);
    this.permute('unpack', numbers, 0);
    if (this.velocity < this.window.base) this.permute('unpack', numbers, this.velocity - base);
    return {
      format: SNAPSHOT_FORMAT,
      spec: this.spec,
      numbers,
      window: this.window.state(),
      learner: this.learner?.state() ?? null,
      random: this.random.state(),
      scaler: this.scaler?.state() ?? null,
      targetScaler: this.targetScaler?.state() ?? null,
      metrics: this.prequential.state(),
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
    data.set(snapshot.numbers, base);
    this.permute('pack', data, base);
    if (this.velocity < this.window.base) this.permute('pack', data, this.velocity);
    this.window.restore(snapshot.window);
    if (snapshot.learner) this.learner?.restore(snapshot.learner);
    this.random.restore(snapshot.random);
    if (snapshot.scaler) this.scaler?.restore(snapshot.scaler);
    if (snapshot.targetScaler) this.targetScaler?.restore(snapshot.targetScaler);
    this.prequential.restore(snapshot.metrics);
  }

  /** Gives the input gradient of the latest update: dL/dx [T,B,F], with respect to x as the scaler gave it. */
  inputGradient({ from, to }: Update): Reals {
    const { batch: B, features: F, units: N } = this.spec;
    const rows = (to - from + 1) * B;
    const dx = this.zeros(rows * F);
    if (!this.tbptt) return dx;
    for (let row = 0; row < rows; row++)
      for (let i = 0; i < F; i++) dx[row * F + i] = this.arena.data[this.tbptt.dz + row * (F + N) + i]!;
    return dx;
  }

  /** Gives the model's memory back. It must not be used after. */
  free(): void {
    this.arena.free();
  }

  private drawWeights(): void {
    const { data, base } = this.arena;
    initialise(data, base, this.layout, this.random);
    this.permute('pack', data, base);
    this.optimizer.forgetBounds();
  }

  /** Brings the matrices of parameters, or of their velocities, into the kernels' form or back. */
  private permute(how: 'pack' | 'unpack', m: Reals, at: Address): void {
    eachMatrix(this.layout, at, (matrix, rows, columns) => this.kernels[how](m, matrix, rows, columns));
  }

  private zeros(length: number): Reals {
    return this.kernels.bytesPerReal === 4 ? new Float32Array(length) : new Float64Array(length);
  }

  private writeInput(m: Reals, z: Address, x: ArrayLike<number>, at: number): void {
    const { batch: B, features: F, units: N } = this.spec;
    for (let row = 0; row < B; row++)
      for (let i = 0; i < F; i++) {
        const value = x[at + row * F + i]!;
        m[z + row * (F + N) + i] = this.scaler ? this.scaler.scale(value, i) : value;
      }
    this.scaler?.observe(x, B, at);
  }

  /** Copies h_t out of the window, to where it stays until the next step. */
  private copyState(m: Reals, seq: number): void {
    const { features: F, units: N } = this.spec;
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

  /** Writes y_t to the window in the user's units, and gathers the truth that x holds for an earlier forecast. */
  private predict(m: Reals, seq: number, x: ArrayLike<number>, at: number): void {
    if (!this.readout) return;
    const { batch: B, features: F, units: N } = this.spec;
    const { forecast, targetScaler, truth } = this;
    const M = this.layout.outputs;
    const y = this.window.predictionAt(seq);
    this.readout.forward(m, y, this.window.zAt(seq + 1) + F, F + N, this.arena.base, B);
    if (forecast) {
      for (let row = 0; row < B; row++)
        for (let j = 0; j < M; j++) truth[row * M + j] = x[at + row * F + forecast[j]!]!;
      targetScaler?.observe(truth, B);
    }
    if (targetScaler) {
      const deviation = this.window.deviationAt(seq);
      for (let j = 0; j < M; j++) m[deviation + j] = targetScaler.deviation[j]!;
      for (let row = y; row < y + B * M; row += M)
        for (let j = 0; j < M; j++) m[row + j] = targetScaler.unscale(m[row + j]!, j);
    }
    for (let i = 0; i < B * M; i++) {
      const cut = Math.min(LARGEST, Math.max(-LARGEST, m[y + i]!));
      m[y + i] = cut;
      m[this.lastY + i] = cut;
    }
  }

  /** The step that was forecast `horizon` steps ago has come. */
  private meetForecast(m: Reals, seq: number): readonly Update[] {
    const { learner, window } = this;
    if (!learner || this.spec.task?.kind !== 'forecast') return NO_UPDATES;
    this.prequential.scoreNaive(this.truth);
    const origin = seq - this.spec.task.horizon;
    if (origin < window.start) return NO_UPDATES;
    learner.meet(m, origin, this.truth);
    return learner.update(m, seq);
  }
}
