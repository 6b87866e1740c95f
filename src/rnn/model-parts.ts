/** What a model is made of, and what a snapshot keeps of each part. */
import { EddyError } from '../errors.js';
import { OwnedColumns } from '../kernels/columns.js';
import type { Kernels, Reals, Room } from '../kernels/kernels.js';
import { sharedKernels } from '../kernels/shared.js';
import type { Pieces } from '../math/pieces.js';
import { Random } from '../math/random.js';
import type { Draw } from './cell/random-matrix.js';
import { Inputs } from './io/cell-inputs.js';
import { ForecastOutputs } from './io/forecast-outputs.js';
import { outputNames } from './io/output-names.js';
import { SuppliedOutputs } from './io/supplied-outputs.js';
import { Learner } from './learning/learner.js';
import { Optimizer } from './learning/optimizer.js';
import type { WeightsInput } from './named-weights.js';
import { Network } from './network.js';
import { inFormOfToday } from './older-snapshots.js';
import { ErrorMonitor } from './scoring/error-monitor.js';
import type { Against } from './scoring/health-words.js';
import { SensorWatch } from './scoring/sensor-watch.js';
import { checkSnapshot, drawOf, type ModelSnapshot, SNAPSHOT_FORMAT } from './snapshot.js';
import { delayOf, type ModelSpec, outputsOf, sizeAtFirst, windowSizesOf } from './spec/spec.js';
import { StateCopies, type Take, takeForm } from './state-copies.js';

/** What a model begins with. */
export interface ModelStart {
  /** What the model goes on from; without it, it begins with first weights drawn from its seed. */
  readonly snapshot?: ModelSnapshot;
  /** How first weights are drawn; `reflections` gives those of version 0.1. */
  readonly draw?: Draw;
  /** Weights to begin with; those that are left out are drawn, or are the snapshot's. */
  readonly weights?: WeightsInput | undefined;
}

export interface ModelOptions extends ModelStart {
  /** The arithmetic; by default WebAssembly, or the plain float32 kernels, much slower, in an engine that lacks it. */
  readonly kernels?: Kernels;
  /** A clock in milliseconds, for the duration of updates; they last 0 without one. */
  readonly now?: () => number;
}

/** What can be changed while a model runs. */
export interface ModelSettings {
  readonly learning?: boolean | undefined;
  /** In [0, 100]; the schedule starts from it. */
  readonly learningRate?: number | undefined;
}

/** Parts that are made before the network. */
interface OwnParts extends Pick<ModelParts, 'monitor' | 'inputs' | 'forecasts' | 'supplied'> {
  readonly columns: OwnedColumns;
}

/** What a number of x or y costs while one of the parts is made, copied or restored. */
const MADE = 25;

export class ModelParts {
  readonly network: Network;
  readonly optimizer: Optimizer;
  /** null without a readout, whose losses it would learn from. */
  readonly learner: Learner | null;
  readonly random: Random;
  readonly inputs: Inputs;
  readonly monitor: ErrorMonitor;
  readonly watch: SensorWatch;
  /** What its forecasts are judged against; null for a model without any. */
  readonly against: Against | null;
  /** What is forecast, or supplied: one of them, or none without a readout. */
  readonly forecasts: ForecastOutputs | null;
  readonly supplied: SuppliedOutputs | null;
  readonly outputs: ForecastOutputs | SuppliedOutputs | null;

  private readonly columns: OwnedColumns;

  /**
   * Makes the parts of a model: first room for all its numbers, then its weights, or what a snapshot has of it.
   *
   * @throws EddyError `snapshot-invalid`
   */
  static *inPieces(
    spec: ModelSpec,
    { kernels = sharedKernels(), now = () => 0, snapshot, draw = 'rotations', weights }: ModelOptions,
  ): Pieces<ModelParts> {
    const room = yield* kernels.roomInPieces(4 * sizeAtFirst(spec));
    const parts = yield* ModelParts.make(spec, kernels, room, now, draw);
    let isWhole = false;
    try {
      const forecaster = parts.forecasts?.forecaster;
      if (forecaster) yield* forecaster.begin();
      if (snapshot) yield* parts.restore(snapshot);
      else yield* parts.drawWeights();
      if (weights) yield* parts.placeWeights(weights);
      isWhole = true;
    } finally {
      if (!isWhole) parts.free();
    }
    return parts;
  }

  /** Makes them with all numbers 0. @param room where these are allocated */
  private static *make(
    spec: ModelSpec,
    kernels: Kernels,
    room: Room,
    now: () => number,
    draw: Draw,
  ): Pieces<ModelParts> {
    const { batch, features, task } = spec;
    const columns = new OwnedColumns(room);
    const arithmetic = { ...kernels, allocateColumns: (length: number) => columns.allocateColumns(length) };
    let parts: ModelParts | null = null;
    try {
      const names = outputNames(spec);
      const cost = MADE * batch * (features + names.length);
      yield cost;
      const perHorizon = task?.kind === 'forecast' ? names.length / task.horizon.length : names.length;
      const monitor = new ErrorMonitor(names, batch, perHorizon, arithmetic);
      yield cost;
      const inputs = new Inputs(spec, arithmetic);
      yield cost;
      const forecasts =
        task?.kind === 'forecast' ? new ForecastOutputs(spec, task, inputs, monitor, arithmetic) : null;
      yield cost;
      const supplied = task?.kind === 'supervised' ? new SuppliedOutputs(spec, monitor, arithmetic) : null;
      const own = { columns, monitor, inputs, forecasts, supplied };
      parts = new ModelParts(spec, kernels, room, own, now, draw);
    } finally {
      room.close();
      if (parts === null) columns.free();
    }
    return parts;
  }

