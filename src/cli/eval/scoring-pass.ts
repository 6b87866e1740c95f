/**
 * One pass of a model over the rows of a file, through the pipe that a server's sequences are made of: each row meets the
 * predictions that were made for it, and is then learned from.
 */
import { Inlet } from '../../operators/inlet.js';
import { learn } from '../../operators/learn.js';
import type { Alert, LearnedRun } from '../../operators/run.js';
import { type CellInput, runCell } from '../../operators/run-cell.js';
import { Sink } from '../../operators/sink.js';
import { windows } from '../../operators/windows.js';
import { Model, type StepResult } from '../../rnn/model.js';
import type { Scores } from '../../rnn/scoring/prequential.js';
import type { ModelSpec } from '../../rnn/spec/spec.js';
import { heaviest, type Weights } from './forecaster-means.js';
import type { EvalRow, StepInputs } from './step-inputs.js';

/** One of the model's outputs, by name. */
export interface Output {
  readonly target: string;
  /** Index of the target among the targets. */
  readonly k: number;
  readonly horizon: number;
}

export interface PassRow extends EvalRow {
  /** Number of the row, from 0; skipped rows are not counted. */
  readonly row: number;
  /** The targets' values [K], null if missing. */
  readonly truth: readonly (number | null)[];
  /** The predictions for this row [M], in the order of y; null without a prediction. */
  readonly made: readonly (number | null)[];
  /** The half-widths of their ranges [M]; null without one. */
  readonly ranges: readonly (number | null)[];
  /** Who counted most in each of them [M]; null without a prediction, and where the network forecasts alone. */
  readonly by: readonly (string | null)[];
  /** What the model gave at this row. */
  readonly result: StepResult;
  /** Who made the predictions of this row, where a mixture does. */
  readonly forecasters: Weights | null;
  /** The anomaly that turned out to be over at this row, if one did. */
  readonly ended: Alert['ended'];
  /** The seasons that were taken up or dropped at this row, and the usual milliseconds between two rows. */
  readonly seasons: Alert['seasons'];
  readonly interval: number | null;
  /** false: the model is still warming up, and the row counts in no figure. */
  readonly isScored: boolean;
}

export class Pass {
  readonly model: Model;
  readonly targets: readonly string[];
  readonly outputs: readonly Output[];
  rows = 0;
  private readonly targetIndices: readonly number[];
  /** The open predictions: those made at row r are at (r mod the longest horizon) M [horizon, M]. */
  private readonly open: Float64Array;
  /** Their ranges, 0 for none, and who counted most in each, likewise. */
  private readonly openRanges: Float64Array;
  private readonly openBy: (string | null)[];
  private readonly longest: number;
  private readonly rows$ = new Inlet<CellInput>();
  /** What came of the last row. */
  private run: LearnedRun | null = null;
  private fault: unknown = null;

  /** @param skip rows at the beginning to learn from without scoring. */
  constructor(
    spec: ModelSpec,
    { features }: Pick<StepInputs, 'features'>,
    private readonly skip: number,
  ) {
    this.model = new Model(spec);
    const sink = new Sink<LearnedRun>(
      (run) => {
        this.run = run;
      },
      (fault) => {
        this.fault = fault;
      },
    );
    this.rows$.pipe(runCell(this.model), windows(), learn()).subscribe(sink);
    const task = spec.task?.kind === 'forecast' ? spec.task : { targets: [], horizon: [] };
    this.targetIndices = task.targets ?? features.map((_, i) => i);
    this.targets = this.targetIndices.map((i) => features[i]!);
    this.outputs = task.horizon.flatMap((horizon) =>
      this.targets.map((target, k) => ({ target, k, horizon })),
    );
    this.longest = Math.max(...task.horizon);
    this.open = new Float64Array(this.longest * this.outputs.length);
    this.openRanges = new Float64Array(this.open.length);
    this.openBy = Array(this.open.length).fill(null);
  }

  step(read: EvalRow): PassRow {
    const { model, open, longest, outputs } = this;
    const row = this.rows++;
    const M = outputs.length;
    if (row === this.skip && row > 0) model.resetMetrics();
    const ofRow = <T>(all: ArrayLike<T>): (T | null)[] =>
      outputs.map(({ horizon }, m) => (row < horizon ? null : all[((row - horizon) % longest) * M + m]!));
    const made = ofRow(open);
    const ranges = ofRow(this.openRanges).map((range) => range || null);
    const by = ofRow(this.openBy);
    const result = this.resultOf(read);
    const exact = model.lastExact();
    if (exact) open.set(exact, (row % longest) * M);
    model.copyRange(this.openRanges, (row % longest) * M);
    const { forecasters, interval } = model;
    if (forecasters)
      for (let m = 0; m < M; m++) this.openBy[(row % longest) * M + m] = heaviest(forecasters, m);
    const { seasons = [], ended = null } = this.run!.alerts[0] ?? {};
    const truth = this.targetIndices.map((i) => read.x[i]!);
    const isScored = row >= this.skip;
    return { ...read, row, truth, made, ranges, by, result, forecasters, ended, seasons, interval, isScored };
  }

  private resultOf({ x, time }: EvalRow): StepResult {
    this.rows$.next(time === null ? { x } : { x, t: time });
    if (this.fault !== null) throw this.fault;
    const { seq, h, y, updates, alerts } = this.run!;
    const [alert] = alerts;
    const { isAnomalous = false, drift = null, health = null, restart = null } = alert ?? {};
    const { range, anomaly } = this.model;
    return { seq, h: h!, y, range, updates, anomaly, isAnomalous, drift, health, restart };
  }

  /** Gives the scores of each output, in order; all null until something is scored. */
  scores(): readonly Scores[] {
    if (this.rows <= this.skip && this.skip > 0) this.model.resetMetrics();
    const { outputs, ...all } = this.model.metrics;
    return outputs.length > 0 ? outputs : [all];
  }
}
