/**
 * A model: the cell, its state, its readout and its learner, one timestep at a time.
 *
 *   h_t = cell(x_t, h_{t-1})      y_t = readout(h_t)      for the simple cell h_t = tanh(x_t Wx + h_{t-1} Wh + b)
 *
 * x [B,F], h [B,N], y [B,M]. Pure and synchronous: the same spec and the same calls give the same bits.
 */
import { EddyError } from '../errors.js';
import { finish, type Pieces } from '../math/pieces.js';
import type { SeasonChange } from './forecast/seasons.js';
import type { TrainingWindow, WindowSizes } from './learning/gradient-method.js';
import type { Update } from './learning/learner.js';
import { ModelFacts } from './model-facts.js';
import { type ModelOptions, ModelParts, type ModelSettings, type ModelStart } from './model-parts.js';
import type { WeightsInput } from './named-weights.js';
import type { Health, HealthChange } from './scoring/health-words.js';
import type { ModelSnapshot } from './snapshot.js';
import { type ModelSpecInput, parseSpec } from './spec/spec.js';
import { checkStep, checkTarget } from './spec/step-checks.js';
import type { Alert, CarriedStep, StepResult } from './step-result.js';

export type { Alert, CarriedStep, Health, HealthChange, ModelOptions, ModelSettings, ModelStart, StepResult };

const NO_UPDATES: readonly Update[] = [];
const NO_SEASONS: readonly SeasonChange[] = [];

export class Model extends ModelFacts {
  /** Called when its memory was given back. */
  onFree: (() => void) | null = null;
  /** Why weights were drawn again just before the step that is to tell of it. */
  private restarted: string | null = null;

  /**
   * Creates a model with first weights drawn from its seed, or where a snapshot was taken, which draws nothing.
   *
   * @throws EddyError `spec-invalid`, `learner-unsupported`, `snapshot-invalid`, `weights-invalid`
   * @example
   * const model = new Model({ features: 3, units: 32 })
   * const { h, y } = model.step([1015.2, 11.5, 3.1])
   */
  constructor(input: ModelSpecInput, options: ModelOptions | ModelParts = {}) {
    const parts =
      options instanceof ModelParts ? options : finish(ModelParts.inPieces(parseSpec(input), options));
    super(parts.spec, parts);
  }

  /** Does the same in pieces. @throws EddyError as the constructor does */
  static *inPieces(input: ModelSpecInput, options: ModelOptions = {}): Pieces<Model> {
    const spec = parseSpec(input);
    return new Model(spec, yield* ModelParts.inPieces(spec, options));
  }

  /** Does the model learn? May be set: a model that does not is carried and scored all the same. */
  get learning(): boolean {
    return this.parts.learner?.learning ?? false;
  }

  set learning(on: boolean) {
    this.parts.configure({ learning: on });
  }

  /** The learning rate of the next update. Setting it sets what the schedule starts from, in [0, 100]. */
  get learningRate(): number {
    return this.parts.optimizer.learningRate;
  }

  set learningRate(rate: number) {
    this.parts.configure({ learningRate: rate });
  }

  /** @throws EddyError `setting-invalid` for settings that cannot be set */
  checkSettings(settings: ModelSettings): void {
    this.parts.checkSettings(settings);
  }

  /**
   * Carries the state over one timestep. A forecast then meets its target, x itself, is scored, and is learned from.
   *
   * @param x [B,F] in the user's units; null where a number is missing and `inputs.missing` is `hold`
   * @param t the step's time, in milliseconds since 1970, which only a model with `inputs.time` needs
   * @throws EddyError `step-shape`, `step-non-finite`, `step-time`; the model is as it was before
   */
  step(x: ArrayLike<number | null>, t?: number): StepResult {
    checkStep(this.spec, x, t);
    return this.stepOf(x, 0, t);
  }

