/** One pass of a model over the rows of a file: each row meets the predictions that were made for it. */

import { Model, type StepResult } from '../../rnn/model.js';
import type { Scores } from '../../rnn/scoring/prequential.js';
import type { ModelSpec } from '../../rnn/spec/spec.js';
import type { Columns, EvalRow } from './column-choice.js';

/** One of the model's outputs, by name. */
export interface Output {
  readonly target: string;
  /** Place of the target among the targets. */
  readonly k: number;
  readonly horizon: number;
}

export interface PassRow extends EvalRow {
  /** Number of the row, from 0; rows that were passed over are not counted. */
  readonly row: number;
  /** The targets' values [K], null where they are missing. */
  readonly truth: readonly (number | null)[];
  /** What was predicted for this row [M], as y is ordered; null where nothing was. */
  readonly made: readonly (number | null)[];
  /** What the model gave at this row. Its arrays are views that the next row overwrites. */
  readonly result: StepResult;
  /** false: the model is still warming up, and the row counts in no figure. */
  readonly isScored: boolean;
}

export class Pass {
  readonly model: Model;
  readonly targets: readonly string[];
  readonly outputs: readonly Output[];
  rows = 0;
  private readonly targetIndices: readonly number[];
  /** The predictions still open: those made at row r lie at (r mod the longest horizon) M [horizon, M]. */
  private readonly open: Float64Array;
  private readonly longest: number;

  /** @param skip rows at the beginning that are learned from and not scored. */
  constructor(
    spec: ModelSpec,
    { features }: Columns,
    private readonly skip: number,
  ) {
    this.model = new Model(spec);
    const task = spec.task?.kind === 'forecast' ? spec.task : { targets: [], horizon: [] };
    this.targetIndices = task.targets ?? features.map((_, i) => i);
    this.targets = this.targetIndices.map((i) => features[i]!);
    this.outputs = task.horizon.flatMap((horizon) =>
      this.targets.map((target, k) => ({ target, k, horizon })),
    );
    this.longest = Math.max(...task.horizon);
    this.open = new Float64Array(this.longest * this.outputs.length);
  }

  /** Carries the model over one row. */
  step(read: EvalRow): PassRow {
    const { model, open, longest, outputs } = this;
    const row = this.rows++;
    const M = outputs.length;
    if (row === this.skip && row > 0) model.resetMetrics();
    const made = outputs.map(({ horizon }, m) =>
      row < horizon ? null : open[((row - horizon) % longest) * M + m]!,
    );
    const result = model.step(read.x);
    if (result.y) open.set(result.y, (row % longest) * M);
    const truth = this.targetIndices.map((i) => read.x[i]!);
    return { ...read, row, truth, made, result, isScored: row >= this.skip };
  }

  /** Gives the scores of each output, in their order; all null until something is scored. */
  scores(): readonly Scores[] {
    if (this.rows <= this.skip && this.skip > 0) this.model.resetMetrics();
    const { outputs, ...all } = this.model.metrics;
    return outputs.length > 0 ? outputs : [all];
  }
}
