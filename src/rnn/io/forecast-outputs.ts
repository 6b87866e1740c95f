/** The outputs of a forecast, whose targets are the values that come; see scaled-outputs.ts. */
import type { Columns } from '../../kernels/columns.js';
import { SEASON } from '../../kernels/forecast-plan.js';
import { JUDGED } from '../../kernels/judge-kernels.js';
import type { Reals } from '../../kernels/kernels.js';
import { clamp, LARGEST } from '../../math/clamp.js';
import { type Arithmetic, Forecaster, plainArithmetic } from '../forecast/forecaster.js';
import type { Window } from '../learning/window.js';
import type { ErrorMonitor } from '../scoring/error-monitor.js';
import { delayOf, type ForecastTask, type ModelSpec, outputsOf } from '../spec/spec.js';
import type { Inputs } from './cell-inputs.js';
import { ScaledOutputs } from './scaled-outputs.js';

/** One horizon: which outputs it has, and how far back things lie. */
interface Horizon {
  /** Steps ahead, which is how far back the forecast was made when its time has come. */
  readonly ahead: number;
  /** The first of its K outputs. */
  readonly first: number;
  /** How far back the baseline lies when the time has come, and when the forecast is made. */
  readonly arrived: number;
  readonly served: number;
  /** How far back the season's value lies when the time has come; null without a season. */
  readonly seasonal: number | null;
}

/** The outputs of a forecast of Q horizons and K features: M = Q K. */
export class ForecastOutputs extends ScaledOutputs {
  private readonly horizons: readonly Horizon[];
  private readonly isChange: boolean;
  private readonly perHorizon: number;
  /** What the kernels are told, and each horizon's ways back. */
  private readonly plan: Columns;
  override readonly forecaster: Forecaster | null;
  private expected: Float64Array | null = null;

  constructor(
    spec: ModelSpec,
    { horizon, baseline, forecaster }: ForecastTask,
    private readonly inputs: Inputs,
    private readonly monitor: ErrorMonitor,
    private readonly arithmetic: Arithmetic = plainArithmetic,
  ) {
    super(spec, baseline === 'none' ? 'mean' : 'zero', arithmetic);
    const { season } = spec;
    this.isChange = baseline !== 'none';
    this.horizons = horizon.map((ahead, q) => {
      const seasonal = season === undefined ? null : season * Math.ceil(ahead / season);
      const arrived = baseline === 'season' && seasonal !== null ? seasonal : ahead;
      const first = (q * outputsOf(spec)) / horizon.length;
      return { ahead, first, arrived, served: arrived - ahead, seasonal };
    });
    this.perHorizon = this.outputs / horizon.length;
    this.plan = arithmetic.allocateColumns(JUDGED.length + 3 * horizon.length);
    this.tell();
    this.forecaster =
      forecaster === 'mixture' && this.scaler
        ? new Forecaster(spec, this.horizons, inputs, this.scaler, delayOf(spec), arithmetic)
        : null;
  }

  /** Writes what the kernels are told. */
  private tell(): void {
    const { plan, inputs, monitor, intervals, scaler, horizons, batch, perHorizon: K } = this;
    const { targets, forecasts, errors, sums } = monitor.places;
    const { ranges = 0, naiveRanges = 0, served = 0, naiveServed = 0 } = intervals?.places ?? {};
    const alpha = intervals ? 1 - intervals.probability : 1;
    const told: Record<keyof typeof JUDGED, number> = {
      B: batch,
      K,
      Q: horizons.length,
      first: monitor.first,
      scores: monitor.prequential.columns.base,
      health: monitor.health.places.units,
      healthStep: monitor.health.places.step,
      errors,
      targets,
      forecasts,
      sums,
      ranges,
      naiveRanges,
      served,
      naiveServed,
      alpha,
      per: 2 / alpha,
      history: inputs.history.at,
      historyRows: inputs.history.rows,
      known: inputs.history.knownAt,
      newest: inputs.newestAt,
      scaler: scaler?.at ?? 0,
      decay: scaler?.decay ?? 1,
      isCentred: scaler?.isCentred ? 1 : 0,
      isChange: this.isChange ? 1 : 0,
      horizons: plan.base + JUDGED.length,
      length: 0,
    };
    const c = plan.array;
    for (const [name, value] of Object.entries(told)) c[JUDGED[name as keyof typeof JUDGED]] = value;
    for (const [q, { ahead, arrived, seasonal }] of horizons.entries())
      c.set([ahead, arrived, seasonal ?? -1], JUDGED.length + 3 * q);
  }