  private constructor(
    readonly spec: ModelSpec,
    kernels: Kernels,
    room: Room,
    { columns, monitor, inputs, forecasts, supplied }: OwnParts,
    now: () => number,
    private draw: Draw,
  ) {
    const { task, batch, features } = spec;
    this.columns = columns;
    this.watch = new SensorWatch(batch, features);
    this.monitor = monitor;
    this.inputs = inputs;
    this.forecasts = forecasts;
    this.supplied = supplied;
    this.outputs = forecasts ?? supplied;
    const isSeasonal = task?.kind === 'forecast' && task.baseline === 'season';
    this.against = task ? (forecasts ? (isSeasonal ? 'season' : 'last') : 'mean') : null;
    this.network = new Network(kernels, spec, {
      allocate: (length) => room.allocate(length),
      allocateColumns: (length) => columns.allocateColumns(length),
    });
    this.optimizer = new Optimizer(kernels, spec.optimizer);
    const { window, method, weightsAt: weights } = this.network;
    const { optimizer } = this;
    const scaler = this.outputs?.scaler ?? null;
    const [sizes, delay] = [windowSizesOf(spec), delayOf(spec)];
    this.learner = method && new Learner({ window, method, optimizer, scaler, weights, sizes, delay, now });
    this.random = Random.fromSeed(spec.seed);
  }

  /** @throws EddyError `setting-invalid` for settings that cannot be set */
  checkSettings({ learning, learningRate }: ModelSettings): void {
    if (learning && !this.learner)
      throw new EddyError('setting-invalid', 'a model without a readout has nothing to learn from');
    if (learningRate !== undefined && !(learningRate >= 0 && learningRate <= 100))
      throw new EddyError('setting-invalid', `the learning rate ${learningRate} is not in [0, 100]`);
  }

  configure(settings: ModelSettings): void {
    this.checkSettings(settings);
    const { learning, learningRate } = settings;
    if (this.learner && learning !== undefined) this.learner.learning = learning;
    if (learningRate !== undefined) this.optimizer.baseRate = learningRate;
  }

  /** Gives the memory back. */
  free(): void {
    this.network.free();
    this.columns.free();
  }

  *drawWeights(): Pieces<void> {
    const isNull = this.forecasts !== null && this.spec.scaler.kind !== 'none';
    yield* this.network.draw(this.random, this.draw, isNull);
    this.optimizer.forgetBounds();
  }

  /** Puts weights from outside in place. @throws EddyError `weights-invalid`; all is as before then */
  *placeWeights(weights: WeightsInput): Pieces<void> {
    yield* this.network.place(weights);
    this.optimizer.restart();
    this.optimizer.forgetBounds();
    this.learner?.forget(this.network.numbers);
  }

  *snapshot(): Pieces<ModelSnapshot> {
    const copies = new StateCopies();
    const snapshot = yield* this.snapshotOf(yield* this.network.kept(), copies.take);
    yield* copies.make();
    return snapshot;
  }

  /** What a number of a part costs. */
  private get cost(): number {
    return MADE * this.spec.batch * (this.spec.features + outputsOf(this.spec));
  }

  private *snapshotOf(numbers: Reals, take: Take): Pieces<ModelSnapshot> {
    const { network, learner, random, cost } = this;
    const window = network.window.state(take);
    yield cost;
    const inputs = this.inputs.state(take);
    yield cost;
    const outputs = this.outputs?.state(take) ?? null;
    yield cost;
    const judge = this.monitor.state(take);
    yield cost;
    return {
      format: SNAPSHOT_FORMAT,
      kernels: network.kernels.name,
      spec: this.spec,
      draw: this.draw,
      numbers,
      window,
      learner: learner?.state() ?? null,
      random: random.state(),
      inputs,
      outputs,
      judge,
      watch: this.watch.state(take),
    };
  }

  /** @throws EddyError `snapshot-invalid`; all parts are as they were before */
  *restore(given: ModelSnapshot): Pieces<void> {
    const snapshot = inFormOfToday(given);
    yield* checkSnapshot(snapshot, yield* this.snapshotOf(this.network.keptForm, takeForm));
    const { network, cost } = this;
    yield* network.restore(snapshot.numbers);
    const copies = new StateCopies();
    const { put } = copies;
    this.draw = drawOf(snapshot);
    network.window.restore(snapshot.window, put);
    if (!snapshot.window.exact) network.window.takeServed(network.numbers);
    if (snapshot.learner) this.learner?.restore(snapshot.learner);
    this.random.restore(snapshot.random);
    this.inputs.restore(snapshot.inputs, put);
    yield cost;
    if (snapshot.outputs) this.outputs?.restore(snapshot.outputs, snapshot.window.next - 1, put);
    yield cost;
    this.monitor.restore(snapshot.judge, put);
    if (snapshot.watch) this.watch.restore(snapshot.watch, put);
    yield* copies.make();
  }
}
