/** What a model is made of, and what a snapshot keeps of each part. */
import { EddyError } from '../errors.js';
import { OwnedColumns } from '../kernels/columns.js';
import type { Kernels, Reals } from '../kernels/kernels.js';
import { sharedKernels } from '../kernels/shared.js';
import { Random } from '../math/random.js';
import type { Draw } from './cell/random-matrix.js';
import { Inputs } from './io/cell-inputs.js';
import { ForecastOutputs } from './io/forecast-outputs.js';
import { outputNames } from './io/output-names.js';
import { SuppliedOutputs } from './io/supplied-outputs.js';
import { Learner } from './learning/learner.js';
import { Optimizer } from './learning/optimizer.js';
import { Network } from './network.js';
import { ErrorMonitor } from './scoring/error-monitor.js';
import type { Against } from './scoring/health-words.js';
import { SensorWatch } from './scoring/sensor-watch.js';
import { checkSnapshot, drawOf, type ModelSnapshot, SNAPSHOT_FORMAT } from './snapshot.js';
import { delayOf, type ModelSpec, windowSizesOf } from './spec/spec.js';

/** What a model begins with. */
export interface ModelStart {
  /** What the model goes on from; without it, it begins with first weights drawn from its seed. */
  readonly snapshot?: ModelSnapshot;
  /** How first weights are drawn; `reflections` gives those of version 0.1. */
  readonly draw?: Draw;
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

  private draw: Draw;
  private readonly columns: OwnedColumns;

  constructor(
    private readonly spec: ModelSpec,
    { kernels = sharedKernels(), now = () => 0, snapshot, draw = 'rotations' }: ModelOptions,
  ) {
    const { batch, task } = spec;
    const names = outputNames(spec);
    const perHorizon = task?.kind === 'forecast' ? names.length / task.horizon.length : names.length;
    this.columns = new OwnedColumns(kernels);
    const { columns } = this;
    this.watch = new SensorWatch(batch, spec.features);
    const arithmetic = { ...kernels, allocateColumns: (length: number) => columns.allocateColumns(length) };
    this.monitor = new ErrorMonitor(names, batch, perHorizon, arithmetic);
    this.inputs = new Inputs(spec, arithmetic);
    this.forecasts =
      task?.kind === 'forecast'
        ? new ForecastOutputs(spec, task, this.inputs, this.monitor, arithmetic)
        : null;
    this.supplied = task?.kind === 'supervised' ? new SuppliedOutputs(spec, this.monitor, arithmetic) : null;
    this.outputs = this.forecasts ?? this.supplied;
    const isSeasonal = task?.kind === 'forecast' && task.baseline === 'season';
    this.against = task ? (this.forecasts ? (isSeasonal ? 'season' : 'last') : 'mean') : null;
    this.network = new Network(kernels, spec, columns);
    this.optimizer = new Optimizer(kernels, spec.optimizer);
    const { window, method, weightsAt: weights } = this.network;
    const { optimizer } = this;
    const scaler = this.outputs?.scaler ?? null;
    const [sizes, delay] = [windowSizesOf(spec), delayOf(spec)];
    this.learner = method && new Learner({ window, method, optimizer, scaler, weights, sizes, delay, now });
    this.random = Random.fromSeed(spec.seed);
    this.draw = draw;
    if (snapshot) this.begin(snapshot);
    else this.drawWeights();
  }

  /** Begins from a snapshot, or not at all. */
  private begin(snapshot: ModelSnapshot): void {
    try {
      this.restore(snapshot);
    } catch (error) {
      this.free();
      throw error;
    }
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

  drawWeights(): void {
    this.network.draw(this.random, this.draw, this.forecasts !== null && this.spec.scaler.kind !== 'none');
    this.optimizer.forgetBounds();
  }

  snapshot(): ModelSnapshot {
    return this.snapshotOf(this.network.kept());
  }

  private snapshotOf(numbers: Reals): ModelSnapshot {
    return {
      format: SNAPSHOT_FORMAT,
      kernels: this.network.kernels.name,
      spec: this.spec,
      draw: this.draw,
      numbers,
      window: this.network.window.state(),
      learner: this.learner?.state() ?? null,
      random: this.random.state(),
      inputs: this.inputs.state(),
      outputs: this.outputs?.state() ?? null,
      judge: this.monitor.state(),
      watch: this.watch.state(),
    };
  }

  /** @throws EddyError `snapshot-invalid`; all parts are as they were before */
  restore(snapshot: ModelSnapshot): void {
    checkSnapshot(snapshot, this.snapshotOf(this.network.keptForm));
    const { network } = this;
    network.restore(snapshot.numbers);
    this.draw = drawOf(snapshot);
    network.window.restore(snapshot.window);
    if (!snapshot.window.exact) network.window.takeServed(network.numbers);
    if (snapshot.learner) this.learner?.restore(snapshot.learner);
    this.random.restore(snapshot.random);
    this.inputs.restore(snapshot.inputs);
    if (snapshot.outputs) this.outputs?.restore(snapshot.outputs, snapshot.window.next - 1);
    this.monitor.restore(snapshot.judge);
    if (snapshot.watch) this.watch.restore(snapshot.watch);
  }
}