  /** Step `seq` has come, and is in the history: what was forecast for it is scored and becomes a target. */
  arrive(m: Reals, window: Window, seq: number, learning: boolean): void {
    const { forecaster, horizons } = this;
    if (this.inputs.relevelled.length > 0) this.relevel();
    for (let q = 0; q < horizons.length; q++) {
      const step = seq - horizons[q]!.ahead;
      const counts = this.judge(m, window, q, step, learning);
      if (step < window.start) continue;
      window.markTarget(step, counts, q === horizons.length - 1);
      forecaster?.meet(m, window, q, step, learning);
    }
    forecaster?.take();
    this.monitor.end(seq, this.inputs.now, this.seasonal(seq));
  }

  /** Judges what was forecast at a step by the newest values, and tells whether one of them is to be learned from. */
  private judge(m: Reals, window: Window, q: number, step: number, learning: boolean): boolean {
    const { plan, inputs, arithmetic, intervals } = this;
    const { slot, seen } = inputs.history;
    const isForecast = step >= window.start;
    const from = isForecast ? step : window.next;
    return (
      arithmetic.judgeForecasts(
        plan.data,
        m,
        plan.base,
        q,
        isForecast ? (intervals?.rowOf(step) ?? 0) : -1,
        learning ? 1 : 0,
        slot,
        seen,
        window.exactPlace(from),
        window.sumsAt(from),
        window.predictionAt(from),
        window.targetAt(from),
        window.deviationAt(from),
      ) === 1
    );
  }

  /** What the season lets expect of the first outputs at step `seq`, as far as it is known; null where the time says it. */
  private seasonal(seq: number): Float64Array | null {
    const { forecaster, inputs, batch: B, perHorizon: K, outputs: M } = this;
    const [{ ahead }] = this.horizons as [Horizon];
    if (!forecaster || !Number.isNaN(inputs.now) || seq < ahead) return null;
    this.expected ??= new Float64Array(B * K);
    for (let row = 0; row < B; row++)
      forecaster.copyForecasts(SEASON, seq - ahead, row * M, K, this.expected, row * K);
    return this.expected;
  }

  private relevel(): void {
    const { inputs, batch, perHorizon: K } = this;
    if (batch > 1) return;
    for (const { at, level } of inputs.relevelled) {
      const k = inputs.lookedBackAt.indexOf(at);
      if (k < 0) continue;
      this.forecaster?.relevel(k, level);
      for (const { first } of this.horizons) {
        if (k >= K) continue;
        this.scaler?.exchange(first + k, level);
        if (level === 'again') this.intervals?.begin(first + k);
      }
    }
  }

  /** Turns the sums of step `seq` into the predictions that are served. */
  serve(m: Reals, window: Window, seq: number): void {
    if (this.forecaster) this.forecaster.serve(m, window, seq);
    else this.serveNetwork(m, window, seq);
    this.intervals?.serve(seq);
  }

  /** Serves what the network says. */
  private serveNetwork(m: Reals, window: Window, seq: number): void {
    const { scaler, isChange, perHorizon: K, outputs: M, batch: B } = this;
    const { history } = this.inputs;
    const [sums, y, deviationAt] = [window.sumsAt(seq), window.predictionAt(seq), window.deviationAt(seq)];
    const exact = window.exactAt(seq);
    for (const { served, first } of this.horizons)
      for (let i = 0; i < B * K; i++) {
        const isKnown = !isChange || history.knows(served, i);
        const j = first + (i % K);
        const at = Math.floor(i / K) * M + j;
        const deviation = scaler ? Math.min(scaler.deviationOf(j), LARGEST) : 1;
        if (scaler) m[deviationAt + j] = deviation;
        const p = clamp(m[sums + at]!, LARGEST);
        m[sums + at] = p;
        const network = isChange
          ? history.read(isKnown ? served : 0, i) + (isKnown ? deviation * p : 0)
          : (scaler?.unscale(p, j) ?? p);
        const prediction = clamp(network, LARGEST);
        window.exact[exact + at] = prediction;
        m[y + at] = prediction;
      }
  }

  /** Begins a new history. */
  restart(): void {
    this.forecaster?.restart();
  }
}