  /** Does the same with the B * F numbers of `x` from `at` on, which were checked; NaN is missing, or an unknown time. */
  stepOf(x: ArrayLike<number | null>, at: number, t?: number): StepResult {
    const overdue = this.isOverdue ? this.trainDue(this.seq + 1) : NO_UPDATES;
    const { seq, h, y, range, anomaly, isAnomalous, drift, health, restart } = this.carry(x, at, t);
    const updates = this.parts.forecasts ? this.trainDue(seq) : overdue;
    // written out: a spread costs more than all else that a small step does
    return { seq, h, y, range, anomaly, isAnomalous, drift, health, restart, updates };
  }

  /**
   * Carries the state over one timestep, and changes no weight. A forecast meets its target, x itself, and is scored.
   *
   * @param x its B * F numbers from `at` on, which were checked; NaN or null is missing
   * @param t its time, in milliseconds since 1970; unknown if NaN, and features of it are then 0
   */
  carry(x: ArrayLike<number | null>, at: number, t?: number): CarriedStep {
    const alert = this.advance(x, at, t);
    const { network } = this.parts;
    const { seq } = this;
    network.show(network.numbers, seq);
    const { h, y } = network;
    const { range, anomaly } = this;
    if (!alert)
      return { seq, h, y, range, anomaly, isAnomalous: false, drift: null, health: null, restart: null };
    const { isAnomalous, drift, health, restart } = alert;
    return { seq, h, y, range, anomaly, isAnomalous, drift, health, restart };
  }

  /** Does the same without showing h and y, and gives what is worth an event; `copyLast` has the numbers. */
  advance(x: ArrayLike<number | null>, at: number, t?: number): Alert | null {
    const { network, inputs, forecasts, outputs, monitor, watch } = this.parts;
    const { window } = network;
    const { features: F, units: N } = network.layout.parameters;
    const restart = this.restartIfLost();
    inputs.take(x, at, t);
    forecasts?.arrive(network.numbers, window, window.next, this.learning);
    // what a season takes up may have moved the memory
    const m = network.numbers;
    const seq = window.advance(m);
    inputs.write(m, window.zAt(seq), F + N, seq);
    network.forward(m, seq);
    outputs?.serve(m, window, seq);
    const seasons = forecasts?.forecaster?.seasons.changed ?? NO_SEASONS;
    const [read, readAt] = inputs.read;
    const sensors = watch.take(read, seq, readAt);
    if (!monitor.isWorthTelling && restart === null && seasons.length === 0 && sensors.length === 0)
      return null;
    const from = restart === null ? monitor.health.changedFrom : 'diverged';
    const { anomaly, isAnomalous, odd, ended, drift } = monitor;
    monitor.clearAlerts();
    const { interval } = inputs;
    const health = this.changeFrom(from);
    return { seq, anomaly, isAnomalous, odd, ended, drift, seasons, interval, sensors, health, restart };
  }

  /** The change of health to tell; a model that does not learn stays paused. */
  private changeFrom(from: HealthChange['from'] | null): HealthChange | null {
    if (from === null || !this.learning) return null;
    const { state: to, why } = this.health;
    return { from, to, why };
  }

  /** Will the next step draw new weights, because the model has diverged and its spec asks for it? */
  get isLost(): boolean {
    return (
      this.spec.onDiverged === 'restart' && this.parts.monitor.health.now === 'diverged' && this.learning
    );
  }

  /** Does in pieces what the next step would do where the model is lost. The step has to follow: it tells of it. */
  *restartInPieces(): Pieces<void> {
    this.noteUpdates();
    const { why } = this.health;
    yield* this.resetInPieces('weights');
    this.restarted = why;
  }

  /** Draws new weights where the model is lost; gives why, or why it was done just before. */
  private restartIfLost(): string | null {
    if (this.restarted === null) {
      this.noteUpdates();
      if (this.isLost) finish(this.restartInPieces());
    }
    const why = this.restarted;
    this.restarted = null;
    return why;
  }

  private noteUpdates(): void {
    const { monitor, optimizer } = this.parts;
    monitor.health.noteUpdates(optimizer.updates, optimizer.skipped);
  }

  /** Steps that can be carried before a window may be due. */
  get stepsToWindow(): number {
    return this.parts.learner ? Math.max(1, this.parts.learner.dueAt - this.seq) : Number.POSITIVE_INFINITY;
  }

  /** Is the time of a window's targets over at the next step, before it is carried? */
  get isOverdue(): boolean {
    const { supplied, learner } = this.parts;
    return supplied !== null && learner !== null && learner.dueAt <= this.seq;
  }

  /**
   * Takes the next training window that is due at step `now`, each once; null where none is, or nothing is learned.
   *
   * @throws EddyError `setting-invalid` for sizes other than 1 <= k1 <= k2 within those of the spec
   */
  takeWindow(now = this.seq, sizes?: WindowSizes): TrainingWindow | null {
    return this.parts.learner?.takeWindow(now, sizes) ?? null;
  }

  /** Updates the weights by a window that was just taken, or gives null where none of its targets has come. */
  train(part: TrainingWindow): Update | null {
    return this.parts.learner?.train(this.parts.network.numbers, part) ?? null;
  }

  /** Gives nearly what `train` costs with a window, in multiply-adds: up to a PIECE of them it is as well done at once. */
  trainCost(part: TrainingWindow): number {
    return this.parts.learner?.cost(part) ?? 0;
  }

  /** Does the same as `train` in pieces, between which the model must not be used. */
  *trainInPieces(part: TrainingWindow): Pieces<Update | null> {
    const { learner, network } = this.parts;
    return learner ? yield* learner.trainInPieces(network.memory, part) : null;
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
    const { learner, supplied, network } = this.parts;
    if (!learner || !supplied)
      throw new EddyError('target-unexpected', 'only a model with a supervised task takes targets');
    checkTarget(this.spec, target);
    learner.checkAwaits(seq);
    supplied.meet(network.numbers, network.window, seq, target, learner.learning);
  }

  private trainDue(now: number): readonly Update[] {
    return this.parts.learner?.trainDue(this.parts.network.numbers, now) ?? NO_UPDATES;
  }

  /**
   * Starts a new history; step numbers go on. `state` puts h to 0 and empties the window. `weights` does that too,
   * draws new weights from the model's random state, and restarts optimizer and metrics.
   */
  reset(what: 'state' | 'weights'): void {
    finish(this.resetInPieces(what));
  }

  /** Does the same in pieces. */
  *resetInPieces(what: 'state' | 'weights'): Pieces<void> {
    const { parts } = this;
    const { network } = parts;
    parts.inputs.restart();
    parts.watch.restart();
    parts.outputs?.restart();
    network.window.clear(network.numbers);
    parts.learner?.restart(network.numbers);
    if (what === 'state') return;
    yield* parts.drawWeights();
    parts.optimizer.restart();
    if (parts.outputs) yield* parts.outputs.clearInPieces();
    yield* parts.monitor.clearInPieces();
  }

  /**
   * Puts weights in place of some or all, as { Wx: [[0.1, 0.2]], b: [0, 0] }; see named-weights.ts. State, statistics and
   * scores stay; the optimizer begins again. @throws EddyError `weights-invalid`; the model is as it was before
   */
  setWeights(weights: WeightsInput): void {
    finish(this.setWeightsInPieces(weights));
  }

  setWeightsInPieces(weights: WeightsInput): Pieces<void> {
    return this.parts.placeWeights(weights);
  }

  /** Forgets what was scored so far; nothing else changes. */
  resetMetrics(): void {
    this.parts.monitor.clearMetrics();
  }

  /** Puts the model where the snapshot was taken, with the same bits. @throws EddyError `snapshot-invalid`; it is as before then */
  restore(snapshot: ModelSnapshot): void {
    finish(this.restoreInPieces(snapshot));
  }

  /** Does the same in pieces. @throws EddyError as `restore` does */
  restoreInPieces(snapshot: ModelSnapshot): Pieces<void> {
    return this.parts.restore(snapshot);
  }

  /** Gives the model's memory back. It must not be used after. */
  free(): void {
    this.parts.free();
    this.onFree?.();
  }
}
